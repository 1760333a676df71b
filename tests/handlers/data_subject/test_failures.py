"""Whatever breaks, wherever: what was begun is finished by the next call, and nothing is called done that is not.

Each test goes over every call of AWS that an erasure makes, and notes how many places that were; the end of the suite's
run has the sums.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse

from handlers.sessions import SessionRefused, Turn
from handlers.subjects import Broken, LeaseLost

from ..conftest import TABLE
from ..faults import Crash, Crashes, lose_answer
from ..moto_server import reset
from .world import BACKUP, EXPORTS, REST, Snapshot, World, clients, subject_hash

HERS = ["s1", "s2"]


class Case:
    """Alice with two sessions, one of them without an entry, and Bob, whose session's id begins like hers."""

    def __init__(self) -> None:
        self.world = World()
        world = self.world
        self.alice, self.bob = world.register("alice"), world.register("bob")
        world.say(self.alice, "s1")
        world.say(self.alice, "s2", entered=False)
        world.say(self.bob, "s10")
        for name in ("s1", "s10"):
            world.copy(name)
        world.buckets.put_object(Bucket=EXPORTS, Key=f"subjects/{subject_hash(self.alice)}/r/a.gz", Body=b"x")
        self.before: Snapshot = world.others(self.alice, HERS)
        self.request = world.ask(self.alice)

    def violations(self, *, done: bool = True) -> list[str]:
        """What of the invariants does not hold."""
        world = self.world
        steps = world.steps(self.request)
        wrong = [f"I1 {left}" for left in world.left_of(self.alice, HERS)] if done else []
        if world.others(self.alice, HERS) != self.before:
            wrong.append("I2 something of somebody else was changed")
        if done and (steps.count("start"), steps.count("finish")) != (1, 1):
            wrong.append(f"I5 {steps}")
        searches = [one for one in world.audited(self.request) if one["step"].startswith("search-")]
        if done and not {"closed", "verified", "confirmed", "account"} <= set(steps):
            wrong.append(f"I5 a step is missing: {steps}")
        if done and [one["detail"] for one in searches[-2:]] != ["empty", "empty"]:
            wrong.append(f"I5 two searches that found nothing are missing: {steps}")
        if steps and (steps[0] != "start" or ("finish" in steps and steps[-1] != "finish")):
            wrong.append(f"I5 {steps}")
        if "finish" in steps and world.left_of(self.alice, HERS):
            wrong.append("I5 an end while something stands")
        return wrong


@pytest.fixture
def case(aws: None) -> Callable[[], Case]:
    """Makes a new case, in an AWS that holds nothing else."""

    def make() -> Case:
        reset()
        return Case()

    return make


@pytest.fixture
def noted(record_property: Callable[[str, object], None]) -> Callable[..., None]:
    """Notes counts for the end of the run."""

    def note(**counts: int) -> None:
        for name, number in counts.items():
            record_property(f"erasure {name.replace('_', ' ')}", number)

    return note


def points_of(case: Callable[[], Case]) -> list[str]:
    """The points before and after each call of a whole erasure."""
    whole = case()
    crashes = Crashes(*whole.world.clients)
    assert whole.world.drive(whole.request) == "DONE"
    crashes.close()
    assert whole.violations() == []
    return crashes.passed


def crash(case: Case, at: int) -> bool:
    """Let the process die at a point of the erasure; whether it came that far."""
    crashes = Crashes(*case.world.clients)
    crashes.at = at
    try:
        case.world.drive(case.request)
    except Crash:
        return True
    finally:
        crashes.close()
    return False


@pytest.mark.slow
@pytest.mark.parametrize("part", range(4))
def test_a_crash_anywhere_and_two_calls_after_it_leave_nothing(case, noted, part):
    points = points_of(case)
    violations = []
    for at in range(1 + part, len(points) + 1, 4):
        broken = case()
        assert crash(broken, at)
        # The lease of who died ends by itself.
        broken.world.now += 1_000_000
        assert broken.world.drive(broken.request) == "DONE"
        items = broken.world.standing_items()
        assert broken.world.drive(broken.request) == "DONE"
        assert broken.world.standing_items() == items
        violations += broken.violations()
        done = broken.world.standing(broken.alice)
        # Items are counted in the transaction that deletes them; versions cannot be: a crash may lose their count.
        assert (done.sessions, done.items) == (2, 8), points[at - 1]
        assert done.versions <= 3
    noted(crash_points=len(range(1 + part, len(points) + 1, 4)), violations=len(violations))
    assert violations == []


def calls_of(points: list[str]) -> list[tuple[str, int]]:
    """Each call by its operation and its number among the calls of that operation."""
    seen: Counter[str] = Counter()
    found = []
    for point in points:
        when, _, operation = point.partition(" ")
        if when == "before":
            found.append((operation, seen[operation]))
            seen[operation] += 1
    return found


def client_of(world: World, operation: str) -> Any:
    """The client that has an operation."""
    return next(client for client in world.clients if operation in client.meta.service_model.operation_names)


def refuse(client: Any, operation: str, code: str, *, after: int, times: int, status: int = 400) -> None:
    """AWS refuses some calls of an operation."""
    seen = []

    def before_call(**_: Any) -> Any:
        seen.append(operation)
        if not after < len(seen) <= after + times:
            return None
        answer = {
            "Error": {"Code": code, "Message": "as the test has it"},
            "ResponseMetadata": {"HTTPStatusCode": status},
        }
        if code == "TransactionCanceledException":
            answer["CancellationReasons"] = [{"Code": "TransactionConflict"}]  # type: ignore[assignment]
        return AWSResponse("http://test", status, {}, None), answer

    event = f"before-call.{client.meta.service_model.service_id.hyphenize()}.{operation}"
    client.meta.events.register_first(event, before_call)


PASSING = {
    "dynamodb": [
        ("ThrottlingException", 400),
        ("ProvisionedThroughputExceededException", 400),
        ("InternalServerError", 500),
    ],
    "s3": [("SlowDown", 503), ("InternalError", 500)],
    "cognito-identity-provider": [("TooManyRequestsException", 400)],
    "sesv2": [("TooManyRequestsException", 429)],
}


@pytest.mark.slow
@pytest.mark.parametrize("part", range(4))
def test_refused_throttled_and_unanswered_at_every_call_it_is_done_once_and_never_before(case, noted, part):
    """A call is forbidden: it is not done. Then it is allowed, throttled three times, done, and its answer lost."""
    calls = calls_of(points_of(case))[part::4]
    raised, violations = 0, []
    for number, (operation, after) in enumerate(calls):
        bad = case()
        world, client = bad.world, client_of(bad.world, operation)
        refuse(client, operation, "AccessDeniedException", after=after, times=1, status=403)
        try:
            world.drive(bad.request)
        except Broken:
            raised += 1
        if world.standing(bad.alice).state != "DONE":  # else it is the audit's end that could not be put
            violations += bad.violations(done=False)
            assert "finish" not in world.steps(bad.request)
        clients()
        kinds = PASSING[client.meta.service_model.service_id.lower().replace(" ", "-")]
        code, status = kinds[number % len(kinds)]
        if operation == "TransactWriteItems" and number % 2:
            code, status = "TransactionCanceledException", 400
        refuse(client, operation, code, after=0, times=3, status=status)
        lose_answer(client, operation, after=3)
        world.now += 1_000_000
        assert world.drive(bad.request) == "DONE", (operation, after)
        violations += bad.violations()
        done = world.standing(bad.alice)
        assert (done.sessions, done.items) == (2, 8), (operation, after)
        assert done.versions <= 3
    assert raised >= len(calls) - 2  # giving a lease back may fail
    noted(calls_refused_and_throttled_and_unanswered=len(calls), violations=len(violations))
    assert violations == []


def test_a_version_that_s3_does_not_delete_is_no_success(case):
    refused = case()

    def after_call(parsed: dict[str, Any], **_: Any) -> None:
        parsed["Errors"] = [{"Key": "sessions/s1/turns.json", "Code": "AccessDenied"}]
        parsed["Deleted"] = []

    refused.world.s3.meta.events.register("after-call.s3.DeleteObjects", after_call)
    with pytest.raises(Broken, match="NotDeleted"):
        refused.world.drive(refused.request)
    assert refused.world.call(refused.request, failed=True)["state"] == "FAILED"
    steps = refused.world.steps(refused.request)
    assert (steps[-1], "finish" in steps) == ("failed", False)


def test_versions_that_s3_fails_at_are_asked_for_again(case):
    partial = case()
    asked: list[int] = []

    def after_call(parsed: dict[str, Any], **_: Any) -> None:
        asked.append(1)
        if len(asked) < 3:
            parsed["Errors"] = [{"Key": "sessions/s1/turns.json", "Code": "InternalError"}]

    partial.world.s3.meta.events.register("after-call.s3.DeleteObjects", after_call)
    assert partial.world.drive(partial.request) == "DONE"
    assert partial.violations() == []
    assert len(asked) == 4  # twice again, and the export
    assert partial.world.slept > 0


def test_a_transaction_that_can_never_be_is_an_error_and_not_done(case):
    never = case()
    refuse(never.world.dynamodb, "TransactWriteItems", "ValidationException", after=1, times=1000)
    with pytest.raises(Broken, match="ValidationException"):
        never.world.drive(never.request)
    assert "finish" not in never.world.steps(never.request)


def test_what_a_batch_leaves_is_asked_for_again(case):
    partial = case()
    calls: Counter[str] = Counter()

    def unwritten(parsed: dict[str, Any], **_: Any) -> None:
        calls["written"] += 1
        if calls["written"] < 3:
            item = {
                "PK": {"S": f"SUBJECT#{subject_hash(partial.alice)}"},
                "SK": {"S": "SESSION#s2"},
                "created_at": {"N": "1"},
            }
            parsed["UnprocessedItems"] = {TABLE: [{"PutRequest": {"Item": item}}]}

    def left(parsed: dict[str, Any], **_: Any) -> None:
        calls["read"] += 1
        if calls["read"] < 3:
            keys = [{"PK": {"S": f"SUBJECT#{subject_hash(partial.alice)}"}, "SK": {"S": "SESSION#s2"}}]
            parsed["UnprocessedKeys"] = {TABLE: {"Keys": keys}}

    partial.world.dynamodb.meta.events.register("after-call.dynamodb.BatchWriteItem", unwritten)
    partial.world.dynamodb.meta.events.register("after-call.dynamodb.BatchGetItem", left)
    assert partial.world.drive(partial.request) == "DONE"
    assert partial.violations() == []
    assert (calls["written"], calls["read"]) == (3, 3)


def test_a_transaction_that_is_too_large_is_made_of_fewer(case):
    large = case()
    large.world.say(large.alice, "s3", 20)

    def before_call(params: dict[str, Any], **_: Any) -> Any:
        import json

        if len(json.loads(params["body"])["TransactItems"]) <= 10:
            return None
        answer = {
            "Error": {"Code": "ValidationException", "Message": "too large"},
            "ResponseMetadata": {"HTTPStatusCode": 400},
        }
        return AWSResponse("http://test", 400, {}, None), answer

    large.world.dynamodb.meta.events.register_first("before-call.dynamodb.TransactWriteItems", before_call)
    assert large.world.drive(large.request) == "DONE"
    assert large.world.left_of(large.alice, [*HERS, "s3"]) == []
    assert large.world.standing(large.alice).items == 8 + 61


def writers(case: Case) -> list[Callable[[], object]]:
    """What may be written of Alice at any time: by her messages, the retries, the summaries, the agents' briefs."""
    from handlers.sessions import Summary

    world = case.world
    at = world.now + 5_000_000

    def new_session() -> None:
        world.writers.begin("s3", case.alice, Turn(at, "message-new", "user", "x"), new=True)

    def old_session() -> None:
        world.writers.begin("s1", case.alice, Turn(at, "message-old", "user", "x"), new=False)

    def as_new() -> None:
        world.writers.begin("s2", case.alice, Turn(at, "message-dlq", "user", "x"), new=True)

    def answer() -> None:
        world.writers.finish("s2", case.alice, Turn(at, "message-end", "assistant", "x"))

    def summary() -> None:
        world.writers.summarize("s1", Summary(at, "x"), now=world.now)

    def brief() -> None:
        world.writers.brief("s2", "h1", "x", now=world.now)

    def export() -> None:
        world.ask(case.alice, kind="access")

    return [new_session, old_session, as_new, answer, summary, brief, export]


@pytest.mark.slow
@pytest.mark.parametrize("part", range(4))
def test_who_writes_at_any_moment_is_refused_or_erased(case, noted, part):
    from handlers.subjects import AlreadyErased

    calls = calls_of(points_of(case))
    interleavings, refused, violations = 0, 0, []
    for at in range(1 + part, len(calls) + 2, 4):
        written = case()
        world = written.world
        passed = []

        def meanwhile(written: Case = written, passed: list[int] = passed, at: int = at, **_: Any) -> None:
            nonlocal interleavings, refused
            passed.append(1)
            if len(passed) != at:
                return
            for write in writers(written):
                interleavings += 1
                try:
                    write()
                except (SessionRefused, AlreadyErased):
                    refused += 1

        # Before a call is after the one before it, for everybody else.
        for client in world.clients:
            client.meta.events.register("before-call", meanwhile)
        assert world.drive(written.request) == "DONE"
        violations += [f"{at}: {left}" for left in world.left_of(written.alice, [*HERS, "s3"])]
    noted(interleavings=interleavings, violations=len(violations))
    assert violations == []
    assert refused > interleavings / 2


@pytest.mark.parametrize("lag", [1, 2, 3])
def test_an_index_that_lags_hides_no_session_that_has_an_entry(case, noted, lag):
    lagging = case()
    looks = []

    def before_call(params: dict[str, Any], **_: Any) -> Any:
        import json

        if "IndexName" not in json.loads(params["body"]):
            return None
        looks.append(1)
        if len(looks) > lag:
            return None
        return AWSResponse("http://test", 200, {}, None), {
            "Items": [],
            "Count": 0,
            "ResponseMetadata": {"HTTPStatusCode": 200},
        }

    lagging.world.dynamodb.meta.events.register_first("before-call.dynamodb.Query", before_call)
    state = lagging.world.drive(lagging.request)
    left = lagging.world.left_of(lagging.alice, HERS)
    assert state == "DONE"
    # A session from before entries is found as long as one of the searches comes after the lag.
    assert {line.split()[0] for line in left} == ({"SESSION#s2"} if lag > 2 else set())
    noted(lagging_index=1)


@pytest.mark.parametrize("looks", [1, 2, 4])
def test_an_index_that_still_shows_what_is_gone_adds_nothing_to_the_receipt(case, noted, looks):
    # Given an index that shows both sessions at some looks more than they stand
    ghosts = case()
    seen = []

    def before_call(params: dict[str, Any], **_: Any) -> Any:
        import json

        if "IndexName" not in json.loads(params["body"]):
            return None
        seen.append(1)
        if len(seen) > looks:
            return None
        items = [{"PK": {"S": f"SESSION#{name}"}} for name in HERS]
        return AWSResponse("http://test", 200, {}, None), {
            "Items": items,
            "Count": len(items),
            "ResponseMetadata": {"HTTPStatusCode": 200},
        }

    ghosts.world.dynamodb.meta.events.register_first("before-call.dynamodb.Query", before_call)
    # When she is erased
    assert ghosts.world.drive(ghosts.request, most=40) == "DONE"
    # Then the receipt has what was deleted, and nobody searched over and over
    done = ghosts.world.standing(ghosts.alice)
    assert (done.sessions, done.items) == (2, 8)
    assert done.passes == 3
    assert ghosts.violations() == []
    noted(lagging_index=1)


def test_two_requests_at_once_are_one_erasure(case, noted):
    double = case()
    second = double.world.ask(double.alice, random="r2")
    assert second.request_id == double.request.request_id
    points = points_of(case)
    joined = 0
    for at in range(1, len(points) + 1, 9):
        double = case()
        other = clients("another")
        passed: list[int] = []
        answers: list[dict[str, Any]] = []

        def meanwhile(double=double, other=other, passed=passed, answers=answers, at=at, **_: Any) -> None:
            passed.append(1)
            if len(passed) == at:
                answers.append(double.world.call(double.request, erasure=double.world.erasure(clients=other)))

        for client in double.world.clients:
            client.meta.events.register("before-call", meanwhile)
            client.meta.events.register("after-call", meanwhile)
        try:
            assert double.world.drive(double.request) == "DONE"
        except LeaseLost:
            pytest.fail("a lease that is lost is an answer")
        assert double.violations() == []
        joined += 1
    noted(two_at_once=joined)


def test_the_time_between_two_searches_is_really_waited(case):
    waiting = case()
    first = waiting.world.call(waiting.request)
    assert first["wait"] == REST
    assert [key for key, *_ in waiting.world.versions(BACKUP)] == ["sessions/s10/turns.json"] * 3
