"""A metric's samples and statistics, as `metrics.jsonl` has them."""

from __future__ import annotations

import msgspec


class Sample(msgspec.Struct, frozen=True):
    """Raw values of a metric at a time in ms: each value as often as its count says."""

    namespace: str
    metric: str
    timestamp: int
    values: list[float]
    dimensions: dict[str, str] = {}
    counts: list[float] | None = None
    unit: str | None = None


class Statistics(msgspec.Struct, frozen=True):
    """Statistics of a metric for one period (seconds) from a time in ms on; what rests on them is approximate."""

    namespace: str
    metric: str
    timestamp: int
    period: int
    stats: dict[str, float]
    dimensions: dict[str, str] = {}
    unit: str | None = None
