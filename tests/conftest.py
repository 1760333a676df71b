"""What the proofs and the tests of `render` share: the configurations, each loaded once a session."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import settings

from .proof.configurations import PROVISIONED, ROOT, Rendered, large, make_project

# The suite tries the same examples every time, so that it fails by a change and not by chance. To search for new ones:
# MANGAOBS_SEARCH=1 pytest …
settings.register_profile("suite", derandomize=not os.environ.get("MANGAOBS_SEARCH"), deadline=None)
settings.load_profile("suite")

Overlay = Callable[[str], Rendered]


@pytest.fixture(scope="session")
def on_demand() -> Rendered:
    """The bundled configuration: one on-demand table with an index."""
    return Rendered("on-demand", ROOT)


@pytest.fixture(scope="session")
def provisioned(tmp_path_factory) -> Rendered:
    """A provisioned table with two indexes, existing topics, created log groups, everything from elsewhere."""
    return Rendered("provisioned", make_project(tmp_path_factory.mktemp("provisioned"), PROVISIONED))


@pytest.fixture(scope="session")
def fleet(tmp_path_factory) -> Rendered:
    """A hundred tables and six hundred functions, which only shards can hold."""
    return Rendered("fleet", make_project(tmp_path_factory.mktemp("fleet"), large()))


@pytest.fixture(scope="session")
def overlay(tmp_path_factory) -> Overlay:
    """The bundled definitions under a configuration of the test's own."""
    return lambda configuration: Rendered("overlay", make_project(tmp_path_factory.mktemp("overlay"), configuration))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What tests of erasure noted: crash points, interleavings and violations, summed over all workers."""
    noted: Counter[str] = Counter()
    for reports in terminalreporter.stats.values():
        for report in reports:
            for name, number in getattr(report, "user_properties", []) if getattr(report, "when", "") == "call" else []:
                if name.startswith("erasure "):
                    noted[name.removeprefix("erasure ")] += number
    if noted:
        told = ", ".join(f"{number:,} {name}" for name, number in sorted(noted.items()))
        terminalreporter.write_line(f"erasure: {told}")
