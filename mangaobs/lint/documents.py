"""The pages of the rules, each made from the rule itself: `python -m mangaobs.lint.documents`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from mangaobs.lint._rules import every_rule, text_of

if TYPE_CHECKING:
    from mangaobs.lint._rules import Rule

FAMILIES: Final = {
    "MO0": "Suppressions",
    "MO1": "Alarms",
    "MO2": "Dashboards",
    "MO3": "Queries",
    "MO4": "Filters and trails",
    "MO5": "Insight rules",
    "MO6": "Permissions",
    "MO7": "Platform",
}
_NOTE: Final = "<!-- Generated from the rule: change it in mangaobs/lint/rules. -->"


def pages() -> dict[str, str]:
    """File name under `docs/lint/` → text."""
    found = {f"{one.id}.md": _page(one) for one in every_rule().values()}
    return {"README.md": _index(), **found}


def _index() -> str:
    lines = ["# Rules", "", _NOTE, "", "What `mangaobs lint` looks for; [../lint.md](../lint.md) says how it answers."]
    for family, title in FAMILIES.items():
        lines += ["", f"## {title}", "", "| rule | severity | |", "|---|---|---|"]
        for one in every_rule().values():
            if one.id.startswith(family):
                lines.append(f"| [{one.id}]({one.id}.md) | {one.severity} | {one.title} |")
    return "\n".join(lines) + "\n"


def _page(rule: Rule) -> str:
    text = text_of(rule)
    sources = "\n".join(f"- <{one}>" for one in text.source)
    return "\n".join(
        [
            f"# {rule.id}: {rule.title}",
            "",
            _NOTE,
            "",
            f"**{rule.severity.capitalize()}.** {text.what}",
            "",
            "## Why",
            "",
            text.why,
            "",
            "## AWS",
            "",
            sources,
            "",
            "## Bad",
            "",
            f"```yaml\n{text.bad.rstrip()}\n```",
            "",
            "## Good",
            "",
            f"```yaml\n{text.good.rstrip()}\n```",
            "",
        ]
    )


def write(folder: Path) -> None:
    """Write the pages, and remove those of rules that are no more."""
    folder.mkdir(parents=True, exist_ok=True)
    made = pages()
    for old in folder.glob("*.md"):
        if old.name not in made:
            old.unlink()
    for name, text in made.items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write(Path("docs/lint"))
