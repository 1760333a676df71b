"""All functions as Lambda runs them: under its runtime client, on AWS's APIs over HTTP, one after another."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path

import jwt
import pytest

from handlers.signals import SIGNALS
from mangaobs.insights import Options, Window, run
from mangaobs.insights import recorded as recorded_groups
from mangaobs.languages.logs_insights import parse
from mangaobs.project.build import load_observability
from mangaobs.project.functions import functions

from ...runtime.aws.conftest import finished, parents
from ..administration import proxy_event
from ..authorizer.test_authorizer import KEY as SIGNING_KEY
from ..bedrock_standin import Behavior
from ..moto_server import Fault
from .recorded import REQUEST, recorded
from .system import TRACE, hashed, message_event

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[3]

# Section 4 of the design: what the trace of a message shows, in its order. Each is a part of the function's subsegment;
# the design's three puts and its update are two transactions here, which check the owner.
PICTURE = [
    ("LoadContext", "handler"),
    ("GetItem:LoadMeta", "LoadContext"),
    ("Query:LoadTurns", "LoadContext"),
    ("Query:LoadSummary", "LoadContext"),
    ("WriteTurns", "handler"),
    ("TransactWriteItems:BeginMessage", "WriteTurns"),
    ("BedrockInvoke", "handler"),
    ("WriteTurns", "handler"),
    ("TransactWriteItems:WriteAnswer", "WriteTurns"),
]

STEPS = {}


def step(function):
    """A step of the story, played once in its order, whichever of the tests asks for it first."""
    STEPS[function.__name__] = function
    return function


def content(answer):
    return json.loads(answer["body"])


@step
def a_token_is_verified(system):
    import time

    now = int(time.time())
    claims = {
        "iss": system.issuer.url,
        "sub": "customer-1",
        "client_id": "app-1",
        "token_use": "access",
        "origin_jti": "session-1",
        "iat": now - 5,
        "exp": now + 300,
    }
    token = jwt.encode(claims, SIGNING_KEY, "RS256", headers={"kid": "k1"})
    arn = "arn:aws:execute-api:us-east-1:123456789012:api1/live/POST/messages"
    event = {"type": "TOKEN", "methodArn": arn, "authorizationToken": f"Bearer {token}"}
    answer = system.invoke("authorizer", event)
    assert answer["policyDocument"]["Statement"][0]["Effect"] == "Allow"
    assert answer["context"]["session_id"] == "session-1"
    event["authorizationToken"] = "Bearer no.such.token"
    assert system.invoke("authorizer", event)["policyDocument"]["Statement"][0]["Effect"] == "Deny"


@step
def a_message_is_answered_and_its_trace_is_section_fours_picture(system):
    system.invoke("message", message_event("first", "message-0"))  # a session that stands, as in the picture
    before = len(system.daemon.documents())
    answer = system.invoke("message", message_event("Which manga is new?", "message-1"))
    assert content(answer)["answer"].startswith("answer to [Which manga is new?] after 2 messages")
    documents = finished(system.daemon.documents()[before:])
    names = {document["id"]: document["name"] for document in documents}
    ordered = sorted(documents, key=lambda document: document["start_time"])
    drawn = [
        (document["name"], names.get(document["parent_id"], "segment"))
        for document in ordered
        if document.get("namespace") != "aws" and document["name"] not in ("handler", "Script:Arrive")
    ]
    assert drawn == PICTURE
    # each call of AWS is a part of the step that makes it, and tells its table and nothing of the conversation
    calls = [document for document in ordered if document.get("namespace") == "aws"]
    assert [(call["aws"]["operation"], names[call["parent_id"]]) for call in calls] == [
        ("GetItem", "GetItem:LoadMeta"),
        ("Query", "Query:LoadTurns"),
        ("Query", "Query:LoadSummary"),
        ("TransactWriteItems", "TransactWriteItems:BeginMessage"),
        ("ConverseStream", "BedrockInvoke"),
        ("TransactWriteItems", "TransactWriteItems:WriteAnswer"),
    ]
    # it hangs below the segment that Lambda itself makes
    (root,) = [document for document in documents if document["name"] == "handler"]
    assert root["parent_id"] == "53995c3f42cd8ad8"
    assert {document["trace_id"] for document in documents} == {"1-5759e988-bd862e3fe1be46a994272793"}
    assert parents(documents)["BedrockInvoke"] == "handler"


@step
def one_requests_lines_trace_and_metrics_are_found_by_its_id(system):
    before = len(system.daemon.documents())
    invocation = system.invocation("message", message_event("find me", "message-2"))
    mine = [line for line in system.lines("message") if line.get("request_id") == invocation.request_id]
    assert [line["event"] for line in mine] == [
        "redis_operation",
        *["dynamodb_operation"] * 3,
        "step",
        "dynamodb_operation",
        "step",
        "bedrock_invocation",
        "dynamodb_operation",
        "step",
        "metrics",
        "invocation",
    ]
    # by the id that API Gateway gave, too
    assert {line["correlation_id"] for line in mine} == {"11111111-2222-4333-8444-555555555555"}
    (metrics,) = [line for line in mine if line["event"] == "metrics"]
    assert {"InputTokens", "OutputTokens", "TimeToFirstToken"} <= set(metrics)
    # the trace's id is on every line, and leads to the documents
    (trace,) = {line["trace_id"] for line in mine}
    documents = system.daemon.documents()[before:]
    assert documents
    assert (
        {document["trace_id"] for document in documents} == {trace} == {TRACE.partition(";")[0].removeprefix("Root=")}
    )
    # and the session's lines by its hash
    assert {line["session"] for line in mine} == {hashed("session-1")}


@step
def what_could_not_be_written_is_written_by_the_retry_function(system):
    def refuse(call):
        if call.who == "OF-message" and call.action == "dynamodb:TransactWriteItems":
            raise Fault("ProvisionedThroughputExceededException")

    system.aws.before = refuse
    answer = content(system.invoke("message", message_event("keep this", "message-3")))
    system.aws.before = None
    assert answer["stored"] == "later"
    event = system.retry_event()
    for _ in range(2):  # a queue may give a message twice
        system.deliver("retry", event)
    again = content(system.invoke("message", message_event("keep this", "message-3")))
    assert (again["answer"], again["stored"]) == (answer["answer"], "now")


@step
def the_stream_is_told_and_summarized(system):
    system.invoke("message", message_event("a human, please", "message-4", agent=True))
    assert system.invoke("stream", {"Records": system.stream_batch()}) == {"batchItemFailures": []}
    assert len(system.analytics()) >= 8
    kinds = {json.loads(one["Body"])["detail-type"] for one in system.waiting("bus")}
    assert kinds == {"Session Started", "Hand-off Requested"}
    (handoff,) = [json.loads(json.loads(one["Body"])["Message"]) for one in system.waiting("agents")]
    assert handoff["session_id"] == "session-1"
    answer = system.invoke("handoff", {"session_id": "session-1", "handoff_id": handoff["handoff_id"]})
    assert answer["summarized"] is True


@step
def a_hot_session_is_found_and_limited_and_the_message_function_honors_it(system):
    event = system.hot("session-hot", units=99_999)
    answer = system.invoke("hot_key", event)
    assert answer == {"hot": 1, "blocked": 0, "dry_run": False}
    answers = [
        system.invoke("message", message_event("fast", f"message-{number}", session="session-hot"))
        for number in range(5)
    ]
    assert [one["statusCode"] for one in answers] == [200, 200, 200, 429, 429]
    assert int(answers[-1]["headers"]["Retry-After"]) >= 1
    (line,) = [line for line in system.lines("hot_key") if line["event"] == "hot_key"]
    assert (line["session"], line["action"]) == (hashed("session-hot"), "limit")


@step
def a_model_that_fails_is_answered_for(system):
    system.model.behaviors.append(Behavior(400, "ValidationException"))
    answer = content(system.invoke("message", message_event("Hello", "message-5")))
    assert answer["fallback"] is True


@step
def administrators_read_export_and_delete(system):
    listed = system.invoke(
        "admin", proxy_event("GET", "/admin/customers/{customer_id}/sessions", path={"customer_id": "customer-1"})
    )
    assert {one["session_id"] for one in content(listed)["sessions"]} == {"session-1", "session-hot"}
    turns = proxy_event("GET", "/admin/sessions/{session_id}/turns", path={"session_id": "session-1"})
    assert content(system.invoke("admin", turns))["turns"][0]["text"] == "first"
    system.dynamodb.update_continuous_backups(
        TableName="manga-assist-sessions", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )
    export = proxy_event("POST", "/admin/exports", groups="admin-export")
    assert system.invoke("admin", export)["statusCode"] == 202
    delete = proxy_event(
        "DELETE", "/admin/sessions/{session_id}", groups="admin-delete", path={"session_id": "session-hot"}
    )
    assert content(system.invoke("admin_delete", delete))["done"] is True
    assert len(system.audited()) == 8


def until_done(system, name, request_id):
    """What the state machine does with a request; the last state, and the states before it."""
    import time

    states = []
    for _ in range(10):
        answer = system.invoke(name, {"request_id": request_id})
        states.append(answer["state"])
        if answer["state"] == "DONE" or answer["wait"] > 10:
            break
        time.sleep(answer["wait"])
    return states


@step
def a_person_gets_their_data_and_is_erased(system):
    # Given somebody with an account, a session, and one from before sessions had entries
    user = system.users.admin_create_user(
        UserPoolId=system.pool,
        Username="ann@example.com",
        UserAttributes=[{"Name": "email", "Value": "ann@example.com"}, {"Name": "email_verified", "Value": "true"}],
        MessageAction="SUPPRESS",
    )["User"]["Username"]
    for session in ("session-8", "session-9"):
        system.invoke("message", message_event("mine", f"{session}-m", session=session, customer=user))
    entries = system.dynamodb.scan(TableName="manga-assist-sessions")["Items"]
    (old,) = [one for one in entries if one["SK"]["S"] == "SESSION#session-9"]
    system.dynamodb.delete_item(TableName="manga-assist-sessions", Key={"PK": old["PK"], "SK": old["SK"]})
    system.s3.put_object(Bucket="the-backup", Key="sessions/session-8/turns.json", Body=b"a copy")

    def privacy(method, path, body=None, *, who=user, groups="", request_id=""):
        event = proxy_event(method, path, groups=groups, path={"request_id": request_id} if request_id else None)
        event["requestContext"]["authorizer"]["customer_id"] = who
        event["body"] = None if body is None else json.dumps(body)
        return content(system.invoke("data_requests", event))

    # When they ask for their data, then they get it, and a link to it
    one = "/privacy/requests/{request_id}"
    export = privacy("POST", "/privacy/requests", {"kind": "access"})["request_id"]
    assert until_done(system, "data_access", export)[-1] == "DONE"
    link = privacy("POST", f"{one}/link", {"file": "records-0001.jsonl.gz"}, request_id=export)
    assert "X-Amz-Expires=300" in link["url"]
    # When they ask to be erased, and a second person has verified that, then they are
    erasure = privacy("POST", "/privacy/requests", {"kind": "erasure"})["request_id"]
    assert until_done(system, "data_subject", erasure) == ["REQUESTED"]
    privacy("POST", f"{one}/verify", who="officer-1", groups="privacy", request_id=erasure)
    assert until_done(system, "data_subject", erasure)[-1] == "DONE"
    assert privacy("GET", one, request_id=erasure)["sessions"] == 2
    left = json.dumps(system.dynamodb.scan(TableName="manga-assist-sessions")["Items"], default=str)
    assert user not in left
    assert system.users.list_users(UserPoolId=system.pool)["Users"] == []
    refused = system.invoke("message", message_event("again", "message-91", session="session-91", customer=user))
    assert refused["statusCode"] == 410
    # And one that every attempt failed at stays open.
    open_one = privacy("POST", "/privacy/requests", {"kind": "erasure"}, who="customer-7")["request_id"]
    privacy("POST", f"{one}/verify", who="officer-1", groups="privacy", request_id=open_one)
    hold = {"reason": "litigation"}
    privacy("POST", f"{one}/hold", hold, who="officer-2", groups="privacy-hold", request_id=open_one)
    assert until_done(system, "data_subject", open_one) == ["HOLD"]
    privacy("POST", f"{one}/release", who="officer-2", groups="privacy-hold", request_id=open_one)
    failed = {"request_id": open_one, "attempt": 1, "failed": True}
    assert system.invoke("data_subject", failed)["state"] == "FAILED"


@step
def every_function_came_up_and_said_so_in_lines_of_json(system):
    assert sorted(system.functions) == sorted(function.name for function in functions(ROOT))
    for function in system.functions.values():
        assert function.api.init_error is None
        assert [line for line in function.lines() if line["event"] == "invocation"]
        assert "Traceback" not in function.errors() + function.output()


@pytest.fixture(scope="module")
def story(system):
    """What each step came to."""
    outcomes = {}
    for name, play in STEPS.items():
        try:
            play(system)
        except Exception as error:  # noqa: BLE001 - the test of that step raises it
            outcomes[name] = error
    return outcomes


@pytest.mark.parametrize("name", STEPS)
def test_the_story(story, name):
    if name in story:
        raise story[name]


# --- what came out, against what is declared ---


def test_only_declared_signals_came_out(system, story):
    events = {event.name: {field.name for field in (*SIGNALS.common, *event.fields)} for event in SIGNALS.events}
    metrics = {metric.name: metric for metric in SIGNALS.metrics}
    came = system.lines()
    for line in came:
        assert line["event"] in events, line
        if line["event"] != "metrics":
            undeclared = set(line) - events[line["event"]]
            assert not undeclared, (line["event"], undeclared)
            continue
        for directive in line["_aws"]["CloudWatchMetrics"]:
            for metric in directive["Metrics"]:
                declared = metrics[metric["Name"]]
                assert (directive["Namespace"], metric["Unit"]) == (declared.namespace, declared.unit)
                assert directive["Dimensions"] == [list(declared.dimensions)]
    # and most of what is declared did: the rest is of failures that other tests make
    assert {"hot_key", "admin_action", "write_deferred", "request_rejected"} <= {line["event"] for line in came}


# Called by Lambda's own pollers and by DynamoDB with the function's role, or where nothing here answers for it.
NOT_SEEN = {
    "retry": {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"},
    "stream": {
        "dynamodb:DescribeStream",
        "dynamodb:GetRecords",
        "dynamodb:GetShardIterator",
        "dynamodb:ListStreams",
        "sqs:SendMessage",
    },
    "admin": {"s3:AbortMultipartUpload", "dynamodb:DescribeExport"},
    # moto has no Contributor Insights; tests/handlers/hot_key looks at these calls. Nothing was blocked here.
    "hot_key": {"dynamodb:DescribeContributorInsights", "cloudwatch:GetInsightRuleReport", "dynamodb:UpdateItem"},
    # Nothing was locked; a deletion of versions needs both permissions, and is one call.
    "data_subject": {"s3:GetObjectRetention", "s3:GetObjectLegalHold", "s3:DeleteObject"},
    # A link is signed with it, by nobody's call; nobody asked for the other kind of export.
    "data_requests": {"s3:GetObject"},
}
INNER = {
    "Put": "dynamodb:PutItem",
    "Update": "dynamodb:UpdateItem",
    "Delete": "dynamodb:DeleteItem",
    "ConditionCheck": "dynamodb:ConditionCheckItem",
}


def called(system, name):
    """The actions that a function needed: what it called, transactions by what is in them."""
    needed = set()
    for call in system.aws.calls:
        if call.who == f"OF-{name}":
            if call.action == "dynamodb:TransactWriteItems":
                items = json.loads(call.body)["TransactItems"]
                needed |= {INNER[kind] for item in items for kind in item}
            else:
                needed.add(call.action)
    return needed | {action for who, action in system.model.calls if who == f"OF-{name}"}


@pytest.mark.parametrize("function", functions(ROOT), ids=lambda function: function.name)
def test_a_function_may_do_what_it_did_and_no_more(system, story, function):
    may = {action for permission in function.permissions for action in permission.actions}
    did = called(system, function.name)
    assert did <= may, f"not permitted: {sorted(did - may)}"
    assert may - did == NOT_SEEN.get(function.name, set())


def test_the_environment_here_is_what_the_settings_ask_for(system):
    from mangaobs.functions import variables

    for function in functions(ROOT):
        declared = {
            variable.name for variable in variables(import_module(f"handlers.{function.name}.settings").Settings)
        }
        given = set(system.environment(function.name))
        own = {name for name in given if not name.startswith(("AWS_", "MANGAOBS_")) and name != "SESSION_TABLE"}
        assert own <= declared, function.name


# --- what the saved queries make of it ---

MANGA = load_observability(ROOT)
ARGUMENTS = {
    "request": {"request_id": REQUEST},
    "trace": {"trace_id": TRACE.partition(";")[0].removeprefix("Root=")},
    "near-timeouts": {"percent": 0},
    "abnormal-sessions": {"requests_a_minute": 1},
}


@pytest.fixture(scope="module")
def recording(system, story, tmp_path_factory):
    folder = tmp_path_factory.mktemp("recording")
    recorded(system, folder, access_group="/manga-assist/api-access", trail_group="trail")
    return folder


@pytest.mark.parametrize("name", [query.name for query in MANGA.queries])
def test_every_saved_query_gives_rows_on_what_they_wrote(recording, name):
    (query,) = [one for one in MANGA.queries if one.name == name]
    tree = parse(query.filled(ARGUMENTS.get(name)))
    result = run(tree, recorded_groups(recording), Options(Window(0)))
    assert result.rows
    assert set().union(*result.rows) <= set(result.columns)


def test_the_queries_of_the_design_repaired_say_what_happened(recording):
    def rows(name):
        (query,) = [one for one in MANGA.queries if one.name == name]
        return run(parse(query.filled()), recorded_groups(recording), Options(Window(0))).rows

    slowest = [float(row["duration_ms"]) for row in rows("slowest-operations")]
    assert slowest == sorted(slowest, reverse=True)
    assert {row["operation"] for row in rows("latency-by-operation")} >= {"TransactWriteItems:WriteAnswer"}
    assert "ProvisionedThroughputExceededException" in {row.get("error_type") for row in rows("errors-by-type")}
    busiest = {row["session"]: int(row["total_requests"]) for row in rows("busiest-sessions")}
    assert busiest[hashed("session-hot")] == 5
