"""Every relative link of every page leads to a file that there is, and to a heading that it has."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def pages(root: Path) -> Iterator[Path]:
    # What is hidden is no part of the repository: environments, caches.
    for one in sorted(root.iterdir()):
        if one.is_dir() and not one.name.startswith("."):
            yield from sorted(one.rglob("*.md"))
        elif one.suffix == ".md":
            yield one


def broken(page: Path) -> list[str]:
    """The links of a page that lead nowhere."""
    found = []
    text = re.sub(r"`[^`\n]*`", "", without_blocks(page))
    for link in re.findall(r"\]\((?![a-z][a-z0-9+.-]*:)([^)\s]+)", text):
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        if not target.exists() or (anchor and target.suffix == ".md" and anchor not in anchors(target)):
            found.append(link)
    return found


def without_blocks(page: Path) -> str:
    """A page's text without its blocks of code."""
    return re.sub(r"^( *)```.*?^\1```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    found: set[str] = set()
    for heading in re.findall(r"^#+ +(.+)$", without_blocks(page), re.MULTILINE):
        words = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading)
        anchor = one = re.sub(r"[^\w -]", "", words.strip().lower()).replace(" ", "-")
        number = 0
        while one in found:
            number += 1
            one = f"{anchor}-{number}"
        found.add(one)
    return found


def test_every_relative_link_leads_somewhere():
    found = {page.relative_to(ROOT).as_posix(): links for page in pages(ROOT) if (links := broken(page))}
    assert found == {}


def test_a_link_that_leads_nowhere_is_found(tmp_path):
    page = tmp_path / "page.md"
    (tmp_path / "there.md").write_text("# One\n\n## A `key`, said [so](x)\n\n## One\n")
    page.write_text(
        "# Page\n\n[a](there.md) [b](there.md#a-key-said-so) [c](there.md#one-1) [d](#page) [e](https://x.example/y)\n"
        "\n`[f](g)`\n\n```text\n[h](i)\n```\n\n[j](nowhere.md) [k](there.md#two) [l](#else)\n"
    )
    assert broken(page) == ["nowhere.md", "there.md#two", "#else"]
