"""CloudWatch metric math: what alarms use most, parsed and evaluated over aligned series.

Evaluated are arithmetic, comparison, AND and OR, IF, FILL, PERIOD, ABS, CEIL, FLOOR, and AVG, MIN, MAX and SUM of
several series. Every other documented function parses, and `Unsupported` names it when it is evaluated.

Source: CloudWatch User Guide, "Using math expressions with CloudWatch metrics".
"""

from mangaobs.languages.metric_math._check import Checked, Function, Kind, check, functions
from mangaobs.languages.metric_math._evaluate import Unsupported, evaluate
from mangaobs.languages.metric_math._parser import parse
from mangaobs.languages.metric_math._tree import Array, Binary, Call, Expression, Name, Number, Text, Unary, names

__all__ = [
    "Array",
    "Binary",
    "Call",
    "Checked",
    "Expression",
    "Function",
    "Kind",
    "Name",
    "Number",
    "Text",
    "Unary",
    "Unsupported",
    "check",
    "evaluate",
    "functions",
    "names",
    "parse",
]
