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
    from mangaobs.recording import log_fields
    from mangaobs.replay import Delays, emitted

    metrics: dict[tuple[str, str], set[tuple[str, ...]]] = {}
    for namespace, name, dimensions in emitted(template, recording, Delays()):
        metrics.setdefault((namespace, name), set()).add(tuple(sorted(dimensions)))
    return Observed(metrics, log_fields(recording))
