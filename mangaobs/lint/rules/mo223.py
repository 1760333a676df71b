"""Rule R13 of a dashboard's body: see `mangaobs.languages.dashboard_body`."""

from mangaobs.lint import _body_rules

check = _body_rules.rule("MO223", "R13")
