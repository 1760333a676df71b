"""The three topics: CloudWatch and EventBridge get through the key and the policy, and nobody else is told more."""

from __future__ import annotations

from typing import Any

from tests.proof.configurations import resources
from tests.proof.resolution import Deployment, resolve

TOPICS = ("AWS::SNS::Topic", "AWS::SNS::TopicPolicy", "AWS::SNS::Subscription", "AWS::KMS::Key")
USE = {"kms:Decrypt", "kms:GenerateDataKey*"}


def allowed(document: dict[str, Any], service: str) -> list[dict[str, Any]]:
    """The statements that let a service in."""
    return [
        statement
        for statement in document["Statement"]
        if statement["Effect"] == "Allow" and statement["Principal"] == {"Service": service}
    ]


def test_there_is_a_topic_per_severity_encrypted_with_a_key_of_our_own(on_demand):
    # the key that AWS manages for SNS lets neither service publish, and its policy cannot be changed
    topics = {one.id: one.properties for one in resources(on_demand.template, "AWS::SNS::Topic")}
    assert {topic["TopicName"] for topic in topics.values()} == {
        f"manga-assist-dev-alarms-{severity}" for severity in ("critical", "warning", "info")
    }
    assert all(topic["KmsMasterKeyId"] == {"Ref": "TopicKey"} for topic in topics.values())
    (key,) = resources(on_demand.template, "AWS::KMS::Key")
    assert key.properties["EnableKeyRotation"] is True


def test_the_key_lets_cloudwatch_and_eventbridge_encrypt(on_demand):
    (key,) = resources(on_demand.template, "AWS::KMS::Key")
    policy = key.properties["KeyPolicy"]
    for service in ("cloudwatch.amazonaws.com", "events.amazonaws.com"):
        (statement,) = allowed(policy, service)
        assert set(statement["Action"]) == USE
        assert statement["Resource"] == "*"  # a key's policy speaks of that key
    # CloudWatch says for which account it works; a key for this account's alarms serves no other's
    (alarms,) = allowed(policy, "cloudwatch.amazonaws.com")
    assert alarms["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}


def test_eventbridge_has_no_condition_because_its_requests_to_kms_carry_nothing_to_ask_for(on_demand):
    (key,) = resources(on_demand.template, "AWS::KMS::Key")
    policies = [one.properties["PolicyDocument"] for one in resources(on_demand.template, "AWS::SNS::TopicPolicy")]
    assert len(policies) == 3
    for document in (key.properties["KeyPolicy"], *policies):
        (statement,) = allowed(document, "events.amazonaws.com")
        assert "Condition" not in statement


def test_the_account_can_still_manage_its_key(on_demand):
    (key,) = resources(on_demand.template, "AWS::KMS::Key")
    root = {"AWS": {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}}
    (statement,) = [one for one in key.properties["KeyPolicy"]["Statement"] if one["Principal"] == root]
    assert (statement["Effect"], statement["Action"]) == ("Allow", "kms:*")


def test_each_topic_lets_both_publish_and_only_over_tls(on_demand):
    for policy in resources(on_demand.template, "AWS::SNS::TopicPolicy"):
        (topic,) = policy.properties["Topics"]
        document = policy.properties["PolicyDocument"]
        for service in ("cloudwatch.amazonaws.com", "events.amazonaws.com"):
            (statement,) = allowed(document, service)
            assert (statement["Action"], statement["Resource"]) == ("sns:Publish", topic)
        (denied,) = [one for one in document["Statement"] if one["Effect"] == "Deny"]
        assert denied["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        assert denied["Principal"] == "*"
        # nobody is let in without a name
        assert not [one for one in document["Statement"] if one["Effect"] == "Allow" and one["Principal"] == "*"]


def test_only_this_accounts_alarms_may_publish(on_demand):
    resolved = resolve(on_demand.template, Deployment("111122223333", "eu-central-1"))
    for tree in resolved.values():
        if tree["Type"] == "AWS::SNS::TopicPolicy":
            (statement,) = allowed(tree["Properties"]["PolicyDocument"], "cloudwatch.amazonaws.com")
            assert statement["Condition"] == {
                "StringEquals": {"aws:SourceAccount": "111122223333"},
                "ArnLike": {"aws:SourceArn": "arn:aws:cloudwatch:eu-central-1:111122223333:alarm:*"},
            }


def test_every_severity_has_its_subscriber(on_demand):
    told = {
        one.properties["TopicArn"]["Ref"]: (one.properties["Protocol"], one.properties["Endpoint"])
        for one in resources(on_demand.template, "AWS::SNS::Subscription")
    }
    assert told == {
        "TopicCritical": ("https", {"Ref": "PagerDutyEndpoint"}),
        "TopicWarning": ("https", {"Ref": "SlackEndpoint"}),
        "TopicInfo": ("email", {"Ref": "RecordsEmail"}),
    }


def test_where_topics_exist_nothing_is_created(provisioned):
    assert not resources(provisioned.template, *TOPICS)
    assert "Outputs" not in provisioned.template


def test_one_existing_topic_leaves_the_others_to_us(overlay):
    template = overlay(
        'application = "small"\n[routing.critical]\ntopic = { import = "pages" }\n'
        '[[routing.info.subscribers]]\nprotocol = "email"\nendpoint = "a@example.com"\n'
    ).template
    ids = {one.id for one in resources(template, *TOPICS)}
    (subscription,) = [id for id in ids if id.startswith("TopicInfoSubscription")]
    assert ids - {subscription} == {"TopicKey", "TopicWarning", "TopicWarningPolicy", "TopicInfo", "TopicInfoPolicy"}
    assert set(template["Outputs"]) == {"TopicWarning", "TopicInfo"}


def test_existing_keys_make_a_new_one_needless(overlay):
    route = 'kms_key = {{ parameter = "{0}Key", default = "arn:aws:kms:eu-central-1:111122223333:key/k" }}'
    text = "".join(f"[routing.{one}]\n{route.format(one)}\n" for one in ("critical", "warning", "info"))
    template = overlay('application = "small"\n' + text).template
    assert not resources(template, "AWS::KMS::Key")
    keys = {one.id: one.properties["KmsMasterKeyId"] for one in resources(template, "AWS::SNS::Topic")}
    assert keys["TopicCritical"] == {"Ref": "criticalKey"}


def test_the_topics_are_exported_for_other_stacks(on_demand):
    exports = {output["Value"]["Ref"]: output["Export"]["Name"] for output in on_demand.template["Outputs"].values()}
    assert exports == {
        f"Topic{severity.title()}": f"manga-assist-dev-topic-{severity}" for severity in ("critical", "warning", "info")
    }


def test_an_event_tells_the_topic_of_its_severity(on_demand):
    rules = resources(on_demand.template, "AWS::Events::Rule")
    assert rules
    for rule in rules:
        (target,) = rule.properties["Targets"]
        assert target["Arn"] == {"Ref": f"Topic{rule.contract['severity'].title()}"}
        assert rule.properties["State"] == "ENABLED"


def test_a_new_subscriber_moves_no_other(overlay):
    # given a pager, when an e-mail address is put before it, then the pager's subscription is the one it was
    pager = '[[routing.critical.subscribers]]\nprotocol = "https"\nendpoint = "https://pager.example.com/x"\n'
    mail = '[[routing.critical.subscribers]]\nprotocol = "email"\nendpoint = "a@example.com"\n'

    def subscriptions(routing: str) -> dict[str, str]:
        template = overlay(f'application = "small"\n{routing}').template
        return {one.id: one.properties["Endpoint"] for one in resources(template, "AWS::SNS::Subscription")}

    alone, both = subscriptions(pager), subscriptions(mail + pager)
    assert alone.items() <= both.items()
    assert not any("example" in id.lower() for id in both)
