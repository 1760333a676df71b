"""The page about queries has every open question with its default, and every command that is not run."""

from __future__ import annotations

import re
from dataclasses import asdict
from pathlib import Path

from mangaobs.insights import QUESTIONS, Policy
from mangaobs.languages.logs_insights import INEXACT

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "query.md").read_text(encoding="utf-8")


def test_every_question_stands_in_its_table():
    rows = dict(re.findall(r"^\| `(\w+)` \| (?:true|false)[^|]* \| ([^|]+) \|$", PAGE, re.MULTILINE))
    assert rows == QUESTIONS
    defaults = dict(re.findall(r"^\| `(\w+)` \| (true|false)", PAGE, re.MULTILINE))
    assert {name: value == "true" for name, value in defaults.items()} == asdict(Policy())


def test_every_command_that_is_not_run_is_named():
    named = {name.lower() for name in re.findall(r"`(\w+)`", PAGE)}
    assert set(INEXACT) <= named
