"""Variables of a dashboard.

Source: CloudWatch API reference, "Dashboard Body Structure and Syntax".
"""

from __future__ import annotations

import re
from typing import Literal, get_args

import msgspec

from mangaobs.model._check import fail
from mangaobs.model._field import check_tuple, check_word

InputType = Literal["input", "select", "radio"]
_INPUT_TYPES: tuple[str, ...] = get_args(InputType)


class Choice(msgspec.Struct, frozen=True):
    """A value that a variable offers."""

    value: str | int | float | bool
    label: str = ""


class Variable(msgspec.Struct, frozen=True, kw_only=True):
    """A variable of a dashboard: it replaces a property of all widgets, or what a pattern matches in the body."""

    id: str
    property: str | None = None
    pattern: str | None = None
    input_type: InputType = "select"
    label: str = ""
    values: tuple[Choice, ...] = ()
    search: str | None = None
    populate_from: str | None = None
    default_value: str | int | float | bool | None = None
    visible: bool = True

    def __post_init__(self) -> None:
        subject = f"variable {self.id!r}"
        if not re.fullmatch(r"[0-9A-Za-z_-]{1,32}", self.id):
            fail(subject, "id", "is not one", "1 to 32 letters, digits, - and _")
        if (self.property is None) == (self.pattern is None):
            fail(subject, "property", "and pattern exclude each other", "exactly one of the two")
        if len(self.label) > 30:
            fail(subject, "label", f"has {len(self.label)} characters", "at most 30")
        check_word(subject, "input_type", self.input_type, _INPUT_TYPES)
        self._check_choices(subject)

    def _check_choices(self, subject: str) -> None:
        check_tuple(subject, "values", self.values)
        if (self.search is None) != (self.populate_from is None):
            fail(subject, "search", "and populate_from need each other", "both or neither")
        searched = self.search is not None
        if self.input_type == "input" and (self.values or searched):
            fail(subject, "values", "are given for free input", 'none, or input_type="select"')
        if self.input_type != "input" and bool(self.values) == searched:
            fail(subject, "values", "or search with populate_from", "exactly one of the two")
        if len(self.values) > 500:
            fail(subject, "values", f"has {len(self.values)}", "at most 500")
        for field, text, limit in (
            ("search", self.search, 2048),
            ("default_value", self.default_value, 255),
            *(("values", text, 255) for choice in self.values for text in (choice.value, choice.label)),
        ):
            if isinstance(text, str) and len(text) > limit:
                fail(subject, field, f"has {len(text)} characters in one text", f"at most {limit:,}")
        if self.default_value == "__FIRST" and not searched:
            fail(subject, "default_value", "is __FIRST without a search", "one of the values")
        offered = [choice.value for choice in self.values]
        if offered and self.default_value is not None and self.default_value not in offered:
            fail(subject, "default_value", f"{self.default_value!r} is none of the values", "one of them")
