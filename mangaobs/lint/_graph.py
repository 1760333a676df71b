"""How the parts of alarms and widgets hang together: expressions, ids, who looks at an alarm."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from mangaobs.errors import LanguageError
from mangaobs.languages import metric_math
from mangaobs.lint._app import ALARM, COMPOSITE
from mangaobs.lint._values import inside
from mangaobs.template import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mangaobs.languages.metric_math import Binary, Call, Expression, Kind
    from mangaobs.lint._alarms import Alarm
    from mangaobs.lint._app import App
    from mangaobs.lint._bodies import Body
    from mangaobs.lint._found import Spot


def walk(node: Expression) -> Iterator[Expression]:
    """A node and everything in it."""
    yield node
    match node:
        case metric_math.Unary():
            yield from walk(node.operand)
        case metric_math.Binary():
            yield from walk(node.left)
            yield from walk(node.right)
        case metric_math.Call():
            for part in node.arguments:
                yield from walk(part)
        case metric_math.Array():
            for part in node.parts:
                yield from walk(part)


def calls(node: Expression) -> Iterator[Call]:
    """The calls of functions in an expression."""
    return (one for one in walk(node) if isinstance(one, metric_math.Call))


def divisions(node: Expression) -> Iterator[Binary]:
    """The divisions in an expression."""
    return (one for one in walk(node) if isinstance(one, metric_math.Binary) and one.operator == "/")


def kinds_of_alarm(alarm: Alarm) -> dict[str, Kind]:
    """What each id of an alarm's Metrics stands for."""
    kinds: dict[str, Kind] = {}
    for query in alarm.queries or ():
        if query.id is not None:
            kinds[query.id] = "T" if query.read is not None else "*"
    for query in alarm.queries or ():
        if query.id is not None and query.tree is not None and not isinstance(query.expression, Unknown):
            kinds[query.id] = metric_math.check(query.tree, kinds, str(query.expression)).kind
    return kinds


class Row(NamedTuple):
    """A widget's row with an expression."""

    widget: int
    number: int
    id: str | None
    expression: str
    spot: Spot
    tree: Expression | None
    error: LanguageError | None


def rows(body: Body) -> Iterator[Row]:
    """The expressions of a dashboard's widgets, Metrics Insights queries left out."""
    for widget, given in body.widgets:
        listed_ = inside(given, "properties").get("metrics")
        for number, row in enumerate(listed_ if isinstance(listed_, list) else []):
            options = row[-1] if isinstance(row, list) and row and isinstance(row[-1], dict) else None
            expression = options.get("expression") if options is not None and len(row) == 1 else None
            if not isinstance(expression, str) or re.match(r"\s*SELECT\b", expression, re.IGNORECASE):
                continue
            spot = body.at("widgets", widget, "properties", "metrics", number, 0, "expression")
            tree, error = None, None
            try:
                tree = metric_math.parse(expression)
            except LanguageError as problem:
                error = None if body.is_unknown(expression) or not expression.strip() else problem
            id_ = options.get("id") if options is not None else None
            yield Row(widget, number, id_ if isinstance(id_, str) else None, expression, spot, tree, error)


def kinds_of_widget(body: Body, widget: int, found: Sequence[Row]) -> dict[str, Kind]:
    """What each id of a widget stands for."""
    properties = dict(body.widgets)[widget].get("properties")
    kinds: dict[str, Kind] = {}
    for row in inside(properties).get("metrics") or ():  # type: ignore[attr-defined]
        options: Any = row[-1] if isinstance(row, list) and row and isinstance(row[-1], dict) else {}
        if isinstance(options.get("id"), str):
            kinds[options["id"]] = "*" if "expression" in options else "T"
    for one in found:
        if one.id is not None and one.tree is not None:
            kinds[one.id] = metric_math.check(one.tree, kinds, one.expression).kind
    return kinds


# Where a name stands in a text: quoted, between brackets, after `:alarm:`, or as a word of its own.
_QUOTED: Final = re.compile(r"\"([^\"\n]+)\"|'([^'\n]+)'")
_WORD: Final = re.compile(r"[^\s()\"',]+")
_REFERENCE: Final = re.compile(r"\$\{([A-Za-z0-9]+)")
_OUTPUTS: Final = -1


def watched(app: App) -> set[tuple[str, str]]:
    """The alarms at which something looks: a composite alarm, a rule, a deployment; by file and logical id."""
    every = app.of(ALARM, COMPOSITE)
    rules = [one for one in app.of("AWS::Events::Rule") if "aws.cloudwatch" in str(one.properties.get("EventPattern"))]
    if rules:
        return {(one.place.file, one.id) for one in every}
    # Who names what, once for all alarms.
    owners: dict[str, set[int]] = {}
    for number, found in app.references.items():
        resource = app.template.resources[number]
        if resource.type != ALARM:
            for text in found:
                for name in _names_in(text):
                    owners.setdefault(name, set()).add(id(resource))
    for name in _names_in(str(app.template.outputs)):
        owners.setdefault(name, set()).add(_OUTPUTS)
    return {
        (one.place.file, one.id)
        for one in every
        if (owners.get(f"${{{one.id}", set()) | owners.get(str(one.name), set())) - {id(one)}
    }


def _names_in(text: str) -> Iterator[str]:
    yield text
    for found in _QUOTED.finditer(text):
        yield found[1] or found[2]
    for word in _WORD.findall(text):
        yield word
        if ":alarm:" in word:
            yield word.partition(":alarm:")[2]
    for found in _REFERENCE.finditer(text):
        yield f"${{{found[1]}"
