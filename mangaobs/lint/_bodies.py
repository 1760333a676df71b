"""Dashboards as a template has them: the body's JSON, what in it is unknown, and where each part of it stands."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from mangaobs.errors import MangaobsError
from mangaobs.languages import dashboard_body
from mangaobs.lint._found import Spot
from mangaobs.lint._reads import Dimension, Read
from mangaobs.lint._values import inside, text
from mangaobs.template import Node, Unknown, compose

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mangaobs.lint._found import Step
    from mangaobs.template import Resource

# A value that is filled in where JSON has no quotes: `"width": ${Width}`.
_BARE: Final = re.compile(r"(?<=[:\[,\s])\$\{[^}\"]*\}(?=\s*[,\]}])")
_PROPERTY: Final = "DashboardBody"


@dataclass
class Body:
    """A dashboard's body. `value` is None where it is no JSON, or not known; `error` then says which character."""

    resource: Resource
    source: str | None
    known: bool
    value: dict[str, Any] | None
    error: json.JSONDecodeError | None
    bare: frozenset[str]

    def is_unknown(self, value: object) -> bool:
        """Whether a value in the body is only filled in as it is deployed."""
        return isinstance(value, str) and (value in self.bare or (not self.known and "${" in value))

    def word(self, value: object) -> object:
        """A text of the body, `Unknown` where it is."""
        if self.is_unknown(value):
            return Unknown(str(value), self.resource.where(_PROPERTY))
        return text(value)

    def at(self, *inner: Step) -> Spot:
        """The spot of a value in the body."""
        return Spot((_PROPERTY,), inner=inner)

    @property
    def widgets(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """The widgets that are objects, with their number."""
        found = (self.value or {}).get("widgets")
        for number, one in enumerate(found if isinstance(found, list) else []):
            if isinstance(one, dict):
                yield number, one

    @cached_property
    def reads(self) -> list[Read]:
        """The metrics that its widgets draw."""
        return [read for number, widget in self.widgets for read in self._of_widget(number, widget)]

    def _of_widget(self, number: int, widget: dict[str, Any]) -> Iterator[Read]:
        properties = inside(widget, "properties")
        rows = properties.get("metrics")
        if widget.get("type") != "metric" or not isinstance(rows, list):
            return
        for index, (row, given) in enumerate(zip(dashboard_body.expand_rows(rows), rows, strict=True)):
            if not isinstance(given, list):
                continue
            options = row[-1] if row and isinstance(row[-1], dict) else {}
            words = row[:-1] if options else row
            if len(words) < 2 or not all(isinstance(one, str) for one in words) or len(words) % 2 or "..." in words:
                continue
            yield self._read(number, index, words, given, options, properties)

    def _read(
        self,
        number: int,
        index: int,
        words: Sequence[Any],
        given: Sequence[Any],
        options: dict[str, Any],
        of: Mapping[str, Any],
    ) -> Read:
        row = ("widgets", number, "properties", "metrics", index)
        short = sum(isinstance(one, str) for one in given)

        def spot(position: int) -> Spot:
            # `...` stands for the beginning, so that words are counted from the end.
            where = position - (len(words) - short) if given and given[0] == "..." else position
            return self.at(*row, where) if 0 <= where < short else self.at(*row)

        pairs = [
            Dimension(self.word(words[at]), self.word(words[at + 1]), spot(at), spot(at + 1))
            for at in range(2, len(words), 2)
        ]
        properties = ("widgets", number, "properties")
        spots = {"namespace": spot(0), "name": spot(1), "dimensions": self.at(*row)}
        for part in ("stat", "period"):
            spots["statistic" if part == "stat" else part] = (
                self.at(*row, len(given) - 1, part) if part in options else self.at(*properties, part)
            )
        region = options.get("region", of.get("region"))
        return Read(
            resource=self.resource,
            by="widget",
            namespace=self.word(words[0]),
            name=self.word(words[1]),
            dimensions=tuple(pairs),
            statistic=self.word(options.get("stat", of.get("stat", "Average"))),
            period=self.word(options.get("period", of.get("period", 300))),
            unit=None,
            whole=self.at(*row),
            spots=spots,
            id=str(options.get("id", "")),
            elsewhere="accountId" in options or "accountId" in of or not isinstance(region, str),
            visible=options.get("visible") is not False,
            axis=str(options.get("yAxis", "left")),
        )

    def offset(self, inner: Sequence[Step]) -> tuple[int, int]:
        """The character at which a value begins, and its length; of the nearest thing above that is there."""
        node = self._nodes
        for step in inner:
            value = node.value if node is not None else None
            if isinstance(value, dict) and str(step) in value:
                node = value[str(step)]
            elif isinstance(value, list) and isinstance(step, int) and step < len(value):
                node = value[step]
            else:
                break
        if node is None:
            return 0, 0
        start = self._starts[node.line - 1] + node.column - 1
        scalar = not isinstance(node.value, (dict, list))
        length = len(str(node.value)) if scalar else 1
        return (start + 1, length) if node.style else (start, length)

    @cached_property
    def _nodes(self) -> Node | None:
        try:
            return compose(self.source or "{}", _PROPERTY)
        except MangaobsError:
            return None

    @cached_property
    def _starts(self) -> list[int]:
        starts, end = [0], -1
        while (end := (self.source or "").find("\n", end + 1)) >= 0:
            starts.append(end + 1)
        return starts


def body(resource: Resource) -> Body:
    """The body of an AWS::CloudWatch::Dashboard."""
    given = resource.properties.get(_PROPERTY)
    source = given.expression if isinstance(given, Unknown) else text(given)
    known = not isinstance(given, Unknown)
    if source is None or (not known and not source.lstrip().startswith("{")):
        return Body(resource, None, known, None, None, frozenset())
    bare: set[str] = set()

    def quoted(found: re.Match[str]) -> str:
        inner = found[0][1:-1]
        bare.add(inner)
        return f'"{inner}"'

    try:
        value = json.loads(source)
    except (json.JSONDecodeError, RecursionError) as error:
        if not known:
            try:
                value = json.loads(_BARE.sub(quoted, source))
            except (json.JSONDecodeError, RecursionError):
                value = None
            return Body(resource, source, known, value if isinstance(value, dict) else None, None, frozenset(bare))
        failed = (
            error if isinstance(error, json.JSONDecodeError) else json.JSONDecodeError("nested too deep", source, 0)
        )
        return Body(resource, source, known, None, failed, frozenset())
    return Body(resource, source, known, value if isinstance(value, dict) else None, None, frozenset())
