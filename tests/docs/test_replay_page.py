"""docs/replay.md names every policy with its default and question."""

from __future__ import annotations

import re
from pathlib import Path

from mangaobs.languages.filter_pattern import QUESTIONS, Policy

PAGE = Path(__file__).resolve().parents[2] / "docs" / "replay.md"


def test_the_page_has_every_policy():
    rows = re.findall(
        r"^\| `(\w+)` \| (true|false)(, by evidence)? \| (.+) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE
    )
    default = Policy()
    assert rows == [
        (name, str(getattr(default, name)).lower(), ", by evidence" if question.settled else "", question.text)
        for name, question in QUESTIONS.items()
    ]
