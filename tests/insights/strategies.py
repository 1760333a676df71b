"""Random queries and random log lines, small and nasty."""

from __future__ import annotations

import json

from hypothesis import strategies as st

NAMES = ["a", "b", "A", "n", "m.x", "m.y.0", "l", "absent"]
TEXTS = ["", "x", "X", "xy", "10", "9", "01", "1.50", "true", "false", " 12 ", "nan", "a2", "a10", "é"]
TEXTS += ['q"t', "b\\s", "{"]
NUMBERS = ["0", "1", "2", "10", "2.5", "1e3", "0.1"]
OF_NUMBERS = ["abs", "ceil", "floor", "toNumber", "strlen"]
COMPARE = ["=", "!=", "<", "<=", ">", ">="]
PATTERNS = ["'x'", "/x/", "/^1/", "/(?i)X/", "''"]
AGGREGATES = ["count", "sum", "avg", "min", "max", "countDistinct", "sortsFirst", "sortsLast", "values", "latest"]
OTHER_STAGES = ["parse a 'x*' as p", "parse a /(?<q>\\d+)/", "parse a 'x' as q", "dedup a", "dedup a, b"]
OTHER_STAGES += ["unnest l into p"]


def values():
    scalars = st.one_of(
        st.sampled_from(TEXTS),
        st.integers(-20, 20),
        st.sampled_from([0.5, 2.5, -1.25, 1e20, 1e-7, 12345678901234567, 100.0]),
        st.booleans(),
        st.none(),
    )
    return st.one_of(
        scalars, scalars, st.lists(scalars, max_size=3), st.dictionaries(st.sampled_from("xy"), scalars, max_size=2)
    )


def documents():
    return st.dictionaries(st.sampled_from(["a", "b", "A", "n", "m", "l", "m.x"]), values(), max_size=5)


def lines():
    plain = documents().map(json.dumps)
    compact = documents().map(lambda one: json.dumps(one, separators=(",", ":"), ensure_ascii=False))
    text = st.sampled_from(["plain", "no {json} here", "REPORT RequestId: x", '{"a": ', "[1]", '"s"', "12", "x=1 y=2"])
    within = documents().map(lambda one: f"2026 INFO {json.dumps(one)}")
    twice = st.sampled_from(['{"a": 1, "a": 2}', '{"n": "3", "n": 4, "b": "x"}', '{"a" : 5}'])
    return st.one_of(plain, plain, compact, within, text, twice)


def json_lines():
    return documents().map(json.dumps)


def fields():
    return st.sampled_from(NAMES)


def literals():
    return st.one_of(
        st.sampled_from(NUMBERS),
        st.sampled_from(TEXTS).map(quoted),
        st.sampled_from(["true", "false"]),
    )


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def numbers(depth=2):
    if depth == 0:
        return st.one_of(fields(), st.sampled_from(NUMBERS))
    inner = numbers(depth - 1)
    return st.one_of(
        inner,
        st.tuples(inner, st.sampled_from("+-*/%"), inner).map(lambda p: f"({p[0]} {p[1]} {p[2]})"),
        st.tuples(st.sampled_from(OF_NUMBERS), inner).map(lambda p: f"{p[0]}({p[1]})"),
        st.tuples(inner, inner).map(lambda p: f"greatest({p[0]}, {p[1]})"),
        inner.map(lambda p: f"-({p})"),
    )


def conditions(depth=2):
    operand = st.one_of(fields(), numbers(1))
    simple = st.one_of(
        st.tuples(operand, st.sampled_from(COMPARE), st.one_of(literals(), operand)).map(" ".join),
        st.tuples(
            fields(), st.sampled_from(["like", "not like"]), st.sampled_from(["'x'", "/x/", "/^1/", "/(?i)X/", "''"])
        ).map(" ".join),
        st.tuples(fields(), st.sampled_from(["in", "not in"]), st.lists(literals(), min_size=1, max_size=3)).map(
            lambda p: f"{p[0]} {p[1]} [{', '.join(p[2])}]"
        ),
        fields().map(lambda one: f"ispresent({one})"),
        fields(),
        fields().map(lambda one: f"isempty({one})"),
    )
    if depth == 0:
        return simple
    inner = conditions(depth - 1)
    return st.one_of(
        simple,
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(lambda p: f"({p[0]}) {p[1]} ({p[2]})"),
        inner.map(lambda one: f"not ({one})"),
    )


def texts():
    return st.one_of(
        fields(),
        st.tuples(fields(), fields()).map(lambda p: f"concat({p[0]}, '-', {p[1]})"),
        fields().map(lambda one: f"toupper({one})"),
        fields().map(lambda one: f"trim({one})"),
        st.tuples(fields(), fields()).map(lambda p: f"coalesce({p[0]}, {p[1]}, 'z')"),
        st.tuples(conditions(0), fields(), fields()).map(lambda p: f"if({p[0]}, {p[1]}, {p[2]})"),
        fields().map(lambda one: f"substr({one}, 1)"),
        fields().map(lambda one: f"jsonStringify({one})"),
    )


def aggregates():
    of = st.one_of(fields(), numbers(1), conditions(0))
    return st.one_of(
        st.just("count(*)"),
        st.tuples(st.sampled_from(AGGREGATES), of).map(lambda p: f"{p[0]}({p[1]})"),
        of.map(lambda one: f"pct({one}, 50)"),
    )


@st.composite
def queries(draw):
    """A pipeline; everything that it shows is ordered by what it says, or compared as a set."""
    made = st.tuples(st.one_of(numbers(), texts()), st.sampled_from(["p", "q"]))
    named = made.map(lambda p: f"fields {p[0]} as {p[1]}")
    filters = conditions().map(lambda one: f"filter {one}")
    stages = draw(st.lists(st.one_of(filters, named, st.sampled_from(OTHER_STAGES)), max_size=2))
    if any(stage.startswith("dedup") for stage in stages):  # only limit may follow it
        stages.sort(key=lambda stage: stage.startswith("dedup"))
    if draw(st.booleans()):
        made = draw(st.lists(aggregates(), min_size=1, max_size=3))
        by = draw(st.lists(st.one_of(fields(), texts()), max_size=2))
        items = ", ".join(f"{one} as s{place}" for place, one in enumerate(made))
        groups = ", ".join(f"{one} as g{place}" for place, one in enumerate(by))
        stages.append(f"stats {items}" + (f" by {groups}" if groups else ""))
    else:
        shown = draw(st.lists(st.one_of(fields(), numbers(1), texts()), min_size=1, max_size=3))
        stages.append("display " + ", ".join(f"{one} as o{place}" for place, one in enumerate(shown)))
        if draw(st.booleans()):
            stages.append(f"sort {draw(fields())} {draw(st.sampled_from(['asc', 'desc']))}")
    if draw(st.booleans()):
        stages.append(f"limit {draw(st.integers(1, 5))}")
    return " | ".join(stages)


def policies():
    from .reference import DEFAULTS

    return st.dictionaries(st.sampled_from(sorted(set(DEFAULTS) - {"pct_interpolated"})), st.booleans(), max_size=2)
