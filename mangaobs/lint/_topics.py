"""Topics as a template has them: who subscribes, and whether CloudWatch may publish.

Source: SNS developer guide, "Setting up CloudWatch alarms for SNS topics" and "Enable compatibility between event
sources from AWS services and encrypted topics"; CloudWatch user guide, "Alarm actions".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from mangaobs.lint._alarms import actions
from mangaobs.lint._app import ALARM, COMPOSITE
from mangaobs.lint._found import Spot
from mangaobs.lint._values import inside, listed, text
from mangaobs.template import Unknown, holds_unknown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mangaobs.lint._app import App
    from mangaobs.lint._found import Verdict
    from mangaobs.template import Resource

TOPIC: Final = "AWS::SNS::Topic"
_CLOUDWATCH: Final = "cloudwatch.amazonaws.com"


def of_actions(app: App) -> Iterator[tuple[Resource, Spot, object, Resource | None]]:
    """Every action of every alarm: the alarm, where the action stands, its value, and the topic that it means."""
    for resource in app.of(ALARM, COMPOSITE):
        for name, given in actions(resource).items():
            for number, action in enumerate(given):
                yield resource, Spot.of(name, number), action, app.find(action, TOPIC)


def subscribed(app: App, topic: Resource) -> bool | None:
    """Whether anybody subscribes to a topic; None where others may. Asked for each action, looked up once a topic."""
    return app.once(_answers)[id(topic)]


def _answers(app: App) -> dict[int, bool | None]:
    # Also of topics that are not made here: an action may name one all the same.
    return {id(one): _subscribed(app, one) for one in app.template.resources if one.type == TOPIC}


def _subscribed(app: App, topic: Resource) -> bool | None:
    if listed(topic.properties.get("Subscription")):
        return True
    for one in app.of("AWS::SNS::Subscription"):
        target = one.properties.get("TopicArn")
        if app.find(target, TOPIC) is topic:
            return True
        if isinstance(target, Unknown) and app.meant(target) is None and f"${{{topic.id}}}" in target.expression:
            return True
    if _elsewhere(app, topic):
        return True
    outputs = str(app.template.outputs)
    if f"${{{topic.id}}}" in outputs or f"${{{topic.id}." in outputs:
        return None
    return None if isinstance(topic.name, str) and f":{topic.name}" in outputs else False


def _elsewhere(app: App, topic: Resource) -> bool:
    """Whether something else listens: a SAM function's event, a chat configuration, a custom resource."""
    for number, texts in app.references.items():
        resource = app.template.resources[number]
        if resource.type in (
            "AWS::CloudWatch::Alarm",
            "AWS::CloudWatch::CompositeAlarm",
            "AWS::SNS::TopicPolicy",
            TOPIC,
        ):
            continue
        if resource.type.startswith(("AWS::Lambda::Permission", "AWS::IAM::", "AWS::Events::", "AWS::KMS::")):
            continue
        joined = "\n".join(texts)
        named = isinstance(topic.name, str) and f":{topic.name}" in joined
        if named or f"${{{topic.id}}}" in joined:
            return True
    return False


def shut(app: App, topic: Resource) -> Iterator[tuple[Verdict, str, str]]:
    """Why an alarm cannot publish to a topic: verdict, what is wrong, what would be right."""
    key = topic.properties.get("KmsMasterKeyId")
    if isinstance(key, str) and key.split(":")[-1] in ("alias/aws/sns", "aws/sns"):
        what = f"{topic.id} is encrypted with the key aws/sns, whose policy does not let CloudWatch in"
        yield (
            "refuted",
            what,
            "a key of your own that allows cloudwatch.amazonaws.com kms:Decrypt and kms:GenerateDataKey*",
        )
    elif key is not None:
        yield from _key(app, topic, key)
    yield from _policy(app, topic)


def _key(app: App, topic: Resource, value: object) -> Iterator[tuple[Verdict, str, str]]:
    key = app.find(value, "AWS::KMS::Key")
    alias = app.find(value, "AWS::KMS::Alias")
    if key is None and alias is not None:
        key = app.find(alias.properties.get("TargetKeyId"), "AWS::KMS::Key")
    if key is None and isinstance(value, str):
        named = [one for one in app.of("AWS::KMS::Alias") if one.properties.get("AliasName") == value]
        key = app.find(named[0].properties.get("TargetKeyId"), "AWS::KMS::Key") if named else None
    if key is None:
        yield "unproven", f"whether the key of {topic.id} lets CloudWatch in is not known", ""
        return
    policy = key.properties.get("KeyPolicy")
    if isinstance(policy, Unknown) or policy is None:
        yield "unproven", f"the policy of {key.id} is not known", ""
        return
    statements = [inside(one) for one in listed(inside(policy).get("Statement"))]
    needed = {"kms:Decrypt", "kms:GenerateDataKey"}
    granted = {
        action
        for one in statements
        if one.get("Effect") == "Allow" and _includes(one.get("Principal"))
        for action in needed
        if any(_fits(pattern, action) for pattern in map(str, listed(one.get("Action"))))
    }
    if granted < needed:
        missing = " and ".join(sorted(needed - granted))
        what = f"{key.id}, with which {topic.id} is encrypted, does not allow CloudWatch {missing}"
        yield "refuted", what, f"{_CLOUDWATCH}: kms:Decrypt and kms:GenerateDataKey*"


def _fits(pattern: str, action: str) -> bool:
    lower = pattern.lower()
    wanted = action.lower()
    if wanted.startswith("kms:generatedatakey") and lower in ("kms:generatedatakey*", "kms:generatedatakey"):
        return True
    return re.fullmatch(re.escape(lower).replace(r"\*", ".*").replace(r"\?", "."), wanted) is not None


def _includes(principal: object) -> bool:
    """Whether a principal is, or may be, CloudWatch."""
    if principal == "*" or isinstance(principal, Unknown):
        return True
    given = inside(principal)
    services = listed(given.get("Service"))
    return any(isinstance(one, Unknown) or one == _CLOUDWATCH for one in services) or "*" in listed(given.get("AWS"))


def _policy(app: App, topic: Resource) -> Iterator[tuple[Verdict, str, str]]:
    policies = [one for one in app.of("AWS::SNS::TopicPolicy") if _is_for(app, one, topic)]
    if not policies:
        return  # the default policy lets in what belongs to the account
    statements: list[Mapping[str, object]] = []
    for one in policies:
        document = one.properties.get("PolicyDocument")
        if isinstance(document, Unknown):
            yield "unproven", f"the policy of {topic.id} is not known", ""
            return
        statements += [inside(each) for each in listed(inside(document).get("Statement"))]
    allowing = [one for one in statements if one.get("Effect") == "Allow" and _publishes(one)]
    if any(_includes(one.get("Principal")) for one in allowing):
        return
    if any(listed(inside(one.get("Principal")).get("AWS")) for one in allowing):
        yield (
            "unproven",
            f"whether the policy of {topic.id} lets CloudWatch in is not established: it names accounts",
            "",
        )
        return
    services = sorted(
        {text(one) or "" for each in allowing for one in listed(inside(each.get("Principal")).get("Service"))}
    )
    what = f"the policy of {topic.id} lets {', '.join(services) or 'nobody'} publish, and not CloudWatch"
    yield "refuted", what, f"Principal: {{Service: {_CLOUDWATCH}}}"


def _is_for(app: App, policy: Resource, topic: Resource) -> bool:
    return any(app.find(one, TOPIC) is topic for one in listed(policy.properties.get("Topics")))


def _publishes(statement: Mapping[str, object]) -> bool:
    given = listed(statement.get("Action"))
    if holds_unknown(given) or "NotAction" in statement:
        return True
    return any(_fits(str(one), "sns:publish") for one in given)
