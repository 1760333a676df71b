"""Decides one message, exactly, and says which clause failed on what value and what the answer hangs on."""

from __future__ import annotations

from dataclasses import dataclass, field

from mangaobs.languages.delimited import words_of
from mangaobs.languages.filter_pattern._policy import QUESTIONS, Policy
from mangaobs.languages.filter_pattern._tree import (
    And,
    Compare,
    Comparison,
    Condition,
    Delimited,
    Everything,
    Is,
    Json,
    NotExists,
    Or,
    Pattern,
    Selector,
    Terms,
    Wildcard,
)
from mangaobs.languages.filter_pattern._values import (
    ABSENT,
    NO,
    YES,
    Answer,
    compare_json,
    compare_word,
    glob,
    hanging,
    is_value,
    json_text,
    known,
    not_exists,
)


@dataclass(frozen=True, slots=True)
class Clause:
    """One condition as it was decided: its text and place in the pattern, what it was held against, the answer."""

    text: str
    start: int
    end: int
    found: str
    matched: bool
    questions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a message matches; `ambiguous` names the open questions that decide it (empty: it is certain)."""

    matched: bool
    ambiguous: tuple[str, ...] = ()
    extracted: dict[str, str] = field(default_factory=dict)
    clauses: tuple[Clause, ...] = ()
    reason: str = ""

    @property
    def why_ambiguous(self) -> str | None:
        """The open questions in words."""
        return "; ".join(f"{QUESTIONS[name].text}? ({name})" for name in self.ambiguous) or None


class Matcher:
    """Decides messages for one pattern under one policy."""

    def __init__(self, pattern: Pattern, policy: Policy | None = None) -> None:
        self.pattern = pattern
        self.policy = policy or Policy()

    def match(self, message: str, *, explain: bool = False) -> Verdict:
        """Decide the message of a log event; `clauses` and `reason` are filled when `explain` is set."""
        pattern = self.pattern
        clauses: list[Clause] | None = [] if explain else None
        extracted: dict[str, str] = {}
        reason = ""
        if isinstance(pattern, Everything):
            answer = YES
        elif isinstance(pattern, Json):
            answer, extracted, reason = self._json_message(pattern, message, clauses)
        elif isinstance(pattern, Delimited):
            answer, extracted, reason = self._delimited(pattern, message, clauses)
        else:
            answer = self._terms(pattern, message, clauses)
        return _verdict(answer, extracted, clauses, reason)

    def match_document(self, document: object) -> Verdict:
        """Decide a message that is the JSON `document`; for JSON patterns."""
        if not isinstance(self.pattern, Json):
            raise TypeError("a pattern of words needs the message")
        answer, extracted, reason = self._document(self.pattern, document, None)
        return _verdict(answer, extracted, None, reason)

    # JSON

    def _json_message(
        self, pattern: Json, message: str, clauses: list[Clause] | None
    ) -> tuple[Answer, dict[str, str], str]:
        import orjson

        try:
            return self._document(pattern, orjson.loads(message), clauses)
        except ValueError:
            pass
        except UnicodeError:  # lone surrogates
            return NO, {}, "the message is not JSON"
        brace = message.find("{")
        if brace > 0:
            try:
                answer, extracted, _ = self._document(pattern, orjson.loads(message[brace:]), None)
            except ValueError:
                answer = NO
            if answer.matched and self.policy.json_after_text:
                return YES, extracted, ""
        return NO, {}, "the message is not JSON"

    def _document(
        self, pattern: Json, document: object, clauses: list[Clause] | None
    ) -> tuple[Answer, dict[str, str], str]:
        if not isinstance(document, dict):
            if isinstance(document, list):
                inner = self._condition(pattern, pattern.condition, document, None)
                if inner.may:
                    matched = self.policy.json_top_level_array and inner.matched
                    return hanging(matched, "json_top_level_array"), {}, "the message is a JSON array"
            return NO, {}, "the message is no JSON object"
        answer = self._condition(pattern, pattern.condition, document, clauses)
        return answer, _extracted(pattern.condition, document) if answer.matched else {}, ""

    def _condition(self, pattern: Json, condition: Condition, document: object, clauses: list[Clause] | None) -> Answer:
        if isinstance(condition, (And, Or)):
            answers = [self._condition(pattern, part, document, clauses) for part in condition.parts]
            return _all(answers) if isinstance(condition, And) else _any(answers)
        assert condition.selector is not None  # noqa: S101 - slots alone have none
        values = select(document, condition.selector)
        answer = self._leaf(condition, values)
        if Wildcard.FIELDS in condition.selector.steps and not answer.matched:
            answer = self._any_depth(condition, document, answer)
        if clauses is not None:
            found = ", ".join(_shown(value) for value in values[:4]) or "absent"
            text = pattern.text[condition.span.start : condition.span.end]
            clauses.append(Clause(text, *condition.span, found, answer.matched, tuple(sorted(answer.questions))))
        return answer

    def _leaf(self, condition: Compare | Is | NotExists, values: list[object]) -> Answer:
        if isinstance(condition, NotExists):
            return not_exists(values[0] if values else ABSENT, self.policy)
        if isinstance(condition, Is):
            return _any([is_value(value, condition.value, self.policy) for value in values or [ABSENT]])
        answers = [
            compare_json(value, condition.comparison, condition.value, self.policy) for value in values or [ABSENT]
        ]
        if condition.comparison is not Comparison.NOT_EQUAL or len(answers) == 1:
            return _any(answers)
        some, every = _any(answers), _all(answers)
        chosen = some if self.policy.not_equal_any_element else every
        if some.matched is every.matched and not chosen.questions:
            return chosen
        questions = chosen.questions | ({"not_equal_any_element"} if some.matched is not every.matched else set())
        return Answer(chosen.matched, some.may or every.may, some.may_not or every.may_not, questions)

    def _any_depth(self, condition: Compare | Is | NotExists, document: object, shallow: Answer) -> Answer:
        """`.*` read as any depth may find what one level does not have."""
        assert condition.selector is not None  # noqa: S101 - slots alone have none
        deep = self._leaf(condition, select(document, condition.selector, any_depth=True))
        if deep.may and not shallow.may:
            return hanging(self.policy.fields_any_depth and deep.matched, "fields_any_depth")
        return shallow

    # words

    def _delimited(
        self, pattern: Delimited, message: str, clauses: list[Clause] | None
    ) -> tuple[Answer, dict[str, str], str]:
        words = words_of(message)
        slots = list(pattern.slots)
        extra = len(words) - len(slots)
        open_arity = False
        if slots and slots[0].ellipsis:
            slots, words_before = slots[1:], len(words) - (len(slots) - 1)
        elif slots and slots[-1].ellipsis:
            slots, words_before = slots[:-1], 0
        else:
            words_before, open_arity = 0, extra > 0 and bool(slots)
        if words_before < 0 or len(words) < len(slots):
            return NO, {}, f"{len(words)} words, {len(slots)} fields"
        given = words[words_before : words_before + len(slots)]
        answer = _all(
            [self._slot(pattern, slot.condition, word, clauses) for slot, word in zip(slots, given, strict=True)]
        )
        reason = ""
        if open_arity and answer.matched:
            absorbs = slots[-1].condition is None and self.policy.delimited_last_absorbs
            answer = hanging(absorbs, "delimited_last_absorbs")
            reason = f"{len(words)} words, {len(slots)} fields"
        if not answer.matched:
            return answer, {}, reason
        after = words_before + len(slots)
        if open_arity:
            given = [*given[:-1], " ".join(words[after - 1 :])]
            words = words[:after]
        names = {words_before + number: slot.name.removeprefix("$") for number, slot in enumerate(slots)}
        values = [*words[:words_before], *given, *words[after:]]
        extracted = {f"${names.get(number) or number + 1}": value for number, value in enumerate(values)}
        return answer, extracted, reason

    def _slot(self, pattern: Delimited, condition: Condition | None, word: str, clauses: list[Clause] | None) -> Answer:
        if condition is None:
            return YES
        if isinstance(condition, (And, Or)):
            answers = [self._slot(pattern, part, word, clauses) for part in condition.parts]
            return _all(answers) if isinstance(condition, And) else _any(answers)
        assert isinstance(condition, Compare)  # noqa: S101 - the parser makes no other
        answer = known(compare_word(word, condition.comparison, condition.value))
        if clauses is not None:
            text = pattern.text[condition.span.start : condition.span.end]
            clauses.append(Clause(text, *condition.span, _shown(word), answer.matched, ()))
        return answer

    def _terms(self, pattern: Terms, message: str, clauses: list[Clause] | None) -> Answer:
        if pattern.regex is not None:
            from mangaobs.languages.filter_pattern._regex import compiled

            return known(compiled(pattern.regex.translated)(message) is not None)
        optional: list[Answer] = []
        needed: list[Answer] = []
        for term in pattern.terms:
            inside = self._term(term.text, term.quoted, message)
            answer = (
                inside if term.sign != "-" else Answer(not inside.matched, inside.may_not, inside.may, inside.questions)
            )
            (optional if term.sign == "?" else needed).append(answer)
            if clauses is not None:
                text = pattern.text[term.span.start : term.span.end]
                found = "in the message" if inside.matched else "not in the message"
                clauses.append(Clause(text, *term.span, found, answer.matched, tuple(sorted(answer.questions))))
        # The guide: mixed with other terms, those with a question mark are ignored.
        return _all(needed) if needed else _any(optional)

    def _term(self, text: str, quoted: bool, message: str) -> Answer:  # noqa: FBT001 - a term's
        inside = text in message
        if quoted or "*" not in text:
            return known(inside)
        if glob(f"*{text}*")(message) is not inside:
            return hanging(inside or self.policy.term_wildcard, "term_wildcard")
        return known(inside)


def select(document: object, selector: Selector, *, any_depth: bool = False) -> list[object]:
    """The values that a selector leads to, in order; none if the field is absent."""
    found = [document]
    for step in selector.steps:
        if step is Wildcard.FIELDS:
            found = [inner for value in found for inner in _fields(value, any_depth=any_depth)]
        elif step is Wildcard.ELEMENTS:
            found = [inner for value in found if isinstance(value, list) for inner in value]
        elif isinstance(step, int):
            found = [value[step] for value in found if isinstance(value, list) and step < len(value)]
        else:
            found = [value[step] for value in found if isinstance(value, dict) and step in value]
    return found


def _fields(value: object, *, any_depth: bool) -> list[object]:
    if not isinstance(value, dict):
        return []
    if not any_depth:
        return list(value.values())
    found: list[object] = []
    waiting: list[object] = [value]
    while waiting:
        one = waiting.pop()
        inner = one.values() if isinstance(one, dict) else one if isinstance(one, list) else ()
        found += inner
        waiting += inner
    return found


def _all(answers: list[Answer]) -> Answer:
    matched = all(one.matched for one in answers)
    may, may_not = all(one.may for one in answers), any(one.may_not for one in answers)
    return Answer(matched, may, may_not, _questions(answers) if may and may_not else frozenset())


def _any(answers: list[Answer]) -> Answer:
    matched = any(one.matched for one in answers)
    may, may_not = any(one.may for one in answers), all(one.may_not for one in answers)
    return Answer(matched, may, may_not, _questions(answers) if may and may_not else frozenset())


def _questions(answers: list[Answer]) -> frozenset[str]:
    return frozenset().union(*(one.questions for one in answers))


def _verdict(answer: Answer, extracted: dict[str, str], clauses: list[Clause] | None, reason: str) -> Verdict:
    ambiguous = tuple(sorted(answer.questions)) if answer.may and answer.may_not else ()
    return Verdict(answer.matched, ambiguous, extracted, tuple(clauses or ()), reason)


def _extracted(condition: Condition, document: object) -> dict[str, str]:
    """The fields that the pattern names and their values, as TestMetricFilter lists them."""
    if isinstance(condition, (And, Or)):
        return {name: value for part in condition.parts for name, value in _extracted(part, document).items()}
    selector = condition.selector
    if selector is None or selector.wildcards:
        return {}
    values = [value for value in select(document, selector) if not isinstance(value, (dict, list))]
    return {selector.text: json_text(values[0])} if values else {}


def _shown(value: object) -> str:
    """A value in an explanation, at most 60 characters of it."""
    if isinstance(value, (dict, list)):
        return "an object" if isinstance(value, dict) else "an array"
    text = f'"{value}"' if isinstance(value, str) else json_text(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
