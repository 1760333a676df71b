"""Proves of any CloudFormation template that its observability can work, and finds what is dead, leaking or missing.

`lint` answers in three values: refuted (proven dead), proven, and unproven, which says what is unknown. A rule is a
module of `rules/` with its texts and its bad and good template beside it.
"""

from mangaobs.lint._baseline import Baseline
from mangaobs.lint._fix import Edit, edits
from mangaobs.lint._found import Finding, Fix, Severity, Verdict
from mangaobs.lint._observed import Observed, observed
from mangaobs.lint._rules import Rule, Text, every_rule, text_of
from mangaobs.lint._run import Report, lint
from mangaobs.lint._settings import Ignored, Settings

__all__ = [
    "Baseline",
    "Edit",
    "Finding",
    "Fix",
    "Ignored",
    "Observed",
    "Report",
    "Rule",
    "Settings",
    "Severity",
    "Text",
    "Verdict",
    "edits",
    "every_rule",
    "lint",
    "observed",
    "text_of",
]
