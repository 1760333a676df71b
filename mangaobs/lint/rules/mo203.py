"""A widget that shows nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mangaobs.lint._found import Found
from mangaobs.lint._values import inside

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mangaobs.lint._app import App


def check(app: App) -> Iterator[Found]:
    """Widgets without metrics, with hidden rows alone, without text or alarms."""
    for body in app.bodies:
        widgets = (body.value or {}).get("widgets")
        if isinstance(widgets, list) and not widgets:
            yield Found("MO203", body.resource, "the dashboard has no widgets", "a widget", body.at("widgets"))
        for number_, widget in body.widgets:
            what = _empty(inside(widget, "properties"), widget.get("type"))
            if what:
                yield Found("MO203", body.resource, what, "", body.at("widgets", number_))


def _empty(properties: Mapping[str, object], type_: object) -> str:
    if type_ == "metric":
        rows = properties.get("metrics")
        if isinstance(rows, list) and not rows:
            return "the graph has no metrics"
        if isinstance(rows, list) and all(_hidden(row) for row in rows):
            return "every row of the graph is hidden"
    if type_ == "text" and isinstance(properties.get("markdown"), str) and not str(properties["markdown"]).strip():
        return "the text is empty"
    return ""


def _hidden(row: object) -> bool:
    return isinstance(row, list) and bool(row) and isinstance(row[-1], dict) and row[-1].get("visible") is False
