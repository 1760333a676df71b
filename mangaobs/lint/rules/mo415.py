"""A rule of EventBridge that no event matches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mangaobs.catalog import did_you_mean
from mangaobs.lint._found import Found, Spot
from mangaobs.lint._values import show
from mangaobs.template import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mangaobs.lint._app import App


_KEYS: Final = (
    "source", "detail-type", "detail", "account", "region", "resources", "version", "id", "time", "replay-name", "$or",
    "trace-header",
)  # fmt: skip


def check(app: App) -> Iterator[Found]:
    """Keys that events do not have, and values that are no lists."""
    for rule in app.of("AWS::Events::Rule"):
        pattern = rule.properties.get("EventPattern")
        for key, value in (pattern if isinstance(pattern, dict) else {}).items():
            spot = Spot(("EventPattern", key), key=True)
            if key not in _KEYS:
                right = did_you_mean(key, _KEYS, "source, detail-type, detail …")
                yield Found("MO415", rule, f"an event has no key {key}", right, spot)
            for path, problem in _leaves((key,), value):
                yield Found("MO415", rule, problem, "a list of values", Spot(("EventPattern", *path)))


def _leaves(path: tuple[str, ...], value: object) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves((*path, key), inner)
    elif isinstance(value, list):
        if not value:
            yield path, f"{path[-1]} matches one of no values"
    elif not isinstance(value, Unknown) and value is not None:
        yield path, f"{path[-1]} holds {show(value)}, and a pattern holds lists"
