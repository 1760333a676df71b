"""What CloudWatch would refuse in a query, or silently do otherwise than it reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from mangaobs.catalog import did_you_mean
from mangaobs.errors import LanguageError
from mangaobs.languages.logs_insights._expressions_in import expressions_of, walk
from mangaobs.languages.logs_insights._format import format_expression
from mangaobs.languages.logs_insights._lexer import LANGUAGE
from mangaobs.languages.logs_insights._parser import parse_what_can_be
from mangaobs.languages.logs_insights._scope import Scope
from mangaobs.languages.logs_insights.fields import system_fields
from mangaobs.languages.logs_insights.functions import functions, key
from mangaobs.languages.logs_insights.periods import CAPS, capped
from mangaobs.languages.logs_insights.tree import (
    Binary,
    Call,
    Dedup,
    Display,
    Expression,
    Field,
    Fields,
    Filter,
    In,
    InQuery,
    Item,
    Join,
    Like,
    Limit,
    Number,
    Parameter,
    ParseGlob,
    ParseRegex,
    Period,
    Query,
    Regex,
    Sort,
    Stats,
    Text,
    Unary,
)
from mangaobs.languages.parsing import Span

if TYPE_CHECKING:
    from collections.abc import Collection

    from mangaobs.languages.logs_insights.tree import Command

MOST_ROWS: Final = 100_000
_MOST_STATS: Final = 10
_MOST_BRANCHES: Final = 10
_PERIOD_ARGUMENT: Final = {"bin": -1, "datefloor": 1, "dateceil": 1, "rate": 1}
_NEXT_UNIT: Final = {"ms": "s", "s": "m", "m": "h", "h": "d"}
_PER_UNIT: Final = {"ms": 1000, "s": 60, "m": 60, "h": 24}


class Finding(NamedTuple):
    """Something about a query: an error is what CloudWatch refuses or can never give a row."""

    severity: Literal["error", "warning"]
    error: LanguageError


def check(text: str, fields: Collection[str] | None = None) -> list[Finding]:
    """Everything that is wrong with a query, in the order of its text.

    `fields` are the names that log lines have, nested ones with dots and list elements with `0`, `a.*` for everything
    in `a`: then a field that none of them is, is an error too.
    """
    query, errors = parse_what_can_be(text)
    found = [Finding("error", one) for one in errors]
    return sorted(
        [*found, *_checked(query, fields, partial=bool(errors))], key=lambda one: (one.error.start, one.severity)
    )


def _checked(query: Query, fields: Collection[str] | None, *, partial: bool) -> list[Finding]:
    known = None if fields is None or partial else frozenset(fields)
    checker = _Checker(query.text_of_query, known, partial=partial)
    checker.query(query)
    for note in query.notes:
        checker.warn(f"{note.what} runs, and is in no documentation of AWS", note.documented, note.span)
    return checker.findings


class _Checker:
    def __init__(self, text: str, known: frozenset[str] | None, *, partial: bool) -> None:
        self.text = text
        self.known = known
        # A command that could not be read may make any name.
        self.partial = partial
        self.findings: list[Finding] = []
        self.several = False

    def fail(self, problem: str, right: str, span: Span) -> None:
        self.findings.append(Finding("error", self._error(problem, right, span)))

    def warn(self, problem: str, right: str, span: Span) -> None:
        self.findings.append(Finding("warning", self._error(problem, right, span)))

    def _error(self, problem: str, right: str, span: Span) -> LanguageError:
        return LanguageError(problem, right=right, language=LANGUAGE, source=self.text, start=span.start, end=span.end)

    def query(self, query: Query) -> None:
        scope = Scope()
        self.several = sum(isinstance(one, Stats) for one in query.commands) > 1
        self._order(query)
        for command in query.commands:
            for expression in expressions_of(command):
                self._expression(expression, scope, command)
            match command:
                case Stats():
                    self._stats(command, scope)
                case Fields() if scope.closed:
                    self._fields_after_stats(command, scope)
                case Filter():
                    self._filter(command)
                case Dedup() | Sort():
                    self._structures(command, scope)
                case Limit():
                    self._limit(command)
                case ParseGlob() | ParseRegex():
                    self._parse(command)
                case _:
                    pass
            scope.enter(command)

    # the order of commands

    def _order(self, query: Query) -> None:
        stats = [number for number, one in enumerate(query.commands) if isinstance(one, Stats)]
        for number in stats[_MOST_STATS:]:
            self.fail(f"more than {_MOST_STATS} stats", f"at most {_MOST_STATS}", _keyword(query.commands[number]))
        if len(stats) > 1:
            for command in query.commands[: stats[-1]]:
                if isinstance(command, Sort | Limit):
                    word = "sort" if isinstance(command, Sort) else command.keyword
                    self.fail(f"{word} before the last stats", f"{word} after it", _keyword(command))
        joins = [one for one in query.commands if isinstance(one, Join)]
        for one in joins[1:]:
            self.fail("a second join", "one join a query", _keyword(one))
        for number, command in enumerate(query.commands):
            after = query.commands[number + 1 : number + 2]
            if isinstance(command, Dedup) and after and not isinstance(after[0], Limit):
                self.fail("only limit may follow dedup", "sort and filter before dedup", _keyword(after[0]))

    # commands

    def _stats(self, command: Stats, scope: Scope) -> None:
        made: set[str] = {item.name for item in command.by}
        for item in command.items:
            calls = [one for one in walk(item.expression) if isinstance(one, Call)]
            if not any(_aggregate(one) for one in calls):
                self._unaggregated(item, made)
            for call in calls:
                self._aggregate(call, command)
                inner = {one.name for part in call.arguments for one in walk(part) if isinstance(one, Field)}
                if item.aliased and _aggregate(call) and item.name in inner:
                    problem = f"{item.name} is the alias of what is made of {item.name}"
                    self.fail(problem, "another alias", item.name_span)
            if item.aliased and scope.projected(item.name):
                scope.doubtful[item.name] = item.name_span
            made.add(item.name)
        for expression in expressions_of(command):
            for field in (one for one in walk(expression) if isinstance(one, Field)):
                self._aliases(field, scope)
        self._structures(command, scope)

    def _unaggregated(self, item: Item, made: set[str]) -> None:
        for field in (one for one in walk(item.expression) if isinstance(one, Field)):
            if field.name not in made:
                self.fail(
                    f"{field.name} in stats is neither aggregated nor an alias of this stats",
                    f"for example max({field.name}), or by {field.name}",
                    field.span,
                )

    def _aliases(self, field: Field, scope: Scope) -> None:
        """What AWS refuses of aliases without a word in its documentation: found in production repositories."""
        if field.name in scope.redefined:
            self.fail(
                f"{field.name} was listed and then defined again, which stats does not take",
                f"another alias for the expression at offset {scope.redefined[field.name].start}",
                field.span,
            )
        if scope.closed and field.name in scope.doubtful:
            problem = f"the alias {field.name} of the stats before is also a field that was listed"
            self.fail(problem, "another alias there", field.span)

    def _aggregate(self, call: Call, command: Stats) -> None:
        if not _aggregate(call):
            return
        for argument in call.arguments:
            for inner in walk(argument):
                if isinstance(inner, Call) and _aggregate(inner):
                    self.fail(f"{inner.written} within {call.written}", "a second stats", inner.name_span)
        if call.function == "pct" and len(call.arguments) == 2:
            percent = call.arguments[1]
            if not isinstance(percent, Number | Parameter) or (
                isinstance(percent, Number) and not 0 <= float(percent.text) <= 100
            ):
                self.fail("the percentile is no number from 0 to 100", "for example pct(duration, 99)", percent.span)
        if call.function == "topk" and (command.by or len(command.items) > 1):
            self.fail("topk stands alone in its stats", "stats topk(3, field)", call.name_span)

    def _fields_after_stats(self, command: Fields, scope: Scope) -> None:
        for item in command.items:
            if isinstance(item.expression, Field) and scope.has(item.expression):
                self.fail(
                    f"fields after stats cannot list {item.expression.name} again",
                    "display, or a new name for an expression",
                    item.span,
                )

    def _filter(self, command: Filter) -> None:
        if command.keyword == "filterIndex":
            for one in walk(command.condition):
                other = isinstance(one, Binary) and one.operator not in ("=", "and", "or")
                if other or isinstance(one, Like | Unary):
                    self.fail("filterIndex takes = and in alone", "filter", one.span)
                    return

    def _structures(self, command: Dedup | Sort | Stats, scope: Scope) -> None:
        for expression in expressions_of(command):
            for one in walk(expression):
                if isinstance(one, Field) and one.name in scope.structures:
                    word = type(command).__name__.lower()
                    self.fail(
                        f"{one.name} is a map or a list, which {word} does not take",
                        f"a value in it, for example {one.name}.name",
                        one.span,
                    )

    def _limit(self, command: Limit) -> None:
        if not 1 <= command.count <= MOST_ROWS:
            self.fail(f"a limit of {command.count:,}", f"1 to {MOST_ROWS:,}", command.span)

    def _parse(self, command: ParseGlob | ParseRegex) -> None:
        if isinstance(command, ParseGlob):
            stars = command.glob.value.count("*")
            if stars != len(command.names) and (stars, len(command.names)) != (0, 1):
                self.fail(f"{stars} * and {len(command.names)} names", "as many names as *", command.glob.span)
            return
        from mangaobs.languages.logs_insights.regex import capturing

        groups = capturing(command.regex.pattern).groups
        if command.names and len(groups) != len(command.names):
            self.fail(f"{len(groups)} groups and {len(command.names)} names", "as many", command.regex.span)
        if not command.names and not any(groups):
            self.fail("this pattern makes no field", "a group with a name: (?<name>…)", command.regex.span)

    # expressions

    def _expression(self, expression: Expression, scope: Scope, command: Command) -> None:
        periods = set()
        for one in walk(expression):
            if isinstance(one, Call):
                self._call(one, scope, aggregates=isinstance(command, Stats))
                place = _PERIOD_ARGUMENT.get(one.function)
                if place is not None and one.arguments and len(one.arguments) > max(place, 0):
                    periods.add(id(one.arguments[place]))
                    self._period(one, one.arguments[place])
        for one in walk(expression):
            if isinstance(one, Field):
                self._field(one, scope, command)
            elif not isinstance(one, Period) or id(one) not in periods:
                self._part(one)

    def _part(self, one: Expression) -> None:
        match one:
            case Period():
                problem = f"the period {format_expression(one)} stands alone"
                self.fail(problem, "bin(5m), datefloor(field, 5m)", one.span)
            case Parameter():
                self.fail(f"the parameter {one.name} has no value", f"--param {one.name}=…", one.span)
            case Regex():
                self._regex(one)
            case Like(pattern=Text(value=value)) if value.startswith("%") or value.endswith("%"):
                problem = "% is no wildcard of like: it stands for itself"
                self.warn(problem, "the text alone, or /a regular expression/", one.pattern.span)
            case InQuery():
                self.query(one.query)
            case In() if not one.items:
                self.fail("an empty list", "values between [ and ]", one.span)
            case _:
                pass

    def _call(self, call: Call, scope: Scope, *, aggregates: bool) -> None:
        known = functions()
        function = known.get(key(call.function)) if call.function else None
        if scope.closed and scope.has_label(format_expression(call)):
            return
        if function is None:
            names = [one.name for one in known.values()]
            right = did_you_mean(call.written, names, "a function of Logs Insights QL")
            self.fail(f"there is no function {call.written!r}", right, call.name_span)
            return
        count = len(call.arguments)
        if count < function.least or (function.most is not None and count > function.most):
            self.fail(f"{function.name} with {count} arguments", function.takes, call.name_span)
        if function.aggregate and not aggregates:
            self.fail(f"{function.name} outside of stats", f"stats {format_expression(call)}", call.name_span)
        if function.name == "case" and count // 2 > _MOST_BRANCHES:
            self.fail(f"{count // 2} branches of case", f"at most {_MOST_BRANCHES}", call.name_span)
        if function.name == "bin" and count == 1 and scope.closed and not scope.has_name("@timestamp"):
            self.fail(
                "bin reads @timestamp, which the stats before does not give",
                "max(@timestamp) as t there, datefloor(t, …) here",
                call.name_span,
            )

    def _period(self, call: Call, argument: Expression) -> None:
        if not isinstance(argument, Period):
            if not isinstance(argument, Parameter):
                field = "" if call.function == "bin" else "field, "
                self.fail(f"{call.written} needs a period", f"for example {call.written}({field}5m)", argument.span)
            return
        if argument.count == 0:
            self.fail("a period of nothing", "1 or more", argument.span)
        elif capped(argument.count, argument.unit) != argument.count:
            count, unit = argument.count, argument.unit
            right = f"a larger unit than {unit}"
            if count % _PER_UNIT[unit] == 0:
                right = f"{count // _PER_UNIT[unit]}{_NEXT_UNIT[unit]}"
            self.warn(f"CloudWatch makes {CAPS[unit]}{unit} of {count}{unit}", right, argument.span)

    def _regex(self, regex: Regex) -> None:
        from mangaobs.languages.logs_insights.regex import capturing, problem_of

        if problem := problem_of(capturing(regex.pattern).pattern):
            right = "a pattern that RE2 takes: no look-around, no back-references"
            self.fail(f"this pattern: {problem}", right, regex.span)

    def _field(self, field: Field, scope: Scope, command: Command) -> None:
        if scope.has(field):
            return
        if scope.closed:
            if not self.partial:
                self._not_given(field, scope, command)
            return
        first = field.path[0]
        if isinstance(first, str) and first.startswith("@"):
            system = system_fields()
            known = field.name in system or first in system or first.startswith(("@aws", "@entity", "@@"))
            if not known and not (self.known and field.name in self.known):
                right = did_you_mean(field.name, system, "a name without @")
                self.warn(f"CloudWatch gives no event {field.name}", right, field.span)
        elif self.known is not None and not _there(field, self.known):
            right = did_you_mean(field.name, self.known, "a field that the handlers write")
            self.fail(f"no log line has the field {field.name}", right, field.span)

    def _not_given(self, field: Field, scope: Scope, command: Command) -> None:
        names = scope.names()
        right = did_you_mean(field.name, names, f"one of {', '.join(names)}")
        if field.name == "@timestamp":
            right = next((f"did you mean {name}?" for name in names if name.startswith("bin(")), right)
        problem = f"the stats before does not give {field.name}"
        # AWS's own samples sort and display after one stats what it does not give: it runs, and does nothing.
        if isinstance(command, Sort | Display) and not self.several:
            self.warn(problem, right, field.span)
        else:
            self.fail(problem, right, field.span)


def _there(field: Field, known: frozenset[str]) -> bool:
    """Whether a log line has this field, something in it, or the text that holds it."""
    parts = [str(part) for part in field.path]
    name = ".".join("0" if part.isdigit() else part for part in ".".join(parts).split("."))
    above = [name[:place] for place, letter in enumerate(name) if letter == "."]
    return (
        name in known or any(one.startswith(f"{name}.") for one in known) or any(f"{one}.*" in known for one in above)
    )


def _aggregate(call: Call) -> bool:
    known = functions().get(key(call.function)) if call.function else None
    return known is not None and known.aggregate


def _keyword(command: Command) -> Span:
    """About where the command's word stands."""
    return Span(command.span.start, min(command.span.start + 5, command.span.end))
