"""Tree → text: one command a line, long lists one item a line, comments above the command that they stand in."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from mangaobs.languages.logs_insights.tree import (
    Binary,
    Boolean,
    Call,
    Command,
    Dedup,
    Display,
    Expand,
    Expression,
    Field,
    Fields,
    Filter,
    In,
    Inexact,
    InQuery,
    Item,
    Join,
    Like,
    Limit,
    Lookup,
    Name,
    Number,
    Parameter,
    ParseCsv,
    ParseGlob,
    ParseLogfmt,
    ParseRegex,
    Period,
    Query,
    ReadJson,
    Regex,
    Sort,
    Source,
    Star,
    Stats,
    Text,
    Unary,
    Unnest,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

_WIDTH: Final = 100
_PLAIN: Final = re.compile(r"@?[A-Za-z_@][\w@]*")
_PLAIN_LATER: Final = re.compile(r"[\w@]+")
_BARE: Final = re.compile(r"[\w.:+-]+")
# In backticks, so that no place takes them for what they are elsewhere.
_KEYWORDS: Final = {
    "not", "true", "false", "and", "or", "in", "like", "as", "by", "asc", "desc", "any", "into", "multi", "offset",
    "logfmt", "csv", "where", "output", "field",
}  # fmt: skip
_ATOM: Final = 9
_BINDS: Final = {"or": 1, "and": 2, "not": 3, "+": 5, "-": 5, "*": 6, "/": 6, "%": 6, "^": 8}
_COMPARE: Final = 4
_SIGN: Final = 7


def format_query(query: Query) -> str:
    """The query in one style. What it returns parses to the same tree, with the same comments in the same order."""
    waiting = list(query.comments)
    pieces: list[str] = []
    for number, command in enumerate(query.commands):
        after = query.commands[number + 1].span.start if number + 1 < len(query.commands) else None
        above = [one.text for one in waiting if one.span.start < command.span.end]
        waiting = waiting[len(above) :]
        # A comment at the end of the command's last line stays with it.
        beside = [
            one
            for one in waiting[:1]
            if after is None or one.span.start < after
            if "\n" not in query.text_of_query[command.span.end : one.span.start]
            if not query.text_of_query[command.span.end : one.span.start].strip()
        ]
        waiting = waiting[len(beside) :]
        text = ("| " if number else "") + format_command(command)
        pieces += above
        pieces.append(f"{text} {beside[0].text}" if beside else text)
    pieces += [one.text for one in waiting]
    return "\n".join(pieces)


def format_command(command: Command) -> str:  # noqa: C901, PLR0912 - one case a command
    """One command, without the `|` before it."""
    match command:
        case Fields():
            return _listed("fields", map(_item, command.items))
        case Display():
            return _listed("display", map(_item, command.items))
        case Filter():
            return f"{command.keyword} {_condition(command.condition)}"
        case Stats():
            return _stats(command)
        case Sort():
            keys = (format_expression(one.expression) + (" desc" if one.descending else "") for one in command.keys)
            return _listed("sort", keys)
        case Limit():
            return f"{command.keyword} {'any ' if command.any else ''}{command.count}"
        case Dedup():
            return _listed("dedup", map(format_expression, command.fields))
        case Unnest():
            return f"unnest {format_expression(command.operand)} into {name_text(command.name.text)}"
        case Expand():
            return f"expand {format_expression(command.field)}"
        case Join():
            return _join(command)
        case Lookup():
            return _lookup(command)
        case Source():
            return _source(command)
        case Inexact():
            return _words(command)
        case _:
            return _parse(command)


def _parse(command: ParseGlob | ParseRegex | ParseLogfmt | ParseCsv | ReadJson) -> str:
    if isinstance(command, ReadJson):
        field = f" field={format_expression(command.field)}" if command.field else ""
        return f"json{field} {_quoted(command.path.value)} as {name_text(command.name.text)}"
    field = f" {format_expression(command.field, _ATOM)}" if command.field else ""
    match command:
        case ParseGlob():
            return f"parse{field} {_quoted(command.glob.value)} as {_names(command.names)}"
        case ParseLogfmt():
            return f"parse{field} logfmt as {name_text(command.name.text)}"
        case ParseCsv():
            return f"parse{field} csv as {_names(command.names)}"
        case ParseRegex():
            names = f" as {_names(command.names)}" if command.names else ""
            return f"parse{field} {format_expression(command.regex)}{names}{' multi' if command.multi else ''}"


def _names(names: tuple[Name, ...]) -> str:
    return ", ".join(name_text(one.text) for one in names)


def _item(item: Item) -> str:
    if item.aliased:
        return f"{format_expression(item.expression)} as {name_text(item.name)}"
    # Without an alias the text is the column's name: to change it would change the result.
    return format_expression(item.expression) if isinstance(item.expression, Field) else item.name


def _stats(command: Stats) -> str:
    items = [*map(_item, command.items)]
    by = " by " + ", ".join(map(_item, command.by)) if command.by else ""
    offset = f" offset {format_expression(command.offset)}" if command.offset else ""
    line = "stats " + ", ".join(items) + by + offset
    if len(line) <= _WIDTH:
        return line
    return "stats\n    " + ",\n    ".join(items) + ("\n " + by if by else "") + offset


def _listed(keyword: str, items: Iterable[str]) -> str:
    parts = list(items)
    line = f"{keyword} {', '.join(parts)}"
    return line if len(line) <= _WIDTH or len(parts) == 1 else f"{keyword}\n    " + ",\n    ".join(parts)


def _condition(condition: Expression) -> str:
    line = format_expression(condition)
    if len(line) <= _WIDTH or not isinstance(condition, Binary) or condition.operator not in ("and", "or"):
        return line
    parts: list[str] = []
    rest: Expression = condition
    while isinstance(rest, Binary) and rest.operator == condition.operator:
        parts.append(f"{condition.operator} {format_expression(rest.right, _BINDS[condition.operator] + 1)}")
        rest = rest.left
    return "\n    ".join([format_expression(rest, _BINDS[condition.operator]), *reversed(parts)])


def _join(command: Join) -> str:
    sources = " | ".join(map(_source, command.source))
    left = _dotted((command.left, *command.left_key.path))
    right = _dotted((command.right, *command.right_key.path))
    return f"join type={command.type} left={command.left} right={command.right} where {left} = {right}\n    ({sources})"


def _lookup(command: Lookup) -> str:
    keys = ", ".join(
        name_text(one.column)
        if one.column == one.field.name
        else f"{name_text(one.column)} as {format_expression(one.field)}"
        for one in command.keys
    )
    outputs = ", ".join(
        name_text(one.column) + (f" as {name_text(one.name.text)}" if one.name.text != one.column else "")
        for one in command.outputs
    )
    return f"lookup {_quoted(command.table)} {keys} OUTPUT {outputs}"


def _source(command: Source) -> str:
    parts = [_quoted_source(one) for one in command.log_groups]
    options = list(command.options)
    while options:
        name, value = options.pop(0)
        if value:
            parts.append(f"{name}={value if _BARE.fullmatch(value) else _quoted_source(value)}")
            continue
        arguments = []
        if name.lower().startswith("loggroup") and command.prefixes:
            arguments.append(f"namePrefix: [{', '.join(map(_quoted_source, command.prefixes))}]")
        lists: dict[str, list[str]] = {}
        while options and options[0][1] and not re.fullmatch(r"(?i)start|end", options[0][0]):
            key, text = options.pop(0)
            lists.setdefault(key, []).append(text)
        for key, texts in lists.items():
            inner = f"[{', '.join(map(_quoted_source, texts))}]"
            arguments.append(inner if key == "value" else f"{key}: {inner}")
        parts.append(f"{name}({', '.join(arguments)})")
    return "SOURCE " + " ".join(parts)


def _quoted_source(text: str) -> str:
    return f'"{text}"' if "'" in text else f"'{text}'"


def _words(command: Inexact) -> str:
    """The command's words, with a space where one may have stood."""
    made = command.command
    before = ""
    for word in command.arguments:
        tight = word in (",", ")", "]", "=", ":") or before in ("(", "[", "=", ":")
        made += word if tight else f" {word}"
        before = word
    return made


def format_expression(expression: Expression, least: int = 0) -> str:
    """An expression; in parentheses if its operator binds weaker than `least`."""
    text, binds = _bound(expression)
    return f"({text})" if binds < least else text


def _bound(expression: Expression) -> tuple[str, int]:
    match expression:
        case Unary():
            if expression.operator == "not":
                return f"not {format_expression(expression.operand, _BINDS['not'])}", _BINDS["not"]
            # Two signs in a row would read as the comment of another language.
            return f"-{format_expression(expression.operand, _SIGN + 1)}", _SIGN
        case Binary():
            binds = _BINDS.get(expression.operator, _COMPARE)
            power = expression.operator == "^"
            left = format_expression(expression.left, binds + power)
            right = format_expression(expression.right, binds + (not power))
            return f"{left} {expression.operator} {right}", binds
        case Like():
            word = "not like" if expression.negated else "like"
            pattern = format_expression(expression.pattern, _COMPARE + 1)
            return f"{format_expression(expression.operand, _COMPARE)} {word} {pattern}", _COMPARE
        case In():
            items = ", ".join(map(format_expression, expression.items))
            word = "not in" if expression.negated else "in"
            return f"{format_expression(expression.operand, _COMPARE)} {word} [{items}]", _COMPARE
        case InQuery():
            inner = " | ".join(map(format_command, expression.query.commands))
            word = "not in" if expression.negated else "in"
            return f"{format_expression(expression.operand, _COMPARE)} {word} ({inner})", _COMPARE
        case _:
            return _atom(expression), _ATOM


def _atom(expression: Expression) -> str:
    match expression:
        case Field():
            return _dotted(expression.path)
        case Text():
            return _quoted(expression.value)
        case Number():
            return expression.text
        case Boolean():
            return "true" if expression.value else "false"
        case Regex():
            return (
                "/"
                + re.sub(r"(\\.)|/", lambda one: one[1] or "\\/", expression.pattern)
                + ("/i" if expression.ignore_case else "/")
            )
        case Period():
            return f"{expression.count}{expression.unit}"
        case Star():
            return "*"
        case Parameter():
            return f"{{{{{expression.name}}}}}"
        case Call():
            return f"{expression.written}({', '.join(map(format_expression, expression.arguments))})"
        case _:
            raise AssertionError(expression)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def name_text(name: str) -> str:
    """A name as it must be written: in backticks where it holds other characters than names may."""
    segments = name.split(".")
    if (
        name
        and all((_PLAIN_LATER if number else _PLAIN).fullmatch(one) for number, one in enumerate(segments))
        and name.lower() not in _KEYWORDS
    ):
        return name
    return f"`{name}`"


def _dotted(path: tuple[str | int, ...]) -> str:
    made = ""
    for number, part in enumerate(path):
        if isinstance(part, int):
            made += f"[{part}]"
            continue
        plain = (_PLAIN_LATER if number else _PLAIN).fullmatch(part) and (number or part.lower() not in _KEYWORDS)
        made += ("." if number else "") + (part if plain else f"`{part}`")
    return made
