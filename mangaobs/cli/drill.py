"""`mangaobs drill`."""

from __future__ import annotations

import os
import re
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from mangaobs.errors import MangaobsError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import boto3

    from mangaobs.drill import Clients, Report

_FAILED: Final = 1
_INTERRUPTED: Final = 130
# It becomes a part of a table's name, and of a file's.
_ID: Final = re.compile(r"[0-9A-Za-z]{1,32}")


@click.command("drill")
@click.option("--stack", metavar="NAME", help="The platform's stack, which names everything below.")
@click.option("--table", metavar="NAME", help="The table of sessions.")
@click.option("--audit-bucket", metavar="NAME", help="The bucket of the audit, which has the ledger.")
@click.option("--secret", metavar="ARN", help="The secret that keys the hashes of ids.")
@click.option("--machine", metavar="ARN", help="The state machine of people's requests.")
@click.option("--trail", metavar="NAME", help="The trail.")
@click.option("--trail-log-group", metavar="NAME", help="The trail's log group.")
@click.option("--api", metavar="ID", help="The REST API that requests go through; else any.")
@click.option("--trace-id", metavar="ID", default="", help="The request to look at in X-Ray; else the newest.")
@click.option(
    "--only",
    multiple=True,
    type=click.Choice(["preconditions", "trace", "trail"]),
    help="This check alone, again for more; changes nothing. trail wants --drill.",
)
@click.option("--drill", "earlier", metavar="DRILL", help="For --only trail: the earlier drill that it is about.")
@click.option("--clean", "left", metavar="DRILL", help="Clean away what an earlier drill left; nothing else.")
@click.option(
    "--wait-minutes", type=click.IntRange(1, 1440), default=240, show_default=True, help="For the restored table."
)
@click.option(
    "--erasure-minutes", type=click.IntRange(1, 1440), default=30, show_default=True, help="For the machine to end."
)
@click.option(
    "--trail-minutes", type=click.IntRange(0, 1440), default=20, show_default=True, help="For CloudTrail to deliver."
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
    api: str | None,
    trace_id: str,
    only: tuple[str, ...],
    earlier: str | None,
    left: str | None,
    wait_minutes: int,
    erasure_minutes: int,
    trail_minutes: int,
    yes: bool,  # noqa: FBT001 - click passes by name
    profile: str | None,
    region: str | None,
    project: Path | None,
    output: Path,
    format: str,
) -> int:
    """Rehearse an erasure and a restore on an account, and check every step of it.

    An invented person is written, erased by the deployed machine, restored from point-in-time recovery into a side
    table, and erased there by the ledger's replay; a request is traced, and CloudTrail asked what it recorded. It asks
    before it changes anything, cleans up after itself, and writes a dated report. Exit code 1 if a check failed.

    \b
    Examples:
      mangaobs drill --stack manga-assist-platform --only preconditions --only trace
      mangaobs drill --stack manga-assist-platform -o drills/
      mangaobs drill --stack manga-assist-platform --only trail --drill 3f2a9c1e
      mangaobs drill --stack manga-assist-platform --clean 3f2a9c1e
    """
    import time
    import uuid

    from mangaobs.drill import Drill, Limits, names_of, rehearsal
    from mangaobs.project import find_root

    _check(only, earlier, left)
    if not output.is_dir() or not os.access(output, os.W_OK):
        raise MangaobsError(f"{output} is no folder to write to", right="one that exists, for the report")
    loaded = rehearsal(find_root(project))
    session, clients = _clients(profile, region)
    given = {
        "table": table,
        "audit_bucket": audit_bucket,
        "secret": secret,
        "machine": machine,
        "trail": trail,
        "trail_log_group": trail_log_group,
        "api": api,
    }
    with _sentences():
        names = names_of(session.client("cloudformation") if stack else None, stack, given)
        account = clients.sts.get_caller_identity()["Account"]
    on_terminal = sys.stderr.isatty()
    drill = Drill(
        left or earlier or uuid.uuid4().hex[:8],
        clients,
        names,
        loaded,
        clock=time.time,
        sleep=time.sleep,
        progress=_told if on_terminal else lambda _: None,
        limits=Limits(erasure=60 * erasure_minutes, restore=60 * wait_minutes, trail=60 * trail_minutes),
        trace_id=trace_id,
    )
    if not only:
        changes = drill.changes() if left is None else (f"deletes what drill {left} left",)
        _ask((f"in account {account}, {session.region_name}:", *changes), yes=yes)
        if left is None:
            click.echo(
                f"note: this is drill {drill.id}; if it is killed, --clean {drill.id} cleans up after it", err=True
            )
    report = drill.clean() if left is not None else drill.run(only)
    if on_terminal:
        click.echo("\r\x1b[K", err=True, nl=False)
    kind = "-clean" if left is not None else "-trail" if earlier is not None else ""
    _write(report, output / f"drill-{report.started_at[:10]}-{report.drill}{kind}.md", format)
    return _INTERRUPTED if report.interrupted else _FAILED if not report.passed else 0


def _check(only: tuple[str, ...], earlier: str | None, left: str | None) -> None:
    """Refuse options that do not go together, before anything is asked."""
    for id in (earlier, left):
        if id is not None and not _ID.fullmatch(id):
            raise MangaobsError(f"{id!r} is no drill's id", right="the id in the name of its report")
    if left is not None and (only or earlier is not None):
        raise MangaobsError("--clean goes alone", right="--clean with the drill's id")
    if (earlier is not None) != ("trail" in only):
        raise MangaobsError(
            "--only trail is about an earlier drill, and --drill names it", right="--only trail --drill ID"
        )


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


def _ask(lines: tuple[str, ...], *, yes: bool) -> None:
    """Say what is changed, and go on only if somebody wants it so."""
    head, *changes = lines
    click.echo(head, err=True)
    for change in changes:
        click.echo(f"- {change}", err=True)
    if yes:
        return
    if not sys.stdin.isatty():
        raise MangaobsError("a drill changes an account, and there is nobody to ask", right="--yes")
    if not click.confirm("Go on?", err=True):
        raise MangaobsError("nothing was changed", right="y, or --only for what changes nothing")


def _told(what: str) -> None:
    click.echo(f"\r\x1b[K{what} …", err=True, nl=False)


def _write(report: Report, file: Path, format: str) -> None:
    import msgspec

    from mangaobs.drill import markdown
    from mangaobs.render import write_text

    page = markdown(report)
    try:
        write_text(file.resolve(), page)
        click.echo(f"wrote {file}", err=True)
    finally:
        # A disk that is full in the end is no reason to lose what took hours.
        if format == "json":
            document = {**msgspec.to_builtins(report), "passed": report.passed}
            click.echo(msgspec.json.format(msgspec.json.encode(document), indent=2).decode())
        else:
            click.echo(page, nl=False)
