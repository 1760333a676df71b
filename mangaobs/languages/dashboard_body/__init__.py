"""The DashboardBody: the JSON document that `PutDashboard` and `AWS::CloudWatch::Dashboard` take.

No schema of it is public. The facts come from "Dashboard Body Structure and Syntax" (CloudWatch API reference, read
2026-04), from messages that the service gave in public issues and, where those say nothing, from dashboards in use.
What the service is not known to reject is a warning.

`check` reports all that is wrong with a body, each finding with the data path that AWS would give; `expand` writes
the shorthand of metric rows out; `dump` and `load` go to and from text.
"""

from mangaobs.languages.dashboard_body._check import check
from mangaobs.languages.dashboard_body._facts import GRID_COLUMNS, MAX_METRICS, MAX_VARIABLES, MAX_WIDGETS, VIEWS
from mangaobs.languages.dashboard_body._finding import Finding, Level
from mangaobs.languages.dashboard_body._row import expand
from mangaobs.languages.dashboard_body._rules import RULES, Rule
from mangaobs.languages.dashboard_body._text import dump, load

__all__ = [
    "GRID_COLUMNS",
    "MAX_METRICS",
    "MAX_VARIABLES",
    "MAX_WIDGETS",
    "RULES",
    "VIEWS",
    "Finding",
    "Level",
    "Rule",
    "check",
    "dump",
    "expand",
    "load",
]
