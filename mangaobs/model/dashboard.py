"""A dashboard and its layout: sections of rows of columns, placed on CloudWatch's grid of 24 columns."""

from __future__ import annotations

import re
from typing import NamedTuple, TypeAlias

import msgspec

from mangaobs.errors import Place
from mangaobs.model._check import fail, written_at
from mangaobs.model._value import Value
from mangaobs.model.alarm import check_name
from mangaobs.model.widget import (
    COLUMNS,
    AlarmStatus,
    Graph,
    LogTable,
    TextWidget,
    Variable,
    Widget,
)

_NOTE = 2  # rows of the text above a graph
_HEIGHTS: tuple[tuple[type[Widget], int], ...] = ((Graph, 6), (LogTable, 7), (TextWidget, 2), (AlarmStatus, 3))
_RELATIVE = re.compile(r"-PT\d+[MH]|-P\d+[DWM]")


class Column(msgspec.Struct, frozen=True):
    """Widgets one above the other; `width` in grid columns, else an equal share of the row."""

    widgets: tuple[Widget, ...]
    width: int | None = None


class Row(msgspec.Struct, frozen=True):
    """Columns side by side; those without a width share what the others leave of the 24."""

    columns: tuple[Column, ...]


class Section(msgspec.Struct, frozen=True):
    """A heading with rows below it; `markdown` stands under the title."""

    title: str
    rows: tuple[Row, ...]
    markdown: Value = ""


def column(*widgets: Widget, width: int | None = None) -> Column:
    """Widgets one above the other."""
    return Column(widgets, width)


def row(*cells: Widget | Column) -> Row:
    """Widgets, or columns of widgets, side by side."""
    return Row(tuple(cell if isinstance(cell, Column) else Column((cell,), cell.width) for cell in cells))


def section(title: str, *rows: Row, markdown: Value = "") -> Section:
    """A heading with rows below it."""
    return Section(title, rows, markdown)


Content: TypeAlias = Section | Row | Widget


class Dashboard(msgspec.Struct, frozen=True, kw_only=True):
    """A dashboard.

    `content` is laid out from top to bottom: what is added at the end moves nothing above it. A widget with `at` stays
    where it is put. `start` is relative (`-PT3H`) or, with `end`, absolute; `period_override` "inherit" keeps every
    graph's own period.
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
        if self.end is not None and (self.start is None or self.start.startswith("-")):
            fail(subject, "end", "needs an absolute start", "both in ISO 8601")
        if self.start is not None and self.start.startswith("-") and not _RELATIVE.fullmatch(self.start):
            fail(
                subject, "start", f"is {self.start!r}", "-PT<n>M or H for minutes and hours, -P<n>D, W or M for longer"
            )
        if self.period_override not in {"auto", "inherit"}:
            fail(subject, "period_override", f"is {self.period_override!r}", "auto or inherit")
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
            x, top = content.at
            placed.append(Placed(content, x, top, content.width or 6, content.height or 6))
            continue
        if isinstance(content, Section):
            heading = f"## {content.title}"
            placed.append(Placed(TextWidget(markdown=heading), 0, y, COLUMNS, 1))
            y += 1
            if content.markdown != "":
                placed.append(Placed(TextWidget(markdown=content.markdown), 0, y, COLUMNS, 2))
                y += 2
            for one in content.rows:
                y = _place_row(dashboard, one, y, placed)
        else:
            y = _place_row(dashboard, content if isinstance(content, Row) else row(content), y, placed)
    _refuse_overlap(dashboard, placed)
    return placed


def _place_row(dashboard: Dashboard, one: Row, y: int, placed: list[Placed]) -> int:
    widths = _widths(dashboard, one)
    bottom = y
    x = 0
    for cell, width in zip(one.columns, widths, strict=True):
        below = y
        for widget in cell.widgets:
            if isinstance(widget, Graph) and (widget.shows or widget.normal):
                placed.append(Placed(TextWidget(markdown=_note(widget)), x, below, width, _NOTE))
                below += _NOTE
            height = widget.height or next((rows for kind, rows in _HEIGHTS if isinstance(widget, kind)), 6)
            placed.append(Placed(widget, x, below, width, height))
            below += height
        bottom = max(bottom, below)
        x += width
    return bottom


def _note(graph: Graph) -> str:
    normal = f" **Normal:** {graph.normal}" if graph.normal else ""
    return f"{graph.shows}{normal}".strip()


def _widths(dashboard: Dashboard, one: Row) -> list[int]:
    subject = f"dashboard {dashboard.name!r}"
    fixed = sum(cell.width or 0 for cell in one.columns)
    free = [cell for cell in one.columns if cell.width is None]
    if not one.columns or fixed > COLUMNS or fixed + len(free) > COLUMNS:
        fail(subject, "row", f"has {len(one.columns)} columns, {fixed} wide in all", "1 to 24 grid columns")
    share, rest = divmod(COLUMNS - fixed, len(free)) if free else (0, 0)
    widths = []
    for cell in one.columns:
        if cell.width is not None:
            widths.append(cell.width)
        else:
            widths.append(share + (1 if rest > 0 else 0))
            rest -= 1
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
