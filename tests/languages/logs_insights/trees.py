"""Random trees."""

from __future__ import annotations

from hypothesis import strategies as st

from mangaobs.languages.logs_insights import format_expression
from mangaobs.languages.logs_insights import tree as t
from mangaobs.languages.logs_insights.functions import functions
from mangaobs.languages.logs_insights.periods import UNITS
from mangaobs.languages.parsing import Span

AT = Span(0, 0)
WORDS = [
    "a",
    "b1",
    "@c",
    "stats",
    "by",
    "in",
    "not",
    "true",
    "like",
    "as",
    "and",
    "filter",
    "a-b",
    "x y",
    "é",
    "0",
    "desc",
]
TEXT = st.text(alphabet="ab\"'\\*|#/ \n{}é%", max_size=6)
PATTERN = st.sampled_from(["a", "a/b", "(?<x>.*)|b", r"\d+/", "[^/]*", "'\"", "#"])


def fields():
    first = st.sampled_from([one for one in WORDS if one != "0"])
    rest = st.lists(st.one_of(st.sampled_from(WORDS), st.integers(0, 9)), max_size=2)
    return st.builds(lambda a, b: t.Field(AT, (a, *b)), first, rest)


def atoms():
    return st.one_of(
        fields(),
        TEXT.map(lambda one: t.Text(AT, one)),
        st.sampled_from(["0", "12", "1.5", "1e6"]).map(lambda one: t.Number(AT, one)),
        st.booleans().map(lambda one: t.Boolean(AT, one)),
        st.builds(lambda n, u: t.Period(AT, n, u), st.integers(1, 99), st.sampled_from(UNITS)),
        st.just(t.Parameter(AT, "p")),
    )


def extend(inner):
    operators = st.sampled_from(["+", "-", "*", "/", "%", "^", "=", "!=", "<", "<=", ">", ">=", "and", "or"])
    names = st.sampled_from(sorted(one.name for one in functions().values()))
    some = st.lists(inner, min_size=1, max_size=3)
    return st.one_of(
        st.builds(lambda o, e: t.Unary(AT, o, e), st.sampled_from(["-", "not"]), inner),
        st.builds(lambda o, a, b: t.Binary(AT, o, a, b), operators, inner, inner),
        st.builds(lambda a, p, n: t.Like(AT, a, p, n), inner, st.one_of(regexes(), inner), st.booleans()),
        st.builds(lambda a, i, n: t.In(AT, a, tuple(i), n), inner, some, st.booleans()),
        st.builds(lambda f, a: t.Call(AT, f, f, tuple(a), AT), names, st.lists(inner, max_size=3)),
        st.just(t.Call(AT, "count", "count", (t.Star(AT),), AT)),
    )


def regexes():
    return st.builds(lambda p, i: t.Regex(AT, p, i), PATTERN, st.booleans())


def expressions():
    return st.recursive(atoms(), extend, max_leaves=8)


def names():
    return st.sampled_from(WORDS).map(lambda one: t.Name(AT, one))


def items():
    aliased = st.builds(lambda e, n: t.Item(AT, e, n, True, AT), expressions(), st.sampled_from(WORDS))
    plain = expressions().map(
        lambda e: t.Item(AT, e, e.name if isinstance(e, t.Field) else format_expression(e), False, AT)
    )
    return st.lists(st.one_of(aliased, plain), min_size=1, max_size=4).map(tuple)


def commands():
    some_names = st.lists(names(), min_size=1, max_size=3).map(tuple)
    any_names = st.one_of(st.just(()), some_names)
    by = st.one_of(st.just(()), items())
    primary = st.one_of(st.none(), fields())
    keys = st.lists(st.builds(lambda e, d: t.SortKey(AT, e, d), expressions(), st.booleans()), min_size=1, max_size=2)
    period = st.builds(lambda n, u: t.Period(AT, n, u), st.integers(1, 99), st.sampled_from(UNITS))
    keywords = st.sampled_from(["filter", "where", "filterIndex"])
    limits = st.sampled_from(["limit", "head", "tail"])
    return st.one_of(
        items().map(lambda i: t.Fields(AT, i)),
        items().map(lambda i: t.Display(AT, i)),
        st.builds(lambda e, k: t.Filter(AT, e, k), expressions(), keywords),
        st.builds(lambda i, b, o: t.Stats(AT, i, b, o), items(), by, st.one_of(st.none(), period)),
        keys.map(lambda k: t.Sort(AT, tuple(k))),
        st.builds(lambda n, a, k: t.Limit(AT, n, a, k), st.integers(0, 99), st.booleans(), limits),
        st.lists(fields(), min_size=1, max_size=3).map(lambda f: t.Dedup(AT, tuple(f))),
        st.builds(lambda f, g, n: t.ParseGlob(AT, f, t.Text(AT, g), n), primary, TEXT, some_names),
        st.builds(
            lambda f, r, n, m: t.ParseRegex(AT, f, r, n, m),
            primary,
            regexes(),
            any_names,
            st.booleans(),
        ),
        st.builds(lambda f, n: t.ParseLogfmt(AT, f, n), primary, names()),
        st.builds(lambda f, n: t.ParseCsv(AT, f, n), primary, some_names),
        st.builds(lambda f, p, n: t.ReadJson(AT, f, t.Text(AT, p), n), primary, TEXT, names()),
        st.builds(lambda e, n: t.Unnest(AT, e, n), expressions(), names()),
        fields().map(lambda f: t.Expand(AT, f)),
        st.just(t.Source(AT, ("/aws/lambda/x", "b"), (), (("start", "-1d"),))),
        st.just(t.Source(AT, (), ("/aws",), (("logGroups", ""), ("class", "STANDARD")))),
        st.builds(
            lambda k, o: t.Lookup(AT, "users", (t.LookupKey("id", k),), (t.Output("name", o),)), fields(), names()
        ),
        st.builds(lambda f, g: t.Join(AT, "left", "l", "r", f, g, (t.Source(AT, ("x",)),)), fields(), fields()),
        st.sampled_from([t.Inexact(AT, "diff", ("previousDay",)), t.Inexact(AT, "anomaly")]),
    )


def trees():
    return st.lists(commands(), min_size=1, max_size=4).map(lambda c: t.Query(tuple(c), ""))
