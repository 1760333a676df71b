"""People's requests in the platform: the machine in each of its branches, who may do what, links that grow old."""

from __future__ import annotations

import json
import shutil

import msgspec
import pytest

from handlers.data_requests._machine import Machine
from handlers.data_subject.settings import Settings
from handlers.subjects import DAY, Request, _worker, kind_of, new_request_id
from mangaobs.errors import RenderError
from mangaobs.functions import read
from mangaobs.iam import Answer
from mangaobs.platform import render_platform

from ..proof.configurations import ROOT
from .machine import TaskError, run

SUBJECT = "0123456789abcdef0123456789abcdef"
IDS = {kind: new_request_id(kind, SUBJECT, "9" * 32) for kind in ("erasure", "access", "portability")}
EXPORTS = "arn:aws:s3:::${SubjectExportBucket}"
FILE = f"{EXPORTS}/subjects/{SUBJECT}/r1/manifest.json"
MOST_EVENTS = 25_000  # Step Functions Developer Guide, "Service quotas": the history of an execution


@pytest.fixture(scope="module")
def machine(template):
    return template["Resources"]["DataRequestMachine"]["Properties"]


@pytest.fixture(scope="module")
def definition(machine):
    return json.loads(machine["DefinitionString"])


class Functions:
    """Functions that give the answers in turn; the last one again and again. An error's name is raised.

    An answer is a state, seconds, and the request's attempt where a person began another one.
    """

    def __init__(self, *answers):
        self.answers = list(answers)
        self.calls = []

    def __call__(self, function, payload):
        self.calls.append((function, payload))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, str):
            raise TaskError(answer)
        state, wait, *attempt = answer
        return {
            "request_id": payload["request_id"],
            "state": state,
            "wait": wait,
            "attempt": attempt[0] if attempt else 1,
        }

    @property
    def notes(self):
        """The attempts that were said to have failed."""
        return [payload["attempt"] for _, payload in self.calls if payload.get("failed")]


def ran(definition, functions, request_id=IDS["erasure"], attempt=1):
    return run(definition, {"request_id": request_id, "attempt": attempt}, functions)


# The machine


@pytest.mark.parametrize(
    ("kind", "function"), [("erasure", "Erasure"), ("access", "Export"), ("portability", "Export")]
)
def test_each_kind_goes_to_its_function_with_the_id_and_nothing_else(definition, kind, function):
    assert kind_of(IDS[kind]) == kind
    functions = Functions(("DONE", 1))
    assert ran(definition, functions, IDS[kind]).end == "Done"
    assert functions.calls == [(f"${{{function}}}", {"request_id": IDS[kind]})]


def test_the_names_in_the_definition_are_the_functions(machine):
    # Given the definition's two names, then each is the function whose name stands in the ARN.
    named = {name: json.dumps(arn) for name, arn in machine["DefinitionSubstitutions"].items()}
    assert set(named) == {"Invoke", "Erasure", "Export"}
    assert named["Invoke"] == '{"Fn::Sub": "arn:${AWS::Partition}:states:::lambda:invoke"}'
    assert "${DataSubjectFunction}" in named["Erasure"]
    assert "${DataAccessFunction}" in named["Export"]


class Started:
    """Step Functions, which remembers what an execution was started with."""

    def start_execution(self, **given: str) -> None:
        self.input = given["input"]


def test_what_passes_is_what_the_functions_give_and_take(definition):
    # Given the input as the API's function makes it, since on AWS a path that leads nowhere ends an execution
    client = Started()
    request = Request(
        request_id=IDS["erasure"], kind="erasure", state="VERIFIED", requested_at=1, requested_by="", attempt=4
    )
    Machine(client, "arn:machine").start(request, "resume4-1")
    given = json.loads(client.input)
    taken, answered = ({field.name for field in msgspec.structs.fields(one)} for one in (_worker.Task, _worker.Answer))
    functions = Functions(*["AccessDenied"] * 7, ("DONE", 1))
    assert run(definition, given, functions).end == "Done"
    assert functions.notes == [4]
    assert {name for _, payload in functions.calls for name in payload} <= taken
    # Then what it reads of an answer is in each.
    tasks = [one for one in definition["States"].values() if one["Type"] == "Task"]
    assert {path.removeprefix("$.Payload.") for one in tasks for path in one["ResultSelector"].values()} <= answered


def test_what_was_declined_ends_it(definition):
    found = ran(definition, Functions(("REQUESTED", DAY), ("REJECTED", 1)))
    assert (found.end, found.waits) == ("Done", [DAY])


def test_it_waits_as_long_as_it_is_told_and_calls_again(definition):
    functions = Functions(
        ("REQUESTED", DAY), ("RUNNING", 1), ("VERIFYING", 60), ("PENDING_RETENTION", 500), ("DONE", 1)
    )
    found = ran(definition, functions)
    assert (found.end, found.waits, len(functions.calls)) == ("Done", [DAY, 1, 60, 500], 5)


def test_what_passes_is_tried_again_and_nothing_is_given_up(definition):
    functions = Functions(*["Lambda.ServiceException"] * 6, ("DONE", 1))
    found = ran(definition, functions)
    assert (found.end, found.retries, found.waits) == ("Done", 6, [])
    assert functions.notes == []


def test_a_busy_function_is_waited_for_and_no_request_fails_of_it(definition):
    # Given as many others at work as may be, for as long as five invocations last, then this one only waits.
    functions = Functions(*["Lambda.TooManyRequestsException"] * 100, *["AccessDenied"] * 6, ("DONE", 1))
    found = ran(definition, functions)
    assert (found.end, found.retries) == ("Done", 106)
    assert functions.notes == []
    for state in definition["States"].values():
        for one in state.get("Retry", []):
            if "Lambda.TooManyRequestsException" in one["ErrorEquals"]:
                # With full jitter half of the longest delay, on average.
                assert one["MaxAttempts"] * one["MaxDelaySeconds"] / 2 > 5 * 900


@pytest.mark.parametrize("kind", ["erasure", "access"])
def test_what_fails_each_time_is_noted_as_failed_by_the_same_function_and_waits_for_a_person(definition, kind):
    # Given a function that fails at every attempt, when it is given up, then it is told so once, and its age is told
    # each day, until somebody resumes it.
    functions = Functions(*["AccessDenied"] * 7, ("FAILED", DAY), ("FAILED", DAY), ("RUNNING", 1), ("DONE", 1))
    found = ran(definition, functions, IDS[kind])
    assert (found.end, found.retries, found.waits) == ("Done", 6, [DAY, DAY, 1])
    assert len({function for function, _ in functions.calls}) == 1
    given_up = [number for number, (_, payload) in enumerate(functions.calls) if payload.get("failed")]
    assert given_up == [7]


def test_a_failure_is_noted_of_the_attempt_that_the_execution_was_begun_for(definition):
    # Given a function that never answered, then the attempt is that of the input.
    functions = Functions(*["AccessDenied"] * 7, ("DONE", 1))
    assert ran(definition, functions, attempt=3).end == "Done"
    assert functions.notes == [3]


def test_a_late_failure_is_noted_of_the_attempt_that_the_function_last_told_of(definition):
    # Given an execution of the first attempt that slept while a person began the second, when the function told it
    # so, and failed then, then what failed is the second.
    functions = Functions(("FAILED", DAY), ("RUNNING", 1, 2), *["AccessDenied"] * 7, ("FAILED", DAY, 2), ("DONE", 1, 2))
    assert ran(definition, functions).end == "Done"
    assert functions.notes == [2]
    # Given that it was not told, then it is the first, which does not stop the second.
    functions = Functions(("FAILED", DAY), *["AccessDenied"] * 7, ("RUNNING", 60, 2), ("DONE", 1, 2))
    found = ran(definition, functions)
    assert (found.end, found.waits, functions.notes) == ("Done", [DAY, 60], [1])


def test_where_not_even_the_failure_can_be_noted_it_goes_on_the_next_day(definition):
    found = ran(definition, Functions(*["AccessDenied"] * 14, ("DONE", 1)))
    assert (found.end, found.retries, found.waits) == ("Done", 12, [DAY])


@pytest.mark.parametrize("answers", [["InvalidInput"], [*["AccessDenied"] * 7, "InvalidInput"]])
def test_a_request_that_there_is_not_ends_it_at_once(definition, answers):
    # Given a request that was erased or begun anew meanwhile, then nothing is tried again.
    functions = Functions(*answers)
    assert ran(definition, functions).end == "NoSuchRequest"
    assert len(functions.calls) == len(answers)


def test_an_id_of_no_kind_calls_nothing(definition):
    functions = Functions(("DONE", 1))
    for request_id in ("", "x", f"{SUBJECT}-x-1", f"{SUBJECT}_e_1"):
        assert ran(definition, functions, request_id).end == "NoSuchRequest"
    assert functions.calls == []


def test_a_year_of_days_fits_into_the_history(definition):
    found = ran(definition, Functions(*[("REQUESTED", DAY)] * 366, ("DONE", 1)))
    assert sum(found.waits) > definition["TimeoutSeconds"] == 365 * DAY
    # Each state is entered and exited; a task is scheduled, started and ended beside.
    tasks = sum(1 for state in found.states if definition["States"][state]["Type"] == "Task")
    assert 2 * len(found.states) + 3 * tasks < MOST_EVENTS / 2


def test_retries_are_spread_and_a_task_outlasts_its_function(template, definition):
    functions = {
        id: template["Resources"][f"{id}FunctionResource"]["Properties"] for id in ("DataSubject", "DataAccess")
    }
    for state in definition["States"].values():
        if state["Type"] != "Task":
            continue
        assert all(state["TimeoutSeconds"] > one["Timeout"] for one in functions.values())
        wrong, busy, other = state["Retry"]
        assert (wrong["ErrorEquals"], wrong["MaxAttempts"]) == (["InvalidInput"], 0)
        assert (busy["ErrorEquals"], busy["JitterStrategy"]) == (["Lambda.TooManyRequestsException"], "FULL")
        assert (other["ErrorEquals"], other["MaxAttempts"], other["JitterStrategy"]) == (["States.ALL"], 6, "FULL")


def test_its_logs_have_no_data_and_its_history_is_encrypted(machine):
    assert machine["LoggingConfiguration"]["Level"] == "ALL"
    assert machine["LoggingConfiguration"]["IncludeExecutionData"] is False
    assert machine["EncryptionConfiguration"]["Type"] == "CUSTOMER_MANAGED_KMS_KEY"
    assert machine["TracingConfiguration"] == {"Enabled": True}


# Who may do what


@pytest.fixture(scope="module")
def may(account):
    """Whether a role may, over TLS, with these keys in the request's context and no others."""

    def ask(role, action, resource, /, **keys):
        context = {"aws:SecureTransport": ["true"], **{key: [value] for key, value in keys.items()}}
        decision = account.decide(
            account.role(role), action, account.resource(resource), account.context(context, complete=True)
        )
        assert decision.decision is not Answer.DEPENDS, decision
        return decision.decision is Answer.ALLOW

    return ask


def test_the_machine_calls_its_two_functions_and_no_other(may):
    function = "arn:aws:lambda:us-east-1:123456789012:function:manga-assist-"
    called = {
        name
        for name in ("message", "admin-delete", "data-requests", "data-subject", "data-access")
        if may("DataRequestMachineRole", "lambda:InvokeFunction", f"{function}{name}")
    }
    assert called == {"data-subject", "data-access"}
    assert may("DataRequestMachineRole", "lambda:InvokeFunction", f"{function}data-subject:7")


def test_only_who_is_asked_starts_the_machine_and_no_other_machine(may, account):
    machine = "arn:aws:states:us-east-1:123456789012:stateMachine:manga-assist-"
    starts = {id for id in account.roles if may(id, "states:StartExecution", f"{machine}data-requests")}
    assert starts == {"DataRequestsRole"}
    assert not may("DataRequestsRole", "states:StartExecution", f"{machine}handoff")


@pytest.mark.parametrize("action", ["s3:DeleteObject", "s3:DeleteObjectVersion"])
def test_exports_and_copies_are_deleted_by_the_erasure_alone(may, account, action):
    for object_, whole in ((FILE, f"{EXPORTS}/else"), ("${B}/sessions/s1/1", "${B}/exports/1")):
        within = object_.replace("${B}", "arn:aws:s3:::${BackupBucket}")
        beside = whole.replace("${B}", "arn:aws:s3:::${BackupBucket}")
        assert {id for id in account.roles if may(id, action, within)} == {"DataSubjectRole"}
        assert not {id for id in account.roles if may(id, action, beside)}


def test_nobody_else_deletes_whatever_their_own_policies_say(template):
    # Given a role of somebody's that may do everything, then the bucket refuses it.
    for id in ("SubjectExportBucket", "BackupBucket"):
        statements = template["Resources"][f"{id}Policy"]["Properties"]["PolicyDocument"]["Statement"]
        (kept,) = [one for one in statements if one["Sid"] == "DeletedByErasureAlone"]
        assert (kept["Effect"], kept["Principal"]) == ("Deny", "*")
        assert kept["Condition"] == {"ArnNotEquals": {"aws:PrincipalArn": [{"Fn::GetAtt": ["DataSubjectRole", "Arn"]}]}}


def test_exports_are_written_by_one_role_and_read_by_another(may, account):
    assert {id for id in account.roles if may(id, "s3:PutObject", FILE)} == {"DataAccessRole"}
    assert {id for id in account.roles if may(id, "s3:GetObject", FILE)} == {"DataRequestsRole"}
    assert not may("DataRequestsRole", "s3:GetObject", f"{EXPORTS}/else/1")


@pytest.mark.parametrize("role", ["DataSubjectRole", "DataAccessRole"])
def test_versions_are_listed_of_a_prefix_alone(may, role):
    # Given the bucket itself, since listing is of buckets, then what is listed is under the prefix.
    bucket = "arn:aws:s3:::${BackupBucket}"
    assert may(role, "s3:ListBucketVersions", bucket, **{"s3:prefix": "sessions/s1/"})
    assert not may(role, "s3:ListBucketVersions", bucket, **{"s3:prefix": "exports/"})
    assert not may(role, "s3:ListBucketVersions", bucket)


# A link is of use for five minutes: S3 API reference, "Signature Version 4 authentication specific policy keys".


@pytest.mark.parametrize(
    ("how", "age", "answer"),
    [
        ("REST-QUERY-STRING", "299999", True),
        ("REST-QUERY-STRING", "300000", True),
        ("REST-QUERY-STRING", "300001", False),
        ("REST-QUERY-STRING", "604800000", False),
        # What is signed in a header is no link.
        ("REST-HEADER", "300001", True),
    ],
)
def test_the_bucket_refuses_links_older_than_five_minutes(may, how, age, answer):
    assert may("DataRequestsRole", "s3:GetObject", FILE, **{"s3:authType": how, "s3:signatureAge": age}) is answer


def test_a_link_of_the_older_signature_has_no_age_and_is_refused(may):
    keys = {"s3:authType": "REST-QUERY-STRING", "s3:signatureversion": "AWS"}
    assert not may("DataRequestsRole", "s3:GetObject", FILE, **keys)
    keys |= {"s3:signatureversion": "AWS4-HMAC-SHA256", "s3:signatureAge": "1000"}
    assert may("DataRequestsRole", "s3:GetObject", FILE, **keys)


def test_a_link_works_over_tls_alone(may):
    assert not may("DataRequestsRole", "s3:GetObject", FILE, **{"aws:SecureTransport": "false"})


def test_exports_go_within_days_by_themselves(template):
    bucket = template["Resources"]["SubjectExportBucket"]["Properties"]
    (rule,) = bucket["LifecycleConfiguration"]["Rules"]
    assert (rule["ExpirationInDays"], rule["NoncurrentVersionExpiration"]) == (7, {"NoncurrentDays": 1})
    assert "Prefix" not in rule
    encryption = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"][0]
    assert encryption["ServerSideEncryptionByDefault"]["KMSMasterKeyID"] == {"Fn::GetAtt": ["DataKey", "Arn"]}


# The ledger and the tombstones, without which a restored backup brings people back


def days(**settings):
    sets = [f"platform.{name}={value}" for name, value in settings.items()]
    resources = render_platform(ROOT, None, sets)["Resources"]
    lock = resources["AuditBucket"]["Properties"]["ObjectLockConfiguration"]["Rule"]["DefaultRetention"]
    variables = resources["DataSubjectFunctionResource"]["Properties"]["Environment"]["Variables"]
    started = read(Settings, {name: value if isinstance(value, str) else "x" * 16 for name, value in variables.items()})
    return lock["Days"], started.ledger_days


def test_the_ledger_and_the_tombstones_are_kept_alike():
    assert days() == (400, 400)
    assert days(audit_days=500) == (500, 500)


@pytest.mark.parametrize(
    ("audit", "recovery", "backup", "least"),
    [(1, 14, 3600, 3617), (46, 14, 30, 47), (30, 14, 30, 47), (400, 35, 363, 401), (35, 1, 1, 36)],
)
def test_a_backup_that_outlives_the_ledger_is_refused(audit, recovery, backup, least):
    # Given an export of the oldest point that can be recovered, which S3 deletes at a midnight or two later
    settings = {"pitr_days": recovery, "backup_days": backup}
    with pytest.raises(RenderError) as refused:
        days(audit_days=audit, **settings)
    assert str(refused.value) == (
        f"[platform] audit_days = {audit} is too short to know who was erased, with pitr_days = {recovery} and "
        f"backup_days = {backup}; {least} or more, so that no backup outlives the ledger of erasures: pitr_days + "
        "backup_days + 3, and 36 at least"
    )
    # Then what it says would be right is taken, by the function, too.
    assert days(audit_days=least, **settings) == (least, least)


@pytest.mark.parametrize("key", ["data_subject", "data-subject"])
def test_tombstones_have_no_days_of_their_own(key):
    with pytest.raises(RenderError, match="has LEDGER_DAYS; tombstones are kept as long as the ledger"):
        render_platform(ROOT, None, [f'platform.environment.{key}.LEDGER_DAYS="800"'])


# Switches


def test_without_a_sender_nobody_is_told_and_nothing_of_mail_is_there(template):
    assert '"ses:' not in json.dumps(template)
    assert "EmailEndpoint" not in template["Resources"]
    assert "CONFIRMATION_SENDER" not in json.dumps(template)


def test_with_a_sender_mail_comes_from_that_address_alone():
    template = render_platform(ROOT, None, ['platform.confirmation_sender={parameter="Sender", default="p@x.example"}'])
    resources = template["Resources"]
    assert resources["EmailEndpoint"]["Properties"]["ServiceName"] == {"Fn::Sub": "com.amazonaws.${AWS::Region}.email"}
    variables = resources["DataSubjectFunctionResource"]["Properties"]["Environment"]["Variables"]
    assert variables["CONFIRMATION_SENDER"] == {"Ref": "Sender"}
    (policy,) = resources["DataSubjectRole"]["Properties"]["Policies"]
    (confirm,) = [one for one in policy["PolicyDocument"]["Statement"] if one["Sid"] == "Confirm"]
    assert confirm["Action"] == ["ses:SendEmail"]
    assert confirm["Condition"] == {"StringEquals": {"ses:FromAddress": {"Ref": "Sender"}}}
    # And the boundary lets it.
    (allowed,) = [
        one
        for one in resources["RoleBoundary"]["Properties"]["PolicyDocument"]["Statement"]
        if one["Effect"] == "Allow"
    ]
    assert {"ses:*", "cognito-idp:*", "states:*"} <= set(allowed["Action"])


def copied(folder):
    project = folder / "project"
    for name in ("alarms", "dashboards", "queries", "handlers"):
        shutil.copytree(ROOT / name, project / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "mangaobs.toml", project)
    return project


def test_the_machine_has_to_have_a_name(tmp_path):
    project = copied(tmp_path)
    (project / "handlers/data_requests/permissions.toml").unlink()
    with pytest.raises(RenderError, match=r"data_subject is called by \[state_machines.data-requests\]"):
        render_platform(
            project, None, ['state_machines.data-requests.arn="arn:aws:states:us-east-1:1:stateMachine:${AWS::Region}"']
        )


def test_who_asks_needs_the_machine():
    with pytest.raises(RenderError, match="data_requests"):
        render_platform(
            ROOT, None, ['state_machines.data-requests.arn="arn:aws:states:us-east-1:1:stateMachine:${AWS::Region}"']
        )


def test_without_erasure_there_is_no_machine_and_nobody_deletes_copies(tmp_path):
    # Given a project whose people's requests are somewhere else
    project = copied(tmp_path)
    for name in ("data_requests", "data_subject", "data_access"):
        (project / f"handlers/{name}/permissions.toml").unlink()
    # Then nothing is said of a ledger that there is not.
    resources = render_platform(project, None, ["platform.audit_days=1"])["Resources"]
    assert "DataRequestMachine" not in resources
    assert "DeletedByErasureAlone" not in json.dumps(resources)
