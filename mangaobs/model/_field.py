"""Checks of a field that several definitions share."""

from __future__ import annotations

import re

from mangaobs.model._check import fail, is_number
from mangaobs.model.value import Attribute, Import, Parameter, Pseudo, Text

# The extended form alone, which is all that AWS documents: Python also reads 20261124 and a blank for the T.
_TIME = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?")

_LEAVES = (str, bool, Text, Parameter, Import, Pseudo, Attribute)


def check_word(subject: str, field: str, value: object, allowed: tuple[str, ...]) -> None:
    """Refuse a value that is none of AWS's own words for the field."""
    if value not in allowed:
        fail(subject, field, f"is {value!r}", f"one of {', '.join(allowed)}")


def check_words(subject: str, field: str, values: tuple[str, ...], allowed: tuple[str, ...]) -> None:
    """Refuse a tuple that holds another word."""
    check_tuple(subject, field, values)
    for value in values:
        check_word(subject, field, value, allowed)


def check_document(subject: str, field: str, document: object) -> None:
    """Refuse what JSON cannot hold, deploy-time values apart."""
    if isinstance(document, dict):
        for key, value in document.items():
            if not isinstance(key, str):
                fail(subject, field, f"has the key {key!r:.80}", "keys are text")
            check_document(subject, field, value)
    elif isinstance(document, list | tuple):
        for value in document:
            check_document(subject, field, value)
    elif not (document is None or isinstance(document, _LEAVES) or is_number(document)):
        fail(subject, field, f"holds {document!r:.80}", "text, finite numbers, lists and dicts, as JSON has them")


def check_tuple(subject: str, field: str, values: object) -> None:
    """Refuse what is no tuple: one item without its comma, mostly."""
    if not isinstance(values, tuple):
        fail(subject, field, f"is {values!r:.80}", "a tuple; one item alone is written (item,)")


def is_time(text: object) -> bool:
    """Whether it is a time in ISO 8601."""
    from datetime import datetime

    if not isinstance(text, str) or not _TIME.fullmatch(text):
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
