"""The model: throttles, errors, latency and quota."""

from __future__ import annotations

from collections.abc import Iterator

from mangaobs.model.alarm import Alarm, critical, warning
from mangaobs.model.metric import MINUTE, MINUTES
from mangaobs.project.app import App

from . import Thresholds


def alarms(app: App[Thresholds]) -> Iterator[Alarm]:
    limits = app.thresholds
    for key, model in app.models.items():
        yield critical(
            f"bedrock-{key}-server-errors",
            model.server_errors().sum(MINUTE) > 0,
            for_=3,
            out_of=5,
            through="chat-cause-bedrock",
            summary=f"Invocations of model {key} fail inside Bedrock.",
            runbook="bedrock-errors",
            next_query="bedrock-errors",
        )
        yield warning(
            f"bedrock-{key}-client-errors",
            model.client_errors().sum(MINUTE) > 0,
            for_=3,
            out_of=5,
            summary=f"Bedrock rejects invocations of model {key} as wrong: access, model id or input.",
            runbook="bedrock-errors",
            next_query="bedrock-errors",
        )
        yield warning(
            f"bedrock-{key}-throttles",
            model.throttles().sum(MINUTE) > 0,
            for_=2,
            out_of=5,
            summary=f"Bedrock throttles invocations of model {key}.",
            runbook="bedrock-throttles",
            next_query="bedrock-tokens",
        )
        yield warning(
            f"bedrock-{key}-latency-p99",
            model.latency().p99(5 * MINUTES) > limits.model_latency_p99_ms,
            for_=3,
            summary=f"The slowest percent of the invocations of model {key} is too slow.",
            runbook="bedrock-latency",
            next_query="slowest-steps",
        )
        yield warning(
            f"bedrock-{key}-first-token-p90",
            model.time_to_first_token().p90(5 * MINUTES) > limits.first_token_p90_ms,
            for_=3,
            summary=f"Customers wait long for the first token of model {key}.",
            runbook="bedrock-latency",
            next_query="slowest-steps",
        )
        if model.requests_per_minute is not None:
            yield warning(
                f"bedrock-{key}-request-quota",
                model.invocations().sum(MINUTE) > model.requests_per_minute * limits.model_quota_percent / 100,
                for_=3,
                out_of=5,
                summary=f"Model {key} uses most of its quota of {model.requests_per_minute:,} requests a minute.",
                runbook="bedrock-throttles",
                next_query="bedrock-tokens",
            )
        if model.tokens_per_minute is not None:
            yield warning(
                f"bedrock-{key}-token-quota",
                model.token_quota_usage() > limits.model_quota_percent,
                for_=3,
                out_of=5,
                summary=f"Model {key} uses most of its quota of tokens a minute; throttling is next.",
                runbook="bedrock-throttles",
                next_query="bedrock-tokens",
            )
