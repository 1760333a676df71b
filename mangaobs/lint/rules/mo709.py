"""A signal that is emitted and that nobody reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mangaobs.lint._found import Found

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mangaobs.lint._app import App


def check(app: App) -> Iterator[Found]:
    """The contract's metrics, held against alarms, widgets and expressions."""
    read = app.known_reads
    words = " ".join(body.source or "" for body in app.bodies)
    anchor = next(iter(app.template.resources), None)
    for namespace, name in app.declared:
        if (namespace, name) not in read and name not in words and anchor is not None:
            what = f"handlers emit {namespace} {name}, and no alarm and no widget reads it"
            yield Found("MO709", anchor, what, "read it, or do not emit it", absence=True)
