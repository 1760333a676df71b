"""The linter's rules as a rule pack of cfn-lint: `cfn-lint -a mangaobs.cfn_lint template.yaml`.

The same rules, ids and positions as `mangaobs lint`, of what is refuted. cfn-lint shows errors, warnings and, with
`-c I`, infos; `ignore_checks: [MO707]` and its other ways to choose rules work as for its own.

cfn-lint asks each rule in turn; the template is linted once, when the first of them asks.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cfnlint.rules import CloudFormationLintRule, RuleMatch

from mangaobs.errors import MangaobsError
from mangaobs.lint import Finding, Rule, every_rule, lint, text_of
from mangaobs.template import worlds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cfnlint.template import Template

_SEVERITIES = {"error": "error", "warning": "warning", "info": "informational"}


@lru_cache(maxsize=8)
def _findings(file: str, stamp: int) -> list[Finding]:  # noqa: ARG001 - the stamp tells versions of a file apart
    try:
        return [one for one in lint(worlds([Path(file)])).findings if one.verdict == "refuted"]
    except MangaobsError:
        return []  # what cannot be read is cfn-lint's own to say


class _Rule(CloudFormationLintRule):  # type: ignore[misc] # cfn-lint has no types
    """One of ours, in cfn-lint's shape."""

    rule: Rule

    @property
    def severity(self) -> str:
        return _SEVERITIES[self.rule.severity]

    def is_enabled(
        self,
        include_experimental: bool = False,  # noqa: FBT001, FBT002 - cfn-lint's own signature
        ignore_rules: list[str] | None = None,
        include_rules: list[str] | None = None,
        mandatory_rules: list[str] | None = None,
    ) -> bool:
        """Whether it is asked for: by its id, or by its severity's letter, which cfn-lint's own ids begin with."""
        letter = self.severity[0].upper()
        chosen = [self.id if one.startswith(letter) else one for one in include_rules or []]
        enabled: bool = super().is_enabled(include_experimental, ignore_rules, chosen, mandatory_rules)
        return enabled

    def match(self, cfn: Template) -> Iterator[RuleMatch]:
        file = Path(cfn.filename)
        if not file.is_file():
            return
        for one in _findings(str(file), file.stat().st_mtime_ns):
            if one.rule != self.id or Path(one.place.file) != file:
                continue
            path: list[Any] = [int(step) if step.isdecimal() else step for step in one.path.split("/")[1:]]
            message = one.message + (f"; {one.right}" if one.right else "")
            line, column = max(one.place.line - 1, 0), max(one.place.column - 1, 0)
            yield RuleMatch(path, message, location=(line, column, line, column + one.length))


def _class(rule: Rule) -> type[_Rule]:
    text = text_of(rule)
    body = {
        "__doc__": rule.title,
        "rule": rule,
        "id": rule.id,
        "shortdesc": rule.title,
        "description": f"{text.what} {text.why}",
        "source_url": text.source[0],
        "tags": ["observability"],
    }
    return type(rule.id, (_Rule,), body)


# cfn-lint finds the classes of a module that are rules, so that each has to be one here.
globals().update({id_: _class(rule) for id_, rule in every_rule().items() if not id_.startswith("MO0")})
