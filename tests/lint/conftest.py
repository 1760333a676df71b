"""What the tests of the linter share: a template's text in, what is found out."""

from __future__ import annotations

from pathlib import Path

import pytest

from mangaobs.lint import Settings, lint
from mangaobs.template import worlds

FILE = Path("template.yaml")


class Linted:
    """Lints texts; keeps the text of the last, so that a finding's token can be looked up."""

    def __init__(self):
        self.text = ""

    def report(self, text, *, settings=None, observed=None, parameters=None):
        self.text = text
        return lint(worlds([FILE], parameters, texts={FILE: text}), settings or Settings(), observed)

    def __call__(self, text, verdict="refuted", **options):
        return [one for one in self.report(text, **options).findings if one.verdict == verdict]

    def token(self, finding):
        line = self.text.split("\n")[finding.place.line - 1]
        return line[finding.place.column - 1 : finding.place.column - 1 + finding.length]


@pytest.fixture
def linted() -> Linted:
    return Linted()
