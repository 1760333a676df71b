"""Redaction: by the name of a field, by declaration, and by what a text looks like.

A field whose name or declaration says that it is secret or personal loses its value whole. In every other text, e-mail
addresses, phone numbers, payment cards, JSON Web Tokens and AWS keys are replaced where they stand.
"""

from __future__ import annotations

import re

from mangaobs.runtime._sensitive import ANYWHERE, AT_END

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container, Iterable

    from mangaobs.signals import Field, LogEvent, Signals

REDACTED = "[REDACTED]"

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_NOT_ALPHANUMERIC = re.compile(r"[\W_]+")
_LONGEST_NAME = 256
_MOST_NAMES = 2048  # names of fields come from code, but a hostile payload could bring millions


WHOLE, NAME, DROPPED = 1, 2, 3  # what is redacted of a field: its value, its very name, or all of it
_ANYWHERE = tuple(name.replace("-", "") for name in ANYWHERE)
_AT_END = frozenset(name.replace("-", "") for name in AT_END)


class Names(dict[str, int]):
    """What is redacted of a field of this name: nothing (0), `WHOLE`, `NAME` or `DROPPED`; worked out once a name."""

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
            for field in fields:
                # Names are looked at without their event, so what is personal in one is so in all.
                self._declared[field.name] = field.personal or self._declared.get(field.name, False)

    def __missing__(self, name: str) -> int:
        if len(self) >= _MOST_NAMES:
            self.clear()
        if self._only_declared and name not in self._declared:
            answer = DROPPED
        else:
            answer = NAME if scrub(name) != name else WHOLE if self._is_sensitive(name) else 0
        if len(name) <= _LONGEST_NAME:
            self[name] = answer
        return answer

    def _is_sensitive(self, name: str) -> bool:
        plain = _plain(name)
        if plain in self._extra:
            return True
        declared = self._declared.get(name)
        if declared is not None:
            return declared
        if plain in _AT_END or any(word in plain for word in _ANYWHERE):
            return True
        words = [word.lower() for word in _WORDS.findall(name) if not word.isdecimal()]
        return any("".join(words[-n:]) in _AT_END for n in (1, 2, 3) if n <= len(words))


def _plain(name: str) -> str:
    return _NOT_ALPHANUMERIC.sub("", name).lower()


# --- What a text looks like. Each pattern is linear: runs are possessive and begin where no run stands before them. ---

_EMAIL = re.compile(r"(?<![\w.+%-])[\w.+%-]++@[\w-]++(?:\.[\w-]+)+")
_JWT = re.compile(r"(?<![\w-])eyJ[\w-]++\.[\w-]++(?:\.[\w-]*+)?")
_AWS_ID = re.compile(r"(?<![A-Za-z0-9])A(?:KI|SI|RO|ID)A[A-Z0-9]{16}(?![A-Za-z0-9])")
_AWS_SECRET = re.compile(r"(?<![A-Za-z0-9/+])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+])")
_CARDS = re.compile(r"(?<!\w)(?<![0-9][ .-])[0-9](?:[ -]?[0-9]){12,}+")
_CREDENTIALS = re.compile(r"://[^/\s:@]{0,200}:[^/\s@]{1,200}@")
_BEARER = re.compile(r"\b([Bb]earer\s{1,4})[\w.~+/=-]{4,}+")
_GROUP = re.compile(r"[0-9]+")
# International, in groups as people write them, or behind a zero; a bare run of digits is an id as often as a number.
_PHONE = re.compile(
    r"(?<![\w+])\+[0-9](?:[ ()./-]{0,2}[0-9]){7,14}(?!\w)"
    r"|(?<![\w+])(?<![0-9][ ./-])(?<!\w-)(?:"
    r"(?:[0-9]{1,3}[ /-])?(?:\([0-9]{2,5}\)|[0-9]{2,5})[ /-][0-9]{3,4}[ /-][0-9]{3,5}"
    r"|(?:1\.)?[0-9]{3}\.[0-9]{3}\.[0-9]{4}"
    r"|0[0-9]{2,4}[ /-][0-9]{5,8}"
    r")(?![ ./-]?[0-9])(?!-?\w)"
)

# A text is looked at as bytes, once for each kind, by what costs least: translations and searches for a run.
_ALNUM = bytes(range(48, 58)) + bytes(range(65, 91)) + bytes(range(97, 123))
_TO_DIGIT = bytes.maketrans(b"123456789", b"0" * 9)
_TO_CAPITAL = bytes.maketrans(bytes(range(48, 58)) + bytes(range(65, 91)), b"A" * 36)
_TO_LETTER = bytes.maketrans(_ALNUM + b"/+", b"a" * 64)
_BETWEEN_DIGITS = b" ()-./+"
_DIGITS, _CAPITALS, _RUN, _KEY = b"0" * 8, b"A" * 20, b"a" * 20, b"a" * 40


def suspicious(text: bytes) -> bool:
    """Whether encoded text may hold anything that `scrub` would replace; a false alarm costs time, nothing else.

    No pattern holds a character that JSON escapes, so text with and without its escapes gives the same answer.
    """
    # `find`, since `in` first tries whether the bytes are a number, by way of an exception.
    find = text.find
    if find(b"@") >= 0 or find(b"\\") >= 0 or find(b"=") >= 0 or find(b"eyJ") >= 0 or find(b"earer ") >= 0:
        return True
    if text.translate(_TO_DIGIT, _BETWEEN_DIGITS).find(_DIGITS) >= 0:
        return True
    letters = text.translate(_TO_LETTER)
    return letters.find(_RUN) >= 0 and (letters.find(_KEY) >= 0 or text.translate(_TO_CAPITAL).find(_CAPITALS) >= 0)


_HINT = re.compile(r"[@\"=]|eyJ|earer |A(?:KI|SI|RO|ID)A|(?:[0-9][ ()./-]{0,2}){7}[0-9]|[A-Za-z0-9/+]{40}")


def scrub(text: str) -> str:
    """`text` without what looks secret or personal."""
    if len(text) < 6 or _HINT.search(text) is None:
        return text
    if '"' in text or "=" in text:
        text = without_named(text)
    if "@" in text:
        text = _EMAIL.sub("[EMAIL]", _CREDENTIALS.sub(f"://{REDACTED}@", text))
    if "earer " in text:
        text = _BEARER.sub(rf"\1{REDACTED}", text)
    if "eyJ" in text:
        text = _JWT.sub("[JWT]", text)
    text = _AWS_ID.sub("[AWS_KEY]", text)
    text = _AWS_SECRET.sub(_secret, text)
    text = _CARDS.sub(_without_cards, text)
    return _PHONE.sub("[PHONE]", text)


def without_named(text: str) -> str:
    """`text` without the values behind names of secrets: `{"password": "[REDACTED]"}`, `token=[REDACTED]`."""
    global _named_pattern  # noqa: PLW0603 - compiling it takes 2 ms, which most functions never need
    if _named_pattern is None:
        # A name with what stands behind it, as `name=value`, `"name": "value"` or `('name', 'value')`.
        anywhere, at_end = ("|".join(name.replace("-", "[-_ ]?") for name in names) for names in (ANYWHERE, AT_END))
        _named_pattern = re.compile(
            rf"(?i)((?:{anywhere}|(?<![a-z])(?:{at_end}))[\w-]{{0,32}}+(?:\\?[\"'])?\s{{0,4}}[:=,]\s{{0,4}})"
            r"(?:\\?\"[^\"]*\"|'[^']*'|[^\s,;&}\])][^\n,;&}\])]*)"
        )
    return _named_pattern.sub(_named, text)


_named_pattern: re.Pattern[str] | None = None


def _named(match: re.Match[str]) -> str:
    value = match[0][len(match[1]) :]
    mark = next((quote for quote in ('\\"', '"', "'") if value.startswith(quote)), "")
    return f"{match[1]}{mark}{REDACTED}{mark}"


def is_card(number: int) -> bool:
    """Whether a whole number could be a payment card's."""
    return 2 * 10**12 <= number < 10**19 and _is_card(str(number))


def _secret(match: re.Match[str]) -> str:
    text = match[0]
    mixed = any(c.islower() for c in text) and any(c.isupper() for c in text) and any(c.isdecimal() for c in text)
    return "[AWS_KEY]" if mixed else text


def _without_cards(match: re.Match[str]) -> str:
    """Digits in groups, without those neighbors that make a card: `12 4111 1111 1111 1111 99`."""
    text = match[0]
    before = match.string[max(match.start() - 2, 0) : match.start()]
    if "-" in text and before[-1:] == "-" and before[:1].isalnum():
        return text  # parts of a UUID
    groups = list(_GROUP.finditer(text))
    if match.string[match.end() : match.end() + 1].isalnum():
        groups.pop()  # the beginning of a word
    out, done, first = "", 0, 0
    while first < len(groups):
        last = _end_of_card(groups, first)
        if last is None:
            first += 1
            continue
        out += text[done : groups[first].start()] + "[CARD]"
        done = groups[last].end()
        first = last + 1
    return out + text[done:]


def _end_of_card(groups: list[re.Match[str]], first: int) -> int | None:
    """The last of the groups that make a card from `first` on; a card's groups have three digits or more."""
    digits = ""
    for last in range(first, min(first + 6, len(groups))):
        group = groups[last][0]
        if len(group) < 3 or len(digits) + len(group) > 19:
            return None
        digits += group
        if _is_card(digits):
            return last
    return None


def _is_card(digits: str) -> bool:
    """13 to 19 digits, of a network's numbers, with the right check digit (ISO/IEC 7812)."""
    if not 13 <= len(digits) <= 19 or digits[0] not in "23456":
        return False
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


# --- Redaction of a value of the caller's. ---


def free(name: str, taken: Container[object], same: dict[str, int]) -> str:
    """`name`, or with a number behind it if it is taken; `same` remembers how many there are."""
    if name not in taken:
        return name
    number = same.get(name, 1)
    while f"{name}_{number}" in taken:
        number += 1
    same[name] = number + 1
    return f"{name}_{number}"


class Redactor:
    """Copies a value without what is to be redacted; types other than JSON's become what a log line makes of them."""

    __slots__ = ("names",)

    def __init__(self, names: Names) -> None:
        self.names = names

    def __call__(self, value: object) -> object:
        try:
            return self._copied(value)
        except RecursionError:
            return self._cleaned(value)

    def _copied(self, value: object) -> object:
        kind = type(value)
        if kind is dict:
            return self._mapping(value)  # type: ignore[arg-type]
        if kind is list:
            return [self._copied(item) for item in value]  # type: ignore[attr-defined]
        if kind is str:
            return scrub(value)  # type: ignore[arg-type]
        if kind is tuple:
            return tuple([self._copied(item) for item in value])  # type: ignore[attr-defined]
        if kind is int:
            return "[CARD]" if value > 10**12 and is_card(value) else value  # type: ignore[operator, arg-type]
        return value if value is None or kind is bool or kind is float else self._cleaned(value)

    def _mapping(self, value: dict[object, object]) -> dict[object, object]:
        # Written out for its speed, where `_copied` would say the same.
        names, hint = self.names, _HINT.search
        out: dict[object, object] = {}
        same: dict[str, int] | None = None
        for key, item in value.items():
            if type(key) is not str:
                return self._cleaned(value)  # type: ignore[return-value]
            kind = type(item)
            redacted = names[key]
            if redacted:
                if redacted == WHOLE and key not in out:
                    out[key] = REDACTED
                elif redacted != DROPPED:
                    same = {} if same is None else same
                    out[free(scrub(key), out, same)] = REDACTED if redacted == WHOLE else self._copied(item)
            elif kind is str:
                text: str = item  # type: ignore[assignment]
                out[key] = text if len(text) < 6 or hint(text) is None else scrub(text)
            elif kind is float or kind is bool or item is None:
                out[key] = item
            elif kind is dict:
                out[key] = self._mapping(item)  # type: ignore[arg-type]
            else:
                out[key] = self._copied(item)
        return out

    def _cleaned(self, value: object) -> object:
        from mangaobs.runtime._clean import cleaned

        return cleaned({"": value}, 10**9, self.names)[0][""]


def redact(value: object) -> object:
    """A copy of `value` as the log would show it: without secrets and personal data."""
    from mangaobs.runtime import _log

    return _log.telemetry().redact(value)
