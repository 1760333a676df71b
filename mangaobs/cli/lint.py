"""`mangaobs lint`."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from mangaobs.cli._options import pairs
from mangaobs.cli._project import load
from mangaobs.errors import MangaobsError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mangaobs.lint import Finding, Observed, Report, Settings

FINDINGS: Final = 1
_RENDERED: Final = Path("template.json")
_LEVELS: Final = {"info": 0, "warning": 1, "error": 2, "never": 3}


@click.command("lint")
@click.argument("templates", nargs=-1, type=click.Path(path_type=Path), metavar="[TEMPLATE]...")
@click.option("--format", type=click.Choice(["text", "json", "sarif", "github"]), default="text", show_default=True)
@click.option("--select", multiple=True, metavar="RULE", help="Only these; an id, or its beginning: MO1.")
@click.option("--ignore", multiple=True, metavar="RULE", help="Not these.")
@click.option("--recording", type=click.Path(path_type=Path), metavar="DIR", help="What was really emitted.")
@click.option("--unproven", is_flag=True, help="Also what is neither proven nor refuted, and what is not known.")
@click.option("--proven", is_flag=True, help="Also what is proven.")
@click.option("--fail-on", type=click.Choice(list(_LEVELS)), default="warning", show_default=True, help="Exit with 1.")
@click.option("--baseline", type=click.Path(path_type=Path), metavar="FILE", help="Known findings do not count.")
@click.option("--write-baseline", type=click.Path(path_type=Path), metavar="FILE", help="Take all findings as known.")
@click.option("--fix", is_flag=True, help="Mend what has one right answer, and show the difference.")
@click.option("--diff", is_flag=True, help="Show what --fix would do, and do nothing.")
@click.option("--set", "sets", multiple=True, metavar="NAME=VALUE", help="A parameter; of a project, a key.")
@click.option("--region", help="AWS::Region.")
@click.option("--account", help="AWS::AccountId.")
@click.option("--project", metavar="DIR", type=click.Path(path_type=Path), help="The folder with mangaobs.toml.")
@click.option("--env", metavar="NAME", help="The project's environment.")
def command(
    templates: tuple[Path, ...],
    format: str,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    recording: Path | None,
    unproven: bool,  # noqa: FBT001 - a flag of the command
    proven: bool,  # noqa: FBT001 - a flag of the command
    fail_on: str,
    baseline: Path | None,
    write_baseline: Path | None,
    fix: bool,  # noqa: FBT001 - a flag of the command
    diff: bool,  # noqa: FBT001 - a flag of the command
    sets: tuple[str, ...],
    region: str | None,
    account: str | None,
    project: Path | None,
    env: str | None,
) -> int:
    """Prove of templates that their observability can work, and find what is dead, wrong, leaking or missing.

    Several templates are one app: what one exports another may import. Without one, the project is rendered.

    \b
    Examples:
      mangaobs lint template.json
      mangaobs lint cdk.out/*.template.json --format sarif > lint.sarif
      mangaobs lint template.yaml --fix
    """
    # A process that ends in a second need not look for garbage.
    gc.disable()
    from mangaobs.cli import _lint_formats
    from mangaobs.lint import Baseline, lint
    from mangaobs.template import worlds

    texts: dict[Path, str] = {}
    if not templates:
        texts[_RENDERED] = _rendered(project, env, sets)
        templates, sets = (_RENDERED,), ()
    pseudo = {name: value for name, value in (("AWS::Region", region), ("AWS::AccountId", account)) if value}
    parameters = pairs("--set", sets, "Stage=live")
    settings = _settings(project, select, ignore)
    observed = _observed(recording, templates, parameters, pseudo, texts)
    report = lint(worlds(templates, parameters, pseudo, texts), settings, observed)
    counted = [one for one in report.findings if one.verdict == "refuted"]
    if write_baseline is not None:
        from mangaobs.cli._output import put

        put(Baseline.of(counted).to_json(), write_baseline)
        click.echo(f"{len(counted)} findings are known now: --baseline {write_baseline}", err=True)
        return 0
    known = gone = 0
    if baseline is not None:
        counted, known, gone = Baseline.read(baseline).split(counted)
    shown = [*counted, *_others(report, unproven=unproven, proven=proven)]
    shown.sort(key=lambda one: (one.place.file, one.place.line, one.place.column, one.rule))
    if fix or diff:
        counted = _mended(counted, texts, write=fix and not diff, aside=format != "text")
        shown = [one for one in shown if one in counted or one.verdict != "refuted"] if fix else shown
    if format != "text" or not diff:
        click.echo(_lint_formats.FORMATS[format](shown, report, texts), nl=False)
    _sum_up(counted, report, known, gone)
    return FINDINGS if any(_LEVELS[one.severity] >= _LEVELS[fail_on] for one in counted) else 0


def _rendered(project: Path | None, env: str | None, sets: tuple[str, ...]) -> str:
    from mangaobs.render import render, to_json

    return to_json(render(load(project, env, sets)), compact=False)


def _settings(project: Path | None, select: tuple[str, ...], ignore: tuple[str, ...]) -> Settings:
    """The settings of the nearest mangaobs.toml, the options over them."""
    from mangaobs.lint import Ignored, Settings, every_rule
    from mangaobs.project import read_lint

    start = project or Path.cwd()
    file = next(
        (one / "mangaobs.toml" for one in (start, *start.resolve().parents) if (one / "mangaobs.toml").is_file()), None
    )
    of_file = read_lint(file) if file is not None else None
    for one in (*select, *ignore, *(of_file.select if of_file else ()), *(of_file.ignore if of_file else ())):
        if not any(rule.startswith(one) for rule in every_rule()):
            from mangaobs.catalog import did_you_mean

            right = did_you_mean(one, every_rule(), "mangaobs rules lists them")
            raise MangaobsError(f"no rule begins with {one!r}", right=right)
    if of_file is None:
        return Settings(select=select, ignore=ignore)
    return Settings(
        select=select or tuple(of_file.select),
        ignore=(*ignore, *of_file.ignore),
        ignored=tuple(Ignored(one.rule, one.reason, one.resource, str(file)) for one in of_file.ignored),
        cis_verbatim=of_file.cis_verbatim,
        mixed_units=of_file.mixed_units,
    )


def _observed(
    recording: Path | None,
    templates: Sequence[Path],
    parameters: dict[str, str],
    pseudo: dict[str, str],
    texts: dict[Path, str],
) -> Observed | None:
    if recording is None:
        return None
    from mangaobs.lint import observed
    from mangaobs.recording import Recording
    from mangaobs.template import worlds

    first = next(iter(worlds(templates, parameters, pseudo, texts)))
    return observed(Recording(recording), first.template)


def _others(report: Report, *, unproven: bool, proven: bool) -> list[Finding]:
    wanted = {name for name, on in (("unproven", unproven), ("proven", proven)) if on}
    return [one for one in report.findings if one.verdict in wanted]


def _mended(findings: list[Finding], texts: dict[Path, str], *, write: bool, aside: bool) -> list[Finding]:
    """The findings that are left once the others' fixes are made, or shown; `aside`: on standard error."""
    from mangaobs.lint import edits
    from mangaobs.render import write_text

    fixable = [one for one in findings if one.fix is not None and Path(one.place.file) not in texts]
    if texts and any(one.fix is not None for one in findings):
        click.echo("note: what is rendered is mended in its definition", err=True)
    for edit in edits(fixable):
        click.echo(edit.diff, nl=False, err=aside)
        if write:
            write_text(edit.path.resolve(), edit.after)
    return [one for one in findings if one not in fixable] if write else findings


def _sum_up(counted: list[Finding], report: Report, known: int, gone: int) -> None:
    by = {level: sum(one.severity == level for one in counted) for level in ("error", "warning", "info")}
    parts = [f"{by['error']} errors", f"{by['warning']} warnings", f"{by['info']} infos"]
    unproven = sum(one.verdict == "unproven" for one in report.findings)
    proven = sum(one.verdict == "proven" for one in report.findings)
    parts += [f"{proven} proven", f"{unproven} unproven"]
    parts += [f"{len(report.suppressed)} suppressed"] if report.suppressed else []
    parts += [f"{known} known"] if known else []
    parts += [f"{gone} known ones are gone"] if gone else []
    click.echo(", ".join(parts), err=True)
