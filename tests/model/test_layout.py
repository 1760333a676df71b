"""Where a dashboard puts its widgets."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mangaobs.errors import DefinitionError
from mangaobs.model.dashboard import Column, Dashboard, Row, Section, column, place, row, section
from mangaobs.model.metric import MINUTE, Metric
from mangaobs.model.widget import AlarmStatus, Graph, LogTable, TextWidget

ERRORS = Metric("My", "errors").sum(MINUTE)


def graph(title="errors", **fields):
    return Graph(title=title, left=(ERRORS,), **fields)


def boxes(*content):
    return [(one.x, one.y, one.width, one.height) for one in place(Dashboard(name="d", content=content))]


def test_the_graphs_of_a_row_share_its_24_columns():
    assert boxes(row(graph(), graph(), graph())) == [(0, 0, 8, 6), (8, 0, 8, 6), (16, 0, 8, 6)]
    assert [width for _, _, width, _ in boxes(row(*[graph()] * 5))] == [5, 5, 5, 5, 4]


def test_columns_of_a_given_width_leave_the_rest_to_the_others():
    assert [width for _, _, width, _ in boxes(row(graph(width=6), graph(), graph()))] == [6, 9, 9]
    assert [width for _, _, width, _ in boxes(row(column(graph(width=10)), graph()))] == [10, 14]


def test_a_column_stacks_and_the_next_row_begins_below_the_highest():
    stacked = row(column(graph(), graph()), graph())
    assert boxes(stacked, graph()) == [(0, 0, 12, 6), (0, 6, 12, 6), (12, 0, 12, 6), (0, 12, 24, 6)]


def test_what_a_graph_shows_stands_right_above_it():
    note, drawn = place(Dashboard(name="d", content=(graph(shows="Errors a minute.", normal="0."),)))
    assert note.widget.markdown == "Errors a minute. **Normal:** 0."
    assert (note.x, note.width, note.y + note.height) == (drawn.x, drawn.width, drawn.y)


def test_a_section_begins_with_its_heading():
    heading, intro, drawn = place(Dashboard(name="d", content=(section("Now", row(graph()), markdown="why"),)))
    assert (heading.widget.markdown, heading.width, intro.widget.markdown, drawn.y) == ("## Now", 24, "why", 3)


def test_every_kind_of_widget_has_a_height_of_its_own():
    alarms = AlarmStatus(title="a", alarms=("arn:aws:cloudwatch:r:1:alarm:a",))
    logs = LogTable(title="l", query="limit 1", log_groups=("g",))
    assert [height for *_, height in boxes(graph(), alarms, logs, TextWidget(markdown="x"))] == [6, 3, 7, 2]


def test_a_pinned_widget_stays_and_what_follows_begins_below():
    pinned = graph(at=(4, 2), width=10, height=5)
    assert boxes(pinned, graph()) == [(4, 2, 10, 5), (0, 7, 24, 6)]


def test_a_pinned_graph_and_its_note_stay_inside_the_place_given():
    pinned = graph(at=(4, 2), width=10, height=5, shows="Errors.")
    assert boxes(pinned) == [(4, 2, 10, 2), (4, 4, 10, 3)]


def test_two_widgets_on_one_place_are_refused():
    with pytest.raises(DefinitionError, match="two widgets at"):
        boxes(graph(), graph(at=(0, 5), width=6, height=6))


@pytest.mark.parametrize(
    "make",
    [
        lambda: row(*[]),
        lambda: row(*[graph()] * 25),
        lambda: row(graph(width=20), graph(width=5)),
        lambda: row(graph(at=(0, 0), width=6, height=6)),
        lambda: row("text"),
        lambda: column(graph(width=8), width=6),
        lambda: Column((graph(),), width=25),
        lambda: Row(graph()),
        lambda: section("s", graph()),
        lambda: Section("s", row(graph())),
        lambda: Dashboard(name="d", content=graph()),
        lambda: Dashboard(name="d", content=(ERRORS,)),
        lambda: boxes(graph(at=(0, 0), width=6, height=2, shows="no room for the note")),
    ],
)
def test_a_layout_that_cannot_be_is_refused_where_it_is_written(make):
    with pytest.raises(DefinitionError) as caught:
        make()
    assert caught.value.place.file == __file__
    assert caught.value.right


widgets = st.builds(
    lambda kind, note, height: graph(shows=note, height=height) if kind else TextWidget(markdown="x", height=height),
    st.booleans(),
    st.sampled_from(["", "Errors."]),
    st.none() | st.integers(1, 20),
)
columns = st.builds(
    lambda inside, width: column(*inside, width=width), st.lists(widgets, max_size=3), st.none() | st.integers(1, 4)
)
rows = st.lists(columns, min_size=1, max_size=6).map(lambda cells: row(*cells))
sections = st.builds(
    lambda inside, markdown: section("s", *inside, markdown=markdown),
    st.lists(rows, max_size=3),
    st.sampled_from(["", "why"]),
)
contents = st.lists(sections | rows | widgets, max_size=6)


@given(contents)
def test_widgets_never_overlap_and_never_leave_the_grid(content):
    taken = boxes(*content)
    for x, y, width, height in taken:
        assert 0 <= x < x + width <= 24
        assert y >= 0
        assert height >= 1
    for (x, y, width, height), (x2, y2, width2, height2) in combinations(taken, 2):
        assert x + width <= x2 or x2 + width2 <= x or y + height <= y2 or y2 + height2 <= y


@given(contents, contents)
def test_what_is_added_at_the_end_moves_nothing(content, more):
    before = boxes(*content)
    assert boxes(*content, *more)[: len(before)] == before
