"""`mangaobs drill`."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mangaobs.errors import MangaobsError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import boto3

    from mangaobs.drill import Clients, Report


@click.command("drill")
@click.option("--stack", metavar="NAME", help="The platform's stack, which names everything below.")
@click.option("--table", metavar="NAME", help="The table of sessions.")
@click.option("--audit-bucket", metavar="NAME", help="The bucket of the audit, which has the ledger.")
@click.option("--secret", metavar="ARN", help="The secret that keys the hashes of ids.")
@click.option("--machine", metavar="ARN", help="The state machine of people's requests.")
@click.option("--trail", metavar="NAME", help="The trail.")
@click.option("--trail-log-group", metavar="NAME", help="The trail's log group.")
@click.option("--trace-id", metavar="ID", default="", help="The request to look at in X-Ray; else the newest.")
@click.option(
    "--only", multiple=True, type=click.Choice(["preconditions", "trace"]), help="This check alone; changes nothing."
)
@click.option("--clean", "left", metavar="DRILL", help="Clean away what an earlier drill left; nothing else.")
@click.option(
    "--wait-minutes", type=click.IntRange(1, 1440), default=240, show_default=True, help="For a restored table."
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--profile", metavar="NAME", help="The profile of AWS's configuration.")
@click.option("--region", metavar="NAME", help="The region.")
@click.option("--project", metavar="DIR", type=click.Path(path_type=Path), help="The folder with mangaobs.toml.")
@click.option(
    "-o",
    "--output",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    help="The folder of the report; else this one.",
)
@click.option("--format", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(
    stack: str | None,
    table: str | None,
    audit_bucket: str | None,
    secret: str | None,
    machine: str | None,
    trail: str | None,
    trail_log_group: str | None,
    trace_id: str,
    only: tuple[str, ...],
    left: str | None,
    wait_minutes: int,
    yes: bool,  # noqa: FBT001 - click passes by name
    profile: str | None,
    region: str | None,
    project: Path | None,
    output: Path,
    format: str,
) -> None:
    """Rehearse an erasure and a restore on an account, and check every step of it.

    Somebody who is not is written, erased by the deployed machine, restored from point-in-time recovery into a side
    table, and erased there by the ledger's replay; a request is traced, and CloudTrail asked what it recorded. It asks
    before it changes anything, cleans up after itself, and writes a dated report.

    \b
    Examples:
      mangaobs drill --stack manga-assist-platform --only preconditions --only trace
      mangaobs drill --stack manga-assist-platform -o drills/
      mangaobs drill --stack manga-assist-platform --clean 3f2a9c1e
    """
    import time
    import uuid

    from mangaobs.drill import Drill, Limits, names_of, rehearsal
    from mangaobs.project import find_root

    if left is not None and not (left.isalnum() and left.isascii() and len(left) <= 32):
        raise MangaobsError(f"{left!r} is no drill's id", right="the id in the name of its report")
    if not output.is_dir():
        raise MangaobsError(f"{output} is no folder", right="a folder that exists, for the report")
    loaded = rehearsal(find_root(project))
    session, clients = _clients(profile, region)
    given = {
        "table": table,
        "audit_bucket": audit_bucket,
        "secret": secret,
        "machine": machine,
        "trail": trail,
        "trail_log_group": trail_log_group,
    }
    with _sentences():
        names = names_of(session.client("cloudformation") if stack else None, stack, given)
    on_terminal = sys.stderr.isatty()
    drill = Drill(
        left or uuid.uuid4().hex[:8],
        clients,
        names,
        loaded,
        clock=time.time,
        sleep=time.sleep,
        progress=_told if on_terminal else lambda _: None,
        limits=Limits(restore=60 * wait_minutes),
        trace_id=trace_id,
    )
    if not only and not yes:
        _ask(drill.changes() if left is None else (f"deletes what drill {left} left",))
    report = drill.clean() if left is not None else drill.run(only)
    if on_terminal:
        click.echo("\r\x1b[K", err=True, nl=False)
    _write(report, output, format)
    if report.interrupted:
        sys.exit(130)
    if not report.passed:
        sys.exit(1)


def _clients(profile: str | None, region: str | None) -> tuple[boto3.Session, Clients]:
    import boto3

    from mangaobs.drill import Clients

    with _sentences():
        session = boto3.Session(profile_name=profile, region_name=region)
        return session, Clients(
            dynamodb=session.client("dynamodb"),
            s3=session.client("s3"),
            states=session.client("stepfunctions"),
            secrets=session.client("secretsmanager"),
            cloudtrail=session.client("cloudtrail"),
            logs=session.client("logs"),
            xray=session.client("xray"),
            sts=session.client("sts"),
        )


@contextmanager
def _sentences() -> Iterator[None]:
    """What botocore raises, as an error of ours: its code, and what would be right."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        code = error.response["Error"]["Code"]
        problem = f"AWS refuses {error.operation_name}: {code}"
        raise MangaobsError(problem, right="--stack and --profile that are right") from None
    except (BotoCoreError, ValueError) as error:  # of a region that cannot be one, an address is made
        problem = f"AWS cannot be asked: {type(error).__name__}"
        raise MangaobsError(problem, right="credentials and a region") from None


def _ask(changes: tuple[str, ...]) -> None:
    for change in changes:
        click.echo(f"- {change}", err=True)
    if not sys.stdin.isatty():
        raise MangaobsError("a drill changes an account, and there is nobody to ask", right="--yes")
    if not click.confirm("Go on?", err=True):
        raise MangaobsError("nothing was changed", right="y, or --only for what changes nothing")


def _told(what: str) -> None:
    click.echo(f"\r\x1b[K{what} …", err=True, nl=False)


def _write(report: Report, output: Path, format: str) -> None:
    import msgspec

    from mangaobs.drill import markdown
    from mangaobs.render import write_text

    page = markdown(report)
    file = output / f"drill-{report.started_at[:10]}-{report.drill}.md"
    write_text(file.resolve(), page)
    click.echo(f"wrote {file}", err=True)
    if format == "json":
        document = {**msgspec.to_builtins(report), "passed": report.passed}
        click.echo(msgspec.json.format(msgspec.json.encode(document), indent=2).decode())
    else:
        click.echo(page, nl=False)
