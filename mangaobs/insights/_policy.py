"""What AWS's documentation leaves open about queries, each question by name, and how it is answered here.

`--explain` runs a query again with the other answer to every question that it touches, and says whether rows change.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final


@dataclass(frozen=True, slots=True)
class Policy:
    """One answer a question; `QUESTIONS` says what each is about."""

    missing_ne: bool = False
    missing_not_like: bool = False
    missing_not_in: bool = False
    missing_sorts_first: bool = True
    text_is_true: bool = False
    boolean_equals_text: bool = True
    limit_in_place: bool = False
    stats_of_nothing: bool = False
    stddev_of_sample: bool = False
    pct_interpolated: bool = False
    unnest_keeps_empty: bool = False
    glob_without_star_gives_text: bool = True


QUESTIONS: Final = {
    # The page of join writes `x != "OK" or !ispresent(x)`, which says that != alone does not match a missing field.
    "missing_ne": "does != match an event that lacks the field",
    "missing_not_like": "does not like match an event that lacks the field",
    "missing_not_in": "does not in match an event that lacks the field",
    "missing_sorts_first": "do events that lack the field come first in ascending order",
    "text_is_true": "is a text that is neither a number nor true or false true as a condition of its own",
    # Production queries write `success = 1`, `= '1'` and `= true` about booleans; AWS's samples `= "true"`.
    "boolean_equals_text": 'do the JSON values true and false equal the strings "true" and "false"',
    "limit_in_place": "does a limit before sort, filter or stats cut what these see, rather than the result",
    "stats_of_nothing": "does stats without by give one row when no event matches",
    "stddev_of_sample": "is stddev that of a sample, rather than of a population as variance is",
    "pct_interpolated": "does pct interpolate between two values, rather than give one that was observed",
    "unnest_keeps_empty": "does unnest keep an event whose list is empty or missing",
    "glob_without_star_gives_text": "does parse with a glob without * give the literal, rather than an empty text",
}
assert set(QUESTIONS) == {field.name for field in fields(Policy)}  # noqa: S101 - data and type are one list
