"""What ministack refuses or loses of the template, through the services' own APIs on moto, and read back.

Each call is held against botocore's model of it in any case, since boto3 checks arguments before it sends them.
"""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from .concrete import plain
from .readback import READERS, lost
from .system import LOST, REFUSED

REGION = "us-east-1"
# Calls that moto has not, or not with these arguments; their arguments are right by botocore's model.
MOTO_LACKS = {"PutBucketLogging", "PutDataProtectionPolicy", "UpdateContributorInsights"}
MOTO_LACKS_OF_REFUSED = {"CreateGroup", "CreateSamplingRule"}
# What neither emulator gives back: the provider schemas and botocore are all that it is held against.
NOBODY_KEEPS: dict[str, set[str]] = {
    "AWS::ApiGateway::Stage": {"AccessLogSetting"},
    "AWS::DynamoDB::Table": {"ContributorInsightsSpecification"},
    "AWS::ElastiCache::ReplicationGroup": {"CacheSubnetGroupName", "EngineVersion", "SecurityGroupIds"},
    "AWS::Lambda::EventSourceMapping": {"Tags"},
    "AWS::Lambda::Function": {"DeadLetterConfig"},
    "AWS::Logs::LogGroup": {"DataProtectionPolicy"},
    "AWS::S3::Bucket": {"LoggingConfiguration"},
    "AWS::SecretsManager::Secret": {"GenerateSecretString"},
}


class Moto:
    """moto's clients; a call that moto has not is noted."""

    def __init__(self) -> None:
        self.lacks: set[str] = set()

    def client(self, service: str) -> Any:
        return boto3.client(service, region_name=REGION)

    def call(self, service: str, operation: str, **arguments: Any) -> dict[str, Any]:
        client = self.client(service)
        name = next(api for method, api in client.meta.method_to_api_mapping.items() if method == operation)
        try:
            return getattr(client, operation)(**arguments)
        except NotImplementedError:
            self.lacks.add(name)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] not in (404, 501):
                raise
            self.lacks.add(name)
        return {}


@pytest.fixture
def moto(monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        yield Moto()


@pytest.fixture(scope="module")
def resources(template) -> dict[str, dict[str, Any]]:
    return {id: plain(one) for id, one in template["Resources"].items()}


def first(resources, kind):
    return next(one["Properties"] for one in resources.values() if one["Type"] == kind)


def camel(tree):
    if isinstance(tree, dict):
        return {key[:1].lower() + key[1:]: camel(one) for key, one in tree.items()}
    return [camel(one) for one in tree] if isinstance(tree, list) else tree


def pairs(properties):
    return {one["Key"]: one["Value"] for one in properties.get("Tags", [])}


def table(moto, p, _):
    policy = p["ResourcePolicy"]["PolicyDocument"]
    keys = ("TableName", "AttributeDefinitions", "KeySchema", "BillingMode", "GlobalSecondaryIndexes", "Tags")
    sse = {**p["SSESpecification"]}
    sse["Enabled"] = sse.pop("SSEEnabled")
    stream = {"StreamEnabled": True, **p["StreamSpecification"]}
    name = p["TableName"]
    made = moto.call(
        "dynamodb",
        "create_table",
        **{key: p[key] for key in keys},
        SSESpecification=sse,
        StreamSpecification=stream,
        DeletionProtectionEnabled=p["DeletionProtectionEnabled"],
    )
    pitr = p["PointInTimeRecoverySpecification"]
    moto.call("dynamodb", "update_continuous_backups", TableName=name, PointInTimeRecoverySpecification=pitr)
    ttl = p["TimeToLiveSpecification"]
    moto.call("dynamodb", "update_time_to_live", TableName=name, TimeToLiveSpecification=ttl)
    arn = made["TableDescription"]["TableArn"]
    moto.call("dynamodb", "put_resource_policy", ResourceArn=arn, Policy=json.dumps(policy))
    mode = p["ContributorInsightsSpecification"]["Mode"]
    moto.call(
        "dynamodb",
        "update_contributor_insights",
        TableName=name,
        ContributorInsightsAction="ENABLE",
        ContributorInsightsMode=mode,
    )
    return name


def bucket(moto, p, _):
    name = "the-bucket"
    for other in (name, p["LoggingConfiguration"]["DestinationBucketName"].lower()):
        moto.call("s3", "create_bucket", Bucket=other, ObjectLockEnabledForBucket=True)
    rules = [
        {
            "BucketKeyEnabled": one["BucketKeyEnabled"],
            "ApplyServerSideEncryptionByDefault": one["ServerSideEncryptionByDefault"],
        }
        for one in p["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    ]
    moto.call("s3", "put_bucket_encryption", Bucket=name, ServerSideEncryptionConfiguration={"Rules": rules})
    moto.call("s3", "put_object_lock_configuration", Bucket=name, ObjectLockConfiguration=p["ObjectLockConfiguration"])
    moto.call("s3", "put_bucket_tagging", Bucket=name, Tagging={"TagSet": p["Tags"]})
    lifecycle = [
        {
            "ID": one["Id"],
            "Status": one["Status"],
            "Filter": {"Prefix": one.get("Prefix", "")},
            "Expiration": {"Days": one["ExpirationInDays"]},
            "NoncurrentVersionExpiration": one["NoncurrentVersionExpiration"],
            "AbortIncompleteMultipartUpload": one["AbortIncompleteMultipartUpload"],
        }
        for one in p["LifecycleConfiguration"]["Rules"]
    ]
    moto.call("s3", "put_bucket_lifecycle_configuration", Bucket=name, LifecycleConfiguration={"Rules": lifecycle})
    logging = p["LoggingConfiguration"]
    target = {"TargetBucket": logging["DestinationBucketName"].lower(), "TargetPrefix": logging["LogFilePrefix"]}
    try:
        moto.call("s3", "put_bucket_logging", Bucket=name, BucketLoggingStatus={"LoggingEnabled": target})
    except ClientError:  # moto wants an ACL that S3 no longer needs (BucketOwnerEnforced)
        moto.lacks.add("PutBucketLogging")
    return name


def function(moto, p, resources):
    trust = json.dumps(resources["MessageRole"]["Properties"]["AssumeRolePolicyDocument"])
    role = moto.call("iam", "create_role", RoleName="r", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("handlers.py", "")
    kept = {key: p[key] for key in ("FunctionName", "Runtime", "Handler", "MemorySize", "Timeout", "TracingConfig")}
    moto.call(
        "lambda",
        "create_function",
        **kept,
        Role=role,
        Code={"ZipFile": content.getvalue()},
        DeadLetterConfig=p["DeadLetterConfig"],
        KMSKeyArn=p["KmsKeyArn"],
        VpcConfig=p["VpcConfig"],
        Environment=p["Environment"],
        LoggingConfig=p["LoggingConfig"],
        Tags=pairs(p),
    )
    moto.call(
        "lambda",
        "put_function_concurrency",
        FunctionName=p["FunctionName"],
        ReservedConcurrentExecutions=p["ReservedConcurrentExecutions"],
    )
    return p["FunctionName"]


def group(moto, p, _):
    name = p["LogGroupName"]
    moto.call("logs", "create_log_group", logGroupName=name, kmsKeyId=p["KmsKeyId"], tags=pairs(p))
    policy = json.dumps(p["DataProtectionPolicy"])
    moto.call("logs", "put_data_protection_policy", logGroupIdentifier=name, policyDocument=policy)
    return name


def stream(moto, p, _):
    moto.call("kinesis", "create_stream", StreamName=p["Name"], StreamModeDetails=p["StreamModeDetails"])
    encryption = p["StreamEncryption"]
    moto.call("kinesis", "start_stream_encryption", StreamName=p["Name"], **encryption)
    moto.call("kinesis", "add_tags_to_stream", StreamName=p["Name"], Tags=pairs(p))
    return p["Name"]


def topic(moto, p, _):
    attributes = {"KmsMasterKeyId": p["KmsMasterKeyId"]}
    return moto.call("sns", "create_topic", Name=p["TopicName"], Attributes=attributes, Tags=p["Tags"])["TopicArn"]


def machine(moto, p, _):
    definition = p["DefinitionString"]
    for name, value in p["DefinitionSubstitutions"].items():
        definition = definition.replace(f"${{{name}}}", value)
    made = moto.call(
        "stepfunctions",
        "create_state_machine",
        name=p["StateMachineName"],
        definition=definition,
        roleArn=p["RoleArn"],
        type=p["StateMachineType"],
        loggingConfiguration=camel(p["LoggingConfiguration"]),
        tracingConfiguration=camel(p["TracingConfiguration"]),
        encryptionConfiguration=camel(p["EncryptionConfiguration"]),
        tags=camel(p["Tags"]),
    )
    return made["stateMachineArn"]


def endpoint(moto, p, resources):
    vpc = moto.call("ec2", "create_vpc", CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = moto.call("ec2", "create_subnet", VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    made = moto.call("ec2", "create_security_group", GroupName="g", Description="g", VpcId=vpc)["GroupId"]
    p |= {"VpcId": vpc, "SubnetIds": [subnet], "SecurityGroupIds": [made]}
    told = {key: p[key] for key in ("VpcId", "ServiceName", "VpcEndpointType", "SubnetIds", "SecurityGroupIds")}
    policy = json.dumps(p["PolicyDocument"])
    answer = moto.call(
        "ec2", "create_vpc_endpoint", **told, PolicyDocument=policy, PrivateDnsEnabled=p["PrivateDnsEnabled"]
    )
    return answer["VpcEndpoint"]["VpcEndpointId"]


def replication_group(moto, p, _):
    subnet = moto.client("ec2").describe_subnets()["Subnets"][0]["SubnetId"]
    p["CacheSubnetGroupName"] = "redis"
    moto.call(
        "elasticache",
        "create_cache_subnet_group",
        CacheSubnetGroupName="redis",
        CacheSubnetGroupDescription="redis",
        SubnetIds=[subnet],
    )
    told = {key: value for key, value in p.items() if key not in ("UserGroupIds", "KmsKeyId")}
    made = moto.call("elasticache", "create_replication_group", **told, KmsKeyId=p["KmsKeyId"])
    return made["ReplicationGroup"]["ReplicationGroupId"]


def bus(moto, p, _):
    key = p["KmsKeyIdentifier"]
    moto.call("events", "create_event_bus", Name=p["Name"], KmsKeyIdentifier=key, Tags=p["Tags"])
    return p["Name"]


def pipe(moto, p, _):
    kept = {name: one for name, one in p.items() if name != "Tags"}
    moto.call("pipes", "create_pipe", **kept, Tags=pairs(p) if isinstance(p.get("Tags"), list) else p.get("Tags", {}))
    return p["Name"]


def rest_api(moto, p, _):
    where = camel(p["EndpointConfiguration"])
    name, said = p["Name"], p["Description"]
    answer = moto.call("apigateway", "create_rest_api", name=name, description=said, endpointConfiguration=where)
    return answer["id"]


MAKERS = {
    "AWS::ApiGateway::RestApi": rest_api,
    "AWS::DynamoDB::Table": table,
    "AWS::EC2::VPCEndpoint": endpoint,
    "AWS::ElastiCache::ReplicationGroup": replication_group,
    "AWS::Events::EventBus": bus,
    "AWS::Kinesis::Stream": stream,
    "AWS::Lambda::Function": function,
    "AWS::Logs::LogGroup": group,
    "AWS::Pipes::Pipe": pipe,
    "AWS::S3::Bucket": bucket,
    "AWS::SNS::Topic": topic,
    "AWS::StepFunctions::StateMachine": machine,
}


def test_what_ministack_loses_moto_keeps_but_for_this(moto, resources):
    # Given each type of which ministack loses something, when moto's API makes it, then exactly this is lost twice.
    kept: dict[str, set[str]] = {}
    for kind, names in LOST.items():
        if kind not in MAKERS:
            kept[kind] = set(names)
            continue
        chosen = [one["Properties"] for one in resources.values() if one["Type"] == kind]
        properties = dict(next(one for one in chosen if all(name in one for name in names)))
        id = MAKERS[kind](moto, properties, resources)
        held = READERS[kind](moto.client, id, properties)
        kept[kind] = {name for name in names if name in lost(properties, held)}
    assert moto.lacks == MOTO_LACKS
    assert {kind: names for kind, names in kept.items() if names} == NOBODY_KEEPS


def test_the_types_that_ministack_refuses(moto, resources):
    told = {kind: [one["Properties"] for one in resources.values() if one["Type"] == kind] for kind in REFUSED}

    # The trail, with its selectors
    (trail,) = told.pop("AWS::CloudTrail::Trail")
    moto.call("s3", "create_bucket", Bucket=trail["S3BucketName"])
    wanted = {
        "Name": trail["TrailName"],
        "S3BucketName": trail["S3BucketName"],
        "IsMultiRegionTrail": trail["IsMultiRegionTrail"],
        "IncludeGlobalServiceEvents": trail["IncludeGlobalServiceEvents"],
        "EnableLogFileValidation": trail["EnableLogFileValidation"],
        "KmsKeyId": trail["KMSKeyId"],
        "CloudWatchLogsLogGroupArn": trail["CloudWatchLogsLogGroupArn"],
        "CloudWatchLogsRoleArn": trail["CloudWatchLogsRoleArn"],
    }
    moto.call("cloudtrail", "create_trail", **wanted, TagsList=trail["Tags"])
    selectors = trail["AdvancedEventSelectors"]
    moto.call("cloudtrail", "put_event_selectors", TrailName=trail["TrailName"], AdvancedEventSelectors=selectors)
    cloudtrail = moto.client("cloudtrail")
    (held,) = cloudtrail.describe_trails()["trailList"]
    assert {name: held.get(name, held.get("LogFileValidationEnabled")) for name in wanted} == wanted
    answer = cloudtrail.get_event_selectors(TrailName=trail["TrailName"])
    assert answer["AdvancedEventSelectors"] == selectors

    # Rules of the security groups
    ec2 = moto.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.40.0.0/16")["Vpc"]["VpcId"]
    groups: dict[str, str] = {}

    def group(id: str) -> str:
        if id not in groups:
            groups[id] = ec2.create_security_group(GroupName=id, Description=id, VpcId=vpc)["GroupId"]
        return groups[id]

    def permission(rule: dict[str, Any], other: str) -> dict[str, Any]:
        to = {"Description": rule["Description"]}
        ports = {"IpProtocol": rule["IpProtocol"], "FromPort": rule["FromPort"], "ToPort": rule["ToPort"]}
        if other in rule:
            return {**ports, "UserIdGroupPairs": [{**to, "GroupId": group(rule[other])}]}
        return {**ports, "IpRanges": [{**to, "CidrIp": rule["CidrIp"]}]}

    ways = (("Egress", "egress", "DestinationSecurityGroupId"), ("Ingress", "ingress", "SourceSecurityGroupId"))
    for kind, way, other in ways:
        for rule in told.pop(f"AWS::EC2::SecurityGroup{kind}"):
            asked = permission(rule, other)
            id = group(rule["GroupId"])
            moto.call("ec2", f"authorize_security_group_{way}", GroupId=id, IpPermissions=[asked])
            (now,) = ec2.describe_security_groups(GroupIds=[id])["SecurityGroups"]
            found = now["IpPermissionsEgress" if way == "egress" else "IpPermissions"]
            assert any(one.get("FromPort") == asked["FromPort"] for one in found)

    # The archive of the bus
    (archive,) = told.pop("AWS::Events::Archive")
    source = moto.call("events", "create_event_bus", Name="b")["EventBusArn"]
    pattern = json.dumps(archive["EventPattern"])
    moto.call(
        "events",
        "create_archive",
        ArchiveName=archive["ArchiveName"],
        EventSourceArn=source,
        RetentionDays=archive["RetentionDays"],
        EventPattern=pattern,
    )
    kept = moto.client("events").describe_archive(ArchiveName=archive["ArchiveName"])
    assert (kept["RetentionDays"], json.loads(kept["EventPattern"])) == (
        archive["RetentionDays"],
        archive["EventPattern"],
    )

    # X-Ray's, which moto has not: their arguments are right
    (sampling,) = told.pop("AWS::XRay::SamplingRule")
    moto.call("xray", "create_sampling_rule", SamplingRule=sampling["SamplingRule"], Tags=sampling["Tags"])
    (traces,) = told.pop("AWS::XRay::Group")
    moto.call("xray", "create_group", **traces)
    assert moto.lacks == MOTO_LACKS_OF_REFUSED
    assert not told
