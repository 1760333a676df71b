"""Whole-process CPU of `mangaobs render` against a bare troposphere script that builds the same resources.

The bare script is what somebody would have who had written every resource out by hand: constructor calls with literal
values, compiled beforehand, no loop, no check, and `template.to_json()` at the end. Its output is compared with ours,
resource by resource. Both are run in turns; the figures are medians over the rounds of the ratio within a round. With
`--compact` the script writes JSON without indentation, which is faster than what `to_json()` does by itself.

    python benchmarks/render.py [--rounds N] [--tables 1,10,100] [--compact]
"""

from __future__ import annotations

import argparse
import json
import os
import py_compile
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import troposphere

from mangaobs.model.value import Attribute, Import
from mangaobs.project.build import load_observability
from mangaobs.render import render
from mangaobs.render._pieces import Piece
from mangaobs.render._render import MAX_RESOURCES, make_pieces
from mangaobs.render._shard import render_shards
from mangaobs.render._topics import addresses, export_name

ROOT = Path(__file__).resolve().parent.parent
GOALS = {1: 2.0, 100: 1.4}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--tables", default="1,10,100")
    parser.add_argument("--compact", action="store_true", help="the bare script writes compact JSON")
    arguments = parser.parse_args()
    print(f"{'tables':>7} {'resources':>9} {'bare, ms':>9} {'ours, ms':>9} {'ratio':>6}  goal")
    for tables in map(int, arguments.tables.split(",")):
        compare(tables, arguments.rounds, compact=arguments.compact)
    help_cost(arguments.rounds)


def compare(tables: int, rounds: int, *, compact: bool) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        project = make_project(folder / "project", tables)
        observability = load_observability(project)
        bare = folder / "bare"
        templates = expected(observability)
        write_bare(bare, observability, templates, compact=compact)
        ours = [sys.executable, "-m", "mangaobs", "render", "--project", str(project)]
        ours += ["-o", str(folder / "ours.json")] if len(templates) == 1 else ["--shard", str(folder / "shards")]
        theirs = [sys.executable, "-c", "import bare"]
        # The first round warms the bytecode and the disk.
        pairs = [(cpu(theirs, bare), cpu(ours, folder)) for _ in range(rounds + 1)][1:]
        same(bare, templates)
        ratio = statistics.median(mine / base for base, mine in pairs)
        base, mine = (statistics.median(column) * 1000 for column in zip(*pairs, strict=True))
        count = sum(len(template["Resources"]) for template in templates.values())
        goal = f"{GOALS[tables]:.1f}" if tables in GOALS else ""
        print(f"{tables:7} {count:9} {base:9.0f} {mine:9.0f} {ratio:6.2f}  {goal}")


def help_cost(rounds: int) -> None:
    command = [sys.executable, "-m", "mangaobs", "--help"]
    empty = [sys.executable, "-c", ""]
    pairs = [(cpu(empty, ROOT), cpu(command, ROOT)) for _ in range(rounds + 1)][1:]
    base, mine = (statistics.median(column) * 1000 for column in zip(*pairs, strict=True))
    print(f"\nmangaobs --help: {mine:.0f} ms of CPU (goal 120), {mine / base:.1f} times an empty Python")


def make_project(root: Path, tables: int) -> Path:
    """The bundled project with so many tables."""
    root.mkdir()
    for name in ("alarms", "dashboards", "queries", "handlers"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    more = "".join(
        f'\n[tables.table-{number:03d}]\nname = "manga-assist-table-{number:03d}"\n' for number in range(1, tables)
    )
    (root / "mangaobs.toml").write_text((ROOT / "mangaobs.toml").read_text() + more)
    return root


def expected(observability: object) -> dict[str, dict[str, object]]:
    """Our templates, by shard."""
    _, pieces = make_pieces(observability, addresses(observability.routes))
    if len(pieces) <= MAX_RESOURCES:
        return {"whole": render(observability)}
    return render_shards(observability, {})[0]


def write_bare(folder: Path, observability: object, templates: dict[str, dict[str, object]], *, compact: bool) -> None:
    """The script, from the very troposphere objects that ours makes."""
    folder.mkdir()
    pieces = objects(observability, sharded=len(templates) > 1)
    modules: set[str] = set()
    lines = []
    for name, template in templates.items():
        lines.append("template = troposphere.Template()")
        for parameter, declared in template.get("Parameters", {}).items():
            options = ", ".join(f"{key}={value!r}" for key, value in declared.items())
            lines.append(f"template.add_parameter(troposphere.Parameter({parameter!r}, {options}))")
        for id, rendered in template["Resources"].items():
            pieces[id].resource.resource.pop("Metadata", None)
            code = source(pieces[id].resource, modules)
            depends = f", DependsOn={rendered['DependsOn']!r})" if "DependsOn" in rendered else ")"
            lines.append(f"template.add_resource({code[:-1]}{depends})")
        indent = "indent=None" if compact else ""
        lines.append(f"with open({name + '.json'!r}, 'w') as file: file.write(template.to_json({indent}))")
    imports = "".join(f"import {module}\n" for module in sorted({"troposphere", *modules}))
    script = folder / "bare.py"
    script.write_text(imports + "\n".join(lines) + "\n")
    py_compile.compile(str(script), doraise=True)


def objects(observability: object, *, sharded: bool) -> dict[str, Piece]:
    topics = addresses(observability.routes)
    if sharded:
        topics = {
            severity: Import(export_name(observability.naming, severity)) if isinstance(topic, Attribute) else topic
            for severity, topic in topics.items()
        }
    return {piece.id: piece for piece in make_pieces(observability, topics)[1]}


def source(value: object, modules: set[str]) -> str:
    """The Python that makes `value`."""
    if isinstance(value, troposphere.Tags):
        return "troposphere.Tags(" + ", ".join(f"{tag['Key']}={tag['Value']!r}" for tag in value.tags) + ")"
    if isinstance(value, troposphere.AWSHelperFn):
        (function, argument), *_ = value.data.items()
        name = function.rpartition(":")[2]
        parts = argument if isinstance(argument, list) else [argument]
        return f"troposphere.{name}(" + ", ".join(source(part, modules) for part in parts) + ")"
    if isinstance(value, troposphere.BaseAWSObject):
        modules.add(type(value).__module__)
        attributes = {
            key: value.resource[key] for key in ("DeletionPolicy", "UpdateReplacePolicy") if key in value.resource
        }
        fields = ", ".join(f"{key}={source(one, modules)}" for key, one in (value.properties | attributes).items())
        title = f"{value.title!r}, " if value.title else ""
        return f"{type(value).__module__}.{type(value).__name__}({title}{fields})"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key!r}: {source(one, modules)}" for key, one in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(source(one, modules) for one in value) + "]"
    return repr(value)


def same(bare: Path, templates: dict[str, dict[str, object]]) -> None:
    """Fail unless the bare script made the same resources."""
    for name, template in templates.items():
        theirs = json.loads((bare / f"{name}.json").read_text())["Resources"]
        ours = json.loads(json.dumps(template["Resources"]))
        for id, rendered in ours.items():
            rendered.pop("Metadata", None)
            assert theirs[id] == rendered, f"{name}: {id} differs"
        assert theirs.keys() == ours.keys(), name


def cpu(command: list[str], folder: Path) -> float:
    """Seconds of CPU, user and system, of the whole process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    # With bytecode cached, as for every installed package; the first round writes it.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(command, cwd=folder, env=environment, check=False, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stderr)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    main()
