"""What the rules need to know of an expression; the grammar of metric math itself is a language of its own."""

from __future__ import annotations

import re

_QUOTED = re.compile(r"'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"")
_SEARCH = re.compile(r"\bSEARCH\s*\(\s*('(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\")", re.IGNORECASE)
_SELECT = re.compile(r"\bSELECT\b", re.IGNORECASE)
# An id: lower case first, so neither a function nor a keyword, and no exponent such as the e of 1e5.
_ID = re.compile(r"(?<![\w.])[a-z]\w*\b(?!\s*\()")


def searches(expression: str) -> list[str]:
    """The text of every SEARCH in the expression, without its quotes."""
    return [text[1:-1] for text in _SEARCH.findall(expression)] if "SEARCH" in expression.upper() else []


def is_query(expression: str) -> bool:
    """Whether the whole expression is a Metrics Insights query."""
    return expression.lstrip()[:6].upper() == "SELECT"


def has_query(expression: str) -> bool:
    """Whether a Metrics Insights query stands in the expression."""
    return _SELECT.search(_QUOTED.sub("''", expression)) is not None


def ids(expression: str) -> list[str]:
    """The ids of other rows that the expression uses, each once, in order."""
    return list(dict.fromkeys(_ID.findall(_QUOTED.sub("''", expression))))
