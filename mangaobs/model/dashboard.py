"""A dashboard and its layout: sections of rows of columns, placed on CloudWatch's grid of 24 columns.

What a graph shows and what is normal stand in a slim text right above it, in its column: the body has no other place
for them that the reader of the console sees.
"""

from __future__ import annotations

import re
from typing import NamedTuple, TypeAlias

import msgspec

from mangaobs.errors import Place
from mangaobs.model._check import fail, is_whole
from mangaobs.model._field import check_tuple, check_word, is_time
from mangaobs.model.alarm import check_name
from mangaobs.model.place import written_at
from mangaobs.model.value import Value
from mangaobs.model.variable import Variable
from mangaobs.model.widget import COLUMNS, AlarmStatus, Graph, LogTable, TextWidget, Widget

_NOTE = 2  # rows of the text above a graph
_HEIGHTS: tuple[tuple[type[Widget], int], ...] = ((Graph, 6), (LogTable, 7), (TextWidget, 2), (AlarmStatus, 3))
_RELATIVE = re.compile(r"-PT\d+[MH]|-P\d+[DWM]")


class Column(msgspec.Struct, frozen=True):
    """Widgets one above the other; `width` in grid columns, else an equal share of the row."""

    widgets: tuple[Widget, ...]
    width: int | None = None

    def __post_init__(self) -> None:
        check_tuple("column", "widgets", self.widgets)
        if self.width is not None and not (is_whole(self.width) and 1 <= self.width <= COLUMNS):
            fail("column", "width", f"is {self.width!r}", "1 to 24 grid columns")
        for widget in self.widgets:
            if not isinstance(widget, Widget):
                fail("column", "widgets", f"holds {widget!r:.80}", "widgets")
            if widget.at is not None:
                fail("column", "widgets", f"holds one with at={widget.at}", "no at in a row: the row places it")
            if widget.width is not None and self.width is not None and widget.width > self.width:
                fail("column", "widgets", f"holds one of width {widget.width}", f"at most the column's {self.width}")


class Row(msgspec.Struct, frozen=True):
    """Columns side by side; those without a width share what the others leave of the 24."""

    columns: tuple[Column, ...]

    def __post_init__(self) -> None:
        check_tuple("row", "columns", self.columns)
        for one in self.columns:
            if not isinstance(one, Column):
                fail("row", "columns", f"holds {one!r:.80}", "widgets, or columns of them")
        fixed = sum(one.width or 0 for one in self.columns)
        free = sum(one.width is None for one in self.columns)
        if not self.columns or fixed + free > COLUMNS:
            fail(
                "row",
                "columns",
                f"are {len(self.columns)}, {fixed} wide in all",
                "at least one, 24 grid columns in all",
            )


class Section(msgspec.Struct, frozen=True):
    """A heading with rows below it; `markdown` stands under the title."""

    title: str
    rows: tuple[Row, ...]
    markdown: Value = ""

    def __post_init__(self) -> None:
        check_tuple(f"section {self.title!r}", "rows", self.rows)
        for one in self.rows:
            if not isinstance(one, Row):
                fail(f"section {self.title!r}", "rows", f"holds {one!r:.80}", "row(…)")


def column(*widgets: Widget, width: int | None = None) -> Column:
    """Widgets one above the other, as wide as the widest that says its width."""
    if width is None:
        width = max((widget.width or 0 for widget in widgets if isinstance(widget, Widget)), default=0) or None
    return Column(widgets, width)


def row(*cells: Widget | Column) -> Row:
    """Widgets, or columns of widgets, side by side."""
    return Row(tuple(cell if isinstance(cell, Column) else column(cell) for cell in cells))


def section(title: str, *rows: Row, markdown: Value = "") -> Section:
    """A heading with rows below it."""
    return Section(title, rows, markdown)


Content: TypeAlias = Section | Row | Widget


class Dashboard(msgspec.Struct, frozen=True, kw_only=True):
    """A dashboard.

    `content` is laid out from top to bottom: what is added at the end moves nothing above it. A widget with `at` stays
    where it is put, and what follows it begins below. `start` is relative (`-PT3H`) or, with `end`, absolute;
    `period_override` "inherit" keeps every graph's own period.
    """

    name: str
    content: tuple[Content, ...]
    variables: tuple[Variable, ...] = ()
    start: str | None = "-PT8H"
    end: str | None = None
    period_override: str = "inherit"
    place: Place = msgspec.field(default_factory=written_at)

    def __post_init__(self) -> None:
        subject = f"dashboard {self.name!r}"
        check_name("dashboard", self.name)
        if "." in self.name:
            fail(subject, "name", "has a dot", "letters, digits, - and _")
        check_tuple(subject, "content", self.content)
        for content in self.content:
            if not isinstance(content, Section | Row | Widget):
                fail(subject, "content", f"holds {content!r:.80}", "sections, rows and widgets")
        if self.end is not None and (self.start is None or self.start.startswith("-")):
            fail(subject, "end", "needs an absolute start", "both in ISO 8601")
        for field, time in (("start", self.start), ("end", self.end)):
            if time is not None and not time.startswith("-") and not is_time(time):
                fail(
                    subject,
                    field,
                    f"is {time!r}",
                    "ISO 8601, for example 2026-11-24T12:00:00Z, or a start such as -PT3H",
                )
        if self.start is not None and self.start.startswith("-") and not _RELATIVE.fullmatch(self.start):
            fail(
                subject, "start", f"is {self.start!r}", "-PT<n>M or H for minutes and hours, -P<n>D, W or M for longer"
            )
        check_word(subject, "period_override", self.period_override, ("auto", "inherit"))
        check_tuple(subject, "variables", self.variables)
        if len(self.variables) > 25:
            fail(subject, "variables", f"has {len(self.variables)}", "at most 25")
        if len({variable.id for variable in self.variables}) < len(self.variables):
            fail(subject, "variables", "has an id twice", "one id each")


class Placed(NamedTuple):
    """A widget on the grid."""

    widget: Widget
    x: int
    y: int
    width: int
    height: int


def place(dashboard: Dashboard) -> list[Placed]:
    """Every widget with its place, in reading order; the notes above the graphs among them."""
    placed: list[Placed] = []
    y = 0
    for content in dashboard.content:
        if isinstance(content, Widget) and content.at is not None:
            y = max(y, _place_fixed(content, content.at, placed))
            continue
        if isinstance(content, Section):
            heading = f"## {content.title}"
            placed.append(Placed(TextWidget(markdown=heading), 0, y, COLUMNS, 1))
            y += 1
            if content.markdown != "":
                placed.append(Placed(TextWidget(markdown=content.markdown), 0, y, COLUMNS, 2))
                y += 2
            for one in content.rows:
                y = _place_row(one, y, placed)
        else:
            y = _place_row(content if isinstance(content, Row) else row(content), y, placed)
    _refuse_overlap(dashboard, placed)
    return placed


def _place_fixed(widget: Widget, at: tuple[int, int], placed: list[Placed]) -> int:
    x, y = at
    width, height = widget.width or COLUMNS - x, widget.height or 6
    if isinstance(widget, Graph) and (widget.shows or widget.normal):
        # The note takes its rows from the place that was given, so that the whole stays inside it.
        if height <= _NOTE:
            fail(f"Graph {widget.title!r}", "height", f"is {height}", f"more than the {_NOTE} rows of its note")
        placed.append(Placed(_note(widget), x, y, width, _NOTE))
        placed.append(Placed(widget, x, y + _NOTE, width, height - _NOTE))
    else:
        placed.append(Placed(widget, x, y, width, height))
    return y + height


def _place_row(one: Row, y: int, placed: list[Placed]) -> int:
    bottom = y
    x = 0
    for cell, width in zip(one.columns, _widths(one), strict=True):
        below = y
        for widget in cell.widgets:
            own = min(width, widget.width or width)
            if isinstance(widget, Graph) and (widget.shows or widget.normal):
                placed.append(Placed(_note(widget), x, below, own, _NOTE))
                below += _NOTE
            height = widget.height or next((rows for kind, rows in _HEIGHTS if isinstance(widget, kind)), 6)
            placed.append(Placed(widget, x, below, own, height))
            below += height
        bottom = max(bottom, below)
        x += width
    return bottom


def _note(graph: Graph) -> TextWidget:
    normal = f" **Normal:** {graph.normal}" if graph.normal else ""
    return TextWidget(markdown=f"{graph.shows}{normal}".strip())


def _widths(one: Row) -> list[int]:
    free = sum(cell.width is None for cell in one.columns)
    share, rest = divmod(COLUMNS - sum(cell.width or 0 for cell in one.columns), free) if free else (0, 0)
    widths = []
    for cell in one.columns:
        widths.append(cell.width or share + (rest > 0))
        rest -= cell.width is None
    return widths


def _refuse_overlap(dashboard: Dashboard, placed: list[Placed]) -> None:
    if all(one.widget.at is None for one in placed):
        return
    taken: dict[tuple[int, int], Placed] = {}
    for one in placed:
        for cell in ((x, y) for x in range(one.x, one.x + one.width) for y in range(one.y, one.y + one.height)):
            if cell in taken:
                fail(f"dashboard {dashboard.name!r}", "content", f"has two widgets at {cell}", "move one of them")
            taken[cell] = one
