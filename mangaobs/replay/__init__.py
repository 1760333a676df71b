"""Template and recording → what would have paged whom, when, and why.

`replay` answers for a whole template. Beneath it `Store` keeps metric samples and gives any statistic over sliding
windows, and `decide` is the alarm's decision for every minute of a timeline at once.
"""

from mangaobs.replay._composites import Run, runs
from mangaobs.replay._definitions import CompositeAlarm, MetricAlarm
from mangaobs.replay._evaluation import Change, Evaluated
from mangaobs.replay._ingest import Delays, emitted
from mangaobs.replay._metrics import Ends, MetricId, NotGiven, Points, Samples, Store
from mangaobs.replay._mutes import mute_problem
from mangaobs.replay._replay import AlarmCourse, Difference, Notification, Options, Replay, replay
from mangaobs.replay._states import KEEP, Rule, State, changes, decide

__all__ = [
    "KEEP",
    "AlarmCourse",
    "Change",
    "CompositeAlarm",
    "Delays",
    "Difference",
    "Ends",
    "Evaluated",
    "MetricAlarm",
    "MetricId",
    "NotGiven",
    "Notification",
    "Options",
    "Points",
    "Replay",
    "Rule",
    "Run",
    "Samples",
    "State",
    "Store",
    "changes",
    "decide",
    "emitted",
    "mute_problem",
    "replay",
    "runs",
]
