"""`mangaobs replay`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from mangaobs.cli._options import pairs
from mangaobs.cli._replay_text import iso, text

if TYPE_CHECKING:
    from mangaobs.replay import AlarmCourse, Notification, Replay

FINDINGS: Final = 1


@click.command("replay")
@click.argument("templates", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="TEMPLATE...")
@click.option("--recording", required=True, type=click.Path(path_type=Path), metavar="DIR", help="What happened.")
@click.option("--set", "sets", multiple=True, metavar="NAME=VALUE", help="A parameter of the templates.")
@click.option("--region", help="AWS::Region; the recording's, if it names one.")
@click.option("--account", help="AWS::AccountId; the recording's, if it names one.")
@click.option(
    "--range-more",
    type=click.IntRange(0, 100),
    default=2,
    show_default=True,
    help="Periods beyond N that an alarm looks at.",
)
@click.option("--dynamodb-ignores", is_flag=True, help="Alarms on AWS/DynamoDB ignore missing data whatever they say.")
@click.option("--delay-logs", type=click.IntRange(0), default=0, metavar="SECONDS", help="How late logs count.")
@click.option("--delay-cloudtrail", type=click.IntRange(0), default=0, metavar="SECONDS", help="How late events count.")
@click.option("--delay-metrics", type=click.IntRange(0), default=0, metavar="SECONDS", help="How late metrics count.")
@click.option("--fail-on-alarm", is_flag=True, help="Exit with 1 if any alarm went to ALARM.")
@click.option("--format", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(
    templates: tuple[Path, ...],
    recording: Path,
    sets: tuple[str, ...],
    region: str | None,
    account: str | None,
    range_more: int,
    dynamodb_ignores: bool,  # noqa: FBT001 - a flag of the command
    delay_logs: int,
    delay_cloudtrail: int,
    delay_metrics: int,
    fail_on_alarm: bool,  # noqa: FBT001 - a flag of the command
    format: str,
) -> int:
    """Say what would have paged whom, when, and why: a template's filters, rules and alarms run over a recording.

    Several templates are one app: what one exports another may import.

    \b
    Examples:
      mangaobs replay template.json --recording recording/
      mangaobs replay template.json --recording recording/ --format json
    """
    from mangaobs.recording import Recording
    from mangaobs.replay import Delays, Options, State, replay
    from mangaobs.template import read

    read_recording = Recording(recording)
    information = read_recording.information
    pseudo: dict[str, str] = {}
    if chosen := region or next(iter(information.regions), None):
        pseudo["AWS::Region"] = chosen
    if chosen := account or next(iter(information.accounts), None):
        pseudo["AWS::AccountId"] = chosen
    template = read(templates, pairs("--set", sets, "Stage=live"), pseudo)
    delays = Delays(delay_logs, delay_cloudtrail, delay_metrics)
    options = Options(range_more=range_more, dynamodb_ignores=dynamodb_ignores, delays=delays)
    made = replay(template, read_recording, options)
    if format == "json":
        _print_json(made)
    else:
        for line in text(made):
            click.echo(line)
    for warning in made.warnings:
        click.echo(f"warning: {warning}", err=True)
    if made.bad is not None and made.bad.total:
        for one in made.bad.lines[:10]:
            click.echo(f"not read: {one.place}: {one.why}", err=True)
        click.echo(f"{made.bad.total:,} not read", err=True)
    fired = any(change.after is State.ALARM for course in made.alarms for change in course.changes)
    return FINDINGS if fail_on_alarm and fired else 0


def _print_json(made: Replay) -> None:
    import msgspec

    document = {
        "start": iso(made.first),
        "end": iso(made.last),
        "alarms": [{"name": one.name, "transitions": _transitions(one)} for one in made.alarms],
        "notifications": [_told(one) for one in made.notifications],
        "rules": [
            {"resource": name, "contributors": [{"keys": list(keys), "value": value} for keys, value in top]}
            for name, top in made.rules.items()
        ],
        "unevaluated": [{"resource": name, "why": why} for name, why in made.unevaluated.items()],
        "differences": [
            {"alarm": one.alarm, "at": iso(one.at), "cloudwatch": one.cloudwatch, "replay": one.replay}
            for one in made.differences
        ],
    }
    click.echo(msgspec.json.format(msgspec.json.encode(document), indent=2).decode())


def _transitions(course: AlarmCourse) -> list[dict[str, object]]:
    actions = course.alarm.acting.actions if course.alarm.acting.enabled else {}
    return [
        {
            "at": iso(one.at),
            "from": one.before.name,
            "to": one.after.name,
            "reason": one.reason,
            "actions": list(actions.get(one.after.name, ())),
            **({"open": True} if one.open else {}),
            **({"approximate": True} if one.approximate else {}),
        }
        for one in course.changes
    ]


def _told(one: Notification) -> dict[str, object]:
    return {
        "at": iso(one.at),
        "alarm": one.alarm,
        "state": one.state.name,
        "severity": one.severity,
        "action": one.action,
        "subscribers": list(one.subscribers),
        "reason": one.reason,
        "suppressed_by": one.suppressed_by,
    }
