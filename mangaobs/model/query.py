"""Saved Logs Insights queries and Contributor Insights rules."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Literal, TypeAlias

import msgspec

from mangaobs.errors import DefinitionError, Place
from mangaobs.model._check import fail
from mangaobs.model._field import check_word
from mangaobs.model.alarm import check_name, check_summary
from mangaobs.model.place import written_at
from mangaobs.model.value import Value

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Argument: TypeAlias = str | int | float

_MAX_LOG_GROUPS = 50  # of a QueryDefinition and of StartQuery

_PARAMETER = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
# A use of a parameter is Jinja2's and CloudWatch's own `{{name}}` alike; anything more is Jinja2's alone.
PLACEHOLDER = re.compile(r"\{\{\s*([A-Za-z_][A-Za-z0-9_]*)\s*\}\}")
_TYPES: dict[str, type | tuple[type, ...]] = {"string": str, "integer": int, "number": (int, float)}


class QueryParameter(msgspec.Struct, frozen=True):
    """A typed parameter of a saved query; `default` is what runs when nobody says otherwise."""

    name: str
    default: Argument
    description: str = ""
    type: Literal["string", "integer", "number"] = "string"

    def __post_init__(self) -> None:
        subject = f"query parameter {self.name!r}"
        if not _PARAMETER.fullmatch(self.name):
            fail(subject, "name", "is not one", "a letter or _ first, then letters, digits and _")
        if self.type not in _TYPES:
            fail(subject, "type", f"is {self.type!r}", "string, integer or number")
        if isinstance(self.default, bool) or not isinstance(self.default, _TYPES[self.type]):
            fail(subject, "default", f"{self.default!r} is no {self.type}", f"a {self.type}")
        if isinstance(self.default, float) and not math.isfinite(self.default):
            fail(subject, "default", f"is {self.default}", "a finite number")

    def literal(self, argument: Argument) -> str:
        """`argument` as it stands in a query; text from a command line is read as the parameter's type."""
        if isinstance(argument, str) and self.type != "string":
            argument = self._read(argument)
        if isinstance(argument, str):
            escaped = argument.replace("\\", "\\\\").replace('"', '\\"')
            return f'"{escaped}"'
        return _decimal(argument) if isinstance(argument, float) else str(argument)

    def _read(self, written: str) -> int | float:
        try:
            number = int(written) if self.type == "integer" else float(written)
            if not math.isfinite(number):
                raise ValueError
        except (ValueError, OverflowError):
            raise DefinitionError(
                f"parameter {self.name!r}: {written!r} is no {self.type}", right=f"for example {self.default}"
            ) from None
        return number


def _decimal(number: float) -> str:
    """Every digit, without an exponent, which Logs Insights' grammar does not promise to read."""
    from decimal import Decimal

    return format(Decimal(repr(number)), "f").removesuffix(".0")


class SavedQuery(msgspec.Struct, frozen=True, kw_only=True):
    """A Logs Insights query that on-call finds in the console, in the environment's folder.

    `text` is a Jinja2 template over `parameters`; `log_groups` are the groups that the console selects.
    """

    name: str
    text: str
    summary: str
    log_groups: tuple[Value, ...]
    parameters: tuple[QueryParameter, ...] = ()
    place: Place = msgspec.field(default_factory=written_at)

    def __post_init__(self) -> None:
        subject = f"query {self.name!r}"
        check_name("query", self.name)
        check_summary(subject, self.summary)
        if not 1 <= len(self.text) <= 10_000:
            fail(subject, "text", f"has {len(self.text)} characters", "CloudWatch takes 1 to 10,000")
        if not 1 <= len(self.log_groups) <= _MAX_LOG_GROUPS:
            fail(
                subject,
                "log_groups",
                f"has {len(self.log_groups)}",
                "1 to 50: a query over all groups reads, and bills, them all",
            )
        if len(self.parameters) > 20:
            fail(subject, "parameters", f"has {len(self.parameters)}", "CloudWatch takes at most 20")
        names = {parameter.name for parameter in self.parameters}
        used = set(PLACEHOLDER.findall(self.text))
        if "{%" not in self.text:
            if unknown := sorted(used - names):
                fail(
                    subject,
                    "text",
                    f"uses {{{{{unknown[0]}}}}}, which is no parameter of it",
                    "declare a QueryParameter",
                )
            if unused := sorted(names - used):
                fail(
                    subject,
                    "parameters",
                    f"declares {unused[0]!r}, which the text never uses",
                    "use it or leave it out",
                )

    def stored_text(self) -> str:
        """The text as CloudWatch stores it: `{{name}}` stays, it is CloudWatch's own syntax for a parameter."""
        if "{%" not in self.text and "{#" not in self.text:
            return PLACEHOLDER.sub(r"{{\1}}", self.text).strip()  # what Jinja2 would give, without loading it
        return self._filled({parameter.name: f"{{{{{parameter.name}}}}}" for parameter in self.parameters})

    def filled(self, arguments: dict[str, Argument] | None = None) -> str:
        """The text ready to run: each parameter with its argument or its default.

        Text is quoted as Logs Insights quotes it. Raises `DefinitionError` for an argument that is no parameter of it
        or of another type.
        """
        given = dict(arguments or {})
        values: dict[str, str] = {}
        for parameter in self.parameters:
            values[parameter.name] = parameter.literal(given.pop(parameter.name, parameter.default))
        if given:
            known = ", ".join(values) or "it has none"
            raise DefinitionError(f"query {self.name!r} has no parameter {next(iter(given))!r}", right=known)
        return self._filled(values)

    def _filled(self, values: dict[str, str]) -> str:
        import jinja2

        try:
            template = jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=False).from_string(self.text)  # noqa: S701 - queries, not HTML
            return template.render(values).strip()
        except jinja2.TemplateError as error:
            raise DefinitionError(
                f"query {self.name!r}: {error}", right="text that Jinja2 takes", place=self.place
            ) from None


def saved_queries(
    log_groups: Sequence[Value], *, name: str, summary: str, text: str, parameters: tuple[QueryParameter, ...] = ()
) -> Iterator[SavedQuery]:
    """One query over any number of log groups, as as many saved queries as CloudWatch needs.

    None without a log group; over 50 of them `name`, `name-2` and so on, 50 groups each in their order.
    """
    for number, start in enumerate(range(0, len(log_groups), _MAX_LOG_GROUPS), 1):
        part = tuple(log_groups[start : start + _MAX_LOG_GROUPS])
        several = len(log_groups) > _MAX_LOG_GROUPS
        which = f" (Log groups {start + 1} to {start + len(part)} of {len(log_groups)}.)" if several else ""
        yield SavedQuery(
            name=name if number == 1 else f"{name}-{number}",
            summary=summary + which,
            log_groups=part,
            text=text.strip(),
            parameters=parameters,
        )


class InsightRule(msgspec.Struct, frozen=True, kw_only=True):
    """A Contributor Insights rule over JSON logs: who contributes most.

    `keys` (1 to 4) name the contributor, as JSON paths; `filters` (at most 4, all must hold) pick the lines; with
    `value_of` the rule adds that field up, without it counts lines.
    """

    name: str
    summary: str
    log_groups: tuple[Value, ...]
    keys: tuple[str, ...]
    filters: tuple[RuleFilter, ...] = ()
    value_of: str | None = None
    place: Place = msgspec.field(default_factory=written_at)

    def __post_init__(self) -> None:
        subject = f"insight rule {self.name!r}"
        check_name("insight rule", self.name)
        check_summary(subject, self.summary)
        if not 1 <= len(self.keys) <= 4:
            fail(subject, "keys", f"has {len(self.keys)}", "1 to 4")
        if len(self.filters) > 4:
            fail(subject, "filters", f"has {len(self.filters)}", "at most 4")
        if not 1 <= len(self.log_groups) <= 20:
            fail(subject, "log_groups", f"has {len(self.log_groups)}", "1 to 20")
        for path in (*self.keys, *([self.value_of] if self.value_of else []), *(one.match for one in self.filters)):
            if not path.startswith("$."):
                fail(subject, "keys", f"{path!r} is not a JSON path", f"for example $.{path.lstrip('$.')}")


_TESTS = ("In", "NotIn", "StartsWith", "GreaterThan", "LessThan", "EqualTo", "NotEqualTo", "IsPresent")


class RuleFilter(msgspec.Struct, frozen=True):
    """A filter of an insight rule: the field at `match` against one test, such as `In` with a list of values."""

    match: str
    test: Literal["In", "NotIn", "StartsWith", "GreaterThan", "LessThan", "EqualTo", "NotEqualTo", "IsPresent"]
    value: tuple[str, ...] | float | bool

    def __post_init__(self) -> None:
        subject = f"filter on {self.match!r}"
        check_word(subject, "test", self.test, _TESTS)
        if self.test in ("In", "NotIn", "StartsWith"):
            if not isinstance(self.value, tuple) or not 1 <= len(self.value) <= 10:
                fail(subject, self.test, f"is {self.value!r}", "a tuple of 1 to 10 strings")
        elif self.test == "IsPresent":
            if not isinstance(self.value, bool):
                fail(subject, self.test, f"is {self.value!r}", "True or False")
        elif isinstance(self.value, bool | tuple):
            fail(subject, self.test, f"is {self.value!r}", "a number")
