"""What a tracer is: the seam between telemetry and where traces go.

Two are here: the AWS X-Ray SDK's recorder and a lean one that writes X-Ray's documents itself. OpenTelemetry fits the
same two protocols. Times are seconds since 1970. An implementation may raise; whoever calls it says so in a log line
and goes on without.
"""

from __future__ import annotations

from typing import Any, Protocol


class Span(Protocol):
    """A subsegment."""

    @property
    def header(self) -> str:
        """The value of `X-Amzn-Trace-Id` for a call that is made within it."""

    def annotate(self, name: str, value: str | float | bool) -> None:  # noqa: FBT001 - a value, not a switch
        """Index it under `name` (letters, digits and `_`), so that traces can be searched by it."""

    def note(self, name: str, value: object) -> None:
        """Keep `value` beside it, unindexed."""

    def aws(self, fields: dict[str, object], status: int | None) -> None:
        """Say which AWS call it is: `operation`, `region`, `request_id`, …, and its HTTP status."""

    def fault(self) -> None:
        """Mark it as failed."""

    def progress(self) -> None:
        """Send what there is so far, as still in progress."""

    def close(self, ended: float, error: BaseException | None, *, remote: bool = False) -> None:
        """End it; `error` is what it failed with, `remote` whether the called service made that."""


class Tracer(Protocol):
    """Opens spans."""

    def begin(self, header: str) -> object | None:
        """The segment of a sampled invocation, by Lambda's trace header; None if there is nothing to trace.

        It is only a parent to spans: what it is, is this tracer's own affair.
        """

    def open(self, parent: Any, name: str, started: float, namespace: str = "local") -> Span | None:  # noqa: ANN401
        """A subsegment within `parent`, the segment or another span of this tracer.

        `namespace` is local, or aws for a call of an AWS service.
        """
