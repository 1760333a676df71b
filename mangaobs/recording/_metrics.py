"""A metric's samples and statistics, as `metrics.jsonl` has them."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import msgspec

Milliseconds: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=10**14)]
"""A time in ms since the epoch, up to the year 5138."""


class Sample(msgspec.Struct, frozen=True):
    """Raw values of a metric at a time in ms: each value as often as its count says."""

    namespace: str
    metric: str
    timestamp: Milliseconds
    values: list[float]
    dimensions: dict[str, str] = {}
    counts: list[float] | None = None
    unit: str | None = None


class Statistics(msgspec.Struct, frozen=True):
    """Statistics of a metric for one period (seconds) from a time in ms on; what rests on them is approximate."""

    namespace: str
    metric: str
    timestamp: Milliseconds
    period: int
    stats: dict[str, float]
    dimensions: dict[str, str] = {}
    unit: str | None = None
