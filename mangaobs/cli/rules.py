"""`mangaobs rules`."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import click

from mangaobs.errors import MangaobsError

if TYPE_CHECKING:
    from mangaobs.lint import Rule


@click.command("rules")
@click.argument("rule", required=False)
@click.option("--format", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(rule: str | None, format: str) -> None:
    """List the linter's rules, or say of one what it finds, why that matters, and how to write it.

    \b
    Examples:
      mangaobs rules
      mangaobs rules MO102
    """
    from mangaobs.catalog import did_you_mean
    from mangaobs.lint import every_rule

    every = every_rule()
    if rule is not None and rule.upper() not in every:
        right = did_you_mean(rule.upper(), every, "mangaobs rules lists them")
        raise MangaobsError(f"there is no rule {rule!r}", right=right)
    chosen = list(every.values()) if rule is None else [every[rule.upper()]]
    if format == "json":
        import json

        found = [_document(one) for one in chosen]
        click.echo(json.dumps(found if rule is None else found[0], indent=2, ensure_ascii=False))
    elif rule is None:
        for one in chosen:
            click.echo(f"{one.id}  {one.severity:<7}  {one.title}")
    else:
        click.echo(_page(chosen[0]))


def _document(rule: Rule) -> dict[str, object]:
    from mangaobs.lint import text_of

    text = text_of(rule)
    return {
        "rule": rule.id,
        "severity": rule.severity,
        "title": rule.title,
        "types": list(rule.types),
        "what": text.what,
        "why": text.why,
        "source": list(text.source),
        "bad": text.bad,
        "good": text.good,
    }


def _page(rule: Rule) -> str:
    from mangaobs.lint import text_of

    text = text_of(rule)
    parts = [
        f"{rule.id} ({rule.severity}): {rule.title}",
        textwrap.fill(text.what, 100),
        "Why: " + textwrap.fill(text.why, 95).replace("\n", "\n     "),
        "Source: " + "\n        ".join(text.source),
        "Bad:\n" + textwrap.indent(text.bad.rstrip(), "  "),
        "Good:\n" + textwrap.indent(text.good.rstrip(), "  "),
    ]
    return "\n\n".join(parts)
