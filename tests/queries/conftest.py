"""MangaAssist's definitions under other configurations."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mangaobs.model.observability import Observability
from mangaobs.project.build import load_observability

ROOT = Path(__file__).resolve().parents[2]
Load = Callable[[str], Observability]


@pytest.fixture(scope="session")
def manga() -> Observability:
    """The bundled project as it stands."""
    return load_observability(ROOT)


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """The bundled alarms, queries and signals, under this `mangaobs.toml`."""

    def under(configuration: str) -> Observability:
        for folder in ("alarms", "queries", "handlers"):
            (tmp_path / folder).symlink_to(ROOT / folder)
        (tmp_path / "mangaobs.toml").write_text('application = "manga"\n' + configuration, encoding="utf-8")
        return load_observability(tmp_path)

    return under


def functions(count: int, event_source: str = "api", key: str = "f") -> str:
    """A configuration of `count` functions."""
    return "".join(
        f'[functions.{key}{number}]\nname = "{key}{number}"\ntimeout = 30\nevent_source = "{event_source}"\n'
        for number in range(count)
    )


API = '[apis.chat]\nkind = "rest"\nname = "chat"\nstage = "live"\naccess_log_group = "/access"\n'
