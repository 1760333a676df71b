"""The commands that name other events or tables: `SOURCE`, `join` and `lookup`, whose syntax is their own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Literal

from mangaobs.languages.logs_insights.tree import Field, Join, Lookup, LookupKey, Output, Source
from mangaobs.languages.parsing import Span

if TYPE_CHECKING:
    from mangaobs.languages.logs_insights._expressions import Expressions
    from mangaobs.languages.logs_insights._lexer import Reader

_WORD: Final = re.compile(r"[A-Za-z_]\w*")
_GROUP_NAME: Final = re.compile(r"[\w./@:-]+")
_OPTION: Final = re.compile(r"([A-Za-z_]\w*)\s*=\s*([\w.:+-]+|'[^']*'|\"[^\"]*\")")
_SELECTION: Final = re.compile(r"(logGroups?|dataSources?)\s*\(", re.IGNORECASE)


class Tables:
    """Reads them; `start` is where the command's word stands, which is passed already."""

    def __init__(self, reader: Reader, expressions: Expressions) -> None:
        self.reader = reader
        self.expressions = expressions

    def _span(self, start: int) -> Span:
        return Span(start, self.reader.end)

    def join(self, start: int) -> Join:  # noqa: C901 - one piece after another
        """`join type=… left=… right=… where … (SOURCE …)`."""
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
            sources.append(self.source(at))
            if not reader.mark("|"):
                break
        reader.expect(")")
        kind: Literal["inner", "left"] = "left" if options["type"].lower() == "left" else "inner"
        left, right = options["left"], options["right"]
        return Join(self._span(start), kind, left, right, keys[left], keys[right], tuple(sources))

    def lookup(self, start: int) -> Lookup:
        """`lookup table key OUTPUT columns`."""
        reader = self.reader
        table = self._table_name()
        keys = [self._lookup_key()]
        while reader.mark(","):
            keys.append(self._lookup_key())
        if not reader.keyword("output"):
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
        column = self.expressions.name()
        return Output(column.text, self.expressions.name() if self.reader.keyword("as") else column)

    def source(self, start: int) -> Source:
        """`SOURCE 'group'`, `SOURCE logGroups(…)`."""
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
