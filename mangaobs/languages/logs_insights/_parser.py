"""Text → tree. One error does not hide the next: after one the parser goes on behind the next `|`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Literal

from mangaobs.errors import LanguageError, together
from mangaobs.languages.logs_insights._expressions import Expressions
from mangaobs.languages.logs_insights._expressions_in import walk
from mangaobs.languages.logs_insights._format import format_expression
from mangaobs.languages.logs_insights._lexer import Reader
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
    Join,
    Limit,
    Lookup,
    LookupKey,
    Name,
    Note,
    Output,
    ParseCsv,
    ParseGlob,
    ParseLogfmt,
    ParseRegex,
    Query,
    ReadJson,
    Regex,
    Sort,
    SortKey,
    Source,
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
_GROUP_NAME: Final = re.compile(r"[\w./@:-]+")
_OPTION: Final = re.compile(r"([A-Za-z_]\w*)\s*=\s*([\w.:+-]+|'[^']*'|\"[^\"]*\")")
_SELECTION: Final = re.compile(r"(logGroups?|dataSources?)\s*\(", re.IGNORECASE)
_MAX_GROUPS: Final = 500


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
        from mangaobs.catalog import nearest

        near = nearest(name, [*COMMANDS, "order"])
        right = f"did you mean {near}?" if near else f"one of {', '.join(COMMANDS[:12])} …"
        raise reader.error(f"there is no command {word[0]!r}", right, Span(*word.span()))

    def _commands(self) -> dict[str, Callable[[int], Command]]:
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
            "join": self._join,
            "lookup": self._lookup,
            "source": self._source,
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
            name = self._name()
            return Item(self._span(start), expression, name.text, aliased=True, name_span=name.span)
        text = _label(expression, _spaced(reader, start, expression))
        return Item(expression.span, expression, text, aliased=False, name_span=expression.span)

    def _name(self) -> Name:
        reader = self.reader
        reader.space()
        start = reader.position
        if text := reader.string():  # AWS takes an alias in quotes as well
            self.notes.append(Note(text.span, "an alias in quotes", "a name, or backticks"))
            return Name(text.span, text.value)
        path = reader.path()
        if path is None:
            raise reader.unexpected("a name; in backticks if it has other characters than letters, digits, _ @ .")
        return Name(self._span(start), Field(self._span(start), path).name)

    def _names(self) -> tuple[Name, ...]:
        names = [self._name()]
        while self.reader.mark(","):
            names.append(self._name())
        return tuple(names)

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
            name = self._name()
            return ParseLogfmt(self._span(start), field, name)
        if reader.keyword("csv"):
            self._as("csv as name, …")
            names = self._names()
            return ParseCsv(self._span(start), field, names)
        glob = reader.string()
        if glob:
            self._as('parse field "…*…" as name')
            names = self._names()
            if "*" not in glob.value:
                self.notes.append(Note(glob.span, "a glob without *", "as many * as names"))
            return ParseGlob(self._span(start), field, glob, names)
        regex = self.expressions.regex()
        if not isinstance(regex, Regex):
            raise reader.unexpected('a glob such as "user=*", a regular expression such as /user=(?<user>\\S+)/')
        end = reader.position
        names = self._names() if reader.keyword("as") else ()
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
        name = self._name()
        return ReadJson(self._span(start), field, path, name)

    def _unnest(self, start: int) -> Unnest:
        operand = self.expressions.expression()
        if not self.reader.keyword("into"):
            raise self.reader.unexpected("unnest list into name")
        name = self._name()
        return Unnest(self._span(start), operand, name)

    def _expand(self, start: int) -> Expand:
        field = self.expressions.field()
        return Expand(self._span(start), field)

    # join, lookup, source

    def _join(self, start: int) -> Join:  # noqa: C901 - one piece after another
        reader = self.reader
        options = {"type": "inner"}
        while (word := reader.word()) in ("type", "left", "right"):
            reader.keyword(word)
            reader.expect("=", f"{word}=…")
            reader.space()
            value = reader.take(_WORD)
            if value is None:
                raise reader.unexpected(f"a name after {word}=")
            options[word] = value[0]
            if word == "type" and value[0].lower() not in ("inner", "left"):
                raise reader.error(f"there is no join of type {value[0]}", "inner or left", Span(*value.span()))
        for needed in ("left", "right"):
            if needed not in options:
                raise reader.unexpected(f"{needed}=alias")
        if not (reader.keyword("where") or reader.keyword("on")):
            raise reader.unexpected("where left.field=right.field")
        one = self.expressions.field()
        if not reader.mark("=="):
            reader.expect("=", "=: a join is by equality alone")
        other = self.expressions.field()
        keys = {}
        for key_field in (one, other):
            alias, *rest = key_field.path
            if alias not in (options["left"], options["right"]) or not rest or alias in keys:
                raise reader.error(
                    f"{key_field.name} is no field of a side of its own",
                    f"{options['left']}.field={options['right']}.field",
                    key_field.span,
                )
            keys[alias] = Field(key_field.span, tuple(rest))
        reader.expect("(", "(SOURCE 'log group')")
        sources: list[Source] = []
        while True:
            reader.space()
            at = reader.position
            if not reader.keyword("source"):
                raise reader.unexpected("SOURCE: the right side of a join is log groups, no query")
            sources.append(self._source(at))
            if not reader.mark("|"):
                break
        reader.expect(")")
        kind: Literal["inner", "left"] = "left" if options["type"].lower() == "left" else "inner"
        left, right = options["left"], options["right"]
        return Join(self._span(start), kind, left, right, keys[left], keys[right], tuple(sources))

    def _lookup(self, start: int) -> Lookup:
        reader = self.reader
        table = self._table_name()
        keys = [self._lookup_key()]
        while reader.mark(","):
            keys.append(self._lookup_key())
        if not reader.keyword("output", "outputnew"):
            raise reader.unexpected("OUTPUT and the table's columns")
        outputs = [self._output()]
        while reader.mark(","):
            outputs.append(self._output())
        return Lookup(self._span(start), table, tuple(keys), tuple(outputs))

    def _table_name(self) -> str:
        reader = self.reader
        if text := reader.string():
            return text.value
        reader.space()
        found = reader.take(_GROUP_NAME)
        if found:
            return found[0]
        path = reader.path()
        if path is None:
            raise reader.unexpected("the name of a lookup table")
        return Field(Span(0, 0), path).name

    def _lookup_key(self) -> LookupKey:
        column = self.expressions.field()
        if self.reader.keyword("as"):
            return LookupKey(column.name, self.expressions.field())
        return LookupKey(column.name, column)

    def _output(self) -> Output:
        column = self._name()
        return Output(column.text, self._name() if self.reader.keyword("as") else column)

    def _source(self, start: int) -> Source:
        reader = self.reader
        groups: list[str] = []
        prefixes: list[str] = []
        options: list[tuple[str, str]] = []
        while True:
            reader.space()
            if selection := reader.take(_SELECTION):
                self._selection(selection[1], prefixes, options)
            elif option := reader.take(_OPTION):
                options.append((option[1], option[2].strip("'\"")))
            elif text := reader.string():
                groups.append(text.value)
            elif reader.at("`"):
                groups.append(Field(Span(0, 0), reader.path() or ("",)).name)
            elif name := reader.take(_GROUP_NAME):
                groups.append(name[0])
            elif not reader.accept(","):
                break
        if not (groups or prefixes or options):
            raise reader.unexpected("a log group, for example SOURCE '/aws/lambda/message'")
        return Source(self._span(start), tuple(groups), tuple(prefixes), tuple(options))

    def _selection(self, kind: str, prefixes: list[str], options: list[tuple[str, str]]) -> None:
        """`logGroups(namePrefix: ["a"], class: ["STANDARD"])`, `dataSource(["x"])`."""
        reader = self.reader
        options.append((kind, ""))
        while not reader.mark(")"):
            reader.space()
            name = "value"
            found = reader.take(_WORD)
            if found:
                name = found[0]
                if not reader.mark(":"):
                    reader.expect("=", f"{name}: […]")
            values: list[str] = []
            many = reader.mark("[")
            while text := reader.string():
                values.append(text.value)
                if not reader.mark(","):
                    break
            if many:
                reader.expect("]")
            elif not values:
                raise reader.unexpected('a list of strings, for example namePrefix: ["/aws/lambda"]')
            if name.lower() == "nameprefix":
                prefixes.extend(values)
            else:
                options.extend((name, one) for one in values)
            reader.mark(",")

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
