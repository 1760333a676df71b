"""Texts of policies: wildcards, policy variables, and symbols, which stand for what only a deployment knows.

Source: IAM User Guide, "IAM JSON policy elements: Resource", "… Variables and tags".
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from mangaobs.iam._verdict import Verdict, depends

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mangaobs.iam._context import Context


class Symbol(NamedTuple):
    """`${Bucket}`: a value that only a deployment knows. Those of two `resource`s are never the same."""

    name: str
    resource: bool = False


class Variable(NamedTuple):
    """`${aws:username}`, or with a default `${aws:PrincipalTag/team, 'none'}`."""

    key: str
    default: str | None


class Wild(NamedTuple):
    """`*` (many) or `?`."""

    many: bool


# A character, or one of these.
Token: TypeAlias = str | Symbol | Variable | Wild


class Text:
    """A text as its tokens. `plain` is the text where all of it is known and nothing is a wildcard, else None."""

    __slots__ = ("_hash", "_lowered", "_written", "plain", "symbols", "tokens", "variables")

    def __init__(self, tokens: Iterable[Token]) -> None:
        self.tokens = tuple(tokens)
        self._hash = hash(self.tokens)
        self.symbols = any(isinstance(token, Symbol) for token in self.tokens)
        self.variables = any(isinstance(token, Variable) for token in self.tokens)
        known = [token for token in self.tokens if isinstance(token, str)]
        self.plain: str | None = "".join(known) if len(known) == len(self.tokens) else None
        self._lowered: Text | None = None
        self._written = self.plain

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Text) and self.tokens == other.tokens)

    def __hash__(self) -> int:
        return self._hash

    def __add__(self, other: Text) -> Text:
        return Text((*self.tokens, *other.tokens))

    def __str__(self) -> str:
        if self._written is None:
            self._written = "".join(_shown(token) for token in self.tokens)
        return self._written

    def __repr__(self) -> str:
        return f"Text({str(self)!r})"

    @property
    def lowered(self) -> Text:
        """The text without regard to case."""
        if self._lowered is None:
            self._lowered = Text(token.lower() if isinstance(token, str) else token for token in self.tokens)
        return self._lowered

    @property
    def unknown(self) -> set[str]:
        """What of it is not known."""
        return {_described(token) for token in self.tokens if isinstance(token, Symbol)}


MANY, ONE = Wild(many=True), Wild(many=False)
ANYTHING = Text((MANY,))
# A policy variable has a service before a single colon; a CloudFormation name has none, or two.
_VARIABLE: Final = re.compile(r"\$\{(?:([A-Za-z0-9-]+:[^:}][^},]*?)\s*(?:,\s*'([^']*)'\s*)?|([*?$]))\}")
_SYMBOL: Final = re.compile(r"\$\{([^}]*)\}")


@lru_cache(maxsize=65_536)
def text(written: str, *, wild: bool, variables: bool, symbols: frozenset[str] | None = None) -> Text:
    """`written` as tokens. `wild`: `*` and `?` are wildcards. `variables`: as in Version 2012-10-17.

    `symbols`: the names of the template's resources; None where every `${…}` that is no variable is literal.
    """
    tokens: list[Token] = []
    at = 0
    while at < len(written):
        if written.startswith("${", at):
            found = _VARIABLE.match(written, at) if variables else None
            if found:
                tokens.append(found[3] or Variable(found[1].lower(), found[2]))
                at = found.end()
                continue
            found = _SYMBOL.match(written, at) if symbols is not None else None
            if found and symbols is not None:
                tokens.append(Symbol(found[1], found[1] in symbols))
                at = found.end()
                continue
        char = written[at]
        tokens.append(char if not wild or char not in "*?" else (MANY if char == "*" else ONE))
        at += 1
    return Text(tokens)


def filled(given: Text, context: Context) -> Text | None:
    """The text with its variables' values; None where one has none, so that nothing matches it."""
    if not given.variables:
        return given
    tokens: list[Token] = []
    for token in given.tokens:
        if not isinstance(token, Variable):
            tokens.append(token)
            continue
        values = context.values(token.key)
        if values is None:
            tokens.append(Symbol(token.key))
        elif len(values) == 1:
            tokens.extend(values[0].tokens)
        elif token.default is not None and not values:
            tokens.extend(token.default)
        else:
            return None  # absent without a default, or many values, which no variable takes
    return Text(tokens)


@lru_cache(maxsize=65_536)
def matches(pattern: Text, subject: Text, *, arn: bool = False) -> Verdict:
    """Whether `pattern` matches `subject` whole.

    `arn`: a wildcard passes a colon only at the end of a segment, as AWS has it; whether one within does is left open.
    """
    if subject.plain is not None and not pattern.symbols:
        if pattern.plain is not None:
            return pattern.plain == subject.plain
        strict, loose = _expressions(pattern, arn=arn)
        if strict.fullmatch(subject.plain):
            return True
        if loose.fullmatch(subject.plain):
            return depends("whether a wildcard within an ARN's segment passes a colon")
        return False
    if _meets(pattern.tokens, subject.tokens, certain=True):
        return True
    if not _meets(pattern.tokens, subject.tokens, certain=False):
        return False
    return depends(*sorted(pattern.unknown | subject.unknown))


def _shown(token: Token) -> str:
    if isinstance(token, str):
        return token
    if isinstance(token, Wild):
        return "*" if token.many else "?"
    return f"${{{token.name if isinstance(token, Symbol) else token.key}}}"


def _described(symbol: Symbol) -> str:
    # What a context key holds is known by the key, as every other question of the context is.
    return symbol.name if ":" in symbol.name and "::" not in symbol.name else f"the value of ${{{symbol.name}}}"


@lru_cache(maxsize=16_384)
def _expressions(pattern: Text, *, arn: bool) -> tuple[re.Pattern[str], re.Pattern[str]]:
    loose, strict = [], []
    tokens = pattern.tokens
    for place, token in enumerate(tokens):
        if not isinstance(token, Wild):
            loose.append(re.escape(str(token)))
            strict.append(loose[-1])
            continue
        loose.append(".*" if token.many else ".")
        last = place + 1 == len(tokens) or tokens[place + 1] == ":"
        strict.append(loose[-1] if not arn or (token.many and last) else ("[^:]*" if token.many else "[^:]"))
    return re.compile("".join(strict), re.DOTALL), re.compile("".join(loose), re.DOTALL)


def _meets(pattern: tuple[Token, ...], subject: tuple[Token, ...], *, certain: bool) -> bool:
    """Whether they match whatever the symbols' values are (`certain`), or for some values."""
    ends: set[tuple[int, int]] = set()
    todo = [(0, 0)]
    while todo:
        here = todo.pop()
        if here in ends:
            continue
        ends.add(here)
        p, s = here
        if p == len(pattern) and s == len(subject):
            return True
        left = pattern[p] if p < len(pattern) else None
        right = subject[s] if s < len(subject) else None
        if left == MANY:
            todo += [(p + 1, s), *([(p, s + 1)] if right is not None else [])]
        if left is not None and (left == right or (left == ONE and isinstance(right, str))):
            todo.append((p + 1, s + 1))
        if certain:
            continue
        apart = isinstance(left, Symbol) and isinstance(right, Symbol) and left.resource and right.resource
        if isinstance(left, Symbol) and not apart:
            todo += [(p + 1, s), *([(p, s + 1)] if right is not None else [])]
        if isinstance(right, Symbol) and not apart:
            todo += [(p, s + 1), *([(p + 1, s)] if left is not None else [])]
    return False
