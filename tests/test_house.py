"""The house: imports point down only (DESIGN of the project, CONTRIBUTING.md)."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "mangaobs"

# Each room and what it may import of the others, itself left out. `errors` is below all.
MAY_IMPORT = {
    "errors": set(),
    "signals": {"errors"},
    "runtime": {"errors", "signals"},
    "catalog": {"errors"},
    "functions": {"errors"},
    "languages": {"errors", "catalog", "signals"},
    "model": {"errors", "languages", "catalog", "signals"},
    "services": {"errors", "model", "catalog", "signals"},
    "project": {"errors", "functions", "services", "model", "catalog", "signals"},
    "render": {"errors", "model", "languages", "catalog", "signals"},
    "recording": {"errors", "languages", "catalog", "signals"},
    "template": {"errors", "languages", "catalog", "signals"},
    "replay": {"errors", "template", "recording", "languages", "catalog", "signals"},
    "lint": {"errors", "template", "recording", "replay", "languages", "catalog", "signals"},
    "cfn_lint": {"errors", "lint", "template"},
    "insights": {"errors", "recording", "languages", "catalog", "signals"},
    "iam": {"errors", "template", "catalog"},
    "platform": {"errors", "project", "render", "functions", "catalog", "signals"},
    "bundle": {"errors", "catalog"},
    "drill": {"errors", "project", "runtime"},
    "cli": {
        "bundle",
        "drill",
        "errors",
        "iam",
        "platform",
        "insights",
        "lint",
        "project",
        "replay",
        "template",
        "recording",
        "render",
        "services",
        "model",
        "languages",
        "catalog",
        "signals",
    },
}


def imports(file: Path) -> set[str]:
    """The rooms that a module imports, wherever in it the import stands."""
    rooms = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: imports within the package are absolute"
            names = [node.module or ""]
            if node.module == "mangaobs":
                names = [f"mangaobs.{alias.name}" for alias in node.names]
        rooms |= {name.split(".")[1] for name in names if name.startswith("mangaobs.")}
    return rooms


def rooms() -> dict[str, list[Path]]:
    found: dict[str, list[Path]] = {}
    for file in sorted(PACKAGE.rglob("*.py")):
        parts = file.relative_to(PACKAGE).with_suffix("").parts
        if parts[0] not in {"__init__", "__main__", "_project"}:
            found.setdefault(parts[0], []).append(file)
    return found


def test_every_room_is_known():
    assert set(rooms()) == set(MAY_IMPORT)


@pytest.mark.parametrize("room", sorted(MAY_IMPORT))
def test_a_room_imports_only_what_is_below_it(room):
    for file in rooms()[room]:
        wrong = imports(file) - MAY_IMPORT[room] - {room, "__version__"}
        assert not wrong, f"{file.relative_to(PACKAGE)} imports {sorted(wrong)}"


# Beside the standard library: `aws_xray_sdk` where the tracer that uses it is, `orjson` if the function has it anyway.
MAY_USE = {
    "signals": {"mangaobs"},
    "runtime": {"mangaobs", "aws_xray_sdk", "orjson"},
    "functions": {"mangaobs", "msgspec"},
}


@pytest.mark.parametrize("room", sorted(MAY_USE))
def test_what_lambda_loads_uses_the_standard_library_only(room):
    for file in rooms()[room]:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            for name in names:
                top = name.split(".")[0]
                assert top in sys.stdlib_module_names | MAY_USE[room], f"{file.name} imports {name}"


def test_no_module_is_named_after_nothing():
    for file in PACKAGE.rglob("*.py"):
        assert file.stem.strip("_") not in {"utils", "util", "common", "helpers", "misc"}


def test_importing_the_package_makes_no_client_and_reads_no_data():
    import subprocess

    heavy = ["boto3", "troposphere", "jinja2", "duckdb", "yaml"]
    program = f"import sys, mangaobs, mangaobs.signals; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
