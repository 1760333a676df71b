"""The tree of a query. Every node has its span; spans and comments are no part of what makes two trees equal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from mangaobs.languages.node import Node

if TYPE_CHECKING:
    from mangaobs.languages.parsing import Span


class Field(Node):
    """A field or an alias. `path` holds names and, of lists, indexes: `a.b[1]` is `("a", "b", 1)`."""

    span: Span
    path: tuple[str | int, ...]

    @property
    def name(self) -> str:
        """The name as results show it: `a.b[1]`."""
        made = ""
        for part in self.path:
            made += f"[{part}]" if isinstance(part, int) else f".{part}" if made else part
        return made


class Text(Node):
    """A string literal."""

    span: Span
    value: str


class Number(Node):
    """A number literal, as it was written: digits may say more than a float holds."""

    span: Span
    text: str


class Boolean(Node):
    """`true` or `false`, unquoted."""

    span: Span
    value: bool


class Regex(Node):
    """A regular expression between slashes; `\\/` is already a slash. `ignore_case` is the undocumented `/…/i`."""

    span: Span
    pattern: str
    ignore_case: bool = False


class Period(Node):
    """A period such as `5m`; `unit` is one of `periods.UNITS`."""

    span: Span
    count: int
    unit: str


class Star(Node):
    """The `*` of `count(*)`."""

    span: Span


class Parameter(Node):
    """`{{name}}`: a saved query's parameter that nobody filled in."""

    span: Span
    name: str


class Unary(Node):
    """`-x` or `not x` (also written `!x`)."""

    span: Span
    operator: Literal["-", "not"]
    operand: Expression


class Binary(Node):
    """Two operands and `+ - * / % ^ = != < <= > >= and or`."""

    span: Span
    operator: str
    left: Expression
    right: Expression


class Like(Node):
    """`like`, `not like`, `=~`: a substring, or a regular expression that may match anywhere."""

    span: Span
    operand: Expression
    pattern: Expression
    negated: bool = False


class In(Node):
    """`in […]`, `not in […]`."""

    span: Span
    operand: Expression
    items: tuple[Expression, ...]
    negated: bool = False


class InQuery(Node):
    """`in (query)`, `not in (query)`."""

    span: Span
    operand: Expression
    query: Query
    negated: bool = False


class Call(Node):
    """A function with its arguments; `written` as it was, `function` as AWS spells it ("" if it is unknown)."""

    span: Span
    written: str
    function: str
    arguments: tuple[Expression, ...]
    name_span: Span


Expression: TypeAlias = (
    Field | Text | Number | Boolean | Regex | Period | Star | Parameter | Unary | Binary | Like | In | InQuery | Call
)


class Item(Node):
    """An expression and the name of what it gives: its alias or, without one, its text."""

    span: Span
    expression: Expression
    name: str
    aliased: bool
    name_span: Span


class Name(Node):
    """A name that a command gives: an alias."""

    span: Span
    text: str


class Fields(Node):
    """`fields`."""

    span: Span
    items: tuple[Item, ...]


class Display(Node):
    """`display`."""

    span: Span
    items: tuple[Item, ...]


class Filter(Node):
    """`filter`, `where`, `filterIndex`."""

    span: Span
    condition: Expression
    keyword: str = "filter"


class Stats(Node):
    """`stats … by … offset …`."""

    span: Span
    items: tuple[Item, ...]
    by: tuple[Item, ...] = ()
    offset: Period | None = None


class SortKey(Node):
    """What to sort by, and which way."""

    span: Span
    expression: Expression
    descending: bool = False


class Sort(Node):
    """`sort`."""

    span: Span
    keys: tuple[SortKey, ...]


class Limit(Node):
    """`limit`, and its deprecated synonyms `head` and `tail`."""

    span: Span
    count: int
    any: bool = False
    keyword: str = "limit"


class Dedup(Node):
    """`dedup`."""

    span: Span
    fields: tuple[Field, ...]


class ParseGlob(Node):
    """`parse` with a glob; without a field it reads `@message`."""

    span: Span
    field: Expression | None
    glob: Text
    names: tuple[Name, ...]


class ParseRegex(Node):
    """`parse` with a regular expression: its named groups, or its groups in order as `names`."""

    span: Span
    field: Expression | None
    regex: Regex
    names: tuple[Name, ...] = ()
    multi: bool = False


class ParseLogfmt(Node):
    """`parse … logfmt as m`."""

    span: Span
    field: Expression | None
    name: Name


class ParseCsv(Node):
    """`parse … csv as a, b`."""

    span: Span
    field: Expression | None
    names: tuple[Name, ...]


class ReadJson(Node):
    """`json field=f "a.b" as x`."""

    span: Span
    field: Expression | None
    path: Text
    name: Name


class Unnest(Node):
    """`unnest list into x`."""

    span: Span
    operand: Expression
    name: Name


class Expand(Node):
    """`expand f`."""

    span: Span
    field: Field


class Join(Node):
    """`join type=… left=… right=… where … (SOURCE …)`."""

    span: Span
    type: Literal["inner", "left"]
    left: str
    right: str
    left_key: Field
    right_key: Field
    source: tuple[Source, ...]


class LookupKey(Node):
    """A column of the table, and the field of the log event that it must equal."""

    column: str
    field: Field


class Output(Node):
    """A column of the table, and the field that it becomes."""

    column: str
    name: Name


class Lookup(Node):
    """`lookup table key OUTPUT columns`."""

    span: Span
    table: str
    keys: tuple[LookupKey, ...]
    outputs: tuple[Output, ...]


class Source(Node):
    """`SOURCE`: log groups by name, or by what `logGroups(…)` and `dataSource(…)` say; `options` as they stand."""

    span: Span
    log_groups: tuple[str, ...] = ()
    prefixes: tuple[str, ...] = ()
    options: tuple[tuple[str, str], ...] = ()


class Inexact(Node):
    """A command that parses and checks, and that only CloudWatch can run: `pattern`, `diff`, `outlier` and so on."""

    span: Span
    command: str
    arguments: tuple[str, ...] = ()
    fields: tuple[Field, ...] = ()


Command: TypeAlias = (
    Source
    | Fields
    | Display
    | Filter
    | Stats
    | Sort
    | Limit
    | Dedup
    | ParseGlob
    | ParseRegex
    | ParseLogfmt
    | ParseCsv
    | ReadJson
    | Unnest
    | Expand
    | Join
    | Lookup
    | Inexact
)


class Comment(Node):
    """A comment, its `#` included."""

    span: Span
    text: str


class Note(Node):
    """Syntax that runs on AWS and that its documentation does not have."""

    span: Span
    what: str
    documented: str


class Query(Node):
    """A whole query. `text_of_query` is what was parsed; `notes` tells of undocumented syntax in it."""

    commands: tuple[Command, ...]
    text_of_query: str
    comments: tuple[Comment, ...] = ()
    notes: tuple[Note, ...] = ()
