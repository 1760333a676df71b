"""The API: what customers see first."""

from __future__ import annotations

from collections.abc import Iterator

from mangaobs.model.alarm import BREACHING, IGNORE, Alarm, critical, info, warning
from mangaobs.model.metric import MINUTE, MINUTES, signal_metric
from mangaobs.project.app import App

from ..handlers import signals
from . import Thresholds


def alarms(app: App[Thresholds]) -> Iterator[Alarm]:
    limits = app.thresholds
    for key, api in app.apis.items():
        yield critical(
            f"api-{key}-server-errors",
            api.server_errors().average(MINUTE) > limits.api_server_error_share,
            for_=3,
            out_of=5,
            through="chat-is-down",
            summary=f"API {key} answers with 5xx.",
            runbook="api-errors",
            next_query="errors-by-effect",
        )
        yield warning(
            f"api-{key}-client-errors",
            api.client_errors().average(MINUTE) > limits.api_client_error_share,
            for_=5,
            summary=f"API {key} rejects an unusual share of requests with 4xx.",
            runbook="api-client-errors",
            next_query="rejected-requests",
        )
        yield warning(
            f"api-{key}-latency-p99",
            # Few APIs have the 1,000 requests a minute that a p99 wants: five minutes, and every period counts.
            api.latency().p99(5 * MINUTES) > limits.api_latency_p99_ms,
            for_=3,
            summary=f"The slowest percent of the answers of API {key} is too slow.",
            runbook="api-latency",
            next_query="slowest-steps",
        )
        if limits.api_least_requests > 0:
            # An API that nobody reaches publishes nothing, so silence counts.
            yield critical(
                f"api-{key}-no-requests",
                api.count().sum(5 * MINUTES) < limits.api_least_requests,
                for_=3,
                missing=BREACHING,
                through="chat-is-down",
                summary=f"Hardly anybody reaches API {key}: DNS, certificate, firewall or the API itself.",
                runbook="unusual-traffic",
                next_query="rejected-requests",
            )
        yield info(
            f"api-{key}-traffic",
            api.count().sum(5 * MINUTES).outside_band(4),
            for_=3,
            missing=IGNORE,
            summary=f"API {key} has far more or fewer requests than is usual at this time.",
            runbook="unusual-traffic",
            next_query="abnormal-sessions",
        )
    # What the handlers know and AWS does not: what the customer saw.
    yield warning(
        "chat-fallback-answers",
        signal_metric(signals.FALLBACK_ANSWERS, Environment=app.environment).sum(MINUTE) > limits.fallback_answers,
        for_=3,
        out_of=5,
        summary="Customers get answers without the model.",
        runbook="bedrock-errors",
        next_query="errors-by-effect",
    )
    yield warning(
        "chat-limited-requests",
        signal_metric(signals.RATE_LIMITED, Environment=app.environment).sum(MINUTE) > limits.limited_requests,
        for_=3,
        out_of=5,
        summary="Many messages are refused since their session or the system is over its limit.",
        runbook="unusual-traffic",
        next_query="abnormal-sessions",
    )
    yield warning(
        "chat-deferred-writes",
        signal_metric(signals.DEFERRED_WRITES, Environment=app.environment).sum(MINUTE) > 0,
        for_=2,
        out_of=5,
        summary="Turns of conversations cannot be written and wait in the retry queue.",
        runbook="deferred-writes",
        next_query="errors-by-type",
    )
