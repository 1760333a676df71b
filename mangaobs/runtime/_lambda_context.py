"""What Lambda hands a handler, as far as it is what Lambda hands a handler: in tests it may be anything."""

from __future__ import annotations

from mangaobs.runtime._interruption import is_interruption

_NUMBERS = (int, float)
_LONGEST_MS = 10**9  # more than any timeout
_NOT_IN_WORDS = {ord(character): None for character in "-=_"}


def remaining_ms(context: object) -> float | None:
    """Milliseconds that are left of the timeout, by Lambda's own clock; None if nobody knows."""
    try:
        value = context.get_remaining_time_in_millis()  # type: ignore[attr-defined]
    except BaseException as error:
        if is_interruption(error):
            raise
        return None
    return value if type(value) in _NUMBERS and -_LONGEST_MS < value < _LONGEST_MS else None


def request_id(context: object) -> str:
    """Lambda's id of the invocation, or an empty text."""
    try:
        value: object = context.aws_request_id  # type: ignore[attr-defined]
    except BaseException as error:
        if is_interruption(error):
            raise
        return ""
    return value if is_id(value) else ""  # type: ignore[return-value]


def is_id(value: object) -> bool:
    """Whether it is an id as AWS makes them; an event's may be anybody's text."""
    return type(value) is str and len(value) <= 64 and value.isascii() and value.translate(_NOT_IN_WORDS).isalnum()
