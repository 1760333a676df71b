"""Template and recording → what would have paged whom, when, and why.

`Store` keeps metric samples and gives any statistic over sliding windows; `decide` is the alarm's decision for every
minute of a timeline at once.
"""

from mangaobs.replay._metrics import Ends, MetricId, Points, Samples, Store
from mangaobs.replay._states import KEEP, Rule, State, changes, decide

__all__ = [
    "KEEP",
    "Ends",
    "MetricId",
    "Points",
    "Rule",
    "Samples",
    "State",
    "Store",
    "changes",
    "decide",
]
