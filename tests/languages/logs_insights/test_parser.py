"""The language: what is read, where errors stand, and that formatting changes nothing."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mangaobs.errors import LanguageError, ManyErrors
from mangaobs.languages.logs_insights import format_expression, format_query, parse
from mangaobs.languages.logs_insights import tree as t

from .trees import trees


def errors(text):
    with pytest.raises((LanguageError, ManyErrors)) as caught:
        parse(text)
    found = caught.value
    return found.errors if isinstance(found, ManyErrors) else [found]


def condition(text):
    (command,) = parse(f"filter {text}").commands
    return command.condition


@pytest.mark.parametrize(
    ("written", "means"),
    [
        ("a or b and c", "a or (b and c)"),
        ("not a = 1 and b", "(not (a = 1)) and b"),
        ("a + b * c ^ d", "a + (b * (c ^ d))"),
        ("a - b - c", "(a - b) - c"),
        ("a ^ b ^ c", "a ^ (b ^ c)"),
        ("-a ^ b", "-(a ^ b)"),
        ("a + 1 > b * 2", "(a + 1) > (b * 2)"),
        ("a like /x/ or b in [1]", "(a like /x/) or (b in [1])"),
        ("!a and b", "(not a) and b"),
        ("a not in [1, 2]", "a not in [1,2]"),
    ],
)
def test_operators_bind_as_usual(written, means):
    assert condition(written) == condition(means)


@pytest.mark.parametrize(
    ("written", "path"),
    [
        ("a", ("a",)),
        ("a.b.0.c", ("a", "b", "0", "c")),
        ("a[1].b", ("a", 1, "b")),
        ("`detail-type`", ("detail-type",)),
        ("`a.b`", ("a.b",)),
        ("json_message.`user.id`", ("json_message", "user.id")),
        ("@`aws.tag.aws:x`", ("@aws.tag.aws:x",)),
        ("@timestamp", ("@timestamp",)),
        ("filter", ("filter",)),
    ],
)
def test_names_of_fields(written, path):
    assert condition(written) == t.Field((0, 0), path)


def test_a_name_with_a_dash_is_a_difference():
    assert condition("detail-type") == condition("detail - type")


@pytest.mark.parametrize("word", ["SORT ms DESC", "sort by ms desc", "order by ms desc"])
def test_spellings_of_sort(word):
    assert parse(word) == parse("sort ms desc")


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("filter a == 1", "=="),
        ("filter a ~= /x/", "~="),
        ("sort by a", "sort by"),
        ("order by a", "order by"),
        ("stats count(*) by bin(@timestamp, 1h)", "bin(field, period)"),
        ("filter a like /x/i", "/…/i"),
        ("stats median(a)", "median"),
        ("parse 'x' as a", "a glob without *"),
        ("filter a in (1, 2)", "in ( … )"),
    ],
)
def test_undocumented_syntax_is_read_and_marked(text, what):
    assert [note.what for note in parse(text).notes] == [what]


@pytest.mark.parametrize(
    ("text", "start", "end", "problem"),
    [
        ("", 0, 0, "the query is empty"),
        ("fields", 5, 6, "the query ends too early"),
        ("fields a | fliter b", 11, 17, "there is no command 'fliter'"),
        ("filter a = 'x", 11, 12, "this string is not closed"),
        ("filter a like /x", 14, 15, "this regular expression is not closed"),
        ("filter (a = 1", 12, 13, "the query ends too early"),
        ("filter a = 1 b", 13, 14, "b cannot stand here"),
        ("limit x", 6, 7, "x cannot stand here"),
        ("fields a |", 9, 10, "nothing follows this |"),
        ("-- a comment\nfields a", 0, 12, "-- starts no comment"),
        ("fields `a", 7, 8, "this backtick is not closed"),
        ("parse x 'a*'", 11, 12, "the query ends too early"),
        ("join type=outer left=a right=b where a.x=b.x (SOURCE 'y')", 10, 15, "there is no join of type outer"),
    ],
)
def test_an_error_says_where_it_stands(text, start, end, problem):
    found = errors(text)[0]
    assert (found.start, found.end, found.problem) == (start, end, problem)


def test_several_errors_at_once_each_in_its_command():
    found = errors("fields a, | filter b = | frist c | limit 1")
    assert [one.start for one in found] == [10, 23, 25]


def test_a_pipe_in_a_string_or_a_regular_expression_ends_no_command():
    assert len(parse("filter a = 'x|y' and b like /x|y/ | limit 1").commands) == 2
    assert len(errors("filter = 'x|y' like /a|b/ | limit x")) == 2


def test_a_query_that_is_too_long_or_too_deep_is_refused():
    assert "at most 10,000" in errors("fields " + "a" * 10_000)[0].right
    assert errors("filter " + "(" * 500 + "a")[0].problem == "nested too deep"


def test_a_regular_expression_keeps_its_slashes():
    (command,) = parse(r"filter a like /\/x\d\//").commands
    assert command.condition.pattern.pattern == r"/x\d/"
    assert format_expression(command.condition) == r"a like /\/x\d\//"


def test_what_has_no_alias_keeps_its_text_as_its_name():
    (command,) = parse("stats avg( x ),\n sum(y)\n by bin( 5m )").commands
    assert [item.name for item in (*command.items, *command.by)] == ["avg( x )", "sum(y)", "bin( 5m )"]
    assert "avg( x )" in format_query(parse("stats avg( x )"))


def test_comments_stay_in_their_order():
    text = "# one\nfields a # two\n# three\n| filter b = 1 # four\n   and c = 2\n# five"
    query = parse(text)
    assert [one.text for one in query.comments] == ["# one", "# two", "# three", "# four", "# five"]
    formatted = format_query(query)
    assert formatted == "# one\nfields a # two\n# three\n# four\n| filter b = 1 and c = 2\n# five"
    assert parse(formatted) == query


@settings(max_examples=400, deadline=None)
@given(trees())
def test_what_is_formatted_reads_as_the_same_tree(tree):
    text = format_query(tree)
    assert parse(text) == tree
    assert format_query(parse(text)) == text


WORDS = ["fields", "filter", "stats", "parse", "count(*)", "by", "bin(5m)", "as", "like", "in", "not", "SOURCE", "join"]
WORDS += ["type=", "where", "lookup", "OUTPUT", "limit", "sort", "desc", "1e", "5m", "a", "@b", "{{x}}"]
PIECES = st.sampled_from([f"{one} " for one in WORDS] + list("|()[]'\"/`.,=!-#\n*\\é1\x00\ud800") + ["--", "!="])


@settings(max_examples=1500, deadline=None)
@given(st.one_of(st.lists(PIECES, max_size=25).map("".join), st.text(max_size=60)))
def test_no_text_raises_anything_but_an_error_that_says_where(text):
    try:
        parse(text)
    except (LanguageError, ManyErrors) as error:
        for one in error.errors if isinstance(error, ManyErrors) else [error]:
            assert 0 <= one.start <= one.end <= max(len(text), 1)
            assert one.problem
