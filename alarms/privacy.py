"""What people ask of their data: the law gives a month, and a request that gave up waits for somebody."""

from __future__ import annotations

from collections.abc import Iterator

from mangaobs.model.alarm import NOT_BREACHING, Alarm, warning
from mangaobs.model.metric import HOUR, signal_metric
from mangaobs.project.app import App

from ..handlers import signals
from . import Thresholds


def alarms(app: App[Thresholds]) -> Iterator[Alarm]:
    # An open request tells its age once a day at least. Hours beyond the day, so that a call that comes late closes no
    # ticket; not days, whose window would hold the last age for days after the end.
    yield warning(
        "data-request-due",
        signal_metric(signals.DATA_REQUEST_AGE, Environment=app.environment).maximum(HOUR)
        > app.thresholds.data_request_age_seconds,
        for_=1,
        out_of=30,
        missing=NOT_BREACHING,  # nobody asks for anything
        summary="A person's request for their data, or its erasure, is not done and the legal month is nearly over.",
        runbook="data-request-due",
        next_query="open-data-requests",
    )
    # It fails once and then says nothing: for a day, or the next quiet minutes would close the ticket.
    yield warning(
        "data-request-failed",
        signal_metric(signals.DATA_REQUEST_FAILURES, Environment=app.environment).sum(HOUR) > 0,
        for_=1,
        out_of=24,
        missing=NOT_BREACHING,
        summary="A person's erasure or export was given up after every attempt: it stands until somebody resumes it.",
        runbook="data-request-failed",
        next_query="data-request-steps",
    )
