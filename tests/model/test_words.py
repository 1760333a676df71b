"""The words that the model's types allow are those of the facts: each is written down twice, and must not drift."""

from __future__ import annotations

from typing import get_args

import pytest

from mangaobs.languages.dashboard_body import SHAPES
from mangaobs.model import variable, widget


@pytest.mark.parametrize(
    ("word", "shape", "field"),
    [
        (widget.View, "metric", "view"),
        (widget.LogView, "log", "view"),
        (widget.ExplorerView, "widgetOptions", "view"),
        (widget.Legend, "legend", "position"),
        (widget.Side, "options", "yAxis"),
        (widget.LineFill, "horizontal", "fill"),
        (widget.MarkFill, "vertical", "fill"),
        (widget.Layout, "table", "layout"),
        (widget.SortBy, "alarm", "sortBy"),
        (widget.Aggregation, "aggregateBy", "func"),
        (widget.Background, "text", "background"),
        (variable.InputType, "variable", "inputType"),
    ],
)
def test_a_field_takes_the_words_of_the_facts(word, shape, field):
    assert get_args(word) == SHAPES[shape].fields[field].values


@pytest.mark.parametrize(
    ("word", "shape", "field"), [(widget.SummaryColumn, "table", "summaryColumns"), (widget.State, "alarm", "states")]
)
def test_a_list_takes_the_words_of_the_facts(word, shape, field):
    assert get_args(word) == SHAPES[shape].fields[field].item.values
