"""Statistics as CloudWatch writes them.

Source: CloudWatch User Guide, "CloudWatch statistics definitions".
"""

from __future__ import annotations

import re

SIMPLE = ("SampleCount", "Average", "Sum", "Minimum", "Maximum")

_NUMBER = r"\d+(?:\.\d{1,10})?"
_EXTENDED = re.compile(
    rf"(?:IQM|(?:p|tm|wm|tc|ts)(?:100|\d{{1,2}}(?:\.\d{{1,10}})?)"
    rf"|PR\((?:{_NUMBER})?:(?:{_NUMBER})?\)"
    rf"|(?:TM|WM|TC|TS)\((?:{_NUMBER}%?)?:(?:{_NUMBER}%?)?\))"
)


def is_statistic(statistic: str) -> bool:
    """Whether CloudWatch has such a statistic."""
    return statistic in SIMPLE or _EXTENDED.fullmatch(statistic) is not None


def is_percentile(statistic: str) -> bool:
    """Whether `statistic` needs the metric's raw values: p99, a trimmed mean and their like."""
    return statistic not in SIMPLE
