"""A scheduled query whose text or schedule is refused."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from mangaobs.languages import logs_insights
from mangaobs.lint._found import Found, Spot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mangaobs.lint._app import App


_SCHEDULE: Final = re.compile(r"cron\((?:[\w*?,/#-]+ ){4,5}[\w*?,/#-]+\)|rate\(\d+ (?:minute|hour|day)s?\)")


def check(app: App) -> Iterator[Found]:
    """QueryString, as far as it is CloudWatch's own language, and ScheduleExpression."""
    for resource in app.of("AWS::Logs::ScheduledQuery"):
        source, language = resource.properties.get("QueryString"), resource.properties.get("QueryLanguage", "CWLI")
        if isinstance(source, str) and language == "CWLI":
            for finding in logs_insights.check(source):
                if finding.severity == "error":
                    spot = Spot.of("QueryString").at(finding.error)
                    yield Found("MO305", resource, finding.error.problem, finding.error.right, spot)
        schedule = resource.properties.get("ScheduleExpression")
        if isinstance(schedule, str) and not _SCHEDULE.fullmatch(schedule.strip()):
            what = f"{schedule!r} is no schedule"
            yield Found("MO305", resource, what, "cron(0 9 * * ? *) or rate(1 hour)", Spot.of("ScheduleExpression"))
