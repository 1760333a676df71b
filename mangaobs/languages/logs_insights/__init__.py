"""CloudWatch Logs Insights QL: text → tree, tree → text, what CloudWatch would refuse. `mangaobs.insights` runs it."""

from mangaobs.languages.logs_insights._check import MOST_ROWS, Finding, check
from mangaobs.languages.logs_insights._expressions_in import expressions_of, walk
from mangaobs.languages.logs_insights._format import format_expression, format_query
from mangaobs.languages.logs_insights._parser import INEXACT, parse
from mangaobs.languages.logs_insights._scope import label_key

__all__ = [
    "INEXACT",
    "MOST_ROWS",
    "Finding",
    "check",
    "expressions_of",
    "format_expression",
    "format_query",
    "label_key",
    "parse",
    "walk",
]
