"""Text → tree. One pass that goes on after an error at the next `&&`, `||` or `,`, so that several are told at once."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from mangaobs.errors import LanguageError, together
from mangaobs.languages.filter_pattern._regex import DialectError, translate
from mangaobs.languages.filter_pattern._tree import (
    And,
    Compare,
    Comparison,
    Condition,
    Delimited,
    Everything,
    Is,
    Json,
    Literal,
    NotExists,
    Or,
    Pattern,
    Regex,
    Selector,
    Slot,
    Term,
    Terms,
    Wildcard,
)
from mangaobs.languages.parsing import Cursor, Span

if TYPE_CHECKING:
    from collections.abc import Callable

    # What reads one clause; None where it was wrong and said so.
    _Clause = Callable[[], Condition | None]

MAX_LENGTH: Final = 1024
_MOST_WILDCARDS, _MOST_REGEXES = 3, 2
_DEEPEST = 100  # parentheses; AWS's limit is unknown, and 1,024 characters could nest 500

_SPACE = re.compile(r"\s+")
_NAME = re.compile(r"[A-Za-z0-9_-]+")
_QUOTED_KEY = re.compile(r"\['((?:[^'\\]|\\.)*)'\]")
_INDEX = re.compile(r"\[(\d+)\]")
_COMPARISON = re.compile(r"!=|<=|>=|=|<|>")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_REGEX = re.compile(r"%([^%]*)%")
_BARE = re.compile(r"[^\s()&|,\]}\"%=<>!]+(?:[^\s()&|,\]}\"%]*)")
_WORD = re.compile(r"\S+")
_IS = re.compile(r"IS\s+(NULL|TRUE|FALSE)(?![A-Za-z0-9_])")
_NOT_EXISTS = re.compile(r"NOT\s+EXISTS(?![A-Za-z0-9_])")
_TERM = re.compile(r"[A-Za-z0-9_]+")
_SLOT = re.compile(r"\.\.\.|[A-Za-z0-9_$-]+")
_VALUES: Final = {"NULL": None, "TRUE": True, "FALSE": False}
_ESCAPED = re.compile(r'\\(["\\])')
_LANGUAGE: Final = "filter pattern"


def parse(text: str) -> Pattern:
    """The pattern's tree. Raises `LanguageError`, or `ManyErrors` of them, with offsets in `text`."""
    cursor = Cursor(text, language=_LANGUAGE)
    if len(text) > MAX_LENGTH:
        raise cursor.error(
            f"the pattern has {len(text):,} characters", f"at most {MAX_LENGTH:,}", Span(MAX_LENGTH, len(text))
        )
    cursor.skip(_SPACE)
    parser = _Parser(cursor)
    made: Pattern | None
    try:
        if cursor.ended:
            return Everything(text)
        if cursor.at("{"):
            made = parser.json()
        elif cursor.at("["):
            made = parser.delimited()
        else:
            made = parser.terms()
    except LanguageError as error:
        cursor.errors.append(error)
        made = None
    if cursor.errors or made is None:
        raise together(list(cursor.errors))
    return made


def parse_selector(text: str) -> Selector:
    """A selector by itself, as a metric's value or dimension has it. Raises `LanguageError`."""
    cursor = Cursor(text, language=_LANGUAGE)
    made = _Parser(cursor).selector()
    if not cursor.ended:
        raise cursor.error(f"{text[cursor.position]!r} cannot stand here", "the end")
    return made


class _Parser:
    def __init__(self, cursor: Cursor) -> None:
        self.cursor = cursor
        self.wildcards = 0
        self.regexes = 0
        self.depth = 0

    # { … }

    def json(self) -> Pattern | None:
        cursor = self.cursor
        start = cursor.position
        cursor.accept("{")
        cursor.skip(_SPACE)
        if cursor.at("}"):
            raise cursor.error("there is no condition between { and }", 'for example { $.level = "ERROR" }')
        condition = self._or(self._json_clause)
        cursor.skip(_SPACE)
        if not cursor.accept("}"):
            if cursor.errors:
                return None  # what follows from an error is not another
            if cursor.ended:
                raise cursor.error("this { is not closed", "a } at the end", Span(start, start + 1))
            raise cursor.error(*self._unexpected("a } or && or ||"))
        self._end()
        return Json(cursor.text, condition) if condition else None

    def _end(self) -> None:
        cursor = self.cursor
        cursor.skip(_SPACE)
        if not cursor.ended:
            raise cursor.error("nothing may follow here", "the end", Span(cursor.position, len(cursor.text)))

    def _or(self, clause: _Clause) -> Condition | None:
        return self._joined("||", lambda: self._joined("&&", lambda: self._atom(clause)))

    def _joined(self, operator: str, part: _Clause) -> Condition | None:
        cursor = self.cursor
        start = cursor.position
        parts = [part()]
        cursor.skip(_SPACE)
        while cursor.accept(operator):
            cursor.skip(_SPACE)
            parts.append(part())
            cursor.skip(_SPACE)
        good = tuple(one for one in parts if one is not None)
        if len(good) < len(parts):
            return None
        if len(good) == 1:
            return good[0]
        span = Span(start, good[-1].span.end)
        return And(span, good) if operator == "&&" else Or(span, good)

    def _atom(self, clause: _Clause) -> Condition | None:
        cursor = self.cursor
        cursor.skip(_SPACE)
        start = cursor.position
        if cursor.accept("("):
            self.depth += 1
            if self.depth > _DEEPEST:
                raise cursor.error(
                    "parentheses are nested too deep", f"at most {_DEEPEST} levels", Span(start, start + 1)
                )
            inner = self._or(clause)
            self.depth -= 1
            cursor.skip(_SPACE)
            if not cursor.accept(")"):
                if cursor.ended or cursor.at("}"):
                    raise cursor.error("this ( is not closed", "a ) after the condition", Span(start, start + 1))
                raise cursor.error(*self._unexpected("a ) or && or ||"))
            return inner
        try:
            return clause()
        except LanguageError as error:
            cursor.errors.append(error)
            self._recover()
            return None

    def _recover(self) -> None:
        """Go on at the next place where a clause can end."""
        cursor = self.cursor
        while not cursor.ended and not (cursor.at("&&") or cursor.at("||") or cursor.text[cursor.position] in ")},]"):
            if not (cursor.take(_QUOTED)):
                cursor.position += 1

    def _json_clause(self) -> Condition:
        cursor = self.cursor
        start = cursor.position
        selector = self.selector()
        cursor.skip(_SPACE)
        if found := cursor.take(_IS):
            return Is(Span(start, found.end()), selector, _VALUES[found[1]])
        if found := cursor.take(_NOT_EXISTS):
            return NotExists(Span(start, found.end()), selector)
        return self._comparison(start, selector)

    def selector(self) -> Selector:
        cursor = self.cursor
        start = cursor.position
        if not cursor.accept("$"):
            raise cursor.error(*self._unexpected("a selector such as $.field"))
        steps: list[str | int | Wildcard] = []
        while (step := self._step()) is not None:
            steps.append(step)
        if not steps:
            word = _WORD.match(cursor.text, start)
            raise cursor.error(
                "a selector begins with $.", "for example $.eventName", Span(*word.span()) if word else None
            )
        made = Selector(Span(start, cursor.position), cursor.text[start : cursor.position], tuple(steps))
        self._count_wildcards(made)
        return made

    def _step(self) -> str | int | Wildcard | None:
        cursor = self.cursor
        if cursor.accept(".*"):
            return Wildcard.FIELDS
        if cursor.accept("[*]"):
            return Wildcard.ELEMENTS
        if found := cursor.take(_INDEX):
            return int(found[1])
        if cursor.at(".[") or cursor.at("['"):
            cursor.accept(".")
            key = cursor.take(_QUOTED_KEY)
            if key is None:
                raise cursor.error("a key in brackets stands in single quotes", "for example $.['cluster.name']")
            return key[1].replace("\\'", "'")
        dot = cursor.position
        if not cursor.accept("."):
            return None
        name = cursor.take(_NAME)
        if name is None:
            raise cursor.error("a name is missing after the dot", "for example $.field", Span(dot, dot + 1))
        return name[0]

    def _count_wildcards(self, selector: Selector) -> None:
        before, self.wildcards = self.wildcards, self.wildcards + selector.wildcards
        if selector.wildcards > 1:
            self.cursor.errors.append(
                self.cursor.error(
                    "a selector with several wildcards", "at most one [*] or .* a selector", selector.span
                )
            )
        elif before <= _MOST_WILDCARDS < self.wildcards:
            self.cursor.errors.append(
                self.cursor.error("too many wildcard selectors", f"at most {_MOST_WILDCARDS} a pattern", selector.span)
            )

    def _comparison(self, start: int, selector: Selector | None) -> Compare:
        cursor = self.cursor
        at = cursor.position
        sign = cursor.take(_COMPARISON)
        if sign is None or cursor.at("="):
            word = _WORD.match(cursor.text, at)
            raise cursor.error(
                *self._no_comparison(word[0] if word else "", json=selector is not None),
                Span(*word.span()) if word else None,
            )
        comparison = Comparison(sign[0])
        cursor.skip(_SPACE)
        value = self._value()
        if comparison.ordering and (isinstance(value, Regex) or value.number is None):
            raise cursor.error(f"{comparison.value} compares numbers", "a number such as 500 or 1e-3", value.span)
        return Compare(Span(start, value.span.end), selector, comparison, value)

    @staticmethod
    def _no_comparison(word: str, *, json: bool) -> tuple[str, str]:
        right = "= != < > <= >=" + (", IS NULL, IS TRUE, IS FALSE or NOT EXISTS" if json else "")
        if word.startswith("=="):
            return "there is no ==", "="
        if word == "EXISTS":
            return "there is no EXISTS", '= "*" matches where the field is there'
        if word.startswith("IS"):
            return "this is no IS condition", "IS NULL, IS TRUE, IS FALSE; there is no IS NOT"
        return (f"{word[:20]!r} is no comparison" if word else "a comparison is missing"), right

    def _value(self) -> Literal | Regex:
        cursor = self.cursor
        start = cursor.position
        if cursor.at('"'):
            return self._quoted()
        if cursor.at("%"):
            return self._regex()
        bare = cursor.take(_BARE)
        if bare is None:
            raise cursor.error(*self._unexpected("a value"))
        # `Failed authentication` without quotes: a word where an operator should be.
        after = _SPACE.match(cursor.text, cursor.position)
        word = _WORD.match(cursor.text, after.end()) if after else None
        if word and not word[0].startswith(("&&", "||", ")", "}", ",", "]", "\\|", "\\&")):
            cursor.position = word.start()
            raise cursor.error(
                "a value with a space stands in double quotes", f'"{bare[0]} …"', Span(start, word.end())
            )
        return Literal(Span(start, bare.end()), bare[0], quoted=False)

    def _quoted(self) -> Literal:
        cursor = self.cursor
        start = cursor.position
        found = cursor.take(_QUOTED)
        if found is None:
            raise self._rest('this " is not closed', 'a " at the end of the value', start)
        return Literal(Span(start, found.end()), _ESCAPED.sub(r"\1", found[1]), quoted=True)

    def _rest(self, problem: str, right: str, start: int) -> LanguageError:
        """An error after which nothing can be read."""
        self.cursor.position = len(self.cursor.text)
        return self.cursor.error(problem, right, Span(start, start + 1))

    def _regex(self) -> Regex:
        cursor = self.cursor
        start = cursor.position
        found = cursor.take(_REGEX)
        if found is None:
            raise self._rest("this % is not closed", "a % at the end of the expression", start)
        self.regexes += 1
        if self.regexes == _MOST_REGEXES + 1:
            cursor.errors.append(
                cursor.error("too many regular expressions", f"at most {_MOST_REGEXES} a pattern", Span(*found.span()))
            )
        if not found[1]:
            raise cursor.error("the expression is empty", "for example %ERROR|WARN%", Span(*found.span()))
        try:
            translated = translate(found[1])
        except DialectError as error:
            at = Span(start + 1 + error.span.start, start + 1 + error.span.end)
            raise cursor.error(error.problem, error.right, at) from None
        return Regex(Span(*found.span()), found[1], translated)

    def _unexpected(self, right: str) -> tuple[str, str]:
        cursor = self.cursor
        if cursor.ended:
            return "the pattern ends too early", right
        if cursor.at("\\|") or cursor.at("\\&"):
            return "a backslash before an operator", "|| or && as they are"
        return f"{cursor.text[cursor.position]!r} cannot stand here", right

    # [ … ]

    def delimited(self) -> Pattern | None:
        cursor = self.cursor
        start = cursor.position
        cursor.accept("[")
        slots: list[Slot] = []
        while True:
            cursor.skip(_SPACE)
            if cursor.at("]"):
                if slots:  # a comma before: AWS's example `[..., request=*.html*, status_code=4*,]` means a last field
                    slots.append(Slot(Span(cursor.position, cursor.position), "", None))
                break
            slot = self._slot()
            if slot is not None:
                slots.append(slot)
            cursor.skip(_SPACE)
            if not cursor.accept(","):
                break
        if not cursor.accept("]"):
            if cursor.ended:
                raise cursor.error("this [ is not closed", "a ] at the end", Span(start, start + 1))
            raise cursor.error(*self._unexpected("a comma or a ]"))
        self._end()
        self._check_slots(slots)
        return Delimited(cursor.text, tuple(slots))

    def _slot(self) -> Slot | None:
        cursor = self.cursor
        start = cursor.position
        name = cursor.take(_SLOT)
        if name is None:
            raise cursor.error(*self._unexpected("a field's name or ..."))
        cursor.skip(_SPACE)
        if name[0] == "..." or cursor.ended or cursor.text[cursor.position] in ",]":
            return Slot(Span(*name.span()), name[0], None)
        cursor.position = start
        errors = len(cursor.errors)
        condition = self._or(lambda: self._slot_clause(name[0]))
        return Slot(Span(start, cursor.position), name[0], condition) if len(cursor.errors) == errors else None

    def _slot_clause(self, name: str) -> Condition:
        cursor = self.cursor
        start = cursor.position
        again = cursor.take(_SLOT)
        if again is None or again[0] != name:
            span = Span(*again.span()) if again else None
            raise cursor.error("a field's conditions are about that field alone", f"{name} again", span)
        cursor.skip(_SPACE)
        return self._comparison(start, None)

    def _check_slots(self, slots: list[Slot]) -> None:
        cursor = self.cursor
        for number, slot in enumerate(slots):
            if slot.ellipsis and number not in (0, len(slots) - 1):
                cursor.errors.append(cursor.error("... stands in the middle", "... first or last", slot.span))
        several = [slot for slot in slots if slot.ellipsis][1:]
        if several:
            cursor.errors.append(cursor.error("... stands there twice", "one ..., first or last", several[0].span))
        named: set[str] = set()
        for slot in slots:
            if slot.name and not slot.ellipsis and slot.name in named:
                cursor.errors.append(cursor.error(f"two fields are named {slot.name}", "a name once", slot.span))
            named.add(slot.name)

    # terms

    def terms(self) -> Pattern:
        cursor = self.cursor
        if cursor.at("%"):
            regex = self._regex()
            self._end()
            return Terms(cursor.text, (), regex)
        terms: list[Term] = []
        while not cursor.ended:
            try:
                terms.append(self._term())
            except LanguageError as error:
                cursor.errors.append(error)
                cursor.take(_WORD)
            cursor.skip(_SPACE)
        return Terms(cursor.text, tuple(terms))

    def _term(self) -> Term:
        cursor = self.cursor
        start = cursor.position
        sign = "-" if cursor.accept("-") else "?" if cursor.accept("?") else ""
        if cursor.at('"'):
            literal = self._quoted()
            return Term(Span(start, cursor.position), literal.text, quoted=True, sign=sign)
        word = cursor.take(_WORD)
        if word is None:
            raise cursor.error(f"a term is missing after {sign}", f"for example {sign}ERROR", Span(start, start + 1))
        if _TERM.fullmatch(word[0].replace("*", "")) is None:
            raise cursor.error(
                "a term with other characters than letters, digits and _ stands in double quotes",
                f'{sign}"{word[0]}"',
                Span(start, word.end()),
            )
        return Term(Span(start, word.end()), word[0], quoted=False, sign=sign)
