"""What a recording says was really emitted."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mangaobs.recording import Recording
    from mangaobs.template import Template


@dataclass(frozen=True, slots=True)
class Observed:
    """The metrics, each with its sets of dimension names, and the fields of log lines by log group."""

    metrics: dict[tuple[str, str], set[tuple[str, ...]]] = field(default_factory=dict)
    fields: dict[str, set[str]] = field(default_factory=dict)


def observed(recording: Recording, template: Template) -> Observed:
    """Read a recording: its metrics, those that log lines hold in the embedded format, those that filters make."""
    import orjson

    from mangaobs.replay import Delays, emitted

    found = Observed()
    for namespace, name, dimensions in emitted(template, recording, Delays()):
        found.metrics.setdefault((namespace, name), set()).add(tuple(sorted(dimensions)))
    for group in recording.log_groups():
        names = found.fields.setdefault(group, set())
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
