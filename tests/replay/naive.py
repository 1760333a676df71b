"""A second evaluator, one evaluation at a time, from the reference alone; and statistics by lists."""

from __future__ import annotations


def state(points, n, m, missing):
    """`points` oldest first: "0", "X" or "-". The state, or None to keep it."""
    real = [point for point in points if point != "-"]
    if len(real) >= n:
        return "ALARM" if real[-n:].count("X") >= m else "OK"
    if not real:
        return {"missing": "INSUFFICIENT_DATA", "ignore": None, "breaching": "ALARM", "notBreaching": "OK"}[missing]
    if real.count("X") >= m:
        return "ALARM"
    if missing == "breaching":
        return "ALARM" if real.count("X") + n - len(real) >= m else "OK"
    if missing == "notBreaching" or "0" in real:
        return "OK"
    age = len(points) - points.index("X")
    return "ALARM" if age >= m and missing == "missing" else None


def timeline(points, n, m, width, missing, stride=1):
    """The states of the evaluations at each of `points` that has a whole range before it."""
    states, now = [], "INSUFFICIENT_DATA"
    for at in range((width - 1) * stride, len(points)):
        seen = [points[at - age * stride] for age in reversed(range(width))]
        now = state(seen, n, m, missing) or now
        states.append(now)
    return states


def statistic(samples, name, begin, end):
    """`samples` (time, value, count) in [begin, end); None if there is none."""
    inside = [(value, count) for time, value, count in samples if begin <= time < end]
    if not inside:
        return None
    if name == "SampleCount":
        return sum(count for _, count in inside)
    if name == "Sum":
        return sum(value * count for value, count in inside)
    if name == "Average":
        return sum(value * count for value, count in inside) / sum(count for _, count in inside)
    if name in ("Minimum", "Maximum"):
        return (min if name == "Minimum" else max)(value for value, _ in inside)
    every = sorted(value for value, count in inside for _ in range(int(count)))
    if every[0] < 0:
        return None
    rank = float(name[1:]) / 100 * (len(every) - 1)
    below = int(rank)
    above = min(below + 1, len(every) - 1)
    return every[below] + (every[above] - every[below]) * (rank - below)
