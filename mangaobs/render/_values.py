"""Deploy-time values → CloudFormation's functions, and the parameters that they need."""

from __future__ import annotations

import json
from typing import Any

import troposphere

from mangaobs.errors import RenderError
from mangaobs.model.value import RESERVED, Attribute, Import, Parameter, Pseudo, Text, Token, Value

# Noncharacters: they survive JSON untouched, and no text holds them.
_DOLLAR = "$"  # no export is called so
_OPEN, _CLOSE = "\ufdd0", "\ufdd1"


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
            return self._text(value)
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
        imports: dict[str, str] = {}
        marks: dict[object, str] = {}

        def mark(value: object) -> str:
            parts = value.parts if isinstance(value, Text) else (value,)
            return "".join([part if isinstance(part, str) else marks.get(part) or marked(part) for part in parts])

        def marked(token: object) -> str:
            if not isinstance(token, Parameter | Import | Pseudo | Attribute):
                raise TypeError(f"{token!r} is no value")
            marks[token] = f"{_OPEN}{self._name(token, imports)}{_CLOSE}"
            return marks[token]

        dumped = json.dumps(document, default=mark, ensure_ascii=False, separators=(",", ":"))
        if not marks:
            return dumped
        written = _literal(dumped, imports).replace(_OPEN, "${").replace(_CLOSE, "}")
        return _sub(written, imports)

    def _text(self, text: Text) -> troposphere.Sub:
        imports: dict[str, str] = {}
        written = "".join(
            _literal(part, imports) if isinstance(part, str) else f"${{{self._name(part, imports)}}}"
            for part in text.parts
        )
        return _sub(written, imports)

    def _name(self, token: Token, imports: dict[str, str]) -> str:
        """What stands for `token` between the braces of `Fn::Sub`; an import is a variable of it."""
        if isinstance(token, Import):
            return imports.setdefault(token.export, f"{RESERVED}Import{len(imports) + 1}")
        if isinstance(token, Attribute) and token.attribute:
            return f"{token.logical_id}.{token.attribute}"
        return self._reference(token)

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


def _literal(written: str, imports: dict[str, str]) -> str:
    """Text in which a `${` stays one.

    CloudFormation's own escape, `${!name}`, needs the brace to be closed; a variable for the dollar does not.
    """
    if "${" not in written:
        return written
    imports[_DOLLAR] = f"{RESERVED}Dollar"
    return written.replace("${", f"${{{RESERVED}Dollar}}{{")


def _sub(written: str, imports: dict[str, str]) -> troposphere.Sub:
    variables = {
        name: "$" if export == _DOLLAR else troposphere.ImportValue(export) for export, name in imports.items()
    }
    return troposphere.Sub(written, **variables)
