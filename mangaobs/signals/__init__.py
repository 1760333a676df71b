"""What code emits: metrics, log events and the access log, declared once and used by everybody.

Handlers emit through these objects, alarms, dashboards and queries read the same ones, and a rendered template carries
them in its contract. Standard library only, and little of that: a Lambda function loads this at cold start.
"""

from mangaobs.signals._declare import AccessLog, Field, LogEvent, MetricSignal, Signals
from mangaobs.signals._units import UNITS

__all__ = ["UNITS", "AccessLog", "Field", "LogEvent", "MetricSignal", "Signals"]
