"""Single values: how a field, or a word of a line, compares with what a pattern has."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from mangaobs.languages.filter_pattern._regex import compiled
from mangaobs.languages.filter_pattern._tree import Comparison, Literal, Regex, number_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from mangaobs.languages.filter_pattern._policy import Policy

ABSENT: Final = object()
"""In place of a value: the field is not there."""


class Answer(NamedTuple):
    """Whether a clause matches, whether it may and may not under other policies, and the questions it hangs on."""

    matched: bool
    may: bool
    may_not: bool
    questions: frozenset[str] = frozenset()


YES: Final = Answer(matched=True, may=True, may_not=False)
NO: Final = Answer(matched=False, may=False, may_not=True)


def known(matched: bool) -> Answer:  # noqa: FBT001 - what it is about
    """An answer that no policy changes."""
    return YES if matched else NO


def hanging(matched: bool, question: str) -> Answer:  # noqa: FBT001 - what it is about
    """An answer that `question` decides."""
    return Answer(matched=matched, may=True, may_not=True, questions=frozenset((question,)))


def compare_json(value: object, comparison: Comparison, expected: Literal | Regex, policy: Policy) -> Answer:
    """A comparison with a value of a JSON event, `ABSENT` if there is none."""
    if value is ABSENT:
        return known(comparison is Comparison.NOT_EQUAL and policy.not_equal_absent)
    if isinstance(value, (dict, list)):
        return NO  # the guide: a selector that lands on an object or array won't match
    if value is None:
        return hanging(policy.not_equal_null, "not_equal_null") if comparison is Comparison.NOT_EQUAL else NO
    if comparison.ordering:
        return _ordered(value, comparison, expected, policy)
    equal = _equal(value, expected, policy)
    if comparison is Comparison.EQUAL:
        return equal
    return Answer(not equal.matched, equal.may_not, equal.may, equal.questions)


def compare_word(word: str, comparison: Comparison, expected: Literal | Regex) -> bool:
    """A comparison with a word of a space-delimited line."""
    if comparison.ordering:
        number = number_of(word)
        wanted = expected.number if isinstance(expected, Literal) else None
        return number is not None and wanted is not None and in_order(number, comparison, wanted)
    return _text_equal(word, expected) is (comparison is Comparison.EQUAL)


def is_value(value: object, wanted: bool | None, policy: Policy) -> Answer:  # noqa: FBT001 - what it is about
    """`IS NULL`, `IS TRUE`, `IS FALSE`."""
    if wanted is None:
        if value is ABSENT:
            return hanging(policy.is_null_absent, "is_null_absent")
        return known(value is None)
    if value == ("true" if wanted else "false"):
        return hanging(policy.is_boolean_text, "is_boolean_text")
    return known(value is wanted)


def not_exists(value: object, policy: Policy) -> Answer:
    """`NOT EXISTS`."""
    if value is None:
        return hanging(policy.not_exists_null, "not_exists_null")
    return known(value is ABSENT)


def _ordered(value: object, comparison: Comparison, expected: Literal | Regex, policy: Policy) -> Answer:
    wanted = expected.number if isinstance(expected, Literal) else None
    if wanted is None or isinstance(value, bool):
        return NO
    if isinstance(value, (int, float)):
        return known(in_order(value, comparison, wanted))
    number = number_of(str(value))
    if number is not None and in_order(number, comparison, wanted):
        return hanging(policy.order_numeric_text, "order_numeric_text")
    return NO


def in_order(value: float, comparison: Comparison, wanted: float) -> bool:
    """`value < wanted` and its like."""
    if comparison is Comparison.LESS:
        return value < wanted
    if comparison is Comparison.GREATER:
        return value > wanted
    return value <= wanted if comparison is Comparison.LESS_OR_EQUAL else value >= wanted


def _equal(value: object, expected: Literal | Regex, policy: Policy) -> Answer:
    if isinstance(value, str):
        same = _text_equal(value, expected)
        if isinstance(expected, Literal) and not expected.quoted and expected.number is not None:
            number = number_of(value)
            if same or (number is not None and number == expected.number):
                return hanging(same and policy.number_equals_text, "number_equals_text")
        return known(same)
    if isinstance(expected, Literal) and expected.text == "*":
        return YES  # the idiom for "exists"
    shown = json_text(value)
    if isinstance(expected, Regex):
        return hanging(policy.number_equals_text, "number_equals_text") if _text_equal(shown, expected) else NO
    if not isinstance(value, bool) and isinstance(value, (int, float)) and expected.number is not None:
        same = value == expected.number
        return hanging(policy.number_equals_text, "number_equals_text") if same and expected.quoted else known(same)
    return hanging(policy.number_equals_text, "number_equals_text") if _text_equal(shown, expected) else NO


def json_text(value: object) -> str:
    """A scalar as JSON writes it, a string as it is."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return "null" if value is None else str(value)


def _text_equal(text: str, expected: Literal | Regex) -> bool:
    if isinstance(expected, Regex):
        return compiled(expected.translated)(text) is not None
    return glob(expected.text)(text)


@lru_cache(maxsize=4096)
def glob(pattern: str) -> Callable[[str], bool]:
    """Whether a text is `pattern`, in which `*` stands for any characters; in time linear in the text for each `*`."""
    first, *rest = pattern.split("*")
    if not rest:
        return pattern.__eq__
    *middle, last = rest
    middle = [piece for piece in middle if piece]

    def matches(text: str) -> bool:
        if not (text.startswith(first) and text.endswith(last) and len(text) >= len(first) + len(last)):
            return False
        position, end = len(first), len(text) - len(last)
        for piece in middle:
            found = text.find(piece, position, end)
            if found < 0:
                return False
            position = found + len(piece)
        return True

    return matches
