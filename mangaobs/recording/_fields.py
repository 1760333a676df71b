"""The names of the fields that recorded log lines have."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mangaobs.recording._recording import Recording


def log_fields(recording: Recording) -> dict[str, set[str]]:
    """By log group, the fields of all of its lines: nested ones with dots, elements of lists with `0`."""
    import orjson

    found: dict[str, set[str]] = {}
    for group in recording.log_groups():
        names = found.setdefault(group, set())
        for _, event in recording.logs(group):
            start, end = event.message.find("{"), event.message.rfind("}")
            if 0 <= start < end:
                try:
                    _collect(orjson.loads(event.message[start : end + 1]), "", names)
                except orjson.JSONDecodeError:
                    continue
    return found


def _collect(value: object, name: str, found: set[str]) -> None:
    if name:
        found.add(name)
    before = f"{name}." if name else ""
    if isinstance(value, dict):
        for key, inner in value.items():
            _collect(inner, f"{before}{key}", found)
    elif isinstance(value, list):
        for inner in value:
            _collect(inner, f"{before}0", found)
