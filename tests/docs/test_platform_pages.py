"""The pages on the platform say what is so."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from mangaobs.iam import actions, situations
from mangaobs.platform import render_platform

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def template():
    return render_platform(ROOT)


def rows(page: str, heading: str) -> list[list[str]]:
    part = (ROOT / "docs" / page).read_text(encoding="utf-8").partition(f"## {heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in part.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_the_table_of_owners_names_resources_and_parameters_that_there_are(template, on_demand):
    observability = on_demand.template
    named = set()
    for resource, owner, ids, carried in rows("platform.md", "Which stack owns what, and what carries it to the other"):
        for id in re.findall(r"`(\w+)`", ids):
            there = template if owner == "platform" else observability
            assert id in there["Resources"], resource
        output = re.search(r"output `(\w+)`", carried)
        if output:
            assert output[1] in template["Outputs"], resource
        for name in re.findall(r"`(\w+)`", carried.partition("→")[2] or carried):
            if not carried.startswith("`["):
                assert name in observability["Parameters"], (resource, name)
                named.add(name)
    # And every parameter that both have, or that an output carries, is in it; the rest says who is told.
    assert set(observability["Parameters"]) - named == {"PagerDutyEndpoint", "RecordsEmail", "SlackEndpoint"}


def test_every_skipped_check_is_in_the_table():
    skipped = json.loads((ROOT / "tests/platform/checkov.json").read_text(encoding="utf-8"))
    told = set()
    for checks, _, why in rows("platform.md", "What is skipped of checkov"):
        assert why
        told |= {f"CKV_AWS_{number}" for number in re.findall(r"\d+", checks)}
    assert told == set(skipped)


def test_the_numbers_of_the_page_on_permissions():
    page = (ROOT / "docs/iam.md").read_text(encoding="utf-8")
    cases = (ROOT / "tests/iam/vectors.yaml").read_text(encoding="utf-8").count("{says:")
    assert f"| {cases} cases" in page
    assert f"which of {len(situations())} situations" in page
    assert f"All {len(actions('dynamodb'))} actions" in page


def test_every_departure_says_what_is_true_and_what_is_made():
    page = (ROOT / "docs/decisions.md").read_text(encoding="utf-8")
    for line in page.splitlines():
        if line.startswith("| ") and not line.startswith(("| the document", "|---")):
            assert len([cell for cell in line.strip("|").split("|") if cell.strip()]) == 3, line
