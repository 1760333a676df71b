"""`mangaobs bundle`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mangaobs.bundle import Bundle


@click.command("bundle")
@click.option(
    "-o",
    "--output",
    metavar="DIR",
    type=click.Path(path_type=Path),
    default=Path("dist"),
    show_default=True,
    help="The folder of the archives.",
)
@click.option("--function", "names", multiple=True, metavar="NAME", help="This function alone; again for more.")
@click.option(
    "--with", "take", multiple=True, metavar="PACKAGE", help="What is left out otherwise: boto3, aws_xray_sdk."
)
@click.option(
    "--platform",
    "machine",
    type=click.Choice(["x86_64", "arm64"]),
    help="The functions' architecture; else this machine's.",
)
@click.option("--project", metavar="DIR", type=click.Path(path_type=Path), help="The folder with mangaobs.toml.")
@click.option("--format", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(
    output: Path, names: tuple[str, ...], take: tuple[str, ...], machine: str | None, project: Path | None, format: str
) -> None:
    """Make one archive a Lambda function, with the same bytes every time and only what the function imports.

    Packages are taken from this Python's environment, so that it has to be the functions' own: Linux, their Python,
    their processor. Beside each module is what it compiles to. What Lambda brings along (boto3) is left out. Each
    archive is imported by itself before any is written.

    \b
    Examples:
      mangaobs bundle -o dist/
      mangaobs bundle --function message --with boto3
    """
    from mangaobs.bundle import bundle
    from mangaobs.project import find_root

    on_terminal = sys.stderr.isatty()
    try:
        made = bundle(
            find_root(project),
            output,
            names=names,
            take=take,
            machine=machine,
            progress=_told if on_terminal else None,
        )
    finally:
        if on_terminal:
            click.echo("\r\x1b[K", err=True, nl=False)
    _note(made)
    if format == "json":
        click.echo(json.dumps([_document(one) for one in made], indent=2, ensure_ascii=False))
    else:
        _table(made)


def _told(what: str) -> None:
    click.echo(f"\r\x1b[K{what} …", err=True, nl=False)


def _note(made: Sequence[Bundle]) -> None:
    """What is to be known of the archives, each once with the functions that it is about."""
    click.echo(f"note: for {made[0].runtime} on {made[0].machine}, which the functions' Runtime has to be", err=True)
    about: dict[str, list[str]] = {}
    for one in made:
        for said in one.notes:
            about.setdefault(said, []).append(one.function)
    for said, functions in about.items():
        click.echo(f"note: {', '.join(functions)}: {said}", err=True)


def _table(made: Sequence[Bundle]) -> None:
    columns: list[tuple[str, Callable[[Bundle], str]]] = [
        ("zipped", lambda one: f"{one.zipped:,}"),
        ("unzipped", lambda one: f"{one.unzipped:,}"),
        ("import", lambda one: "?" if one.import_ms is None else f"{one.import_ms:.1f} ms"),
        ("all imports", lambda one: f"{one.all_ms:.1f} ms"),
    ]
    names = max(len("function"), *(len(one.function) for one in made))
    widths = [max(len(head), *(len(told(one)) for one in made)) for head, told in columns]
    heads = "  ".join(f"{head:>{width}}" for (head, _), width in zip(columns, widths, strict=True))
    click.echo(f"{'function':<{names}}  {heads}  packages")
    for one in made:
        cells = "  ".join(f"{told(one):>{width}}" for (_, told), width in zip(columns, widths, strict=True))
        click.echo(f"{one.function:<{names}}  {cells}  {', '.join(one.packages)}".rstrip())


def _document(one: Bundle) -> dict[str, object]:
    return {
        "function": one.function,
        "file": str(one.file),
        "handler": one.handler,
        "runtime": one.runtime,
        "machine": one.machine,
        "zipped": one.zipped,
        "unzipped": one.unzipped,
        "sha256": one.sha256,
        "import_ms": one.import_ms,
        "all_ms": one.all_ms,
        "packages": list(one.packages),
        "left_out": {name: list(by) for name, by in one.left_out.items()},
        "notes": list(one.notes),
    }
