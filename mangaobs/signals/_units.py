"""The units that CloudWatch knows.

Source: CloudWatch API reference, MetricDatum, `Unit`.
"""

_SIZES = (
    "Bytes",
    "Kilobytes",
    "Megabytes",
    "Gigabytes",
    "Terabytes",
    "Bits",
    "Kilobits",
    "Megabits",
    "Gigabits",
    "Terabits",
)

UNITS = frozenset(
    (
        "Seconds",
        "Microseconds",
        "Milliseconds",
        *_SIZES,
        "Percent",
        "Count",
        *(f"{size}/Second" for size in _SIZES),
        "Count/Second",
        "None",
    )
)
