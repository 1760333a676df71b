"""What AWS's documentation leaves open, each question by name, and how it is answered here.

An answer that another would change makes the verdict ambiguous, unless `settled`: then evidence beside the
documentation decides, and only who asks for the other answer gets it.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final


@dataclass(frozen=True, slots=True)
class Policy:
    """One answer a question; `QUESTIONS` says what each is about."""

    not_equal_absent: bool = False
    not_equal_any_element: bool = True
    not_equal_null: bool = False
    is_null_absent: bool = False
    not_exists_null: bool = False
    is_boolean_text: bool = False
    number_equals_text: bool = True
    order_numeric_text: bool = False
    fields_any_depth: bool = False
    json_after_text: bool = False
    json_top_level_array: bool = False
    term_wildcard: bool = False
    delimited_last_absorbs: bool = True


@dataclass(frozen=True, slots=True)
class Question:
    """A question with what is asked, and whether evidence beside the documentation answers it."""

    text: str
    settled: bool = False


QUESTIONS: Final = {
    # DataBiosphere/azul #5884: an alarm stayed silent on real records that lacked the field.
    "not_equal_absent": Question("does != match an event that lacks the field", settled=True),
    "not_equal_any_element": Question("does != over [*] match if any element differs, rather than all"),
    "not_equal_null": Question("does != match a field that is null"),
    "is_null_absent": Question("does IS NULL match an event that lacks the field"),
    "not_exists_null": Question("does NOT EXISTS match a field that is null"),
    "is_boolean_text": Question('do IS TRUE and IS FALSE match the strings "true" and "false"'),
    "number_equals_text": Question("are a number or a boolean and a text that reads the same equal"),
    "order_numeric_text": Question("do < and > compare a string that holds a number"),
    "fields_any_depth": Question("does .* reach fields of nested objects"),
    # localstack #9355: the console's tester took it, real log events did not match.
    "json_after_text": Question("is JSON after other text in the message read", settled=True),
    "json_top_level_array": Question("is a JSON array at the top level read"),
    "term_wildcard": Question("is * in a term a wildcard"),
    "delimited_last_absorbs": Question("does the last field of a delimited pattern take all words that are left"),
}
assert set(QUESTIONS) == {field.name for field in fields(Policy)}  # noqa: S101 - data and type are one list
