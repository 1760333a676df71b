"""`mangaobs render`."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from mangaobs.cli._project import load, project_options

if TYPE_CHECKING:
    from mangaobs.model.observability import Observability

# CloudFormation takes a template inline, without S3, up to this size.
INLINE_BYTES = 51_200


@click.command("render")
@click.argument("what", type=click.Choice(["observability"]), default="observability")
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
    what: str,  # noqa: ARG001 - there is one thing to render so far
    project: Path | None,
    env: str | None,
    sets: tuple[str, ...],
    format: Literal["json", "yaml"],
    compact: bool,  # noqa: FBT001
    shard: Path | None,
    output: Path | None,
) -> None:
    """Render a project's observability as a CloudFormation template on standard output.

    \b
    Examples:
      mangaobs render > template.json
      mangaobs render --env prod --set alarms.query_p99_ms=40 -o template.json
      mangaobs render --shard stacks/
    """
    if compact and format == "yaml":
        raise click.UsageError("--compact is for JSON")
    if shard is not None and output is not None:
        raise click.UsageError("--shard writes several files into its folder; leave -o out")
    # A process that ends in a second need not look for garbage.
    gc.disable()
    observability = load(project, env, sets)
    if shard is not None:
        _shards(observability, shard, format, compact=compact)
    else:
        _whole(observability, format, output, compact=compact)


def _whole(observability: Observability, format: str, output: Path | None, *, compact: bool) -> None:
    from mangaobs.cli._output import put
    from mangaobs.render import render, to_json, to_yaml

    template = render(observability)
    written = to_yaml(template) if format == "yaml" else to_json(template, compact=compact)
    if compact and len(written.encode()) > INLINE_BYTES:
        click.echo(
            f"note: {len(written.encode()):,} bytes; CloudFormation takes {INLINE_BYTES:,} inline, more from S3. "
            "--compact --shard DIR makes stacks that fit inline",
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
