"""Redaction: by the name of a field, by declaration, and by what a text looks like.

A field whose name or declaration says that it is secret or personal loses its value whole. In every other text, e-mail
addresses, phone numbers, payment cards, JSON Web Tokens and AWS keys are replaced where they stand.
"""

from __future__ import annotations

import re

from mangaobs.runtime._sensitive import ANYWHERE, AT_END

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from mangaobs.signals import Field, LogEvent, Signals

REDACTED = "[REDACTED]"

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_NOT_ALPHANUMERIC = re.compile(r"[\W_]+")
_MOST_NAMES = 2048  # names of fields come from code, but a hostile payload could bring millions


class Names(dict[str, bool]):
    """Whether a field of this name is redacted whole; worked out once a name."""

    def __init__(
        self, extra: Iterable[str] = (), signals: Signals | None = None, *, only_declared: bool = False
    ) -> None:
        super().__init__()
        self._extra = frozenset(_plain(name) for name in extra)
        self._declared: dict[str, bool] = {}
        if only_declared:
            from mangaobs.runtime.signals import COMMON, EVENTS

            self._declare(COMMON, EVENTS)
        if signals is not None:
            self._declare(signals.common, signals.events)
        self._only_declared = only_declared

    def _declare(self, common: Iterable[Field], events: Iterable[LogEvent]) -> None:
        for fields in (common, *(event.fields for event in events)):
            self._declared.update((field.name, field.personal) for field in fields)

    def __missing__(self, name: str) -> bool:
        if len(self) >= _MOST_NAMES:
            self.clear()
        answer = self[name] = self._is_sensitive(name)
        return answer

    def _is_sensitive(self, name: str) -> bool:
        plain = _plain(name)
        if plain in self._extra:
            return True
        declared = self._declared.get(name)
        if declared is not None:
            return declared
        if self._only_declared:
            return True
        if plain in AT_END or any(word in plain for word in ANYWHERE):
            return True
        words = [word.lower() for word in _WORDS.findall(name[:200])]
        return any("".join(words[-n:]) in AT_END for n in (1, 2, 3) if n <= len(words))


def _plain(name: str) -> str:
    return _NOT_ALPHANUMERIC.sub("", name[:200]).lower()


# --- What a text looks like. Each pattern is linear: runs are possessive and begin where no run stands before them. ---

_EMAIL = re.compile(r"(?<![\w.+%-])[\w.+%-]++@[\w-]+(?:\.[\w-]+)+")
_JWT = re.compile(r"\beyJ[\w-]++\.[\w-]++(?:\.[\w-]*+)?")
_AWS_ID = re.compile(r"\b(?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{16}\b")
_AWS_SECRET = re.compile(r"(?<![A-Za-z0-9/+=])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])")
_CARD = re.compile(r"(?<![\w.-])[2-6]\d{3}(?:[ -]?\d){9,15}(?![\w-]|\.\d)")
# International, or in groups as people write them; a bare run of digits is an id as often as a number.
_PHONE = re.compile(
    r"(?<![\w+])\+\d(?:[ ()./-]{0,2}\d){7,14}(?!\w)"
    r"|(?<![\w.+-])(?:\(\d{2,5}\)|\d{2,5})[ ./-]\d{3,4}[ ./-]\d{3,5}(?!\w|[.-]\w)"
)

# A text is looked at as bytes, once for each kind, by what costs least: translations and searches for a run.
_ALNUM = bytes(range(48, 58)) + bytes(range(65, 91)) + bytes(range(97, 123))
_TO_DIGIT = bytes.maketrans(b"123456789", b"0" * 9)
_TO_CAPITAL = bytes.maketrans(bytes(range(48, 58)) + bytes(range(65, 91)), b"A" * 36)
_TO_LETTER = bytes.maketrans(_ALNUM + b"/+", b"a" * 64)
_BETWEEN_DIGITS = b" ()-./+"
_DIGITS, _CAPITALS, _LETTERS = b"0" * 8, b"A" * 20, b"a" * 40


def suspicious(text: bytes) -> bool:
    """Whether encoded text may hold anything that `scrub` would replace; a false alarm costs time, nothing else.

    No pattern holds a character that JSON escapes, so text with and without its escapes gives the same answer.
    """
    return (
        b"@" in text
        or b"eyJ" in text
        or _DIGITS in text.translate(_TO_DIGIT, _BETWEEN_DIGITS)
        or _CAPITALS in text.translate(_TO_CAPITAL)
        or _LETTERS in text.translate(_TO_LETTER)
    )


_HINT = re.compile(r"@|eyJ|A(?:KI|SI|RO|ID)A|(?:\d[ ()./-]{0,2}){7}\d|[A-Za-z0-9/+]{40}")


def scrub(text: str) -> str:
    """`text` without what looks secret or personal."""
    if len(text) < 6 or _HINT.search(text) is None:
        return text
    if "@" in text:
        text = _EMAIL.sub("[EMAIL]", text)
    if "eyJ" in text:
        text = _JWT.sub("[JWT]", text)
    text = _AWS_ID.sub("[AWS_KEY]", text)
    text = _AWS_SECRET.sub(_secret, text)
    text = _CARD.sub(_card, text)
    return _PHONE.sub("[PHONE]", text)


def is_card(number: int) -> bool:
    """Whether a whole number could be a payment card's."""
    return 2 * 10**12 <= number < 10**19 and str(number)[0] in "23456" and _luhn(str(number))


def _card(match: re.Match[str]) -> str:
    digits = [character for character in match[0] if character.isdecimal()]
    return "[CARD]" if _luhn(digits) else match[0]


def _secret(match: re.Match[str]) -> str:
    text = match[0]
    mixed = any(c.islower() for c in text) and any(c.isupper() for c in text) and any(c.isdecimal() for c in text)
    return "[AWS_KEY]" if mixed else text


def _luhn(digits: Iterable[str]) -> bool:
    total = 0
    for place, digit in enumerate(reversed(list(digits))):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


# --- Redaction of a value of the caller's. ---


class Redactor:
    """Copies dicts, lists, tuples and texts without what is to be redacted; the rest it passes on."""

    __slots__ = ("names",)

    def __init__(self, names: Names) -> None:
        self.names = names

    def __call__(self, value: object) -> object:
        kind = type(value)
        if kind is dict:
            return self._mapping(value)  # type: ignore[arg-type]
        if kind is list:
            return [self(item) for item in value]  # type: ignore[attr-defined]
        if kind is str:
            return scrub(value)  # type: ignore[arg-type]
        if kind is tuple:
            return tuple(self(item) for item in value)  # type: ignore[attr-defined]
        if kind is int and is_card(value):  # type: ignore[arg-type]
            return "[CARD]"
        return value

    def _mapping(self, value: dict[object, object]) -> dict[object, object]:
        names, hint = self.names, _HINT.search
        out: dict[object, object] = {}
        for key, item in value.items():
            kind = type(item)
            if type(key) is str and names[key]:
                out[key] = REDACTED
            elif kind is str:
                text: str = item  # type: ignore[assignment]
                out[key] = text if len(text) < 6 or hint(text) is None else scrub(text)
            elif kind is float or kind is bool or item is None:
                out[key] = item
            else:
                out[key] = self(item)
        return out


def redact(value: object) -> object:
    """A copy of `value` (dicts, lists, tuples, texts) as the log would show it: without secrets and personal data."""
    from mangaobs.runtime import _log

    return _log.telemetry().redact(value)
