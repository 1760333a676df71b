"""Many patterns over many events at once: each field is read once an event, whichever patterns name it.

Only strings and absent fields are decided here; an event in which a field that a pattern names is anything else (a
number, null, an object) goes to `Matcher` for that pattern, so that the answers are the same by construction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from mangaobs.languages.filter_pattern._matcher import Matcher
from mangaobs.languages.filter_pattern._policy import Policy
from mangaobs.languages.filter_pattern._tree import (
    And,
    Compare,
    Comparison,
    Condition,
    Is,
    Json,
    Literal,
    NotExists,
    Or,
    Pattern,
)
from mangaobs.languages.filter_pattern._values import glob

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_MISSING: Final = object()


class Compiled:
    """Decides documents for all of `patterns`; the answers are in their order."""

    def __init__(self, patterns: Sequence[Pattern], policy: Policy | None = None) -> None:
        self._policy = policy or Policy()
        self._matchers = [Matcher(pattern, self._policy) for pattern in patterns]
        self._decide = _Writer(self._matchers, self._policy).function()

    def matched(self, message: str, document: object = None) -> list[int]:
        """The numbers of the patterns that match, ascending.

        `document` is the message as JSON where the caller has parsed it: CloudTrail's events are objects to begin with.
        None: it is parsed here. Patterns of words look at `message` alone, which may be "" if there are none.
        """
        if document is None:
            import orjson

            try:
                document = orjson.loads(message)
            except (ValueError, UnicodeError):
                document = None
        if type(document) is not dict:
            return [number for number, one in enumerate(self._matchers) if one.match(message).matched]
        return self._decide(document, message)


class _Writer:
    """Writes one Python function that reads the fields and decides the patterns."""

    def __init__(self, matchers: list[Matcher], policy: Policy) -> None:
        self.policy = policy
        self.matchers = matchers
        self.names: dict[str, object] = {"_M": _MISSING}
        self.fields: dict[tuple[str, ...], str] = {}
        self.lines: list[str] = []

    def function(self) -> Callable[[dict[str, Any], str], list[int]]:
        self.names["words"] = [matcher.match for matcher in self.matchers]
        self.names["exact"] = [matcher.match_document for matcher in self.matchers]
        quick: list[str] = []  # where every field is what is decided here,
        careful: list[str] = []  # and where one is not
        everything: set[str] = set()
        for number, matcher in enumerate(self.matchers):
            condition = matcher.pattern.condition if isinstance(matcher.pattern, Json) else None
            put = f": found.append({number})"
            if condition is None or not self._simple(condition):
                slow = f"words[{number}](m).matched" if condition is None else f"exact[{number}](d).matched"
                quick.append(f"        if {slow}{put}")
                careful.append(quick[-1])
                continue
            known = sorted({self._known(leaf) for leaf in _leaves(condition)})
            everything.update(known)
            written = self._written(condition)
            quick.append(f"        if {written}{put}")
            careful.append(f"        if ({written}) if {' and '.join(known)} else exact[{number}](d).matched{put}")
        all_known = " and ".join(sorted(everything)) or "True"
        source = "\n".join(
            [
                "def decide(d, m):",
                *self.lines,
                "    found = []",
                f"    if {all_known}:",
                *(quick or ["        pass"]),
                "    else:",
                *(careful or ["        pass"]),
                "    return found",
            ]
        )
        scope: dict[str, Any] = dict(self.names)
        # The source is made of names of ours alone: every text of a pattern is a value in `scope`.
        exec(compile(source, "<filter patterns>", "exec"), scope)  # noqa: S102
        decide: Callable[[dict[str, Any], str], list[int]] = scope["decide"]
        return decide

    def _simple(self, condition: Condition) -> bool:
        """Whether strings and absent fields can be decided here."""
        for leaf in _leaves(condition):
            assert leaf.selector is not None  # noqa: S101 - slots alone have none
            if not all(isinstance(step, str) for step in leaf.selector.steps):
                return False
            if isinstance(leaf, Compare):
                value = leaf.value
                if leaf.comparison.ordering or not isinstance(value, Literal):
                    return False
                if not value.quoted and value.number is not None:
                    return False
            elif isinstance(leaf, Is) and leaf.value is None:
                return False
        return True

    def _known(self, leaf: Compare | Is | NotExists) -> str:
        """Whether the field is what is decided here: a string, absent or, where `IS` asks, a boolean."""
        name = self._field(leaf)
        return f"(k{name} or f{name} is True or f{name} is False)" if isinstance(leaf, Is) else f"k{name}"

    def _value(self, value: object) -> str:
        name = f"v{len(self.names)}"
        self.names[name] = value
        return name

    def _field(self, leaf: Compare | Is | NotExists) -> str:
        """The number of the variable that holds a field; it is read when it is first needed."""
        assert leaf.selector is not None  # noqa: S101 - slots alone have none
        path = tuple(str(step) for step in leaf.selector.steps)
        if path not in self.fields:
            self.fields[path] = str(len(self.fields))
            source = self._container(path[:-1]) if len(path) > 1 else "d"
            name = self.fields[path]
            key = self._value(path[-1])
            read = f"{source}.get({key}, _M)"
            if source != "d":
                read = f"{read} if type({source}) is dict else _M"
            self.lines.append(f"    f{name} = {read}")
            self.lines.append(f"    k{name} = f{name} is _M or type(f{name}) is str")
        return self.fields[path]

    def _container(self, path: tuple[str, ...]) -> str:
        """The variable that holds an object on the way to a field."""
        marked = ("object", *path)
        if marked not in self.fields:
            source = self._container(path[:-1]) if len(path) > 1 else "d"
            name = f"o{len(self.fields)}"
            self.fields[marked] = name
            read = f"{source}.get({self._value(path[-1])})"
            self.lines.append(
                f"    {name} = {read}" + (f" if type({source}) is dict else None" if source != "d" else "")
            )
        return self.fields[marked]

    def _written(self, condition: Condition) -> str:
        if isinstance(condition, And):
            return "(" + " and ".join(self._written(part) for part in condition.parts) + ")"
        if isinstance(condition, Or):
            return "(" + " or ".join(self._merged(condition)) + ")"
        field = f"f{self._field(condition)}"
        if isinstance(condition, NotExists):
            return f"{field} is _M"
        if isinstance(condition, Is):
            text = f" or {field} == {self._value(str(condition.value).lower())}" if self.policy.is_boolean_text else ""
            return f"({field} is {condition.value}{text})"
        assert isinstance(condition.value, Literal)  # noqa: S101 - see _simple
        text = condition.value.text
        there = f"{field} is not _M"
        if condition.comparison is Comparison.EQUAL:
            return self._equal(field, text)
        unequal = f"not {self._equal(field, text)}" if "*" in text else f"{field} != {self._value(text)}"
        return f"({field} is _M or {unequal})" if self.policy.not_equal_absent else f"({there} and {unequal})"

    def _equal(self, field: str, text: str) -> str:
        if "*" not in text:
            return f"{field} == {self._value(text)}"
        if text == "*":
            return f"{field} is not _M"
        body = text.strip("*")
        if "*" not in body and text in (f"{body}*", f"*{body}", f"*{body}*"):
            value = self._value(body)
            test = f"{field}.startswith({value})" if text[0] != "*" else f"{field}.endswith({value})"
            return f"({field} is not _M and {test if text != f'*{body}*' else f'{value} in {field}'})"
        return f"({field} is not _M and {self._value(glob(text))}({field}))"

    def _merged(self, condition: Or) -> list[str]:
        """The parts; equalities of one field are one look into a set."""
        sets: dict[str, set[str]] = {}
        parts: list[str] = []
        for part in condition.parts:
            if (
                isinstance(part, Compare)
                and part.comparison is Comparison.EQUAL
                and isinstance(part.value, Literal)
                and "*" not in part.value.text
            ):
                sets.setdefault(f"f{self._field(part)}", set()).add(part.value.text)
            else:
                parts.append(self._written(part))
        return [f"{field} in {self._value(frozenset(texts))}" for field, texts in sets.items()] + parts


def _leaves(condition: Condition) -> list[Compare | Is | NotExists]:
    if isinstance(condition, (And, Or)):
        return [leaf for part in condition.parts for leaf in _leaves(part)]
    return [condition]
