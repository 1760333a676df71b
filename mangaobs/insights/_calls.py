"""Scalar functions → typed SQL expressions. Aggregates are in `_aggregates`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlglot import exp

from mangaobs.insights._typed import (
    Kind,
    Typed,
    absent,
    as_json,
    as_number,
    as_text,
    both,
    call,
    cast,
    choose,
    either,
    known,
    null,
    number,
    operation,
    present,
    string,
)
from mangaobs.languages.logs_insights.periods import MILLISECONDS, MONTHS, capped
from mangaobs.languages.logs_insights.regex import capturing
from mangaobs.languages.logs_insights.tree import Call, Period, Regex, Text

if TYPE_CHECKING:
    from collections.abc import Callable

    from mangaobs.insights._expressions import Expressions
    from mangaobs.insights._plan import Resolved
    from mangaobs.insights._window import Window

# The epoch was a Thursday: weeks start on the Monday after.
_WEEK_ORIGIN: Final = 4 * MILLISECONDS["d"]
_EARTH_RADIUS_KM: Final = 6371.0088
_INT: Final = {"toInt": 2**31, "toLong": 2**63}
# What SQL has no words for, as functions of Python: name → kind of the result.
_IN_PYTHON: Final[dict[str, Kind]] = {
    "isValidIp": "boolean",
    "isValidIpV4": "boolean",
    "isValidIpV6": "boolean",
    "isIpInSubnet": "boolean",
    "isIpv4InSubnet": "boolean",
    "isIpv6InSubnet": "boolean",
    "isPrivateIP": "boolean",
    "isPublicIP": "boolean",
    "isReservedIP": "boolean",
    "ipv4ToNumber": "number",
    "parseDate": "number",
    "urlencode": "text",
    "urldecode": "text",
    "base64encode": "text",
    "base64decode": "text",
    "hexToAscii": "text",
    "hexToDec": "number",
    "decToHex": "text",
}
# Functions of one text or number that the engine has as they are.
_NUMERIC: Final = {"abs": "abs", "ceil": "ceil", "floor": "floor"}
_TEXTUAL: Final = {"toupper": "upper", "tolower": "lower", "md5": "md5", "sha256": "sha256"}


class Calls:
    """Compiles calls of scalar functions."""

    def __init__(self, expressions: Expressions, window: Window) -> None:
        self._expressions = expressions
        self._window = window

    def typed(self, one: Call) -> Typed:
        """The call with its kind."""
        name, arguments = one.function, one.arguments
        if name in _NUMERIC:
            return Typed(call(_NUMERIC[name], self._number(arguments[0])), "number")
        if name in _TEXTUAL:
            return Typed(call(_TEXTUAL[name], self._text(arguments[0])), "text")
        if name in _IN_PYTHON:
            return self._in_python(name, arguments)
        made: Callable[..., Typed] = getattr(self, f"_{name.lower()}")
        return made(*arguments)

    def _typed(self, one: Resolved) -> Typed:
        return self._expressions.typed(one)

    def _number(self, one: Resolved) -> exp.Expression:
        return self._expressions.number(one)

    def _text(self, one: Resolved) -> exp.Expression:
        return self._expressions.text(one)

    def _in_python(self, name: str, arguments: tuple[Resolved, ...]) -> Typed:
        kind = _IN_PYTHON[name]
        texts = [self._text(one) for one in arguments]
        if name == "parseDate" and len(texts) == 2:
            texts.append(string("UTC"))
        made = call(f"insights_{name.lower()}", *texts)
        return Typed(known(made) if kind == "boolean" else made, kind)

    # numbers

    def _greatest(self, *arguments: Resolved) -> Typed:
        return Typed(call("greatest", *map(self._number, arguments)), "number")

    def _least(self, *arguments: Resolved) -> Typed:
        return Typed(call("least", *map(self._number, arguments)), "number")

    def _log(self, one: Resolved) -> Typed:
        value = self._number(one)
        return Typed(choose([(operation(exp.GT, value, number(0)), call("ln", value))]), "number")

    def _sqrt(self, one: Resolved) -> Typed:
        value = self._number(one)
        return Typed(choose([(operation(exp.GTE, value, number(0)), call("sqrt", value))]), "number")

    def _round(self, one: Resolved, digits: Resolved | None = None) -> Typed:
        value = self._number(one)
        if digits is None:
            return Typed(call("round", value), "number")
        return Typed(call("round", value, cast(self._number(digits), "INT", tolerant=True)), "number")

    def _haversine(self, *arguments: Resolved) -> Typed:
        one, along, other, beside = (call("radians", self._number(part)) for part in arguments)

        def half_square(from_: exp.Expression, to: exp.Expression) -> exp.Expression:
            half = call("sin", operation(exp.Div, operation(exp.Sub, to, from_), number(2)))
            return call("pow", half, number(2))

        cosines = operation(exp.Mul, call("cos", one), call("cos", other))
        inner = operation(exp.Add, half_square(one, other), operation(exp.Mul, cosines, half_square(along, beside)))
        angle = call("asin", call("least", call("sqrt", inner), number(1)))
        return Typed(operation(exp.Mul, number(2 * _EARTH_RADIUS_KM), angle), "number")

    def _tonumber(self, one: Resolved) -> Typed:
        return Typed(self._number(one), "number")

    _todouble = _tonumber

    def _whole(self, one: Resolved, bound: int) -> Typed:
        value = call("trunc", self._number(one))
        within = both(
            operation(exp.GTE, value, cast(number(-bound), "DOUBLE")),
            operation(exp.LT, value, cast(number(bound), "DOUBLE")),
        )
        return Typed(choose([(within, value)]), "number")

    def _toint(self, one: Resolved) -> Typed:
        return self._whole(one, _INT["toInt"])

    def _tolong(self, one: Resolved) -> Typed:
        return self._whole(one, _INT["toLong"])

    # any value

    def _ispresent(self, one: Resolved) -> Typed:
        return Typed(present(self._typed(one).sql), "boolean")

    def _isnumeric(self, one: Resolved) -> Typed:
        return Typed(present(self._number(one)), "boolean")

    def _messagesize(self, one: Resolved) -> Typed:
        return Typed(cast(call("strlen", self._text(one)), "DOUBLE"), "number")

    def _unmask(self, one: Resolved) -> Typed:
        return self._typed(one)

    def _alike(self, values: list[Typed]) -> tuple[list[exp.Expression], Kind]:
        """Values as one kind: their own if they share it."""
        kinds = {one.kind for one in values if one.kind != "missing"}
        as_one: Callable[[Typed], exp.Expression] = as_json if {"json", "map"} & kinds else as_text
        kind: Kind = "json" if {"json", "map"} & kinds else "text"
        if len(kinds) == 1:
            kind = kinds.pop()
            as_one = _as_it_is
        return [null() if one.kind == "missing" else as_one(one) for one in values], kind

    def _coalesce(self, *arguments: Resolved) -> Typed:
        parts, kind = self._alike([self._typed(one) for one in arguments])
        return Typed(exp.Coalesce(this=parts[0], expressions=parts[1:]), kind)

    def _case(self, *arguments: Resolved) -> Typed:
        conditions = [self._expressions.condition(one) for one in arguments[: len(arguments) // 2 * 2 : 2]]
        values = [self._typed(one) for one in arguments[1::2]]
        if len(arguments) % 2:
            values.append(self._typed(arguments[-1]))
        parts, kind = self._alike(values)
        otherwise = parts[-1] if len(arguments) % 2 else null()
        return Typed(choose(list(zip(conditions, parts, strict=False)), otherwise), kind)

    def _if(self, condition: Resolved, yes: Resolved, no: Resolved) -> Typed:
        return self._case(condition, yes, no)

    # times

    def _moment(self, value: int | None) -> Typed:
        return Typed(null(), "missing") if value is None else Typed(cast(number(value), "DOUBLE"), "number")

    def _now(self) -> Typed:
        return self._moment(self._window.now // 1000)

    def _querystarttime(self) -> Typed:
        return self._moment(self._window.start)

    def _queryendtime(self) -> Typed:
        return self._moment(self._window.end)

    def _querytimerange(self) -> Typed:
        start, end = self._window.start, self._window.end
        return self._moment(None if start is None or end is None else end - start)

    def _milliseconds(self, one: Resolved) -> exp.Expression:
        typed = self._typed(one)
        if typed.kind in ("time", "integer"):
            return typed.sql
        return cast(call("floor", as_number(typed)), "BIGINT", tolerant=True)

    def _bin(self, *arguments: Resolved) -> Typed:
        *field, period = arguments
        moment = self._milliseconds(field[0]) if field else self._expressions.fields[0, "@timestamp"].sql
        return Typed(_floor(moment, period), "time")

    def _datefloor(self, one: Resolved, period: Resolved) -> Typed:
        return Typed(_floor(self._milliseconds(one), period), "time")

    def _dateceil(self, one: Resolved, period: Resolved) -> Typed:
        moment = self._milliseconds(one)
        below = _floor(moment, period)
        return Typed(choose([(operation(exp.EQ, below, moment), moment)], _next(below, period)), "time")

    def _frommillis(self, one: Resolved) -> Typed:
        return Typed(self._milliseconds(one), "time")

    def _tomillis(self, one: Resolved) -> Typed:
        return Typed(cast(self._milliseconds(one), "DOUBLE"), "number")

    def _formatdate(self, one: Resolved, pattern: Resolved, zone: Resolved | None = None) -> Typed:
        where = self._text(zone) if zone is not None else string("UTC")
        return Typed(call("insights_formatdate", self._milliseconds(one), self._text(pattern), where), "text")

    # texts

    def _isempty(self, one: Resolved) -> Typed:
        typed = self._typed(one)
        if typed.kind == "missing":
            return Typed(exp.true(), "boolean")
        return Typed(either(absent(typed.sql), known(operation(exp.EQ, as_text(typed), string("")))), "boolean")

    def _isblank(self, one: Resolved) -> Typed:
        typed = self._typed(one)
        if typed.kind == "missing":
            return Typed(exp.true(), "boolean")
        blank = call("regexp_full_match", as_text(typed), string(r"\s*"))
        return Typed(either(absent(typed.sql), known(blank)), "boolean")

    def _concat(self, *arguments: Resolved) -> Typed:
        parts = [exp.Coalesce(this=self._text(one), expressions=[string("")]) for one in arguments]
        return Typed(call("concat", *parts), "text")

    def _trimmed(self, function: str, one: Resolved, characters: Resolved | None) -> Typed:
        text = self._text(one)
        if characters is None:
            pattern = {"ltrim": r"^\s+", "rtrim": r"\s+$", "trim": r"^\s+|\s+$"}[function]
            return Typed(call("regexp_replace", text, string(pattern), string(""), string("g")), "text")
        return Typed(call(function, text, self._text(characters)), "text")

    def _ltrim(self, one: Resolved, characters: Resolved | None = None) -> Typed:
        return self._trimmed("ltrim", one, characters)

    def _rtrim(self, one: Resolved, characters: Resolved | None = None) -> Typed:
        return self._trimmed("rtrim", one, characters)

    def _trim(self, one: Resolved, characters: Resolved | None = None) -> Typed:
        return self._trimmed("trim", one, characters)

    def _strlen(self, one: Resolved) -> Typed:
        return Typed(cast(call("length", self._text(one)), "DOUBLE"), "number")

    def _substr(self, one: Resolved, start: Resolved, length: Resolved | None = None) -> Typed:
        text = self._text(one)
        first = call("greatest", call("trunc", self._number(start)), number(0))
        from_ = cast(operation(exp.Add, first, number(1)), "BIGINT", tolerant=True)
        if length is None:
            return Typed(call("substr", text, from_), "text")
        count = cast(call("greatest", call("trunc", self._number(length)), number(0)), "BIGINT", tolerant=True)
        return Typed(call("substr", text, from_, count), "text")

    def _replace(self, one: Resolved, old: Resolved, new: Resolved) -> Typed:
        if isinstance(old, Regex):
            return self._regexreplace(one, old, new)
        return Typed(call("replace", *map(self._text, (one, old, new))), "text")

    def _regexreplace(self, one: Resolved, old: Resolved, new: Resolved) -> Typed:
        if isinstance(old, Regex | Text):
            written = old.pattern if isinstance(old, Regex) else old.value
            pattern = string(capturing(written, ignore_case=isinstance(old, Regex) and old.ignore_case).pattern)
        else:
            pattern = self._text(old)
        return Typed(call("regexp_replace", self._text(one), pattern, self._text(new), string("g")), "text")

    def _strcontains(self, one: Resolved, part: Resolved, ignoring: Resolved | None = None) -> Typed:
        text, sought = self._text(one), self._text(part)
        found = call("contains", text, sought)
        if ignoring is not None:
            folded = call("contains", call("lower", text), call("lower", sought))
            found = choose([(known(self._expressions.condition(ignoring)), folded)], found)
        return Typed(known(found), "boolean")

    def _startswith(self, one: Resolved, part: Resolved) -> Typed:
        return Typed(known(call("starts_with", self._text(one), self._text(part))), "boolean")

    def _endswith(self, one: Resolved, part: Resolved) -> Typed:
        return Typed(known(call("ends_with", self._text(one), self._text(part))), "boolean")

    def _split(self, one: Resolved, separator: Resolved) -> Typed:
        parts = call("string_split", self._text(one), self._text(separator))
        return Typed(cast(call("to_json", parts), "VARCHAR"), "map")

    # JSON

    def _parsed(self, one: Resolved) -> exp.Expression:
        """The JSON text of an object or a list, or of the text that holds one; else NULL."""
        typed = self._typed(one)
        if typed.kind == "map":
            return typed.sql
        text = as_text(typed)
        if typed.kind == "json":
            held = call("left", typed.sql, number(1))
            text = choose([(exp.In(this=held, expressions=[string("{"), string("[")]), typed.sql)], text)
        elif typed.kind != "text":
            return cast(null(), "VARCHAR")
        structure = call("regexp_matches", text, string(r"^\s*[\[{]"))
        valid = both(structure, call("json_valid", text))
        return choose([(valid, cast(call("json", text), "VARCHAR"))])

    def _jsonparse(self, one: Resolved) -> Typed:
        return Typed(self._parsed(one), "map")

    def _jsonstringify(self, one: Resolved) -> Typed:
        typed = self._typed(one)
        if typed.kind not in ("json", "map"):
            return Typed(null(), "missing")
        held = call("left", typed.sql, number(1))
        structure = exp.In(this=held, expressions=[string("{"), string("[")])
        return Typed(choose([(structure, typed.sql)]), "text")

    def _jsonarraysize(self, one: Resolved) -> Typed:
        parsed = self._parsed(one)
        is_list = operation(exp.EQ, call("left", parsed, number(1)), string("["))
        size = cast(call("json_array_length", cast(parsed, "JSON")), "DOUBLE")
        return Typed(choose([(is_list, size)]), "number")

    def _jsonarraycontains(self, one: Resolved, value: Resolved) -> Typed:
        parsed = self._parsed(one)
        is_list = operation(exp.EQ, call("left", parsed, number(1)), string("["))
        elements = call("json_extract_string", cast(parsed, "JSON"), string("$[*]"))
        return Typed(known(choose([(is_list, call("list_contains", elements, self._text(value)))])), "boolean")


def _as_it_is(one: Typed) -> exp.Expression:
    return one.sql


def _period(period: Resolved) -> tuple[int, str]:
    assert isinstance(period, Period)  # noqa: S101 - the checker refuses everything else
    return capped(period.count, period.unit), period.unit


def _months(moment: exp.Expression) -> exp.Expression:
    """Whole months since January 1970."""
    stamp = call("epoch_ms", moment)
    years = operation(exp.Mul, operation(exp.Sub, call("year", stamp), number(1970)), number(12))
    return operation(exp.Add, years, operation(exp.Sub, call("month", stamp), number(1)))


def _of_months(months: exp.Expression) -> exp.Expression:
    """The first millisecond of a month since January 1970."""
    year = operation(exp.Add, number(1970), cast(call("floor", operation(exp.Div, months, number(12))), "INT"))
    left = operation(
        exp.Sub, months, operation(exp.Mul, number(12), call("floor", operation(exp.Div, months, number(12))))
    )
    month = cast(operation(exp.Add, left, number(1)), "INT")
    return call("epoch_ms", cast(call("make_date", year, month, number(1)), "TIMESTAMP"))


def _floor(moment: exp.Expression, period: Resolved) -> exp.Expression:
    count, unit = _period(period)
    if unit in MONTHS:
        step = number(count * MONTHS[unit])
        whole = call("floor", operation(exp.Div, _months(moment), step))
        return _of_months(cast(operation(exp.Mul, whole, step), "INT"))
    step = number(count * MILLISECONDS[unit])
    if unit == "w":
        since = operation(exp.Sub, moment, number(_WEEK_ORIGIN))
        return operation(exp.Add, _multiple(since, step), number(_WEEK_ORIGIN))
    return _multiple(moment, step)


def _multiple(value: exp.Expression, step: exp.Expression) -> exp.Expression:
    """The largest multiple that is not above."""
    over = call("mod", operation(exp.Add, call("mod", value, step), step), step)
    return operation(exp.Sub, value, over)


def _next(below: exp.Expression, period: Resolved) -> exp.Expression:
    count, unit = _period(period)
    if unit in MONTHS:
        return _of_months(cast(operation(exp.Add, _months(below), number(count * MONTHS[unit])), "INT"))
    return operation(exp.Add, below, number(count * MILLISECONDS[unit]))
