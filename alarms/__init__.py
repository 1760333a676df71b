"""MangaAssist's alarms, and the thresholds that a configuration may set."""

from typing import Annotated

import msgspec


class Thresholds(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Thresholds of the alarms, under `[alarms]` or `--set alarms.NAME=VALUE`.

    ```toml
    [alarms]
    query_p99_ms = 40
    ```
    """

    query_p99_ms: Annotated[float, msgspec.Meta(gt=0, description="p99 of a DynamoDB Query, in milliseconds")] = 25
    write_p99_ms: Annotated[float, msgspec.Meta(gt=0, description="p99 of a DynamoDB write, in milliseconds")] = 25
    capacity_used_percent: Annotated[
        float, msgspec.Meta(gt=0, le=100, description="Percent of the capacity that a table may use")
    ] = 80
    account_capacity_percent: Annotated[
        float, msgspec.Meta(gt=0, le=100, description="Percent of the account's DynamoDB quota that may be provisioned")
    ] = 80
    user_errors_a_minute: Annotated[
        float, msgspec.Meta(ge=0, description="DynamoDB HTTP 400s a minute, over the whole account")
    ] = 10
    transaction_conflicts_a_minute: Annotated[
        float, msgspec.Meta(ge=0, description="DynamoDB transaction conflicts a minute")
    ] = 10
    iterator_age_ms: Annotated[float, msgspec.Meta(gt=0, description="Lag of a stream's reader, in milliseconds")] = (
        60_000
    )
    far_behind_ms: Annotated[
        float, msgspec.Meta(gt=0, description="Lag at which a stream's records are in danger, in milliseconds")
    ] = 3_600_000
    timeout_percent: Annotated[
        float, msgspec.Meta(gt=0, lt=100, description="Percent of a function's own timeout that its p99 may take")
    ] = 80
    concurrency_percent: Annotated[
        float, msgspec.Meta(gt=0, le=100, description="Percent of a function's reserved concurrency that may be in use")
    ] = 90
    account_concurrency: Annotated[
        float, msgspec.Meta(gt=0, description="Concurrency that is claimed of the account's quota for Lambda")
    ] = 800
    api_latency_p99_ms: Annotated[float, msgspec.Meta(gt=0, description="p99 of an API's answers, in milliseconds")] = (
        8_000
    )
    api_least_requests: Annotated[
        float,
        msgspec.Meta(ge=0, description="Requests in five minutes that an API has at least; 0: no alarm"),
    ] = 0
    api_client_error_share: Annotated[float, msgspec.Meta(gt=0, le=1, description="Share of 4xx answers, 0 to 1")] = (
        0.05
    )
    api_server_error_share: Annotated[float, msgspec.Meta(gt=0, le=1, description="Share of 5xx answers, 0 to 1")] = (
        0.01
    )
    model_latency_p99_ms: Annotated[
        float, msgspec.Meta(gt=0, description="p99 of a model invocation, in milliseconds")
    ] = 10_000
    first_token_p90_ms: Annotated[
        float, msgspec.Meta(gt=0, description="p90 of the time to the first token, in milliseconds")
    ] = 3_000
    model_quota_percent: Annotated[
        float,
        msgspec.Meta(gt=0, le=100, description="Percent of a model's quotas of tokens and requests that may be used"),
    ] = 80
    queue_age_seconds: Annotated[
        float, msgspec.Meta(gt=0, description="Age of a queue's oldest message, in seconds")
    ] = 300
    dead_letter_age_seconds: Annotated[
        float, msgspec.Meta(gt=0, description="Age at which a dead letter is about to be lost, in seconds")
    ] = 259_200
    delivery_freshness_seconds: Annotated[
        float, msgspec.Meta(gt=0, description="Age of the oldest record that Firehose has not delivered, in seconds")
    ] = 900
    cache_cpu_percent: Annotated[
        float, msgspec.Meta(gt=0, le=100, description="CPU of a cache's engine, in percent")
    ] = 90
    cache_memory_percent: Annotated[
        float, msgspec.Meta(gt=0, le=100, description="Memory that a cache uses, in percent")
    ] = 80
    cache_commands_throttled: Annotated[
        float, msgspec.Meta(ge=0, description="Commands a minute that a serverless cache refused")
    ] = 0
    scans: Annotated[float, msgspec.Meta(ge=0, description="Pages of Scans on a table in five minutes")] = 0
    denials: Annotated[float, msgspec.Meta(ge=0, description="Denied DynamoDB calls in five minutes")] = 5
    fallback_answers: Annotated[
        float, msgspec.Meta(ge=0, description="Answers a minute that were given without the model")
    ] = 5
    limited_requests: Annotated[float, msgspec.Meta(ge=0, description="Messages a minute answered with 429")] = 100
    data_request_age_seconds: Annotated[
        float,
        msgspec.Meta(gt=0, description="Age of a person's request that is not done, in seconds; the law gives a month"),
    ] = 1_814_400
