"""`mangaobs render`."""

from __future__ import annotations

import contextlib
import gc
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from mangaobs.cli._project import load, project_options

if TYPE_CHECKING:
    from mangaobs.model.observability import Observability
    from mangaobs.render import Template

# CloudFormation takes a template inline, without S3, up to this size.
INLINE_BYTES = 51_200


@click.command("render")
@click.argument("what", type=click.Choice(["observability", "platform"]), default="observability")
@project_options
@click.option("--format", type=click.Choice(["json", "yaml"]), default="json", show_default=True)
@click.option("--compact", is_flag=True, help="JSON without a needless byte; shards that fit inline (51,200 bytes).")
@click.option(
    "--shard",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="Several templates in DIR, and the assignment of resources to them, which is meant to be committed.",
)
@click.option("-o", "--output", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False), help="Write to FILE.")
def command(
    what: str,
    project: Path | None,
    env: str | None,
    sets: tuple[str, ...],
    format: Literal["json", "yaml"],
    compact: bool,  # noqa: FBT001
    shard: Path | None,
    output: Path | None,
) -> None:
    """Render a project's observability, or its platform, as a CloudFormation template on standard output.

    \b
    Examples:
      mangaobs render > template.json
      mangaobs render platform --env prod -o platform.json
      mangaobs render --env prod --set alarms.query_p99_ms=40 -o template.json
      mangaobs render --shard stacks/
    """
    if compact and format == "yaml":
        raise click.UsageError("--compact is for JSON")
    if shard is not None and output is not None:
        raise click.UsageError("--shard writes several files into its folder; leave -o out")
    if what == "platform" and shard is not None:
        raise click.UsageError("--shard is for observability; the platform is one stack")
    # A process that ends in a second need not look for garbage.
    gc.disable()
    if what == "platform":
        _put(
            _platform(project, env, sets),
            format,
            output,
            compact=compact,
            else_="aws cloudformation deploy --s3-bucket puts it there",
        )
        return
    observability = load(project, env, sets)
    if shard is not None:
        _shards(observability, shard, format, compact=compact)
    else:
        _whole(observability, format, output, compact=compact)


def _platform(project: Path | None, env: str | None, sets: tuple[str, ...]) -> Template:
    from mangaobs.platform import render_platform

    # What a definition prints is no part of the result.
    with contextlib.redirect_stdout(sys.stderr):
        return render_platform(project, env, sets)


def _whole(observability: Observability, format: str, output: Path | None, *, compact: bool) -> None:
    from mangaobs.render import render

    _put(
        render(observability),
        format,
        output,
        compact=compact,
        else_="--compact --shard DIR makes stacks that fit inline",
    )


def _put(template: Template, format: str, output: Path | None, *, compact: bool, else_: str) -> None:
    from mangaobs.cli._output import put
    from mangaobs.render import to_json, to_yaml

    written = to_yaml(template) if format == "yaml" else to_json(template, compact=compact)
    if compact and len(written.encode()) > INLINE_BYTES:
        click.echo(
            f"note: {len(written.encode()):,} bytes; CloudFormation takes {INLINE_BYTES:,} inline, more from S3. "
            f"{else_}",
            err=True,
        )
    put(written, output)


def _shards(observability: Observability, folder: Path, format: str, *, compact: bool) -> None:
    from mangaobs.render import MAX_BYTES, write_shards

    limit = INLINE_BYTES if compact else MAX_BYTES
    paths = write_shards(observability, folder, format=format, compact=compact, max_bytes=limit)
    for path in paths:
        click.echo(path)
    click.echo(
        f"note: {len(paths)} stacks, to be deployed in this order; commit {folder / 'assignment.json'}", err=True
    )
