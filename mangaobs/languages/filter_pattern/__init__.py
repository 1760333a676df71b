"""CloudWatch Logs filter patterns: read, checked, and matched with log events as AWS does.

`parse` makes a tree of a pattern or says where it is wrong; `Matcher` decides one message and says why; `Compiled`
decides many patterns over many messages at once, with the same answers.

Source: CloudWatch Logs User Guide, "Filter pattern syntax for metric filters, subscription filters, filter log events,
and Live Tail"; what that page leaves open is in `Policy`.
"""

from mangaobs.languages.filter_pattern._compiled import Compiled
from mangaobs.languages.filter_pattern._matcher import Clause, Matcher, Verdict, select
from mangaobs.languages.filter_pattern._parser import MAX_LENGTH, parse, parse_selector
from mangaobs.languages.filter_pattern._policy import QUESTIONS, Policy, Question
from mangaobs.languages.filter_pattern._tree import (
    And,
    Compare,
    Comparison,
    Condition,
    Delimited,
    Everything,
    Is,
    Json,
    Literal,
    NotExists,
    Or,
    Pattern,
    Regex,
    Selector,
    Slot,
    Term,
    Terms,
    Wildcard,
)

__all__ = [
    "MAX_LENGTH",
    "QUESTIONS",
    "And",
    "Clause",
    "Compare",
    "Comparison",
    "Compiled",
    "Condition",
    "Delimited",
    "Everything",
    "Is",
    "Json",
    "Literal",
    "Matcher",
    "NotExists",
    "Or",
    "Pattern",
    "Policy",
    "Question",
    "Regex",
    "Selector",
    "Slot",
    "Term",
    "Terms",
    "Verdict",
    "Wildcard",
    "parse",
    "parse_selector",
    "select",
]
