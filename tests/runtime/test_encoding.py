"""The encoder is total: whatever a field holds, there is one line, of valid JSON, and it is not too long."""

from __future__ import annotations

import array
import collections
import contextlib
import datetime as dt
import decimal
import enum
import io
import json
import math
import types
import uuid
from decimal import Decimal
from pathlib import Path
from unittest.mock import MagicMock

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mangaobs.runtime import bind, log_error, log_info, observe

from .conftest import Lines, configured, parsed

LIMIT = 256 * 1024
ENCODERS = ("stdlib", "orjson")
both_encoders = pytest.mark.parametrize("json", ENCODERS)
RAISED = (ValueError, RuntimeError, SystemExit, RecursionError, StopIteration, GeneratorExit, MemoryError)


@contextlib.contextmanager
def no_harm():
    """Nothing reaches the caller. pytest could not show the tracebacks of these values."""
    try:
        yield
    except BaseException as error:  # noqa: BLE001 - hostile values raise all there is
        raise AssertionError(f"{type(error).__name__} reached the caller") from None


# --- values that do harm when they are asked for anything ---


class Hostile:
    """Every way to ask it for something raises."""

    def __init__(self, error=RuntimeError):
        self._error = error

    def _fail(self, *_):
        raise self._error("hostile")

    __str__ = __repr__ = __len__ = __iter__ = __eq__ = __bool__ = __int__ = __float__ = __index__ = _fail
    __getitem__ = __contains__ = __format__ = __bytes__ = __lt__ = __call__ = _fail
    __hash__ = object.__hash__

    def __getattr__(self, name):
        raise self._error("hostile")


class HostileClass:
    """As an unbound proxy of Django or Werkzeug: asked for its class, it raises."""

    @property
    def __class__(self):
        raise RuntimeError("hostile")

    def __str__(self):
        raise RuntimeError("hostile")


class Wrong:
    """Answers with what is no text."""

    __slots__ = ("answer",)

    def __init__(self, answer):
        self.answer = answer

    def __str__(self):
        return self.answer

    __repr__ = __str__


class LaterHostile:
    """A key that could be hashed and compared as long as its dict was made."""

    def __init__(self):
        self.armed = False

    def __hash__(self):
        if self.armed:
            raise RuntimeError("hostile")
        return 1

    def __eq__(self, other):
        if self.armed:
            raise RuntimeError("hostile")
        return self is other


def fail(*_, **__):
    raise RuntimeError("hostile")


OVERRIDES = dict.fromkeys(
    (
        *("__str__", "__repr__", "__len__", "__iter__", "__getitem__", "__contains__", "__bool__", "__format__"),
        *("__int__", "__index__", "__float__", "__ge__", "__lt__", "__abs__", "__add__", "keys", "items", "values"),
        *("encode", "isascii", "bit_length", "as_tuple", "isoformat", "__copy__", "__reduce_ex__"),
    ),
    fail,
)
Text = type("Text", (str,), OVERRIDES)
Whole = type("Whole", (int,), OVERRIDES)
Part = type("Part", (float,), OVERRIDES)
Exact = type("Exact", (Decimal,), OVERRIDES)
Mapping = type("Mapping", (dict,), OVERRIDES)
Sequence = type("Sequence", (list,), OVERRIDES)
Fixed = type("Fixed", (tuple,), OVERRIDES)
Several = type("Several", (set,), OVERRIDES)
Raw = type("Raw", (bytes,), OVERRIDES)
Failure = type("Failure", (Exception,), OVERRIDES)
Moment = type("Moment", (dt.datetime,), OVERRIDES)


class Day(dt.date):
    """A date that says what no date says."""

    answer: object = object()

    def isoformat(self):
        return self.answer


class HostileZone(dt.tzinfo):
    def utcoffset(self, _):
        raise RuntimeError("hostile")

    dst = tzname = utcoffset


class Color(enum.Enum):
    RED = Decimal("1.5")
    ODD = object()


def cycle():
    inner: dict = {"list": []}
    inner["list"].append(inner)
    return inner


def deep(levels=5000):
    value: object = "bottom"
    for number in range(levels):
        value = [value] if number % 2 else {"in": value}
    return value


def armed(make):
    key, other = LaterHostile(), LaterHostile()
    value = make(key, other)
    key.armed = other.armed = True
    return value


def released():
    view = memoryview(b"abc")
    view.release()
    return view


HOSTILE = {
    **{f"raises {error.__name__}": (lambda error=error: Hostile(error)) for error in RAISED},
    "class raises": HostileClass,
    "class lies: dict": lambda: MagicMock(spec=dict),
    "class lies: list": lambda: MagicMock(spec=list),
    "class lies: set": lambda: MagicMock(spec=set),
    "class lies: str": lambda: MagicMock(spec=str),
    "class lies: datetime": lambda: MagicMock(spec=dt.datetime),
    "str is None": lambda: Wrong(None),
    "str is bytes": lambda: Wrong(b"x"),
    "str is a subclass": lambda: Wrong(Text("hello")),
    "str is itself hostile": lambda: Wrong(Hostile()),
    "text": lambda: Text("hello"),
    "whole": lambda: Whole(7),
    "part": lambda: Part(0.5),
    "part NaN": lambda: Part("nan"),
    "exact": lambda: Exact("1.5"),
    "mapping": lambda: Mapping(a=1),
    "sequence": lambda: Sequence([1]),
    "fixed": lambda: Fixed((1,)),
    "several": lambda: Several({1}),
    "raw": lambda: Raw(b"x"),
    "failure": lambda: Failure("secret words"),
    "moment": lambda: Moment(2026, 1, 1),
    "date says an object": lambda: Day(2026, 1, 1),
    "datetime in a hostile zone": lambda: dt.datetime(2026, 1, 1, tzinfo=HostileZone()),
    "time in a hostile zone": lambda: dt.time(1, tzinfo=HostileZone()),
    "enum": lambda: Color.RED,
    "enum of an object": lambda: Color.ODD,
    "cycle": cycle,
    "deep": deep,
    "deep tuple key": lambda: {((((((((1,),),),),),),),): 1},
    "Decimal NaN": lambda: Decimal("NaN"),
    "Decimal sNaN": lambda: Decimal("sNaN"),
    "Decimal Infinity": lambda: Decimal("-Infinity"),
    "Decimal huge": lambda: Decimal("1e999999"),
    "Decimal tiny": lambda: Decimal("1e-999999"),
    "Decimal long": lambda: Decimal("1." + "3" * 5000),
    "Decimal 63 bits": lambda: Decimal(2**63),
    "int of 65 bits": lambda: 2**64,
    "int of 5000 digits": lambda: 10**5000,
    "negative int of 5000 digits": lambda: -(10**5000),
    "int of 4299 digits": lambda: 10**4298,
    "NaN": lambda: math.nan,
    "Infinity": lambda: -math.inf,
    "surrogate": lambda: "a\ud800b\udfff",
    "surrogate key": lambda: {"a\ud800b": "c\udc80"},
    "NUL": lambda: "\0\x1f\x7f\u2028\ufeff\ufffe",
    "keys": lambda: {(1, "a"): 1, None: 2, b"x": 3, 1.5: 4, True: 5, frozenset((1,)): 6, math.nan: 7, 2**70: 8},
    "keys that turn hostile": lambda: armed(lambda one, other: {one: 1, other: 2}),
    "set that turns hostile": lambda: armed(lambda one, other: {one, other}),
    "hostile key": lambda: {Hostile(): 1},
    "hostile text key": lambda: {Text("a"): 1},
    "bytes": lambda: b"\xff\x00",
    "bytearray": lambda: bytearray(b"abc"),
    "memoryview": lambda: memoryview(b"abcd"),
    "strided memoryview": lambda: memoryview(array.array("d", [1.0, 2.0, 3.0]))[::2],
    "released memoryview": released,
    "type": lambda: Hostile,
    "module": lambda: json,
    "function": lambda: fail,
    "dict views": {"a": 1}.items,
    "mappingproxy": lambda: types.MappingProxyType({"a": 1}),
    "deque": lambda: collections.deque([1, 2]),
    "ordered": lambda: collections.OrderedDict(a=1),
    "named": lambda: collections.namedtuple("Point", "x")(1),  # noqa: PYI024 - what callers have
    "uuid": lambda: uuid.UUID(int=1),
    "path": lambda: Path("/tmp/\udcff"),  # noqa: S108
    "exception group": lambda: ExceptionGroup("secret words", [ValueError("secret words")]),
    "range": lambda: range(10**12),
    "MagicMock": MagicMock,
}


@both_encoders
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_value_costs_nobody_anything_but_itself(name, json):
    lines = configured(json=json)
    with no_harm():
        log_info("x", before=1, value=HOSTILE[name](), after="é")
        log_info("x", before=1, nested=[{"deep": (HOSTILE[name](), "kept")}], after="é")

    first, second = lines.all
    assert (first["before"], first["after"]) == (1, "é")
    assert (second["before"], second["after"]) == (1, "é")
    assert "value" in first
    assert second["nested"][0]["deep"][1] == "kept"
    assert "secret words" not in lines.text


@both_encoders
@pytest.mark.parametrize("error", [*RAISED, None])
def test_a_hostile_key_of_the_line_itself_does_not_lose_the_line(error, json):
    lines = configured(json=json)
    with no_harm():
        log_info("x", {Hostile(error): 1, "kept": 2} if error else armed(lambda key, _: {key: 1, "kept": 2}))
    assert lines.only["kept"] == 2


TOP_KEYS = {
    "int": lambda: 1,
    "None": lambda: None,
    "tuple": lambda: (1, 2),
    "bytes": lambda: b"x",
    "float": lambda: 1.5,
    "bool": lambda: True,
    "enum": lambda: Color.RED,
    "hostile text": lambda: Text("a"),
}


@both_encoders
@pytest.mark.parametrize("key", TOP_KEYS)
def test_a_key_that_is_no_text_does_not_lose_the_line(key, json):
    lines = configured(json=json)
    log_info("x", {TOP_KEYS[key](): "value", "kept": 2})
    assert lines.only["kept"] == 2
    assert "value" in lines.only.values()


def test_no_two_keys_lose_one_of_their_values(lines):
    log_info("x", nested={1: "a", "1": "b", b"k": "c", b"j": "d", None: "e", "null": "f", (1, 2): "g", "1,2": "h"})
    assert sorted(lines.only["nested"].values()) == list("abcdefgh")


EVENTS = {
    "int": lambda: 123,
    "list": lambda: ["a"],
    "dict": lambda: {"a": 1},
    "exception": lambda: ValueError("x"),
    "hostile text": lambda: Text("hello"),
    "hostile object": Hostile,
    "bytes": lambda: b"x",
    "surrogate": lambda: "\ud800",
}


@pytest.mark.parametrize("event", EVENTS)
def test_an_event_that_is_no_text_does_not_fail_the_caller(lines, event):
    with no_harm():
        log_info(EVENTS[event](), a=1)
        log_info(EVENTS[event]())
    assert [line["level"] for line in lines.all] == ["INFO", "INFO"]
    assert lines.all[0]["a"] == 1


NO_MAPPINGS = {
    "text": lambda: "text",
    "int": lambda: 7,
    "list": lambda: ["a"],
    "hostile object": Hostile,
    "MagicMock": MagicMock,
    "set": lambda: {1, 2},
    "object": object,
}


@pytest.mark.parametrize("fields", NO_MAPPINGS)
def test_fields_that_are_no_mapping_do_not_fail_the_caller(lines, fields):
    # as whoever is used to `logger.info("loaded %s", turn)` writes it
    with no_harm():
        log_info("loaded", NO_MAPPINGS[fields](), a=1)
        log_error("loaded", NO_MAPPINGS[fields](), a=1)
    assert [line["event"] for line in lines.all] == ["loaded", "loaded"]


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (Decimal("1.5"), 1.5),
        (Decimal(17), 17),
        (Decimal("1E+2"), 100),
        (Decimal("0.1"), 0.1),
        (Decimal("0.1234567890123456789012345"), "0.1234567890123456789012345"),
        (Decimal("NaN"), None),
        (math.nan, None),
        (math.inf, None),
        (b"abc", "<3 bytes>"),
        (bytearray(5), "<5 bytes>"),
        (memoryview(array.array("d", [1.0, 2.0])), "<16 bytes>"),
        (dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC), "2026-01-02T03:04:05+00:00"),
        (dt.date(2026, 1, 2), "2026-01-02"),
        (dt.time(3, 4), "03:04:00"),
        ({3}, [3]),
        (frozenset(("a",)), ["a"]),
        ((1, (2,)), [1, [2]]),
        (Color.RED, 1.5),
        (ValueError("what a person wrote"), "ValueError"),
        ({(1, "a"): 1}, {"1,a": 1}),
        ({None: 1}, {"null": 1}),
        ("a\ud800b", "a\\ud800b"),
        (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (lambda: Text("hello"), "hello"),
        (lambda: Whole(7), 7),
        (lambda: Mapping(a=1), {"a": 1}),
    ],
)
@both_encoders
def test_what_json_does_not_know_is_written_so(value, written, json):
    lines = configured(json=json)
    value = value() if isinstance(value, types.FunctionType) else value
    log_info("x", value=value, nested=[value])
    assert lines.only["value"] == written
    assert lines.only["nested"] == [written]
    assert type(lines.only["value"]) is type(written)


def test_what_can_be_read_once_is_not_read(lines, tmp_path):
    (tmp_path / "f").write_text("content")
    generator = (n for n in range(3))
    with (tmp_path / "f").open() as file:
        body, iterator = io.BytesIO(b"body"), iter([1, 2])
        log_info("x", generator=generator, file=file, body=body, nested=[iterator, {"z": zip([1], [2], strict=True)}])
        assert (file.read(), body.read()) == ("content", b"body")
    assert list(generator) == [0, 1, 2]
    assert list(iterator) == [1, 2]
    assert lines.only["generator"]


def test_a_date_that_says_something_else_is_treated_as_any_text():
    for answer, unwanted in (("someone@example.com", "someone@"), ("\ud800", "\ud800"), ("x" * 1_000_000, "x" * LIMIT)):
        lines = configured()
        Day.answer = answer
        log_info("x", day=Day(2026, 1, 1), kept=1)
        assert lines.only["kept"] == 1
        assert unwanted not in lines.text


# --- properties ---


class Recipe:
    """How a hostile value is made; unlike the value, it can be shown when a test fails."""

    def __init__(self, name, make):
        self.name, self.make = name, make

    def __repr__(self):
        return f"<{self.name}>"


def made(value):
    if isinstance(value, Recipe):
        return value.make()
    if type(value) is dict:
        return {made(key): made(item) for key, item in value.items()}
    if type(value) in {list, tuple}:
        return type(value)(made(item) for item in value)
    return value


leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(4200, 5000).map(lambda digits: Recipe(f"an int of {digits} digits", lambda: 10**digits)),
    st.floats(),
    st.text(),
    st.text(st.characters(categories=["Cs", "Cc", "Lu", "So"])),
    st.binary(max_size=30),
    st.decimals(),
    st.builds(lambda e, d: Decimal((0, (d,), e)), st.integers(-(10**9), 10**9), st.integers(0, 9)),
    st.datetimes(timezones=st.just(HostileZone()) | st.none()),
    st.dates(),
    st.times(),
    st.timedeltas(),
    st.uuids(),
    st.complex_numbers(),
    st.sampled_from(sorted(HOSTILE)).map(lambda name: Recipe(name, HOSTILE[name])),
)
keys = st.one_of(
    st.text(max_size=8),
    st.text(st.characters(categories=["Cs", "Cc"]), max_size=4),
    st.none(),
    st.integers(),
    st.binary(max_size=4),
    st.floats(),
    st.tuples(st.text(max_size=3), st.integers()),
    st.frozensets(st.integers(), max_size=2),
    st.text(max_size=3).map(lambda text: Recipe("hostile text", lambda: Text(text))),
    st.sampled_from(RAISED).map(lambda error: Recipe(f"raises {error.__name__}", lambda: Hostile(error))),
)
values = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(keys, inner, max_size=4),
        st.tuples(inner, inner),
        st.lists(inner, max_size=3).map(
            lambda items: Recipe(f"deque of {items}", lambda: collections.deque(made(items)))
        ),
        st.lists(inner, max_size=3).map(lambda items: Recipe(f"hostile {items}", lambda: Sequence(made(items)))),
        st.dictionaries(keys, inner, max_size=3).map(
            lambda pairs: Recipe(f"hostile {pairs}", lambda: Mapping(made(pairs)))
        ),
    ),
    max_leaves=12,
)


@both_encoders
@settings(deadline=None, max_examples=150)
@given(value=values, limit=st.sampled_from([1024, 4096, LIMIT]), name=st.text(max_size=5))
def test_any_value_gives_one_line(json, value, limit, name):
    lines = configured(json=json, line_limit=limit)
    with no_harm():
        log_info("x", {name: 1, "value": made(value)})
    (raw,) = lines
    line = parsed(raw)
    assert "value" in line or line.get("truncated") is True
    assert len(raw) <= limit


@both_encoders
@settings(deadline=None, max_examples=100)
@given(fields=st.dictionaries(keys, values, max_size=5))
def test_any_fields_give_one_line(json, fields):
    lines = configured(json=json)
    with no_harm():
        log_info("x", {"kept": 1, **made(fields)})
    assert len(lines) == 1
    assert lines.only["kept"] == 1


plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1).filter(lambda n: not 2 * 10**12 <= n < 10**19)  # could be a card's
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=5),  # too short to look like anything
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abcXYZ_é", max_size=5), inner, max_size=4),
    max_leaves=10,
)


@settings(deadline=None, max_examples=200)
@given(fields=st.dictionaries(st.text("abcXYZ_é", max_size=5), plain, max_size=5))
@example({"n": 2**64 - 1})
@example({"f": 1e16, "g": -0.0, "h": 5e-324, "i": 1.7976931348623157e308})
def test_every_way_to_encode_a_plain_payload_reads_the_same(fields):
    written = []
    for choice in ENCODERS:
        lines = configured(json=choice, clock=lambda: 0.0)
        log_info("x", fields)
        written.append(lines.only)

        from mangaobs.runtime import _log

        slow = json.loads(b"{" + _log.assembled.encode_fields(fields))
        assert slow == {name: lines.only[name] for name in fields}
    assert written[0] == written[1]
    assert {name: written[0][name] for name in fields} == fields


@pytest.mark.parametrize("number", [2**64, -(2**64), 10**30])
def test_a_large_whole_number_has_one_type_whatever_stands_beside_it(number):
    written = set()
    for choice in ENCODERS:
        lines = configured(json=choice)
        log_info("x", n=number)
        log_info("x", n=number, beside=[1])
        log_info("x", n=number, beside=b"bytes")
        written |= {type(line["n"]) for line in lines.all}
    assert len(written) == 1


# --- size ---


BIG = {
    "10 MB of text": lambda: "x" * 10_000_000,
    "10 MB of characters outside of ASCII": lambda: "漫" * 3_400_000,
    "characters that are escaped": lambda: "\0" * 300_000,
    "quotes": lambda: '"' * 300_000,
    "surrogates": lambda: "\ud800" * 300_000,
    "100,000 numbers": lambda: list(range(100_000)),
    "100,000 texts": lambda: ["x"] * 100_000,
    "100,000 names": lambda: {f"name_{n}": n for n in range(100_000)},
    "100,000 datetimes": lambda: [dt.datetime(2026, 1, 1, 1, 1, 1, 1, tzinfo=dt.UTC)] * 100_000,
    "100,000 dates": lambda: [dt.date(2026, 1, 1)] * 100_000,
    "100,000 bytes": lambda: [bytes(1_000_000)] * 100_000,
    "100,000 objects with a long name": lambda: [type("A" * 300, (Hostile,), {})()] * 100_000,
    "100,000 exceptions": lambda: [UnicodeDecodeError("a", b"", 0, 1, "c")] * 100_000,
    "100,000 nothings": lambda: [None] * 100_000,
    "100,000 secrets": lambda: [{"token": 1}] * 100_000,
    "100,000 lists": lambda: [[]] * 100_000,
    "long keys": lambda: {str(n) * 2000: n for n in range(1000)},
    "a long object": lambda: Wrong("x" * 10_000_000),
    "many levels": lambda: deep(100_000),
    "wide and deep": lambda: [[["x" * 100] * 100] * 100] * 100,
}


@both_encoders
@pytest.mark.parametrize("limit", [1024, 20_000, LIMIT])
@pytest.mark.parametrize("name", BIG)
def test_a_big_value_is_cut_to_the_limit_and_the_line_says_so(name, limit, json):
    lines = configured(json=json, line_limit=limit)
    log_info("x", small=1, big=BIG[name]())
    (raw,) = lines
    line = parsed(raw)
    assert len(raw) <= limit
    assert line["truncated"] is True
    assert line["small"] == 1
    assert line["event"] == "x"


@both_encoders
def test_a_line_counts_whole_against_the_limit(json):
    # given texts of all lengths about the limit, whose line has a name, an event and bound fields, too
    lines = configured(json=json, line_limit=2048)

    @observe
    def handler(event, context):
        bind(stage="s" * 300)
        for length in range(1200, 2100, 7):
            log_info("e" * 60, text="x" * length)

    handler({}, None)
    assert max(map(len, lines.raw)) <= 2048
    assert all(parsed(line) for line in lines.raw)
    assert any("truncated" in line for line in lines.all)
    assert not all("truncated" in line for line in lines.all)


def test_a_text_that_just_fits_is_kept_whole():
    lines = configured()
    log_info("x", text="x" * (LIMIT - 1000))
    assert len(lines.only["text"]) == LIMIT - 1000
    assert "truncated" not in lines.only


@both_encoders
def test_a_long_event_is_cut_too(json):
    lines = configured(json=json)
    for fields in ({}, {"a": 1}, {"text": "x" * 1_000_000}):
        log_info("e" * 1_000_000, fields)
    for raw in lines:
        assert len(raw) <= LIMIT
        assert parsed(raw)["event"].startswith("eee")


def test_long_events_are_not_kept_for_ever(lines):
    from mangaobs.runtime import _log

    for number in range(50):
        log_info(str(number) + "e" * 300_000)
    kept = sum(len(name) + len(piece) for name, piece in _log.assembled._events.items())
    assert kept < 5_000_000


def test_bound_fields_are_short_and_none_drives_another_out(lines):
    @observe
    def handler(event, context):
        bind(note="x" * 1_000_000, order="o-1")
        log_info("x", a=1)

    handler({}, None)
    line = lines.of("x")[0]
    assert len(lines.of("x")[0]["note"]) < 10_000
    assert line["order"] == "o-1"


def test_the_size_of_the_python_context_does_not_matter(lines):
    with decimal.localcontext(prec=3, traps=[decimal.Inexact, decimal.Rounded]):
        log_info("x", price=Decimal("123456.789"), whole=Decimal(123456), huge=Decimal("1e400"))
    assert lines.only["price"] == 123456.789
    assert lines.only["whole"] == 123456


def test_near_the_recursion_limit_the_caller_still_gets_its_own_answer(lines):
    def down(levels):
        log_info("x", value=[{"a": Decimal(1)}])
        return down(levels + 1)

    with pytest.raises(RecursionError):
        down(0)
    assert all(line["event"] == "x" for line in Lines(lines[:5]).all)
