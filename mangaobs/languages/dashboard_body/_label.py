"""Dynamic labels: `${MAX}`, `${PROP('Dim.FunctionName')}` and their like.

Source: CloudWatch User Guide, "Using dynamic labels".
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from mangaobs.catalog import nearest
from mangaobs.languages.dashboard_body._facts import LABEL_PROPERTIES, LABEL_TOKENS, LIMITS
from mangaobs.languages.dashboard_body._finding import show

_TOKEN = re.compile(r"\$\{([^}]*)\}")
_PROPERTY = re.compile(r"PROP\(\s*(['\"])(.*)\1\s*\)", re.DOTALL)


def label_problems(label: str, dimensions: Collection[str] | None = None) -> Iterator[str]:
    """What is wrong with a label; `dimensions` are the names of the metric's, where they are known."""
    tokens: list[str] = [token.strip() for token in _TOKEN.findall(label)]
    if len(tokens) > (most := LIMITS["dynamic_values_per_label"].most):
        yield f"label has {len(tokens)} dynamic values; CloudWatch fills in at most {most:g}"
    if tokens.count("LABEL") > 1:
        yield "label has ${LABEL} twice; it may stand once"
    for token in dict.fromkeys(tokens):
        problem = _problem(token, dimensions)
        if problem:
            yield f"label has ${{{token[:60]}}}, {problem}"


def _problem(token: str, dimensions: Collection[str] | None) -> str | None:
    if token in LABEL_TOKENS:
        return None
    match = _PROPERTY.fullmatch(token)
    if not match:
        near = nearest(token, LABEL_TOKENS)
        return f"which CloudWatch does not fill in; write ${{{near or 'MAX'}}} or another of its tokens"
    name = match[2]
    if name in LABEL_PROPERTIES:
        return None
    if not name.startswith("Dim."):
        return f"a property that no metric has; write {', '.join(LABEL_PROPERTIES)} or Dim.<name>"
    dimension = name.removeprefix("Dim.")
    if dimensions is None or dimension in dimensions:
        return None
    return f"and this metric has no dimension {show(dimension)}; it has {', '.join(dimensions) or 'none'}"
