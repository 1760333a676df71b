"""CloudWatch's DashboardBody: its facts, and a checker over a plain body.

`check` says what the service would refuse, or show otherwise than meant, at the path under which the service itself
reports (its `dataPath`), with the true cause. The facts are data: `SHAPES`, `LIMITS` and the like, each with its
source. The standard library and the catalog of metrics are all that this rests on.
"""

from mangaobs.languages.dashboard_body._check import check
from mangaobs.languages.dashboard_body._expression import Expression, expression_parts, expression_problems
from mangaobs.languages.dashboard_body._facts import (
    COLUMNS,
    LABEL_TOKENS,
    LIMITS,
    MATH_FUNCTIONS,
    RESOURCE_TYPES,
    SHAPES,
    SOURCES,
    Field,
    Limit,
    Shape,
)
from mangaobs.languages.dashboard_body._finding import Finding, Level
from mangaobs.languages.dashboard_body._label import label_problems
from mangaobs.languages.dashboard_body._rows import expand_rows
from mangaobs.languages.dashboard_body._rules import RULES
from mangaobs.languages.dashboard_body._time import is_duration, is_relative, is_time
from mangaobs.languages.statistic import STATISTICS, is_statistic

__all__ = [
    "COLUMNS",
    "LABEL_TOKENS",
    "LIMITS",
    "MATH_FUNCTIONS",
    "RESOURCE_TYPES",
    "RULES",
    "SHAPES",
    "SOURCES",
    "STATISTICS",
    "Expression",
    "Field",
    "Finding",
    "Level",
    "Limit",
    "Shape",
    "check",
    "expand_rows",
    "expression_parts",
    "expression_problems",
    "is_duration",
    "is_relative",
    "is_statistic",
    "is_time",
    "label_problems",
]
