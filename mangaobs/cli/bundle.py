"""`mangaobs bundle`."""

from __future__ import annotations

import json
import platform
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from mangaobs.bundle import Bundle


@click.command("bundle")
@click.option(
    "-o",
    "--output",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("dist"),
    show_default=True,
    help="The folder of the archives.",
)
@click.option("--function", "names", multiple=True, metavar="NAME", help="This function alone; again for more.")
@click.option("--with", "take", multiple=True, metavar="PACKAGE", help="A package that is left out otherwise: boto3.")
@click.option("--project", metavar="DIR", type=click.Path(path_type=Path), help="The folder with mangaobs.toml.")
@click.option("--format", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(output: Path, names: tuple[str, ...], take: tuple[str, ...], project: Path | None, format: str) -> None:
    """Make one archive a Lambda function, with the same bytes every time and only what the function imports.

    Packages are taken from this Python's environment, so that it has to be the functions' own: Linux, their Python,
    their processor. Beside each module is what it compiles to. What Lambda brings along (boto3) is left out.

    \b
    Examples:
      mangaobs bundle -o dist/
      mangaobs bundle --function message --with boto3
    """
    from mangaobs.bundle import bundle
    from mangaobs.project import find_root

    made = bundle(find_root(project), output, names=names, take=take)
    here = f"python{sys.version_info.major}.{sys.version_info.minor}"
    if sys.platform != "linux":
        click.echo(
            f"note: this is {platform.system()}; compiled packages in the archives do not run on Lambda", err=True
        )
    click.echo(f"note: for {here} on {platform.machine()}, which the functions' Runtime has to be", err=True)
    if format == "json":
        click.echo(json.dumps([_told(one) for one in made], indent=2))
        return
    width = max(len(one.function) for one in made)
    click.echo(f"{'function':<{width}}  {'zipped':>12}  {'unzipped':>12}  {'import':>9}  packages")
    for one in made:
        click.echo(
            f"{one.function:<{width}}  {one.zipped:>12,}  {one.unzipped:>12,}  {one.import_ms:>6.1f} ms  "
            f"{', '.join(one.packages)}"
        )


def _told(one: Bundle) -> dict[str, object]:
    return {
        "function": one.function,
        "file": str(one.file),
        "zipped": one.zipped,
        "unzipped": one.unzipped,
        "sha256": one.sha256,
        "import_ms": one.import_ms,
        "packages": list(one.packages),
    }
