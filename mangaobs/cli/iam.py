"""`mangaobs iam prove`."""

from __future__ import annotations

import contextlib
import gc
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from mangaobs.cli._options import pairs
from mangaobs.errors import MangaobsError

if TYPE_CHECKING:
    from mangaobs.iam import Account, Cell, Decision, Difference, Statement

DIFFERENT: Final = 1
_RENDERED: Final = Path("(platform)")


@click.group("iam")
def command() -> None:
    """Say what IAM's policies allow.

    \b
    Example:
      mangaobs iam prove template.json
    """


@command.command("prove")
@click.argument("templates", nargs=-1, type=click.Path(path_type=Path), metavar="[TEMPLATE]...")
@click.option("--role", metavar="ROLE", help="The logical id, name or ARN of a role.")
@click.option("--action", metavar="ACTION", help="For example dynamodb:GetItem.")
@click.option("--resource", metavar="ARN", help="An ARN, or the logical id of a resource; * for what takes none.")
@click.option("--context", multiple=True, metavar="KEY=VALUE", help="A key of the context; again for more values.")
@click.option("--absent", multiple=True, metavar="KEY", help="A key that the request's context has not.")
@click.option("--complete", is_flag=True, help="Every key that is not given is absent, as a simulator has it.")
@click.option("--expect", type=click.Path(path_type=Path), metavar="FILE", help="What the matrix is expected to be.")
@click.option("--table", metavar="ARN", help="The table of the matrix, where the templates have several.")
@click.option("--index", metavar="NAME", help="The index of the matrix, where it is not the table's first.")
@click.option("--set", "sets", multiple=True, metavar="NAME=VALUE", help="A parameter; of a project, a key.")
@click.option("--region", help="AWS::Region.")
@click.option("--account", help="AWS::AccountId.")
@click.option("--project", metavar="DIR", type=click.Path(path_type=Path), help="The folder with mangaobs.toml.")
@click.option("--env", metavar="NAME", help="The project's environment.")
@click.option("--format", type=click.Choice(["text", "json"]), default="text", show_default=True)
def prove(
    templates: tuple[Path, ...],
    role: str | None,
    action: str | None,
    resource: str | None,
    context: tuple[str, ...],
    absent: tuple[str, ...],
    complete: bool,  # noqa: FBT001 - a flag of the command
    expect: Path | None,
    table: str | None,
    index: str | None,
    sets: tuple[str, ...],
    region: str | None,
    account: str | None,
    project: Path | None,
    env: str | None,
    format: str,
) -> int:
    """Prove whether a role may do an action, or print the matrix of all roles and all actions of DynamoDB.

    ALLOW and DENY hold whatever the deployment; DEPENDS says on what it depends. A context key that is not given is
    not known, unless --absent or --complete say that it is not there. Without a TEMPLATE the project's platform is
    rendered, and its matrix compared with handlers/matrix.toml: exit code 1 if they differ.

    \b
    Examples:
      mangaobs iam prove
      mangaobs iam prove template.json --role MessageRole --action dynamodb:GetItem \\
        --resource arn:aws:dynamodb:us-east-1:123456789012:table/chats --context dynamodb:LeadingKeys=SESSION#1
    """
    # A process that ends in a second need not look for garbage.
    gc.disable()
    asked = {"--role": role, "--action": action, "--resource": resource}
    missing = [name for name, value in asked.items() if value is None]
    if len(missing) not in (0, 3):
        raise click.UsageError(f"{', '.join(missing)} is missing: one question has --role, --action and --resource")
    if missing and (context or absent or complete):
        raise click.UsageError("--context, --absent and --complete are of one question: --role, --action, --resource")
    if not missing and (expect is not None or table is not None):
        raise click.UsageError("--expect and --table are of the matrix: leave --role, --action and --resource out")
    policies, root = _account(templates, sets, region, account, project, env)
    if role is not None and action is not None and resource is not None:
        return _one(policies, role, action, resource, _values(context), absent, format, complete=complete)
    if expect is None and root is not None and (root / "handlers" / "matrix.toml").is_file():
        expect = root / "handlers" / "matrix.toml"
    return _matrix(policies, table, index, expect, format)


def _account(
    templates: tuple[Path, ...],
    sets: tuple[str, ...],
    region: str | None,
    account: str | None,
    project: Path | None,
    env: str | None,
) -> tuple[Account, Path | None]:
    """What the templates make, and the project's folder where it was rendered."""
    from mangaobs.iam import Account
    from mangaobs.template import worlds

    given = {"AWS::Region": region, "AWS::AccountId": account}
    pseudo = {name: value for name, value in given.items() if value is not None}
    if templates:
        if project is not None or env is not None:
            raise click.UsageError("--project and --env are for a project: leave them or the templates out")
        parameters = pairs("--set", sets, "Stage=live")
        first = next(iter(worlds(templates, parameters, pseudo)))
        return Account(first.template, pseudo), None
    from mangaobs.platform import render_platform
    from mangaobs.project import find_root
    from mangaobs.render import to_json

    # What a definition prints is no part of the result.
    with contextlib.redirect_stdout(sys.stderr):
        written = to_json(render_platform(project, env, sets), compact=True)
    first = next(iter(worlds([_RENDERED], {}, pseudo, {_RENDERED: written})))
    return Account(first.template, pseudo), find_root(project)


def _values(given: tuple[str, ...]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for one in given:
        key, sign, value = one.partition("=")
        if not sign or ":" not in key:
            raise MangaobsError(
                f"--context {one!r} is no KEY=VALUE", right="for example --context dynamodb:LeadingKeys=SESSION#1"
            )
        found.setdefault(key, []).append(value)
    return found


def _one(
    account: Account,
    role: str,
    action: str,
    resource: str,
    values: dict[str, list[str]],
    absent: tuple[str, ...],
    format: str,
    *,
    complete: bool,
) -> int:
    from mangaobs.iam import known

    who = account.role(role)
    _check_action(action)
    found = known(action)
    about = account.resource(resource)
    if found is not None and not found.resources and resource != "*":
        about = account.resource("*")
        click.echo(f"note: {found.name} takes no resource; it is asked for *", err=True)
    elif not resource.startswith("arn:") and resource != "*" and str(about) == resource:
        raise MangaobsError(
            f"--resource {resource!r} is no ARN, and no resource of the templates", right="an ARN, a logical id, or *"
        )
    decision = account.decide(who, action, about, account.context(values, absent=absent, complete=complete))
    if format == "json":
        click.echo(json.dumps(_decision(decision), indent=2))
        return 0
    click.echo(f"{decision.decision}  {who.id}  {action}  {about}")
    if decision.decision == "DENY" and not decision.explicit:
        click.echo("  nothing allows it")
    for statement in decision.statements:
        click.echo(f"  {_verb(statement)}  {statement.label}{_at(statement)}")
    for one in decision.unknown:
        click.echo(f"  depends on {one}")
    return 0


def _check_action(action: str) -> None:
    from mangaobs.iam import actions, is_carried, known

    service, colon, name = action.partition(":")
    if not colon or not name or "*" in action or "?" in action:
        raise MangaobsError(f"--action {action!r} is no action", right="service:Name, for example dynamodb:GetItem")
    if is_carried(service.lower()) and known(action) is None:
        from mangaobs.catalog import did_you_mean

        names = [one.name for one in actions(service.lower())]
        raise MangaobsError(
            f"{service} has no action {name!r}", right=did_you_mean(action, names, "mangaobs iam prove")
        )


def _verb(statement: Statement) -> str:
    return "denied by " if statement.denies is True else "allowed by"


def _at(statement: Statement) -> str:
    place = statement.where.place
    # What was rendered for this question stands in no file.
    return f"  {place}" if place is not None and place.file != str(_RENDERED) else ""


def _decision(decision: Decision) -> dict[str, Any]:
    return {
        "decision": decision.decision.value,
        "explicit": decision.explicit,
        "statements": [
            {
                "resource": one.where.resource,
                "path": one.where.pointer,
                "sid": one.sid,
                "effect": "Deny" if one.denies is True else "Allow" if one.denies is False else "unknown",
                "line": _line(one),
            }
            for one in decision.statements
        ],
        "unknown": list(decision.unknown),
    }


def _line(statement: Statement) -> int | None:
    place = statement.where.place
    return place.line if place is not None and place.file != str(_RENDERED) else None


def _matrix(account: Account, table: str | None, index: str | None, expect: Path | None, format: str) -> int:
    from mangaobs.iam import differences, matrix, read_expectations

    if not account.roles:
        raise MangaobsError("the templates have no role", right="a template with AWS::IAM::Role")
    arn = _table(account, table)
    expected = read_expectations(expect, account) if expect is not None else None
    cells = list(matrix(account, arn, index=index or account.index_of(arn)))
    wrong = list(differences(cells, expected)) if expected is not None else []
    if format == "json":
        click.echo(json.dumps(_json(arn, cells, wrong, expect), indent=2))
    else:
        _print(arn, cells, wrong, expect)
    return DIFFERENT if wrong else 0


def _table(account: Account, given: str | None) -> str:
    tables = account.tables()
    if given is not None:
        found = str(account.resource(given))
        if ":table/" not in found:
            raise MangaobsError(f"--table {given!r} is no table", right="its ARN, or its logical id")
        return found
    if len(tables) != 1:
        raise MangaobsError(
            f"the templates have {len(tables)} tables", right="--table with the ARN of the one that the matrix is for"
        )
    return tables[0]


def _json(table: str, cells: list[Cell], wrong: list[Difference], expect: Path | None) -> dict[str, Any]:
    return {
        "table": table,
        "asked": len(cells),
        "cells": [
            {
                "role": one.role,
                "action": one.action,
                "situation": one.situation,
                "resource": one.resource,
                **_decision(one.decision),
            }
            for one in cells
        ],
        "expected": str(expect) if expect is not None else None,
        "differences": [
            {
                "role": one.cell.role,
                "action": one.cell.action,
                "situation": one.cell.situation,
                "expected": one.expected.value,
                "decision": one.cell.decision.decision.value,
            }
            for one in wrong
        ],
    }


def _print(table: str, cells: list[Cell], wrong: list[Difference], expect: Path | None) -> None:
    from mangaobs.iam import actions, situations

    by_role: dict[str, dict[str, list[str]]] = {}
    for cell in cells:
        of_role = by_role.setdefault(cell.role, {})
        if cell.decision.decision != "DENY":
            mark = "" if cell.decision.decision == "ALLOW" else "? "
            of_role.setdefault(cell.action.partition(":")[2], []).append(f"{mark}{cell.situation}")
    click.echo(f"{table}")
    click.echo(
        f"{len(actions('dynamodb'))} actions, {len(by_role)} roles, {len(situations())} situations: "
        f"{len(cells):,} questions\n"
    )
    for role, allowed in by_role.items():
        click.echo(role)
        width = max(map(len, allowed), default=0)
        for action, where in sorted(allowed.items()):
            click.echo(f"  {action:<{width}}  {', '.join(where)}")
        rest = len(actions("dynamodb")) - len(allowed)
        click.echo(f"  {rest} {'other ' if allowed else ''}actions are denied in every situation\n")
    if any(cell.decision.decision == "DEPENDS" for cell in cells):
        unknown = sorted({one for cell in cells for one in cell.decision.unknown})
        click.echo(f"? depends on {', '.join(unknown)}")
    for one in wrong:
        cell = one.cell
        what = f"{cell.role} {cell.action} in situation {cell.situation}"
        click.echo(f"different: {what}: {cell.decision.decision}, expected {one.expected}")
        for statement in cell.decision.statements:
            click.echo(f"  {_verb(statement)}  {statement.label}{_at(statement)}")
    if expect is not None and not wrong:
        click.echo(f"as {expect.name} expects: what it does not allow is denied")
