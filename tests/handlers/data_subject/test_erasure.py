"""A person is erased: everything of theirs goes, nothing of anybody else's, and it is known what was done."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest

from handlers.sessions import SessionRefused, Turn, tombstone_key
from handlers.subjects import Broken, Changed, InvalidInput

from ..conftest import TABLE
from .world import AUDIT, BACKUP, DAY, EXPORTS, KEY, REST, World, clients, later, subject_hash


@pytest.fixture
def people(world: World):
    """Alice with three sessions, one of them older than entries, and Bob, whose ids begin like hers."""
    alice, bob = world.register("alice"), world.register("bob")
    world.say(alice, "s1", 3)
    world.say(alice, "s2", 1, entered=False)
    world.say(alice, "s3", 1)
    world.say(bob, "s10", 2)
    world.say(bob, "s", 1)
    for name in ("s1", "s2", "s10", "s"):
        world.copy(name)
    world.before = world.others(alice, ["s1", "s2", "s3"])
    world.alice, world.bob, world.hers = alice, bob, ["s1", "s2", "s3"]
    return world


def erased(world) -> None:
    """Nothing of Alice is left anywhere, and everything of the others is as it was."""
    assert world.left_of(world.alice, world.hers) == []
    assert world.others(world.alice, world.hers) == world.before


def test_everything_of_a_person_goes_and_nothing_of_anybody_else(people):
    request = people.ask(people.alice)
    assert people.drive(request) == "DONE"
    erased(people)


def test_the_receipt_counts_what_was_deleted(people):
    request = people.ask(people.alice)
    people.drive(request)
    done = people.standing(people.alice)
    # META of three sessions, ten turns, five markers; two versions and a marker of two copies
    assert (done.sessions, done.items, done.versions) == (3, 18, 6)
    finish = people.audited(request)[-1]
    assert (finish["step"], finish["sessions"], finish["items"], finish["versions"]) == ("finish", 3, 18, 6)


def test_the_audit_has_a_start_each_step_and_an_end(people):
    request = people.ask(people.alice)
    people.drive(request)
    steps = ["start", "closed", "search-001", "search-002", "search-003", "verified", "confirmed", "account", "finish"]
    assert people.steps(request) == steps


def test_neither_the_audit_nor_the_request_nor_the_log_says_who_it_was(people, capfd):
    written: list[bytes] = []
    from mangaobs.runtime import configure, observe

    configure(write=written.append, tracer="off", session_key=KEY.encode())
    request = people.ask(people.alice)
    erasure = people.erasure()
    observed = observe(erasure.__call__)
    from ..conftest import Context

    for number in range(6):
        answer = observed({"request_id": request.request_id}, Context(f"i{number}", 900_000))
        people.now += answer["wait"] * 1000
    assert answer["state"] == "DONE"
    objects = people.buckets.list_objects_v2(Bucket=AUDIT)["Contents"]
    texts = [people.buckets.get_object(Bucket=AUDIT, Key=one["Key"])["Body"].read() for one in objects]
    texts += [one["Key"].encode() for one in objects] + written
    texts.append(json.dumps(people.items(), default=str).encode())
    assert not [text for text in texts if people.alice.encode() in text or b"alice@" in text]
    assert b"data_request_step" in b"".join(written)


def test_the_person_is_told_before_the_address_is_gone(people):
    order = []
    people.mail.meta.events.register("before-call.sesv2.SendEmail", lambda **_: order.append("told"))
    people.users.meta.events.register("before-call.cognito-idp.AdminDeleteUser", lambda **_: order.append("deleted"))
    people.drive(people.ask(people.alice))
    assert order == ["told", "deleted"]
    (mail,) = people.mails()
    assert mail.destinations["ToAddresses"] == ["alice@example.com"]


def test_nobody_is_told_at_an_address_that_they_have_not_verified(people):
    people.directory.admin_update_user_attributes(
        UserPoolId=people.pool, Username=people.alice, UserAttributes=[{"Name": "email_verified", "Value": "false"}]
    )
    people.drive(people.ask(people.alice))
    assert people.mails() == []
    assert people.standing(people.alice).confirmed == "no_address"


def test_without_a_sender_it_says_so(people):
    dynamodb, s3, users, _ = people.clients
    request = people.ask(people.alice)
    assert people.drive(request, erasure=people.erasure(clients=(dynamodb, s3, users, None))) == "DONE"
    assert people.standing(people.alice).confirmed == "no_sender"
    erased(people)


def test_what_ses_refuses_for_good_waits_for_a_person_once_and_keeps_nothing_after_that(people):
    # Given a message that SES does not send, and says to whom
    words = "Email address is not verified. The following identities failed the check: alice@example.com"
    people.mail.meta.events.register("before-call.sesv2.SendEmail", lambda **_: refused("MessageRejected", words))
    request = people.ask(people.alice)
    # When it is told, then the attempt fails without a word of that, each time
    for _ in range(3):
        with pytest.raises(Broken) as caught:
            people.drive(request)
        assert str(caught.value) == "MailRefused"
    assert people.call(request, failed=True)["state"] == "FAILED"
    assert people.alice in people.accounts()
    # And when somebody has looked and it is refused again, it goes on without.
    assert people.drive(people.requests().begin_again(request)) == "DONE"
    assert people.standing(people.alice).confirmed == "refused"
    assert people.standing(people.alice).account == "deleted"
    erased(people)
    told = json.dumps(people.audited()).encode() + b"".join(people.written)
    assert b"alice@" not in told
    assert b"identities" not in told


def refused(code, words):
    from botocore.awsrequest import AWSResponse

    answer = {"Error": {"Code": code, "Message": words}, "ResponseMetadata": {"HTTPStatusCode": 400}}
    return AWSResponse("http://test", 400, {}, None), answer


def test_while_it_runs_nobody_signs_in_and_no_session_begins_or_goes_on(people):
    request = people.ask(people.alice)
    people.call(request)  # as far as the first search that finds nothing
    user = people.directory.admin_get_user(UserPoolId=people.pool, Username=people.alice)
    assert user["Enabled"] is False
    with pytest.raises(SessionRefused, match="erased"):
        people.writers.begin("s4", people.alice, Turn(people.now, "message-x", "user", "x"), new=True)
    with pytest.raises(SessionRefused, match="session_unknown"):
        people.writers.begin("s1", people.alice, Turn(people.now, "message-x", "user", "x"), new=False)


def test_two_searches_in_a_row_have_to_find_nothing_some_time_apart(people):
    request = people.ask(people.alice)
    answer = people.call(request)
    assert (answer["state"], answer["wait"]) == ("VERIFYING", REST)
    assert people.call(request)["state"] == "VERIFYING"  # too early: nothing is looked at
    assert people.standing(people.alice).passes == 2
    people.now = later(people.now, seconds=REST)
    assert people.call(request)["state"] == "DONE"


def test_a_person_of_whom_there_is_nothing_is_done_with_zeros(world):
    request = world.ask("nobody")
    assert world.drive(request) == "DONE"
    done = world.standing("nobody")
    assert (done.sessions, done.items, done.versions, done.confirmed, done.account) == (
        0,
        0,
        0,
        "no_address",
        "no_account",
    )
    assert world.steps(request)[-1] == "finish"


def test_a_second_run_changes_nothing_and_answers_the_same(people):
    request = people.ask(people.alice)
    people.drive(request)
    before = people.items(), people.versions(AUDIT)
    assert people.call(request)["state"] == "DONE"
    assert (people.items(), people.versions(AUDIT)) == before


def test_whoever_asks_again_while_it_runs_joins_it(people):
    first = people.ask(people.alice, random="r1")
    people.call(first)
    assert people.ask(people.alice, random="r2").request_id == first.request_id
    people.now = later(people.now, seconds=REST)
    assert people.drive(first) == "DONE"
    assert people.ask(people.alice, random="r3").request_id != first.request_id


def test_two_at_once_one_works_the_other_waits_for_it(people):
    request = people.ask(people.alice)
    answers = []

    def meanwhile(**_):
        if not answers:
            answers.append(people.call(request, erasure=people.erasure(clients=clients("another"))))

    people.s3.meta.events.register("before-call.s3.ListObjectVersions", meanwhile)
    people.drive(request)
    assert answers[0]["state"] == "RUNNING"
    assert answers[0]["wait"] >= 900
    assert people.steps(request).count("start") == 1
    erased(people)


def test_what_is_not_verified_is_not_begun(people):
    request = people.ask(people.alice, state="REQUESTED")
    answer = people.call(request)
    assert answer == told(request, "REQUESTED")
    assert people.steps() == []
    assert people.others(people.alice, people.hers) == people.before


def told(request, state, *, attempt=1, wait=DAY):
    return {"request_id": request.request_id, "state": state, "attempt": attempt, "wait": wait}


def test_what_the_law_wants_kept_is_kept_until_the_hold_is_gone(people):
    request = people.ask(people.alice)
    people.hold(people.alice)
    items = people.items()
    assert people.call(request) == told(request, "HOLD")
    assert people.items() == items
    people.end_hold(people.alice)
    assert people.drive(request) == "DONE"
    erased(people)


def test_a_hold_that_comes_while_it_runs_stops_it_at_once(people):
    request = people.ask(people.alice)
    queries = []

    def second_session(**_):
        queries.append(1)
        if len(queries) == 4:  # entries, index, the first session's items, then this
            people.hold(people.alice)

    people.dynamodb.meta.events.register("before-call.dynamodb.Query", second_session)
    assert people.call(request)["state"] == "HOLD"
    kept = [item for item in people.items() if item["PK"]["S"] in ("SESSION#s2", "SESSION#s3")]
    assert len([item for item in kept if item["SK"]["S"].startswith("TURN#")]) == 4
    assert "finish" not in people.steps(request)


def test_a_hold_that_comes_before_a_session_keeps_its_copies(people):
    request = people.ask(people.alice)
    people.dynamodb.meta.events.register_first(
        "before-call.dynamodb.TransactWriteItems",
        lambda **_: people.hold(people.alice) if people.standing(people.alice).held == "" else None,
    )
    copies = people.versions(BACKUP)
    assert people.call(request)["state"] == "HOLD"
    assert people.versions(BACKUP) == copies
    assert [item["state"]["S"] for item in people.items() if item["SK"]["S"] == "META"] == ["ACTIVE"] * 5


def test_locked_copies_are_never_called_erased(people):
    end = later(people.now, days=400)
    people.lock("s3", until_ms=end)
    request = people.ask(people.alice)
    assert people.drive(request) == "PENDING_RETENTION"
    standing = people.standing(people.alice)
    assert standing.locked_until == end // 1000 * 1000
    assert "finish" not in people.steps(request)
    assert people.mails() == []
    # Everything else is gone meanwhile; of the session with the lock its entry stands, by which it is found again.
    left = people.left_of(people.alice, people.hers)
    assert [line for line in left if "locked.json" not in line and "account" not in line and "REQUEST" not in line] == [
        f"SUBJECT#{subject_hash(people.alice)} SESSION#s3"
    ]


def test_a_legal_hold_on_a_copy_is_waited_for_and_looked_at_again(people):
    copy = people.buckets.put_object(Bucket=BACKUP, Key="sessions/s3/held.json", Body=b"kept")
    held = {"Bucket": BACKUP, "Key": "sessions/s3/held.json", "VersionId": copy["VersionId"]}
    people.buckets.put_object_legal_hold(**held, LegalHold={"Status": "ON"})
    request = people.ask(people.alice)
    assert people.drive(request) == "PENDING_RETENTION"
    assert people.standing(people.alice).locked_until > later(people.began, days=29)
    people.buckets.put_object_legal_hold(**held, LegalHold={"Status": "OFF"})
    people.now = later(people.now, days=30)
    assert people.drive(request) == "DONE"
    erased(people)


def test_however_long_it_took_the_tombstone_and_the_ledger_count_from_its_end(people):
    request = people.ask(people.alice)
    people.lock("s3", until_ms=later(people.now, days=900))
    assert people.drive(request) == "PENDING_RETENTION"
    # Given that both are gone by their age
    people.table.delete_item(TableName=TABLE, Key=tombstone_key(subject_hash(people.alice)))
    people.unlock()
    people.now = later(people.now, days=901)
    # When it is done, then both stand, for as long as after any other erasure
    assert people.drive(request) == "DONE"
    tombstone = people.table.get_item(TableName=TABLE, Key=tombstone_key(subject_hash(people.alice)))["Item"]
    assert int(tombstone["expires_at"]["N"]) == pytest.approx(people.now / 1000 + 400 * DAY, abs=60)
    ledger = f"erasure/ledger/{subject_hash(people.alice)}/{request.request_id}"
    keys = [key for key, *_ in people.versions(AUDIT) if "/ledger/" in key]
    assert keys == [f"{ledger}-01-begun.json", f"{ledger}-01-done.json"]
    with pytest.raises(SessionRefused, match="erased"):
        people.writers.begin("s4", people.alice, Turn(people.now, "message-x", "user", "x"), new=True)


def test_when_the_lock_ends_the_erasure_does(people):
    people.lock("s3", until_ms=later(people.now, days=400))
    request = people.ask(people.alice)
    people.drive(request)
    people.unlock()
    people.now = later(people.now, days=401)
    assert people.drive(request) == "DONE"
    erased(people)


def test_an_export_is_taken_back_and_who_makes_one_is_waited_for(people):
    export = people.ask(people.alice, kind="access")
    people.requests().lease(export, me="exporter", now=people.now, until=later(people.now, minutes=10))
    people.buckets.put_object(Bucket=EXPORTS, Key=f"subjects/{subject_hash(people.alice)}/r1/a.gz", Body=b"x")
    request = people.ask(people.alice)
    people.call(request)
    assert people.export_standing(people.alice) is None
    people.now = later(people.now, seconds=REST)
    # The exporter, which knew nothing, puts a last file.
    people.buckets.put_object(Bucket=EXPORTS, Key=f"subjects/{subject_hash(people.alice)}/r1/b.gz", Body=b"x")
    assert people.call(request)["state"] == "VERIFYING"
    assert people.drive(request) == "DONE"
    assert people.now >= later(people.began, minutes=10)
    erased(people)


def test_a_lease_that_is_taken_while_the_request_is_taken_away_is_waited_for(people):
    people.ask(people.alice, kind="access")
    until = later(people.now, minutes=10)
    taken = []

    def meanwhile(**_):
        if not taken:
            export = people.export_standing(people.alice)
            taken.append(people.requests().lease(export, me="x", now=people.now, until=until))

    people.dynamodb.meta.events.register("before-call.dynamodb.DeleteItem", meanwhile)
    request = people.ask(people.alice)
    assert people.drive(request) == "DONE"
    assert people.now > until
    assert people.export_standing(people.alice) is None


def test_what_is_put_while_the_last_search_looks_is_looked_for_again(people):
    export = people.ask(people.alice, kind="access")
    until = later(people.now, seconds=2 * REST)
    people.requests().lease(export, me="exporter", now=people.now, until=until)
    request = people.ask(people.alice)
    people.call(request)
    people.now = until - 500
    put = []

    def late(params, **_):
        # Given a search that begins before the exporter's end and ends after it, with a put in between
        if not put and "subjects/" in json.dumps(params["query_string"]):
            put.append(1)

    def after(**_):
        if put == [1]:
            put.append(2)
            people.buckets.put_object(Bucket=EXPORTS, Key=f"subjects/{subject_hash(people.alice)}/r/z.gz", Body=b"x")
            people.now = later(until, seconds=5)

    people.s3.meta.events.register("before-call.s3.ListObjectVersions", late)
    people.s3.meta.events.register("after-call.s3.ListObjectVersions", after)
    assert people.drive(request) == "DONE"
    assert put == [1, 2]
    erased(people)


def test_nothing_is_given_out_of_a_person_who_was_erased(people):
    from handlers.subjects import AlreadyErased

    people.drive(people.ask(people.alice))
    with pytest.raises(AlreadyErased):
        people.ask(people.alice, kind="access")


def test_with_little_time_it_stops_and_the_next_call_goes_on(people):
    request = people.ask(people.alice)
    states = []

    class Short:
        def __init__(self, calls, number):
            self.left, self.aws_request_id = calls, f"short-{number}"

        def get_remaining_time_in_millis(self):
            self.left -= 1
            return 30_000 if self.left > 0 else 500

    for number in range(400):
        answer = people.erasure()({"request_id": request.request_id}, Short(18, number))
        states.append(answer["state"])
        if answer["state"] == "DONE":
            break
        # It gives its lease back even then: nobody waits for one who has gone.
        assert people.standing(people.alice).lease_by == ""
        people.now += answer["wait"] * 1000
    assert states[-1] == "DONE"
    assert len(states) > 5
    erased(people)
    assert people.standing(people.alice).items == 18


def test_a_session_of_two_hundred_items_goes_in_several_transactions(world):
    world.say("alice", "s1", 1)
    for first in range(0, 200, 25):
        puts = [
            {"PutRequest": {"Item": {"PK": {"S": "SESSION#s1"}, "SK": {"S": f"TURN#{number:013d}#m{number}#1-user"}}}}
            for number in range(first, first + 25)
        ]
        world.table.batch_write_item(RequestItems={TABLE: puts})
    request = world.ask("alice")
    assert world.drive(request) == "DONE"
    assert world.left_of("alice", ["s1"]) == []
    assert world.standing("alice").items == 204


def test_a_session_that_an_administrator_deleted_or_that_expired_is_still_erased(people):
    # META is gone with its time; what expired later, and the copies, are found by the entry.
    people.table.delete_item(TableName=TABLE, Key={"PK": {"S": "SESSION#s1"}, "SK": {"S": "META"}})
    people.table.update_item(
        TableName=TABLE,
        Key={"PK": {"S": "SESSION#s3"}, "SK": {"S": "META"}},
        UpdateExpression="SET #s = :e REMOVE customer_id",
        ExpressionAttributeNames={"#s": "state"},
        ExpressionAttributeValues={":e": {"S": "ERASED"}},
    )
    assert people.drive(people.ask(people.alice)) == "DONE"
    erased(people)


def test_items_whose_time_comes_meanwhile_are_not_counted(people):
    request = people.ask(people.alice)
    taken = []

    def expires(**_):
        if not taken:
            taken.append(1)
            items = [i for i in people.items() if i["PK"]["S"] == "SESSION#s1" and i["SK"]["S"].startswith("MESSAGE#")]
            for item in items:
                people.table.delete_item(TableName=TABLE, Key={"PK": item["PK"], "SK": item["SK"]})

    people.dynamodb.meta.events.register("before-call.dynamodb.TransactWriteItems", expires)
    assert people.drive(request) == "DONE"
    assert people.standing(people.alice).items == 18 - 3
    erased(people)


def test_a_session_of_somebody_else_is_not_touched_whatever_an_entry_says(people):
    people.table.put_item(
        TableName=TABLE,
        Item={"PK": {"S": f"SUBJECT#{subject_hash(people.alice)}"}, "SK": {"S": "SESSION#s10"}},
    )
    request = people.ask(people.alice)
    with pytest.raises(Broken, match="NotTheirs"):
        people.drive(request)
    assert people.call(request, failed=True)["state"] == "FAILED"
    assert people.steps(request)[-1] == "failed"
    assert len([item for item in people.items() if item["PK"]["S"] == "SESSION#s10"]) == 7


def test_a_failed_attempt_is_recorded_once_and_a_person_resumes_it(people):
    request = people.ask(people.alice)
    people.call(request, failed=True)
    assert people.call(request, failed=True)["state"] == "FAILED"
    assert people.call(request)["state"] == "FAILED"  # until a person has looked
    assert people.steps(request) == ["failed"]
    resumed = people.requests().begin_again(request)
    assert people.drive(resumed) == "DONE"
    assert people.steps(request).count("failed") == 1
    assert people.steps(request)[-1] == "finish"
    erased(people)


def test_a_note_of_a_failure_that_comes_late_does_not_fail_the_next_attempt(people):
    request = people.ask(people.alice)
    people.call(request, failed=True)
    again = people.requests().begin_again(request)
    people.call(again)
    # When the first attempt is said to have failed once more, since the answer was lost
    answer = people.call(request, failed=True)
    # Then the second goes on.
    assert (answer["state"], answer["attempt"]) == ("VERIFYING", 2)
    assert people.drive(again) == "DONE"
    assert [(one["attempt"], one["step"]) for one in people.audited() if one["step"] in ("failed", "finish")] == [
        (1, "failed"),
        (2, "finish"),
    ]


def test_a_note_of_a_failure_does_not_stop_another_execution_that_works(people):
    request = people.ask(people.alice)
    people.requests().lease(request, me="another", now=people.now, until=later(people.now, minutes=5))
    answer = people.call(request, failed=True)
    assert (answer["state"], answer["wait"]) == ("VERIFIED", pytest.approx(300, abs=5))
    # Whoever was cut off has the lease for a moment longer than its time: that is no work.
    people.now = later(people.now, minutes=5, seconds=-1)
    assert people.call(request, failed=True)["state"] == "FAILED"


def test_the_pause_between_the_two_searches_is_of_one_attempt(people):
    request = people.ask(people.alice)
    people.call(request)
    assert people.standing(people.alice).empty_passes == 1
    people.call(request, failed=True)
    again = people.requests().begin_again(request)
    assert (people.call(again)["state"], people.standing(people.alice).empty_passes) == ("VERIFYING", 1)


def test_what_nobody_has_verified_fails_at_nothing_and_is_not_begun_by_a_failure(people):
    request = people.ask(people.alice, state="REQUESTED")
    assert people.call(request, failed=True) == told(request, "REQUESTED")
    with pytest.raises(Changed):
        people.requests().begin_again(request)
    assert people.steps() == []


@pytest.mark.parametrize("comes", ["a hold", "a failure", "the end"])
def test_what_comes_between_looking_and_the_lease_is_seen(people, comes):
    # Given an invocation that has looked at the request and is about to take its lease
    request = people.ask(people.alice)
    decided = []

    def meanwhile(**_):
        if not decided:
            decided.append(comes)
            {
                "a hold": lambda: people.hold(people.alice),
                "a failure": lambda: people.requests().fail(request, now=people.now),
                "the end": lambda: people.drive(request, erasure=people.erasure(clients=clients("another"))),
            }[comes]()

    people.dynamodb.meta.events.register_first("before-call.dynamodb.UpdateItem", meanwhile)
    # When something is decided meanwhile, then it does nothing
    answer = people.call(request)
    assert answer["state"] == {"a hold": "HOLD", "a failure": "FAILED", "the end": "DONE"}[comes]
    if comes == "the end":
        assert people.steps(request).count("finish") == 1
        erased(people)
    else:
        assert people.steps(request) == []
        assert people.directory.admin_get_user(UserPoolId=people.pool, Username=people.alice)["Enabled"]


@pytest.mark.parametrize("step", ["start", "verified", "confirmed"])
def test_a_hold_is_seen_before_what_no_transaction_holds_together_with_it(people, step):
    # Given a hold that comes with a step of the audit
    def meanwhile(params, **_):
        if params["url_path"].endswith(f"-{step}.json") and not people.standing(people.alice).held:
            people.hold(people.alice)

    people.s3.meta.events.register("before-call.s3.PutObject", meanwhile)
    request = people.ask(people.alice)
    assert people.drive(request) == "HOLD"
    # Then the account is as it was before that step.
    assert people.alice in people.accounts()
    user = people.directory.admin_get_user(UserPoolId=people.pool, Username=people.alice)
    assert user["Enabled"] is (step == "start")
    assert len(people.mails()) == (step == "confirmed")


def test_how_old_it_is_and_what_became_of_it_is_measured(people):
    from mangaobs.runtime import configure, observe

    from ..conftest import Context

    configure(write=people.written.append, tracer="off", environ={"MANGAOBS_DIMENSIONS": "Environment=test"})

    def measured(request, **more):
        people.written.clear()
        call = observe(people.erasure().__call__)
        with suppress(Broken):
            call({"request_id": request.request_id, "attempt": request.attempt, **more}, Context())
        lines = [json.loads(line) for line in b"".join(people.written).splitlines()]
        return {
            name: sum(line[name]) if isinstance(line[name], list) else line[name]
            for line in lines
            for name in ("DataRequestAge", "Erasures", "DataRequestFailures")
            if name in line
        }

    waiting = people.ask(people.bob, state="REQUESTED")
    people.now = later(people.now, days=3)
    assert measured(waiting) == {"DataRequestAge": pytest.approx(3 * DAY, abs=60)}
    request = people.ask(people.alice)
    assert measured(request, failed=True).keys() == {"DataRequestAge", "DataRequestFailures"}
    again = people.requests().begin_again(request)
    people.call(again)
    people.now = later(people.now, seconds=REST)
    assert measured(again)["Erasures"] == 1
    assert measured(again) == {}


def test_done_does_not_become_failed(people):
    request = people.ask(people.alice)
    people.drive(request)
    assert people.call(request, failed=True)["state"] == "DONE"
    assert "failed" not in people.steps(request)


@pytest.mark.parametrize(
    "event",
    [
        None,
        {},
        {"request_id": 5},
        {"request_id": "x"},
        {"request_id": "../.."},
        {"request_id": f"{'0' * 32}-e-unknown"},
    ],
)
def test_a_wrong_input_is_said_to_be_wrong(world, event):
    from ..conftest import Context

    with pytest.raises(InvalidInput):
        world.erasure()(event, Context())


def test_the_ledger_says_who_was_erased_before_anything_is(people):
    order = []
    people.s3.meta.events.register(
        "before-call.s3.PutObject", lambda params, **_: order.append(params["url_path"].rpartition("/")[2])
    )
    people.dynamodb.meta.events.register("before-call.dynamodb.PutItem", lambda **_: order.append("tombstone"))
    request = people.ask(people.alice)
    people.drive(request)
    assert order[1:3] == [f"{request.request_id}-01-begun.json", "tombstone"]
