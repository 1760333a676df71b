"""Small projects, their archives, and installed packages that are made for a test."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from mangaobs.bundle import Bundle, bundle

ROOT = Path(__file__).resolve().parents[2]
HANDLER = "def handler(event, context):\n    return 1\n"
Write = Callable[[Mapping[str, str]], Path]
Pack = Callable[..., "Archive"]
Install = Callable[..., Path]


class Archive:
    """An archive and what is told of it."""

    def __init__(self, made: Bundle) -> None:
        self.made = made
        with zipfile.ZipFile(made.file) as opened:
            self.names = opened.namelist()

    def ours(self) -> set[str]:
        """The files of the project, without what is compiled."""
        return {name for name in self.names if name.startswith("handlers/") and not name.endswith(".pyc")}

    def unpacked(self, folder: Path) -> Path:
        with zipfile.ZipFile(self.made.file) as opened:
            opened.extractall(folder)
        return folder


def alone(folder: Path, program: str) -> str:
    """What `program` prints in a process that has the unpacked archive in `folder` and Python's own modules."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-B", "-c", f"import sys\nsys.path.insert(0, {str(folder)!r})\n{program}"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a project with the function `f`, whose handler is there unless the files have it."""

    def made(files: Mapping[str, str], where: str = "project") -> Path:
        base = {
            "mangaobs.toml": 'application = "manga"\n',
            "handlers/__init__.py": "",
            "handlers/f/__init__.py": HANDLER,
            "handlers/f/permissions.toml": "allow = []\n",
        }
        root = tmp_path / where
        for name, text in {**base, **files}.items():
            file = root / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        return root

    return made


@pytest.fixture
def pack(write: Write, tmp_path: Path) -> Pack:
    """The archive of the function `f` of a project with these files."""

    def packed(files: Mapping[str, str], **more: object) -> Archive:
        (made,) = bundle(write(files), tmp_path / "dist", names=["f"], rounds=1, **more)
        return Archive(made)

    return packed


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Install a distribution of these files, as pip does, and which these requirements and extras has."""
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(str(site))

    def installed(name: str, files: Mapping[str, str], *requires: str) -> Path:
        info = f"{name}-1.0.dist-info"
        metadata = "".join(f"Requires-Dist: {one}\n" for one in requires)
        every = {
            **files,
            f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n{metadata}",
            f"{info}/licenses/LICENSE": "Do as you like.\n",
            f"{info}/INSTALLER": "pip\n",
        }
        for path, text in every.items():
            (site / path).parent.mkdir(parents=True, exist_ok=True)
            (site / path).write_text(text, encoding="utf-8")
        (site / info / "RECORD").write_text("".join(f"{path},,\n" for path in [*every, f"{info}/RECORD"]))
        return site

    return installed


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Archive]:
    """The archives of MangaAssist's functions."""
    folder = tmp_path_factory.mktemp("dist")
    return {made.function: Archive(made) for made in bundle(ROOT, folder, rounds=1)}
