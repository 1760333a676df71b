"""What the platform's template says, as somebody would look for it; and what is refused."""

from __future__ import annotations

import json
import re
import shutil

import pytest

from mangaobs.errors import MangaobsError, RenderError
from mangaobs.platform import render_platform
from mangaobs.render import to_json

from ..proof.configurations import ROOT


def of(template, kind):
    return {id: one.get("Properties", {}) for id, one in template["Resources"].items() if one["Type"] == kind}


def render(*sets):
    return render_platform(ROOT, None, sets)


def test_the_same_input_gives_the_same_bytes(template):
    assert to_json(template) == to_json(render_platform(ROOT))


def test_it_shares_its_parameters_with_the_observability_stack(template, on_demand):
    # Given both templates, then whatever parameter both have has the same default: one set of values deploys both.
    ours, theirs = template["Parameters"], on_demand.template["Parameters"]
    shared = set(ours) & set(theirs)
    assert {"SessionsTable", "CustomerIndex", "MessageFunction", "HandoffTopic", "TrailLogGroup"} <= shared
    for name in shared:
        assert ours[name].get("Default") == theirs[name].get("Default"), name


def test_the_table_is_encrypted_recoverable_and_guarded(template):
    (table,) = of(template, "AWS::DynamoDB::Table").values()
    assert table["SSESpecification"]["SSEType"] == "KMS"
    assert table["PointInTimeRecoverySpecification"] == {
        "PointInTimeRecoveryEnabled": True,
        "RecoveryPeriodInDays": 14,
    }
    assert table["DeletionProtectionEnabled"] is True
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
    # Contributor Insights shows keys: those of the table are random, that of the index is a customer.
    assert table["ContributorInsightsSpecification"]["Mode"] == "ACCESSED_AND_THROTTLED_KEYS"
    assert "ContributorInsightsSpecification" not in table["GlobalSecondaryIndexes"][0]


def test_both_billing_modes():
    capacity = "={min=7,max=70}"
    modes = [f"tables.sessions.{one}_capacity{capacity}" for one in ("read", "write")]
    modes += [f"tables.sessions.indexes.customer.{one}_capacity{capacity}" for one in ("read", "write")]
    (table,) = of(render('tables.sessions.billing="provisioned"', *modes), "AWS::DynamoDB::Table").values()
    assert table["BillingMode"] == "PROVISIONED"
    assert table["ProvisionedThroughput"] == {"ReadCapacityUnits": 7, "WriteCapacityUnits": 7}


def test_object_lock_stands_where_nothing_is_ever_erased_and_nowhere_else(template):
    buckets = of(template, "AWS::S3::Bucket")
    assert {id for id, one in buckets.items() if "ObjectLockConfiguration" in one} == {"AuditBucket", "TrailBucket"}
    assert all(one["VersioningConfiguration"]["Status"] == "Enabled" for one in buckets.values())


def test_every_bucket_queue_topic_and_the_table_refuse_calls_without_tls(template):
    policies = [
        *(one["PolicyDocument"] for one in of(template, "AWS::S3::BucketPolicy").values()),
        *(one["PolicyDocument"] for one in of(template, "AWS::SQS::QueuePolicy").values()),
        *(one["PolicyDocument"] for one in of(template, "AWS::SNS::TopicPolicy").values()),
        *(one["ResourcePolicy"]["PolicyDocument"] for one in of(template, "AWS::DynamoDB::Table").values()),
        *(one["PolicyDocument"] for one in of(template, "AWS::EC2::VPCEndpoint").values()),
    ]
    assert len(policies) >= len(of(template, "AWS::S3::Bucket")) + len(of(template, "AWS::SQS::Queue")) + 2
    for policy in policies:
        denials = [one for one in policy["Statement"] if one["Effect"] == "Deny"]
        assert any(one.get("Condition") == {"Bool": {"aws:SecureTransport": "false"}} for one in denials)


def test_every_function_has_a_role_log_group_and_dead_letters_of_its_own(template):
    functions = of(template, "AWS::Lambda::Function")
    assert len(functions) == 11
    roles = {json.dumps(one["Role"]) for one in functions.values()}
    groups = {json.dumps(one["LoggingConfig"]["LogGroup"]) for one in functions.values()}
    assert len(roles) == len(groups) == len(functions)
    for one in functions.values():
        assert one["TracingConfig"] == {"Mode": "Active"}
        assert one["LoggingConfig"]["LogFormat"] == "JSON"
        assert one["ReservedConcurrentExecutions"] >= 1
        assert {"DeadLetterConfig", "KmsKeyArn", "Environment"} <= set(one)


@pytest.mark.parametrize("sets", [[], ["platform.dax=true", "platform.bedrock_logging=true"]])
def test_every_arn_is_of_the_partition_that_it_is_deployed_in(sets):
    # Given that China and GovCloud are other partitions, then the definitions of state machines name none either.
    text = to_json(render(*sets))
    assert text.count("arn:") == text.count("arn:${AWS::Partition}:") > 0


@pytest.mark.parametrize("sets", [[], ["platform.dax=true", "platform.bedrock_logging=true"]])
def test_every_role_is_under_the_boundary_and_every_trust_knows_whose_call_it_is(sets):
    for id, role in of(render(*sets), "AWS::IAM::Role").items():
        assert role["PermissionsBoundary"] == {"Ref": "RoleBoundary"}, id
        (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
        # Lambda's own trust takes no such condition; what its code may call is told apart by lambda:SourceFunctionArn.
        if trust["Principal"]["Service"] != ["lambda.amazonaws.com"]:
            assert "aws:Source" in json.dumps(trust["Condition"]), id


def test_every_for_all_values_in_an_allow_has_its_guard(template):
    for role in of(template, "AWS::IAM::Role").values():
        for policy in role.get("Policies", []):
            for statement in policy["PolicyDocument"]["Statement"]:
                for operator, keys in statement.get("Condition", {}).items():
                    if operator.startswith("ForAllValues") and statement["Effect"] == "Allow":
                        for key in keys:
                            assert statement["Condition"]["Null"][key] == "false", statement["Sid"]


def test_the_endpoint_lets_through_exactly_what_the_roles_in_the_vpc_may(template):
    # Given the actions of the roles of functions in the VPC, then the endpoint's list is those, none more and none
    # less.
    polled = {"dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"}
    wanted = set()
    for function in of(template, "AWS::Lambda::Function").values():
        if "VpcConfig" not in function:
            continue
        role = template["Resources"][function["Role"]["Fn::GetAtt"][0]]["Properties"]
        for policy in role["Policies"]:
            for one in policy["PolicyDocument"]["Statement"]:
                wanted |= {action for action in one["Action"] if action.startswith("dynamodb:")}
    endpoint = template["Resources"]["DynamoDbEndpoint"]["Properties"]["PolicyDocument"]
    assert set(endpoint["Statement"][0]["Action"]) == wanted - polled


def test_what_functions_call_has_an_endpoint_and_nothing_else_has(template):
    names = {one["ServiceName"]["Fn::Sub"].rpartition(".")[2] for one in of(template, "AWS::EC2::VPCEndpoint").values()}
    assert names == {
        "bedrock-runtime", "cognito-idp", "dynamodb", "events", "kinesis-streams", "kms", "monitoring", "s3",
        "secretsmanager", "sns", "sqs", "ssm", "states",
    }  # fmt: skip


def test_the_stream_is_read_with_a_filter_and_with_finite_patience(template):
    source = template["Resources"]["StreamFunctionResourceSource"]["Properties"]
    filters = [json.loads(one["Pattern"]) for one in source["FilterCriteria"]["Filters"]]
    assert filters == [
        one["Pattern"] for one in json.loads((ROOT / "handlers/stream/filter.json").read_text())["Filters"]
    ]
    assert source["BisectBatchOnFunctionError"] is True
    assert 0 <= source["MaximumRetryAttempts"] <= 10
    assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert source["DestinationConfig"]["OnFailure"]["Destination"]
    assert template["Resources"]["StreamFunctionResource"]["Properties"]["RecursiveLoop"] == "Terminate"


def test_the_authorizer_and_the_api_know_the_same_routes(template):
    routes = json.loads((ROOT / "handlers" / "authorizer" / "routes.json").read_text())
    opened = {*routes["everyone"], *(one for several in routes["groups"].values() for one in several)}
    served = set()
    for method in of(template, "AWS::ApiGateway::Method").values():
        path, at = [], method["ResourceId"]["Ref"]
        while at in template["Resources"]:
            one = template["Resources"][at]["Properties"]
            path.insert(0, one["PathPart"])
            at = one["ParentId"].get("Ref", "")
        served.add(f"{method['HttpMethod']}/{'/'.join(path)}")
        assert method["AuthorizationType"] == "CUSTOM"
    for route in served:
        assert any(re.fullmatch(one.replace("*", ".*"), route) for one in opened), route
    for one in opened:
        assert any(re.fullmatch(one.replace("*", ".*"), route) for route in served), one


def test_the_access_log_is_what_the_handlers_declare(template):
    stage = template["Resources"]["ChatStage"]["Properties"]
    told = json.loads(stage["AccessLogSetting"]["Format"])
    assert {"request_id", "client_ip", "latency_ms", "status"} <= set(told)
    assert stage["TracingEnabled"] is True


def test_what_the_stream_tells_is_what_the_bus_and_athena_expect(template):
    from handlers.stream._route import routed
    from handlers.stream._send import SOURCE

    # Given the source that the stream's function names, then the archive and the rule of the bus are for it.
    for id in ("SessionArchive", "SessionEventsRule"):
        assert template["Resources"][id]["Properties"]["EventPattern"] == {"source": [SOURCE]}
    # And what it tells analytics of a turn has a column each.
    image = {
        "role": {"S": "assistant"},
        "created_at": {"N": "1"},
        "content_compressed": {"B": "AAAA"},
        "input_tokens": {"N": "1"},
        "output_tokens": {"N": "1"},
        "model": {"S": "m"},
    }
    keys = {"PK": {"S": "SESSION#1"}, "SK": {"S": "TURN#1"}}
    change = {"Keys": keys, "SequenceNumber": "1", "NewImage": image}
    told = routed({"eventID": "1", "eventName": "INSERT", "dynamodb": change}, lambda text: text).analytics
    table = template["Resources"]["AnalyticsTable"]["Properties"]["TableInput"]["StorageDescriptor"]
    assert set(told) == {column["Name"] for column in table["Columns"]}


def test_the_trail_has_management_events_and_the_tables_data_events(template):
    trail = template["Resources"]["Trail"]["Properties"]
    kinds = {
        field["Equals"][0]
        for selector in trail["AdvancedEventSelectors"]
        for field in selector["FieldSelectors"]
        if "Equals" in field
    }
    assert kinds == {"Management", "Data", "AWS::DynamoDB::Table", "AWS::DynamoDB::Stream", "AWS::S3::Object"}
    for name in ("IsMultiRegionTrail", "EnableLogFileValidation", "KMSKeyId"):
        assert trail[name]


def test_dax_is_a_switch_that_is_off(template):
    assert not of(template, "AWS::DAX::Cluster")
    with_dax = render("platform.dax=true")
    (cluster,) = of(with_dax, "AWS::DAX::Cluster").values()
    assert cluster["ClusterEndpointEncryptionType"] == "TLS"
    assert cluster["SSESpecification"] == {"SSEEnabled": True}
    role = with_dax["Resources"]["DaxRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
    actions = {action for one in role for action in one["Action"]}
    assert actions == {"dynamodb:GetItem", "dynamodb:BatchGetItem", "kms:Decrypt"}


def test_bedrocks_logs_are_a_switch_that_is_off(template):
    assert "ModelLogs" not in template["Resources"]
    with_logs = render("platform.bedrock_logging=true")["Resources"]
    assert {"ModelLogs", "ModelLogBucket", "ModelLogSwitch"} <= set(with_logs)
    compile(with_logs["ModelLogSwitch"]["Properties"]["Code"]["ZipFile"], "index.py", "exec")


def test_the_hand_offs_machine_calls_dynamodb_itself_and_keeps_no_text(template):
    machine = template["Resources"]["HandoffMachine"]["Properties"]
    states = json.loads(machine["DefinitionString"])["States"]
    tasks = {one["Resource"] for one in states.values() if one["Type"] == "Task"}
    assert tasks == {"${GetItem}", "${UpdateItem}", "${Invoke}"}
    substitutions = machine["DefinitionSubstitutions"]
    for name, call in (("GetItem", "dynamodb:getItem"), ("UpdateItem", "dynamodb:updateItem")):
        assert substitutions[name] == {"Fn::Sub": f"arn:${{AWS::Partition}}:states:::{call}"}
    assert states["LoadSession"]["Parameters"]["ProjectionExpression"] == "#state"
    assert machine["LoggingConfiguration"]["IncludeExecutionData"] is False
    assert machine["EncryptionConfiguration"]["Type"] == "CUSTOMER_MANAGED_KMS_KEY"


@pytest.mark.parametrize(
    ("sets", "problem"),
    [
        (["platform.vpc_cidr=10.0.0.0/8"], "vpc_cidr"),
        (["platform.dxa=true"], "dxa is not a key"),
        (["platform.pitr_days=36"], "pitr_days"),
        (["platform.environment.message.MODEL=x"], "MODEL, which the function does not read; did you mean MODEL_ID"),
        (["platform.environment.mesage.MODEL_ID=x"], "of no function; did you mean message?"),
        (['functions.admin.routes=["POST /messages"]'], "POST /messages is of"),
        (['functions.admin.routes=["FETCH /x"]'], "routes"),
        (['tables.more.name="another"'], "one table, and mangaobs.toml has 2"),
        (["tables.sessions.stream=false", 'functions.stream.event_source="none"'], "reads the stream"),
        (['state_machines.handoff.arn="arn:aws:states:us-east-1:1:stateMachine:${AWS::Region}"'], "ends in a name"),
        (
            [f"functions.{name}.routes=[]" for name in ("message", "admin", "admin-delete", "data-requests")],
            "no function has a route",
        ),
    ],
)
def test_what_cannot_be_is_a_sentence(sets, problem):
    with pytest.raises(MangaobsError) as refused:
        render(*sets)
    assert problem in str(refused.value)


def test_a_permission_for_what_the_platform_has_not_is_named(tmp_path):
    # Given a project whose function declares a permission on a queue of its own
    project = tmp_path / "project"
    for name in ("alarms", "dashboards", "queries", "handlers"):
        shutil.copytree(ROOT / name, project / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "mangaobs.toml", project)
    (project / "handlers/retry/permissions.toml").write_text(
        '[[allow]]\nsid = "Else"\nactions = ["sqs:SendMessage"]\nresource = { source = "elsewhere" }\n'
    )
    with pytest.raises(
        RenderError, match="permissions of retry are for 'source elsewhere', which the platform has not"
    ):
        render_platform(project)
