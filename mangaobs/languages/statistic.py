"""Statistics as CloudWatch writes them.

Source: CloudWatch User Guide, "CloudWatch statistics definitions". The page on dashboards lists only the five
plain ones and percentiles; the others are drawn all the same.
"""

from __future__ import annotations

import re

STATISTICS = ("SampleCount", "Average", "Sum", "Minimum", "Maximum")

_PERCENT = r"(?:100(?:\.0{1,10})?|[0-9]{1,2}(?:\.[0-9]{1,10})?)"
_NUMBER = r"[0-9]+(?:\.[0-9]{1,10})?"


def _range(bound: str) -> str:
    return rf"(?:{bound}:{bound}|{bound}:|:{bound})"


_EXTENDED = re.compile(
    rf"IQM|(?:p|tm|wm|tc|ts){_PERCENT}|PR\({_range(_NUMBER)}\)"
    rf"|(?:TM|WM|TC|TS)\((?:{_range(_NUMBER)}|{_range(_PERCENT + '%')})\)"
)
# What AWS's CDK takes for them: the service's answer to these is unknown.
_ALIASES = {"avg": "Average", "min": "Minimum", "max": "Maximum", "n": "SampleCount"}
_BY_LOWER = _ALIASES | {name.lower(): name for name in STATISTICS}


def is_statistic(text: str) -> bool:
    """Whether CloudWatch has such a statistic."""
    return text in STATISTICS or _EXTENDED.fullmatch(text) is not None


def is_percentile(text: str) -> bool:
    """Whether a statistic needs the metric's raw values: p99, a trimmed mean and their like."""
    return text not in STATISTICS


def meant(text: str) -> str | None:
    """The statistic that another spelling stands for: `avg` for `Average`, `P99` for `p99`."""
    lower = text.strip().lower()
    for guess in (_BY_LOWER.get(lower, ""), lower, lower.upper()):
        if is_statistic(guess):
            return guess
    return None
