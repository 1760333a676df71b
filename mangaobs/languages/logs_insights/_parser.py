"""Text → tree. One error does not hide the next: after one the parser goes on behind the next `|`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from mangaobs.catalog import did_you_mean
from mangaobs.errors import LanguageError, together
from mangaobs.languages.logs_insights._expressions import Expressions
from mangaobs.languages.logs_insights._expressions_in import walk
from mangaobs.languages.logs_insights._format import format_expression
from mangaobs.languages.logs_insights._lexer import Reader
from mangaobs.languages.logs_insights._tables import Tables
from mangaobs.languages.logs_insights.functions import key
from mangaobs.languages.logs_insights.tree import (
    Command,
    Dedup,
    Display,
    Expand,
    Expression,
    Field,
    Fields,
    Filter,
    Inexact,
    InQuery,
    Item,
    Limit,
    Note,
    ParseCsv,
    ParseGlob,
    ParseLogfmt,
    ParseRegex,
    Query,
    ReadJson,
    Regex,
    Sort,
    SortKey,
    Stats,
    Text,
    Unnest,
)
from mangaobs.languages.parsing import Span

if TYPE_CHECKING:
    from collections.abc import Callable

LONGEST: Final = 10_000
INEXACT: Final = {
    "pattern": "groups by machine learning",
    "anomaly": "finds anomalies by machine learning",
    "diff": "compares with another time range by machine learning",
    "relevantfields": "ranks fields by statistics that AWS does not publish",
    "logcompare": "compares with another time range",
    "accum": "is of 2026",
    "addtotals": "is of 2026",
    "appendcols": "is of 2026",
    "autoregress": "is of 2026",
    "cidrlookup": "is of 2026",
    "countfrequent": "is of 2026",
    "estimate": "is of 2026",
    "filldown": "is of 2026",
    "fillmissing": "is of 2026",
    "outlier": "is of 2026",
    "sessionize": "is of 2026",
}
"""Commands that parse and check but do not run here, each with why."""

COMMANDS: Final = (
    "fields", "display", "filter", "where", "filterIndex", "stats", "sort", "limit", "head", "tail", "dedup", "parse",
    "json", "unnest", "expand", "join", "lookup", "SOURCE", *INEXACT,
)  # fmt: skip
_WORD: Final = re.compile(r"[A-Za-z_]\w*")
_SPACES: Final = re.compile(r"\s+")
_WHOLE: Final = re.compile(r"\d+")
_ANY_TOKEN: Final = re.compile(
    r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|`[^`\n]*`|(?:like|=~|~=)\s*/(?:[^/\\]|\\.)+/|/(?:[^/\\\n|]|\\.)+/"
    r"|[\w@.*]+|[^\s\w]",
    re.DOTALL | re.IGNORECASE,
)


def parse(text: str) -> Query:
    """The query's tree.

    Raises `LanguageError`, or `ManyErrors` with every one of them, each with its offsets in `text`.
    """
    query, errors = parse_what_can_be(text)
    if errors:
        raise together([*errors])
    return query


def parse_what_can_be(text: str) -> tuple[Query, list[LanguageError]]:
    """The tree of the commands that can be read, and the errors of the others, in the order of the text."""
    reader = Reader(text)
    if len(text) > LONGEST:
        span = Span(LONGEST, len(text))
        return Query((), text), [reader.error(f"the query has {len(text):,} characters", f"at most {LONGEST:,}", span)]
    try:
        query = _Parser(reader).query(whole=True)
    except LanguageError as error:
        return Query((), text), [error]
    unique = {(one.start, one.problem): one for one in reader.errors}
    return query, [unique[at] for at in sorted(unique)]


class _Parser:
    def __init__(self, reader: Reader, depth: int = 0) -> None:
        self.reader = reader
        self.expressions = Expressions(reader, self._subquery)
        self.notes: list[Note] = self.expressions.notes
        self._depth = depth

    def query(self, *, whole: bool) -> Query:
        """Every stage up to the end or, of a subquery, up to the parenthesis that closes it."""
        reader = self.reader
        start = reader.position
        commands: list[Command] = []
        reader.space()
        if reader.ended:
            raise reader.error(
                "the query is empty", "for example fields @timestamp, @message", Span(0, len(reader.text))
            )
        while True:
            self._stage(commands)
            reader.space()
            if reader.ended or (not whole and reader.at(")")):
                break
            if reader.accept("|"):
                reader.space()
                if reader.ended:
                    bar = _before(reader)
                    if all(one.start != bar.start for one in reader.errors):  # the command before may have said so
                        reader.errors.append(reader.error("nothing follows this |", "a command", bar))
                    break
            else:
                reader.errors.append(reader.unexpected("a | and the next command"))
                self._recover()
                if not reader.accept("|"):
                    break
        text = reader.text if whole else reader.text[start : reader.position]
        return Query(tuple(commands), text, tuple(reader.comments), tuple(self.notes))

    def _subquery(self) -> Query:
        if self._depth:
            raise self.reader.error("a subquery within a subquery", "one level")
        return _Parser(self.reader, self._depth + 1).query(whole=False)

    def _stage(self, commands: list[Command]) -> None:
        reader = self.reader
        try:
            commands.append(self._command())
        except LanguageError as error:
            reader.errors.append(error)
            self._recover()

    def _recover(self) -> None:
        """Go on at the next `|` that stands outside strings, regular expressions and parentheses."""
        reader = self.reader
        depth = 0
        while not reader.ended:
            reader.space()
            if reader.ended or (reader.at("|") and depth <= 0):
                return
            if reader.at(")") and depth == 0 and self._depth:
                return
            token = reader.take(_ANY_TOKEN)
            if token is None:
                reader.position += 1
            elif token[0] in "([":
                depth += 1
            elif token[0] in ")]":
                depth -= 1

    def _command(self) -> Command:
        reader = self.reader
        reader.space()
        start = reader.position
        word = reader.take(_WORD)
        if word is None:
            raise reader.unexpected("a command such as fields, filter or stats")
        name = word[0].lower()
        read = self._commands().get(name)
        if read:
            return read(start)
        if (inexact := key(name)) in INEXACT:
            return self._inexact(inexact, start)
        right = did_you_mean(name, [*COMMANDS, "order"], f"one of {', '.join(COMMANDS[:12])} …")
        raise reader.error(f"there is no command {word[0]!r}", right, Span(*word.span()))

    def _commands(self) -> dict[str, Callable[[int], Command]]:
        tables = Tables(self.reader, self.expressions)
        return {
            "fields": lambda start: Fields(*self._items(start)),
            "display": lambda start: Display(*self._items(start)),
            "filter": lambda start: self._filter(start, "filter"),
            "where": lambda start: self._filter(start, "where"),
            "filterindex": lambda start: self._filter(start, "filterIndex"),
            "stats": self._stats,
            "sort": self._sort,
            "order": self._order,
            "limit": lambda start: self._limit(start, "limit"),
            "head": lambda start: self._limit(start, "head"),
            "tail": lambda start: self._limit(start, "tail"),
            "dedup": self._dedup,
            "parse": self._parse,
            "json": self._json,
            "unnest": self._unnest,
            "expand": self._expand,
            "join": tables.join,
            "lookup": tables.lookup,
            "source": tables.source,
        }

    def _span(self, start: int) -> Span:
        return Span(start, self.reader.end)

    # fields, display, filter, stats

    def _items(self, start: int) -> tuple[Span, tuple[Item, ...]]:
        items = self._item_list()
        return self._span(start), items

    def _item_list(self) -> tuple[Item, ...]:
        items = [self._item()]
        while self.reader.mark(","):
            items.append(self._item())
        return tuple(items)

    def _item(self) -> Item:
        reader = self.reader
        reader.space()
        start = reader.position
        expression = self.expressions.expression()
        if reader.keyword("as"):
            name = self.expressions.name()
            return Item(self._span(start), expression, name.text, aliased=True, name_span=name.span)
        text = _label(expression, _spaced(reader, start, expression))
        return Item(expression.span, expression, text, aliased=False, name_span=expression.span)

    def _filter(self, start: int, keyword: str) -> Filter:
        condition = self.expressions.expression()
        return Filter(self._span(start), condition, keyword)

    def _stats(self, start: int) -> Stats:
        reader = self.reader
        items = self._item_list()
        by: tuple[Item, ...] = ()
        offset = None
        if reader.keyword("by"):
            by = self._item_list()
        if reader.keyword("offset"):
            offset = reader.period()
            if offset is None:
                raise reader.unexpected("a period such as 1h")
        return Stats(self._span(start), items, by, offset)

    # sort, limit, dedup

    def _order(self, start: int) -> Sort:
        if self.reader.word() != "by":
            raise self.reader.unexpected("sort, which is how AWS spells order by")
        self.notes.append(Note(Span(start, start + 5), "order by", "sort"))
        return self._sort(start)

    def _sort(self, start: int) -> Sort:
        reader = self.reader
        at = reader.position
        if reader.word() == "by":
            ordered = reader.text[start : start + 5].lower() == "order"
            reader.keyword("by")
            if reader.word() in ("asc", "desc") or reader.ended or reader.at("|"):
                reader.position = at  # a field called by
            elif not ordered:
                self.notes.append(Note(Span(start, reader.end), "sort by", "sort"))
        keys = [self._sort_key()]
        while reader.mark(","):
            keys.append(self._sort_key())
        return Sort(self._span(start), tuple(keys))

    def _sort_key(self) -> SortKey:
        reader = self.reader
        reader.space()
        start = reader.position
        expression = self.expressions.expression()
        end = reader.position
        way = reader.keyword("asc", "desc")
        if not way:
            reader.position = end
        return SortKey(self._span(start), expression, way == "desc")

    def _limit(self, start: int, keyword: str) -> Limit:
        reader = self.reader
        whichever = bool(reader.keyword("any"))
        reader.space()
        found = reader.take(_WHOLE)
        if found is None:
            raise reader.unexpected("a whole number, for example limit 20")
        return Limit(self._span(start), int(found[0][:18]), whichever, keyword)

    def _dedup(self, start: int) -> Dedup:
        fields = [self.expressions.field()]
        while self.reader.mark(","):
            fields.append(self.expressions.field())
        return Dedup(self._span(start), tuple(fields))

    # parse, json, unnest, expand

    def _parse(self, start: int) -> Command:
        reader = self.reader
        field = None if self._pattern_here() else self.expressions.primary()
        if reader.keyword("logfmt"):
            self._as("logfmt as name")
            name = self.expressions.name()
            return ParseLogfmt(self._span(start), field, name)
        if reader.keyword("csv"):
            self._as("csv as name, …")
            names = self.expressions.names()
            return ParseCsv(self._span(start), field, names)
        glob = reader.string()
        if glob:
            self._as('parse field "…*…" as name')
            names = self.expressions.names()
            if "*" not in glob.value:
                self.notes.append(Note(glob.span, "a glob without *", "as many * as names"))
            return ParseGlob(self._span(start), field, glob, names)
        regex = self.expressions.regex()
        if not isinstance(regex, Regex):
            raise reader.unexpected('a glob such as "user=*", a regular expression such as /user=(?<user>\\S+)/')
        end = reader.position
        names = self.expressions.names() if reader.keyword("as") else ()
        multi = bool(reader.keyword("multi"))
        if not (names or multi):
            reader.position = end
        return ParseRegex(self._span(start), field, regex, names, multi)

    def _pattern_here(self) -> bool:
        reader = self.reader
        word = reader.word()
        at = reader.text[reader.position : reader.position + 1]
        if word in ("logfmt", "csv"):
            place = reader.position
            reader.keyword(word)
            followed = reader.word() == "as"
            reader.position = place
            return followed
        return at in ("'", '"', "/")

    def _as(self, right: str) -> None:
        if not self.reader.keyword("as"):
            raise self.reader.unexpected(right)

    def _json(self, start: int) -> ReadJson:
        reader = self.reader
        field: Expression | None = None
        if reader.keyword("field"):
            reader.expect("=", "field=name")
            field = self.expressions.field()
        path = reader.string()
        if path is None:
            raise reader.unexpected('a path in quotes, for example json field=data "a.b" as x')
        self._as('json field=data "a.b" as x')
        name = self.expressions.name()
        return ReadJson(self._span(start), field, path, name)

    def _unnest(self, start: int) -> Unnest:
        operand = self.expressions.expression()
        if not self.reader.keyword("into"):
            raise self.reader.unexpected("unnest list into name")
        name = self.expressions.name()
        return Unnest(self._span(start), operand, name)

    def _expand(self, start: int) -> Expand:
        field = self.expressions.field()
        return Expand(self._span(start), field)

    def _inexact(self, name: str, start: int) -> Inexact:
        reader = self.reader
        words: list[str] = []
        fields: list[Field] = []
        depth = 0
        while True:
            reader.space()
            if reader.ended or (depth == 0 and (reader.at("|") or (reader.at(")") and self._depth))):
                break
            if name == "pattern" and not words:
                fields.append(self.expressions.field())
                words.append(reader.text[fields[0].span.start : fields[0].span.end])
                continue
            token = reader.take(_ANY_TOKEN)
            if token is None:
                raise reader.unexpected("an argument of the command")
            depth += (token[0] in "([") - (token[0] in ")]")
            words.append(token[0])
        if depth:
            raise reader.error("a parenthesis is not closed", "a )", Span(start, reader.end))
        return Inexact(self._span(start), name, tuple(words), tuple(fields))


def _before(reader: Reader) -> Span:
    """The last character that is no space."""
    end = reader.text.rfind("|")
    return Span(end, end + 1)


def _label(expression: Expression, text: str) -> str:
    """The name of what has no alias: the field's, else its text; spaces outside of literals count as one."""
    if isinstance(expression, Field):
        return expression.name
    if "#" in text:
        return format_expression(expression)
    return text


def _spaced(reader: Reader, start: int, expression: Expression) -> str:
    """The text of an expression, each run of spaces that is in no literal as one space."""
    end = reader.end
    literals = sorted(
        (one.span for one in walk(expression) if isinstance(one, Text | Regex | Field | InQuery)),
        key=lambda one: one.start,
    )
    made, place = "", start
    for span in literals:
        made += _SPACES.sub(" ", reader.text[place : span.start]) + reader.text[span.start : span.end]
        place = span.end
    return made + _SPACES.sub(" ", reader.text[place:end])
