"""Percentiles and trimmed statistics of one window's values.

Source: CloudWatch User Guide, "CloudWatch statistics definitions". CloudWatch computes them approximately; here they
are exact, percentiles with linear interpolation between ranks.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Compute = Callable[[Floats, Floats | None], float]

_ONE = re.compile(r"(p|tm|wm|tc|ts)([0-9.]+)")
_RANGE = re.compile(r"(PR|TM|WM|TC|TS)\(([0-9.]*)(%?):([0-9.]*)(%?)\)")
_IQM: Final = "TM(25%:75%)"


def of_sorted(statistic: str) -> Compute:
    """What computes a statistic of sorted values and, unless each counts once, their counts. `statistic` is valid."""
    if statistic == "IQM":
        statistic = _IQM
    if found := _ONE.fullmatch(statistic):
        kind, percent = found[1], float(found[2])
        if kind == "p":
            return lambda values, counts: _percentile(_repeated(values, counts), percent / 100)
        return _trimmed(kind.upper(), 0.0, percent, percent_bounds=True)
    parts = _RANGE.fullmatch(statistic)
    if parts is None:
        raise ValueError(f"no statistic: {statistic}")
    low = float(parts[2]) if parts[2] else None
    high = float(parts[4]) if parts[4] else None
    return _trimmed(parts[1], low, high, percent_bounds="%" in (parts[3], parts[5]))


def _repeated(values: Floats, counts: Floats | None) -> Floats:
    import numpy as np

    return values if counts is None else np.repeat(values, np.maximum(np.rint(counts), 0).astype(int))


def _percentile(values: Floats, share: float) -> float:
    if len(values) == 0:
        return float("nan")
    rank = share * (len(values) - 1)
    below = int(rank)
    above = min(below + 1, len(values) - 1)
    low, high = values[below], values[above]
    return float(low + (high - low) * (rank - below))


def _trimmed(kind: str, low: float | None, high: float | None, *, percent_bounds: bool) -> Compute:
    def bounds(values: Floats) -> tuple[float, float]:
        lower = float("-inf") if low is None else _percentile(values, low / 100) if percent_bounds else low
        upper = float("inf") if high is None else _percentile(values, high / 100) if percent_bounds else high
        return lower, upper

    def compute(values: Floats, counts: Floats | None) -> float:
        import numpy as np

        values = _repeated(values, counts)
        lower, upper = bounds(values)
        if kind == "WM":
            return float(np.clip(values, lower, upper).mean()) if len(values) else float("nan")
        # The guide: values of the lower bound itself are left out, unless there is none; those of the upper are in.
        inside = values[((values > lower) if low else (values >= lower)) & (values <= upper)]
        if kind == "TC":
            return float(len(inside))
        if kind == "TS":
            return float(inside.sum())
        if kind == "PR":
            return 100.0 * len(inside) / len(values) if len(values) else float("nan")
        return float(inside.mean()) if len(inside) else float("nan")

    return compute
