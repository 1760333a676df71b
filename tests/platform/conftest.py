"""The platform's template, rendered once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mangaobs.iam import Account
from mangaobs.platform import render_platform
from mangaobs.render import to_json
from mangaobs.template import worlds

from ..proof.configurations import ROOT


@pytest.fixture(scope="session")
def template() -> dict[str, Any]:
    return render_platform(ROOT)


@pytest.fixture(scope="session")
def account(template) -> Account:
    path = Path("platform.json")
    return Account(next(iter(worlds([path], texts={path: to_json(template)}))).template)
