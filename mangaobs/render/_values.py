"""Deploy-time values → CloudFormation's functions, and the parameters that they need."""

from __future__ import annotations

import json
from typing import Any

import troposphere

from mangaobs.errors import RenderError
from mangaobs.model._value import Attribute, Import, Parameter, Pseudo, Text, Token, Value

# Private-use characters: they survive JSON untouched and stand in no text.
_OPEN, _CLOSE = "\ue000", "\ue001"


class Values:
    """Turns values into CloudFormation for one template, and remembers the parameters that it met."""

    def __init__(self) -> None:
        self.parameters: dict[str, Parameter] = {}
        self._used: set[str] = set()

    def take_used(self) -> frozenset[str]:
        """The parameters that were used since this was last asked."""
        used = frozenset(self._used)
        self._used.clear()
        return used

    def render(self, value: Value) -> str | troposphere.AWSHelperFn:
        """`value` as a property takes it."""
        if isinstance(value, str):
            return value
        if isinstance(value, Text):
            return self._substitute(list(value.parts))
        if isinstance(value, Import):
            return troposphere.ImportValue(value.export)
        if isinstance(value, Attribute) and value.attribute:
            return troposphere.GetAtt(value.logical_id, value.attribute)
        return troposphere.Ref(self._reference(value))

    def render_tree(self, document: object) -> Any:  # noqa: ANN401 - as deep as the document
        """A document with values at string positions, as CloudFormation's own tree."""
        if isinstance(document, dict):
            return {key: self.render_tree(value) for key, value in document.items()}
        if isinstance(document, list | tuple):
            return [self.render_tree(value) for value in document]
        if isinstance(document, Parameter | Import | Pseudo | Attribute | Text):
            return self.render(document)
        return document

    def render_json(self, document: object) -> str | troposphere.AWSHelperFn:
        """A document with values at string positions, as one JSON text."""
        tokens: list[Token] = []

        def mark(value: object) -> str:
            parts = value.parts if isinstance(value, Text) else (value,)
            marked = []
            for part in parts:
                if isinstance(part, str):
                    marked.append(part)
                elif isinstance(part, Parameter | Import | Pseudo | Attribute):
                    tokens.append(part)
                    marked.append(f"{_OPEN}{len(tokens) - 1}{_CLOSE}")
                else:
                    raise TypeError(f"{part!r} is no value")
            return "".join(marked)

        dumped = json.dumps(document, default=mark, ensure_ascii=False, separators=(",", ":"))
        if not tokens:
            return dumped
        pieces = dumped.replace(_CLOSE, _OPEN).split(_OPEN)
        return self._substitute([tokens[int(piece)] if odd % 2 else piece for odd, piece in enumerate(pieces)])

    def _substitute(self, pieces: list[str | Token]) -> troposphere.Sub:
        variables: dict[str, Any] = {}
        written = []
        for piece in pieces:
            if isinstance(piece, str):
                written.append(piece.replace("${", "${!"))
            elif isinstance(piece, Import):
                name = "Import" + "".join(c for c in piece.export if c.isalnum())
                variables[name] = troposphere.ImportValue(piece.export)
                written.append(f"${{{name}}}")
            elif isinstance(piece, Attribute) and piece.attribute:
                written.append(f"${{{piece.logical_id}.{piece.attribute}}}")
            else:
                written.append(f"${{{self._reference(piece)}}}")
        return troposphere.Sub("".join(written), **variables)

    def _reference(self, token: Parameter | Pseudo | Attribute) -> str:
        if isinstance(token, Attribute):
            return token.logical_id
        if isinstance(token, Parameter):
            self._used.add(token.name)
            known = self.parameters.setdefault(token.name, token)
            if known != token:
                raise RenderError(
                    f"parameter {token.name} is used with two meanings",
                    right="the same default, description and kind wherever it is used, or another name",
                )
        return token.name
