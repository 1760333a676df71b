"""Filter patterns of every shape against a second, plain evaluator; and texts that are none."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from mangaobs.errors import MangaobsError
from mangaobs.languages.filter_pattern import Compiled, Matcher, Policy, parse

from .naive import matches

NAMES = st.sampled_from(["a", "b", "c-d"])
SCALARS = st.sampled_from(["v", "w", "vw", "", "7", "07", "true", 'q"q', 7, 7.0, -1, 0, 1000, 0.001, True, False, None])
EVENTS = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)
STEPS = st.lists(st.sampled_from([".a", ".b", ".c-d", "[0]", "[1]"]), max_size=2).map("".join)
SELECTORS = st.builds(
    lambda first, middle, wild: f"$.{first}{middle}{wild}", NAMES, STEPS, st.sampled_from(["", "", "", ".*", "[*]"])
)
EQUALS = st.sampled_from(
    ['"v"', "v", "v*", '"*w"', '"*"', "*", '"v*w*"', "7", '"7"', "07", "1e3", "true", '"q\\"q"', '""']
)
CLAUSES = st.one_of(
    st.builds("{} {} {}".format, SELECTORS, st.sampled_from(["=", "!="]), EQUALS),
    st.builds(
        "{}{}{}".format, SELECTORS, st.sampled_from(["<", ">", "<=", ">="]), st.sampled_from(["7", "-1", "1e-3"])
    ),
    st.builds("{} IS {}".format, SELECTORS, st.sampled_from(["NULL", "TRUE", "FALSE"])),
    st.builds("{} NOT EXISTS".format, SELECTORS),
)
CONDITIONS = st.recursive(
    CLAUSES,
    lambda inner: st.builds(
        lambda left, sign, right, held: f"({left} {sign} {right})" if held else f"{left} {sign} {right}",
        inner,
        st.sampled_from(["&&", "||"]),
        inner,
        st.booleans(),
    ),
    max_leaves=5,
).filter(lambda text: text.count("[*]") + text.count(".*") <= 3)


def _objects(events):
    return events.filter(lambda event: isinstance(event, dict))


@settings(max_examples=600, deadline=None)
@given(CONDITIONS, _objects(EVENTS))
def test_two_evaluators_agree(condition, event):
    pattern = f"{{ {condition} }}"
    verdict = Matcher(parse(pattern)).match(json.dumps(event))
    assert verdict.matched is matches(pattern, event), pattern


@settings(max_examples=400, deadline=None)
@given(st.lists(CONDITIONS, min_size=1, max_size=4), EVENTS, st.booleans())
def test_patterns_compiled_together_decide_as_each_does(conditions, event, otherwise):
    policy = Policy(not_equal_absent=otherwise, is_boolean_text=otherwise, not_equal_null=otherwise)
    patterns = [parse(f"{{ {condition} }}") for condition in conditions]
    message = json.dumps(event)
    one_by_one = [n for n, one in enumerate(patterns) if Matcher(one, policy).match(message).matched]
    assert Compiled(patterns, policy).matched(message) == one_by_one


@settings(max_examples=400, deadline=None)
@given(CONDITIONS, _objects(EVENTS))
def test_what_is_certain_no_open_question_changes(condition, event):
    pattern = parse(f"{{ {condition} }}")
    message = json.dumps(event)
    verdict = Matcher(pattern).match(message)
    if verdict.ambiguous:
        return
    default = Policy()
    for name in Policy.__slots__:
        if name in ("not_equal_absent", "json_after_text"):  # settled
            continue
        other = Policy(**{name: not getattr(default, name)})
        assert Matcher(pattern, other).match(message).matched is verdict.matched, name


PIECES = st.sampled_from(
    [
        "{",
        "}",
        "[",
        "]",
        "(",
        ")",
        "$",
        ".",
        "$.a",
        "=",
        "!=",
        "<",
        "&&",
        "||",
        '"',
        "%",
        "\\",
        "*",
        "...",
        ",",
        "-",
        "?",
        " ",
        "IS NULL",
        "NOT EXISTS",
        "a",
        "7",
        "é",
        "\n",
    ]
)


@settings(max_examples=1000, deadline=None)
@given(st.lists(PIECES, max_size=30).map("".join) | st.text(max_size=40), st.text(max_size=30))
def test_any_text_is_a_pattern_that_decides_or_an_error_with_its_place(text, message):
    try:
        pattern = parse(text)
    except MangaobsError as error:
        for one in getattr(error, "errors", [error]):
            assert 0 <= one.start <= one.end <= len(text)
            assert one.problem
        return
    matched = Matcher(pattern).match(message, explain=True).matched
    assert (Compiled([pattern]).matched(message) == [0]) is matched
