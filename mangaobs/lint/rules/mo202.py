"""A field of a dashboard's body that the service does not take so."""

from __future__ import annotations

from mangaobs.lint import _body_rules

check = _body_rules.rule(
    "MO202", "required", "type", "value", "range", "unknown", "statistic", "label", "row", "no-effect", "unique"
)
