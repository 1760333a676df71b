"""Functions and Bedrock: what runs, how long it takes, what the model costs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from mangaobs.model.alarm import Alarm, CompositeAlarm
from mangaobs.model.dashboard import Dashboard, Row, Section, row, section
from mangaobs.model.metric import MINUTE, MINUTES, signal_metric
from mangaobs.model.widget import Graph, Line, TextWidget
from mangaobs.project.app import App
from mangaobs.services.bedrock import Model
from mangaobs.services.lambda_ import Function

from ..alarms.functions import reading_while_written
from ..handlers import signals

# Sixteen functions make some 130 widgets, notes included; a dashboard takes 500.
_A_DASHBOARD = 16


def dashboards(app: App[object], _: Mapping[str, Alarm | CompositeAlarm]) -> Iterator[Dashboard]:
    functions = list(app.functions.values())
    for number, start in enumerate(range(0, max(len(functions), 1), _A_DASHBOARD), 1):
        shown = functions[start : start + _A_DASHBOARD]
        content = [
            TextWidget(width=24, height=2, markdown="# Functions and Bedrock\nEach function against its own timeout."),
            *(section("Bedrock", *_bedrock(app)) for _ in [0] if number == 1 and app.models),
            *(_account(app) for _ in [0] if number == 1 and app.functions),
            *(_function(function) for function in shown),
        ]
        yield Dashboard(name="functions" if number == 1 else f"functions-{number}", content=tuple(content))


def _account(app: App[object]) -> Section:
    graphs = [
        Graph(
            title="Concurrency of the account",
            left=(app.concurrency.claimed_account_concurrency().maximum(MINUTE).named("claimed"),),
            shows="Executions in use or reserved, of the quota that all functions of the account share.",
            normal="below the line.",
        ),
    ]
    # The very series of the alarms that watch for a reader which stopped.
    graphs += [
        Graph(
            title=f"{function.key}: reads while its stream is written",
            left=(reading,),
            shows="What the function reads in five minutes in which its stream is written; 1 where nothing is.",
            normal="1 or more.",
        )
        for function in app.functions.values()
        if (reading := reading_while_written(app, function)) is not None
    ]
    return section("Account and streams", *(row(*graphs[start : start + 4]) for start in range(0, len(graphs), 4)))


def _function(function: Function) -> Section:
    graphs = [
        Graph(
            title=f"{function.key}: invocations",
            left=(
                function.invocations().sum(MINUTE).named("invocations"),
                function.errors().sum(MINUTE).named("errors").colored("#d13212"),
                function.throttles().sum(MINUTE).named("throttles").colored("#ff9900"),
            ),
            shows="Invocations, errors and throttles, a minute.",
            normal="no errors, no throttles.",
        ),
        Graph(
            title=f"{function.key}: duration",
            left=(
                function.duration().p50(5 * MINUTES).named("p50"),
                function.duration().p99(5 * MINUTES).named("p99"),
                function.duration().maximum(5 * MINUTES).named("longest"),
            ),
            lines=(Line(value=function.timeout_ms, label="timeout", color="#d62728"),),
            shows="Milliseconds, cold start not included.",
            normal="p99 below the warning line.",
        ),
        Graph(
            title=f"{function.key}: running at once",
            left=(function.concurrent_executions().maximum(MINUTE).named("concurrent"),),
            shows="Executions at the same time.",
            normal="follows the load.",
        ),
    ]
    if function.asynchronous:
        graphs.append(
            Graph(
                title=f"{function.key}: events given up",
                left=(
                    function.async_events_dropped().sum(MINUTE).named("dropped"),
                    function.dead_letter_errors().sum(MINUTE).named("dead-letter errors"),
                ),
                shows="Asynchronous events that Lambda gave up, a minute.",
                normal="0.",
            )
        )
    if function.reads_stream:
        graphs.append(
            Graph(
                title=f"{function.key}: lag",
                left=(function.iterator_age().maximum(MINUTE).named("iterator age"),),
                shows="Milliseconds between a record's arrival in the stream and its reading.",
                normal="below a second; silent while nothing is read.",
            )
        )
    return section(function.key, row(*graphs))


def _bedrock(app: App[object]) -> list[Row]:
    rows = [_model(model) for model in app.models.values()]
    tokens = [
        signal_metric(signal, Environment=app.environment).sum(MINUTE)
        for signal in (signals.INPUT_TOKENS, signals.OUTPUT_TOKENS)
    ]
    first = signal_metric(signals.TIME_TO_FIRST_TOKEN, Environment=app.environment)
    rows.append(
        row(
            Graph(
                title="Tokens, as the functions count them",
                left=tuple(tokens),
                shows="Tokens sent and answered, a minute, of this environment alone.",
                normal="follows the requests.",
            ),
            Graph(
                title="First token, as the functions see it",
                left=(first.p50(5 * MINUTES).named("p50"), first.p90(5 * MINUTES).named("p90")),
                shows="Milliseconds until the first token, network and retries included.",
                normal="a second or two.",
            ),
        )
    )
    return rows


def _model(model: Model) -> Row:
    key = model.key
    graphs = [
        Graph(
            title=f"{key}: invocations and failures",
            left=(
                model.invocations().sum(MINUTE).named("invocations"),
                model.throttles().sum(MINUTE).named("throttles"),
                model.server_errors().sum(MINUTE).named("server errors"),
                model.client_errors().sum(MINUTE).named("client errors"),
            ),
            shows="Invocations of the model and their failures, a minute, over the whole account.",
            normal="no failures.",
        ),
        Graph(
            title=f"{key}: latency",
            left=(
                model.latency().p50(5 * MINUTES).named("p50"),
                model.latency().p99(5 * MINUTES).named("p99"),
                model.time_to_first_token().p90(5 * MINUTES).named("first token, p90"),
            ),
            shows="Milliseconds of an invocation, and to its first token where it streams.",
            normal="p99 below the line.",
        ),
    ]
    if model.tokens_per_minute is not None:
        graphs.append(
            Graph(
                title=f"{key}: token quota",
                left=(model.token_quota_usage(),),
                shows="Percent of the quota of tokens a minute.",
                normal="below the line; above 100 Bedrock throttles.",
            )
        )
    return row(*graphs)
