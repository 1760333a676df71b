"""What a drill found: a check a line, with what was seen and how long it took. Ids of the drill alone are in it."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

import msgspec

Status: TypeAlias = Literal["passed", "failed", "skipped"]
PASSED: Final = "passed"
FAILED: Final = "failed"
SKIPPED: Final = "skipped"


class Check(msgspec.Struct, frozen=True):
    """One check: what was seen, and what would be right where it was not."""

    name: str
    status: Status
    seen: str
    right: str = ""
    seconds: float = 0.0


class Report(msgspec.Struct, frozen=True):
    """A drill. Times are ISO 8601 in UTC."""

    drill: str
    table: str
    account: str
    started_at: str
    finished_at: str
    checks: tuple[Check, ...]
    interrupted: bool = False

    @property
    def passed(self) -> bool:
        """Whether nothing failed and nothing was cut off."""
        return not self.interrupted and all(check.status != FAILED for check in self.checks)


def markdown(report: Report) -> str:
    """The report as a page."""
    outcome = "passed" if report.passed else "interrupted" if report.interrupted else "failed"
    rows = [
        f"| {check.name} | {check.status} | {check.seen}{f'; right: {check.right}' if check.right else ''} "
        f"| {check.seconds:.1f} |"
        for check in report.checks
    ]
    head = [
        f"# Drill {report.drill}: {outcome}",
        "",
        f"Table `{report.table}`, account {report.account or 'unknown'}, {report.started_at} to {report.finished_at}.",
        "",
        "| check | status | seen | seconds |",
        "|---|---|---|---|",
    ]
    return "\n".join([*head, *rows]) + "\n"
