"""A small reader of Logs Insights, apart from the product: just the commands that these queries use.

It knows AWS's rules from the reference: what may follow `stats`, which aliases AWS refuses, what `bin()` caps.
Whatever it does not know it refuses.
"""

from __future__ import annotations

import re
from collections.abc import Collection

FUNCTIONS = {"coalesce", "ispresent", "bin", "now", "toMillis"}
AGGREGATES = {"count", "count_distinct", "sum", "avg", "min", "max", "pct", "latest", "earliest"}
CAPS = {"ms": 1000, "s": 60, "m": 60, "h": 24}
COMMANDS = ("filter", "fields", "stats", "sort", "limit")

TOKEN = re.compile(
    r"""(?P<comment>\#[^\n]*) | (?P<space>\s+) | (?P<string>"(?:\\.|[^"\\])*") | (?P<period>\d+(?:ms|[smhdw])\b)
      | (?P<number>\d+(?:\.\d+)?) | (?P<name>[A-Za-z_@][\w@]*(?:\.[A-Za-z_@][\w@]*)*)
      | (?P<regex>(?<=like\s)/(?:\\.|[^/\\\n])+/) | (?P<operator>!=|<=|>=|[=<>+*/()\[\],|-])""",
    re.VERBOSE,
)


class MalformedQueryError(Exception):
    """What AWS would answer with a MalformedQueryException, or with rows that are always empty."""


class Query:
    """A query that was read: `reads` are the fields of log lines, `outputs` its columns."""

    def __init__(self, text: str, known: Collection[str]) -> None:
        self.known = frozenset(known)
        self.tokens = tokenize(text)
        self.at = 0
        self.reads: set[str] = set()
        self.compared: list[tuple[str, list[str]]] = []
        self.scope: set[str] | None = None  # after `stats` nothing but its outputs exists
        self.projected: set[str] = set()
        last_stats = max((i for i, (kind, word) in enumerate(self.tokens) if word == "stats"), default=-1)
        while True:
            start = self.at
            command = self.take("name")
            if command not in COMMANDS:
                raise MalformedQueryError(f"{command} is no command")
            if command in ("sort", "limit") and start < last_stats:
                raise MalformedQueryError(f"{command} before the last stats")
            getattr(self, command)()
            if self.at == len(self.tokens):
                break
            self.take("operator", "|")

    # Commands

    def filter(self) -> None:
        self.condition()

    def fields(self) -> None:
        for _, alias in self.listed():
            if alias is None:
                continue
            if alias in self.projected or alias in self.known:
                raise MalformedQueryError(f"alias {alias} is a name already")
            self.projected.add(alias)

    def stats(self) -> None:
        outputs: set[str] = set()
        made: list[str] = []
        for item, alias in self.listed(aggregate=True):
            if alias is None:
                raise MalformedQueryError(f"{item} has no name")
            made.append(alias)
        if self.accept("name", "by"):
            for item, alias in self.listed():
                outputs.add(alias or item)
                if alias:
                    made.append(alias)
        earlier = self.projected | (self.scope or set())
        for alias in made:
            if alias in earlier or alias in self.known or made.count(alias) > 1:
                raise MalformedQueryError(f"alias {alias} is a name already")
        self.scope = outputs | set(made)
        self.projected = set(self.scope)

    def sort(self) -> None:
        for _ in range(10):
            self.expression()
            if not self.accept("name", "asc"):
                self.accept("name", "desc")
            if not self.accept("operator", ","):
                break

    def limit(self) -> None:
        if not 1 <= int(self.take("number")) <= 10_000:
            raise MalformedQueryError("limit")

    # Lists and expressions

    def listed(self, *, aggregate: bool = False) -> list[tuple[str, str | None]]:
        found: list[tuple[str, str | None]] = []
        while True:
            start = self.at
            self.expression(aggregate=aggregate)
            item = "".join(word for _, word in self.tokens[start : self.at])
            alias = self.take("name") if self.accept("name", "as") else None
            found.append((item, alias))
            if alias is None and self.at == start + 1:
                self.projected.add(item)
            if not self.accept("operator", ","):
                return found

    def condition(self) -> None:
        self.conjunction()
        while self.accept("name", "or"):
            self.conjunction()

    def conjunction(self) -> None:
        self.comparison()
        while self.accept("name", "and"):
            self.comparison()

    def comparison(self) -> None:
        start = self.at
        self.expression()
        subject = self.tokens[start][1] if self.at == start + 1 else ""
        if self.accept("name", "like"):
            self.take("string" if self.peek()[0] == "string" else "regex")
        elif self.accept("name", "in"):
            self.take("operator", "[")
            values = [self.take("string")]
            while self.accept("operator", ","):
                values.append(self.take("string"))
            self.take("operator", "]")
            self.compared.append((subject, [value[1:-1] for value in values]))
        elif self.peek()[1] in ("=", "!=", "<", ">", "<=", ">="):
            self.at += 1
            kind, word = self.peek()
            self.expression()
            if kind == "string":
                self.compared.append((subject, [word[1:-1]]))

    def expression(self, *, aggregate: bool = False) -> None:
        self.term(aggregate=aggregate)
        while self.peek()[1] in ("+", "-", "*", "/") and self.peek()[0] == "operator":
            self.at += 1
            self.term(aggregate=aggregate)

    def term(self, *, aggregate: bool) -> None:
        kind, word = self.peek()
        if self.accept("operator", "("):
            self.condition()
            self.take("operator", ")")
        elif kind in ("number", "string"):
            self.at += 1
        elif kind == "name" and self.peek(1)[1] == "(":
            self.call(word, aggregate=aggregate)
        elif kind == "name" and word not in ("and", "or", "in", "like", "as", "by", "not"):
            self.at += 1
            if aggregate:
                raise MalformedQueryError(f"{word} stands in stats outside an aggregate")
            self.read(word)
        else:
            raise MalformedQueryError(f"{word!r} where a value should be")

    def call(self, name: str, *, aggregate: bool) -> None:
        if name not in (AGGREGATES if aggregate else FUNCTIONS):
            raise MalformedQueryError(f"{name}() cannot stand here")
        self.at += 2
        if name == "bin":
            period = re.fullmatch(r"(\d+)(\D+)", self.take("period"))
            assert period
            if int(period[1]) > CAPS[period[2]]:
                raise MalformedQueryError(f"bin({period[0]}) is capped in silence")
            if self.scope is not None:
                raise MalformedQueryError("bin() after stats: there is no @timestamp")
        elif name != "now" and not (name == "count" and self.accept("operator", "*")):
            self.condition()
            while self.accept("operator", ","):
                self.condition()
        self.take("operator", ")")

    def read(self, name: str) -> None:
        if self.scope is not None:
            if name not in self.scope | self.projected:
                raise MalformedQueryError(f"Unknown symbols found in or after stats: {name}")
        elif name not in self.projected or name in self.known:
            if name not in self.known:
                raise MalformedQueryError(f"nobody logs {name}")
            self.reads.add(name)

    # Tokens

    def peek(self, ahead: int = 0) -> tuple[str, str]:
        return self.tokens[self.at + ahead] if self.at + ahead < len(self.tokens) else ("end", "")

    def accept(self, kind: str, word: str) -> bool:
        if self.peek() != (kind, word):
            return False
        self.at += 1
        return True

    def take(self, kind: str, word: str | None = None) -> str:
        found, text = self.peek()
        if found != kind or (word is not None and text != word):
            raise MalformedQueryError(f"{text!r} where {word or kind} should be")
        self.at += 1
        return text


def tokenize(text: str) -> list[tuple[str, str]]:
    tokens = []
    at = 0
    while at < len(text):
        match = TOKEN.match(text, at)
        if match is None:
            raise MalformedQueryError(f"cannot read {text[at : at + 20]!r}")
        assert match.lastgroup
        if match.lastgroup not in ("comment", "space"):
            tokens.append((match.lastgroup, match[0]))
        at = match.end()
    return tokens
