"""What ministack holds of each resource, in CloudFormation's words, and what of the template it lost."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

Client = Callable[[str], Any]
# What only a deployment knows: it has to be there, whatever it is.
ANYTHING = object()


def resolved(template: dict[str, Any], ids: Mapping[str, str], account: str) -> dict[str, Any]:
    """The resources with their functions worked out as far as ids and parameters go."""
    known: dict[str, Any] = {
        "AWS::AccountId": account,
        "AWS::Region": "us-east-1",
        "AWS::Partition": "aws",
        "AWS::URLSuffix": "amazonaws.com",
        **{name: one.get("Default", ANYTHING) for name, one in template["Parameters"].items()},
        **{id: ids.get(id, ANYTHING) for id in template["Resources"]},
    }
    return {id: _resolved(one, known) for id, one in template["Resources"].items()}


def _resolved(tree: Any, known: Mapping[str, Any]) -> Any:
    if isinstance(tree, list):
        return [_resolved(one, known) for one in tree]
    if not isinstance(tree, dict):
        # A secret's value stands in no template.
        return ANYTHING if isinstance(tree, str) and "{{resolve:" in tree else tree
    if len(tree) == 1:
        function, argument = next(iter(tree.items()))
        if function == "Ref":
            return known[argument]
        if function == "Fn::Sub":
            return _sub(argument, known)
        if function.startswith("Fn::"):
            return ANYTHING
    return {key: _resolved(one, known) for key, one in tree.items()}


def _sub(argument: Any, known: Mapping[str, Any]) -> Any:
    text, variables = (argument, {}) if isinstance(argument, str) else argument
    names = {**known, **{name: _resolved(one, known) for name, one in variables.items()}}
    found = re.findall(r"\$\{([^!}]+)\}", text)
    if "{{resolve:" in text or any(not isinstance(names.get(name), str) for name in found):
        return ANYTHING
    return re.sub(r"\$\{(!?)([^}]*)\}", lambda one: f"${{{one[2]}}}" if one[1] else names[one[2]], text)


def lost(properties: dict[str, Any], held: Mapping[str, Any]) -> set[str]:
    """The properties that are not held as the template says them."""
    by_name = {name.lower(): value for name, value in held.items()}
    return {name for name, value in properties.items() if not _holds(value, by_name.get(name.lower()))}


def _holds(value: Any, held: Any) -> bool:  # noqa: C901 - one branch a shape
    if value is ANYTHING:
        return held not in (None, "")
    if isinstance(held, str) and isinstance(value, dict | list):
        try:
            held = json.loads(held)
        except ValueError:
            return isinstance(value, list) and len(value) == 1 and _holds(value[0], held)
    if isinstance(value, dict):
        if isinstance(held, list) and held and isinstance(held[0], dict):  # tags as a list of pairs
            held = {one.get("Key", one.get("TagKey")): one.get("Value", one.get("TagValue")) for one in held}
        if not isinstance(held, Mapping):
            return False
        names = {str(name).lower(): one for name, one in held.items()}
        return all(_holds(one, names.get(str(name).lower())) for name, one in value.items())
    if isinstance(value, list):
        if isinstance(held, Mapping):  # tags as a map
            return all(_holds(one["Value"], held.get(one["Key"])) for one in value if isinstance(one, dict))
        several = held if isinstance(held, list) else [held]
        if value and isinstance(value[0], dict) and set(value[0]) == {"Key", "Value"}:
            return _holds({one["Key"]: one["Value"] for one in value}, several)
        return all(any(_holds(one, other) for other in several) for one in value)
    if isinstance(held, list) and len(held) == 1:
        return _holds(value, held[0])
    return _text(value) == _text(held)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).lower() if str(value) in ("True", "False") else str(value)


def _first(answer: Mapping[str, Any], name: str) -> dict[str, Any]:
    (found,) = answer[name]
    return dict(found)


def _role(c: Client, id: str, _: dict[str, Any]) -> dict[str, Any]:
    iam = c("iam")
    held = iam.get_role(RoleName=id)["Role"]
    names = iam.list_role_policies(RoleName=id)["PolicyNames"]
    attached = iam.list_attached_role_policies(RoleName=id)["AttachedPolicies"]
    policies = [iam.get_role_policy(RoleName=id, PolicyName=name) for name in names]
    boundary = held.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")
    return held | {
        "Policies": policies,
        "ManagedPolicyArns": [one["PolicyArn"] for one in attached],
        "PermissionsBoundary": boundary,
    }


def _managed_policy(c: Client, id: str, _: dict[str, Any]) -> dict[str, Any]:
    held = c("iam").get_policy(PolicyArn=id)["Policy"]
    version = c("iam").get_policy_version(PolicyArn=id, VersionId=held["DefaultVersionId"])["PolicyVersion"]
    return held | {"PolicyDocument": version["Document"]}


def _bucket(c: Client, id: str, _: dict[str, Any]) -> dict[str, Any]:
    s3 = c("s3")
    asked = {
        "BucketEncryption": lambda: {
            "ServerSideEncryptionConfiguration": [
                {
                    **rule,
                    "ServerSideEncryptionByDefault": rule["ApplyServerSideEncryptionByDefault"],
                }
                for rule in s3.get_bucket_encryption(Bucket=id)["ServerSideEncryptionConfiguration"]["Rules"]
            ]
        },
        "VersioningConfiguration": lambda: s3.get_bucket_versioning(Bucket=id),
        "PublicAccessBlockConfiguration": lambda: s3.get_public_access_block(Bucket=id)[
            "PublicAccessBlockConfiguration"
        ],
        "OwnershipControls": lambda: s3.get_bucket_ownership_controls(Bucket=id)["OwnershipControls"],
        "LoggingConfiguration": lambda: {
            "DestinationBucketName": s3.get_bucket_logging(Bucket=id)["LoggingEnabled"]["TargetBucket"],
            "LogFilePrefix": s3.get_bucket_logging(Bucket=id)["LoggingEnabled"]["TargetPrefix"],
        },
        "ObjectLockConfiguration": lambda: s3.get_object_lock_configuration(Bucket=id)["ObjectLockConfiguration"],
        "ObjectLockEnabled": lambda: (
            s3.get_object_lock_configuration(Bucket=id)["ObjectLockConfiguration"]["ObjectLockEnabled"] == "Enabled"
        ),
        "LifecycleConfiguration": lambda: {
            "Rules": [
                {
                    **rule,
                    "Id": rule["ID"],
                    "Prefix": rule.get("Prefix") or rule.get("Filter", {}).get("Prefix"),
                    "ExpirationInDays": rule.get("Expiration", {}).get("Days"),
                }
                for rule in s3.get_bucket_lifecycle_configuration(Bucket=id)["Rules"]
            ]
        },
        "Tags": lambda: s3.get_bucket_tagging(Bucket=id)["TagSet"],
    }
    return _answers(asked)


def _answers(asked: Mapping[str, Callable[[], Any]]) -> dict[str, Any]:
    from botocore.exceptions import ClientError

    held: dict[str, Any] = {}
    for name, ask in asked.items():
        try:
            held[name] = ask()
        except (ClientError, KeyError, NotImplementedError):
            continue
    return held


def _table(c: Client, id: str, _: dict[str, Any]) -> dict[str, Any]:
    dynamodb = c("dynamodb")
    held = dynamodb.describe_table(TableName=id)["Table"]
    asked = {
        "TimeToLiveSpecification": lambda: {
            "AttributeName": dynamodb.describe_time_to_live(TableName=id)["TimeToLiveDescription"]["AttributeName"],
            "Enabled": dynamodb.describe_time_to_live(TableName=id)["TimeToLiveDescription"]["TimeToLiveStatus"]
            == "ENABLED",
        },
        "PointInTimeRecoverySpecification": lambda: {
            **(
                found := dynamodb.describe_continuous_backups(TableName=id)["ContinuousBackupsDescription"][
                    "PointInTimeRecoveryDescription"
                ]
            ),
            "PointInTimeRecoveryEnabled": found["PointInTimeRecoveryStatus"] == "ENABLED",
        },
        "ResourcePolicy": lambda: {
            "PolicyDocument": dynamodb.get_resource_policy(ResourceArn=held["TableArn"])["Policy"]
        },
        "ContributorInsightsSpecification": lambda: {
            **(found := dynamodb.describe_contributor_insights(TableName=id)),
            "Enabled": found["ContributorInsightsStatus"] == "ENABLED",
            "Mode": found.get("ContributorInsightsMode"),
        },
        "Tags": lambda: dynamodb.list_tags_of_resource(ResourceArn=held["TableArn"])["Tags"],
    }
    sse = held.get("SSEDescription", {})
    return {
        **held,
        "BillingMode": held.get("BillingModeSummary", {}).get("BillingMode"),
        "SSESpecification": {
            "SSEEnabled": sse.get("Status") == "ENABLED",
            "SSEType": sse.get("SSEType"),
            "KMSMasterKeyId": sse.get("KMSMasterKeyArn"),
        },
        **_answers(asked),
    }


def _function(c: Client, id: str, _: dict[str, Any]) -> dict[str, Any]:
    lambda_ = c("lambda")
    held = lambda_.get_function_configuration(FunctionName=id)
    asked = {
        "ReservedConcurrentExecutions": lambda: lambda_.get_function_concurrency(FunctionName=id)[
            "ReservedConcurrentExecutions"
        ],
        "RecursiveLoop": lambda: lambda_.get_function_recursion_config(FunctionName=id)["RecursiveLoop"],
        "Tags": lambda: lambda_.list_tags(Resource=held["FunctionArn"])["Tags"],
    }
    return {**held, "Code": {"S3Bucket": "code", "S3Key": held["CodeSha256"]}, **_answers(asked)}


def _permission(c: Client, _: str, properties: dict[str, Any]) -> dict[str, Any]:
    policy = json.loads(c("lambda").get_policy(FunctionName=properties["FunctionName"])["Policy"])
    found = [
        {
            "Action": one["Action"],
            "FunctionName": properties["FunctionName"],
            "Principal": one["Principal"].get("Service"),
            "SourceAccount": one.get("Condition", {}).get("StringEquals", {}).get("AWS:SourceAccount"),
            "SourceArn": one.get("Condition", {}).get("ArnLike", {}).get("AWS:SourceArn"),
        }
        for one in policy["Statement"]
    ]
    return next((one for one in found if one["SourceArn"] == properties["SourceArn"]), found[0])


def _mapping(c: Client, id: str, _: dict[str, Any]) -> dict[str, Any]:
    held = c("lambda").get_event_source_mapping(UUID=id)
    asked = {"Tags": lambda: c("lambda").list_tags(Resource=held["EventSourceMappingArn"])["Tags"]}
    return {**held, "FunctionName": held["FunctionArn"].rpartition(":")[2], **_answers(asked)}


def _queue(c: Client, id: str, _: dict[str, Any]) -> dict[str, Any]:
    sqs = c("sqs")
    held = sqs.get_queue_attributes(QueueUrl=id, AttributeNames=["All"])["Attributes"]
    tags = sqs.list_queue_tags(QueueUrl=id).get("Tags", {})
    return {**held, "QueueName": held["QueueArn"].rpartition(":")[2], "Tags": tags}


def _topic(c: Client, id: str, _: dict[str, Any]) -> dict[str, Any]:
    held = c("sns").get_topic_attributes(TopicArn=id)["Attributes"]
    tags = c("sns").list_tags_for_resource(ResourceArn=id)["Tags"]
    return {**held, "TopicName": id.rpartition(":")[2], "Tags": tags}


def _subscription(c: Client, id: str, properties: dict[str, Any]) -> dict[str, Any]:
    sns = c("sns")
    told = sns.list_subscriptions_by_topic(TopicArn=properties["TopicArn"])["Subscriptions"][0]
    return {**told, **sns.get_subscription_attributes(SubscriptionArn=told["SubscriptionArn"])["Attributes"]}


def _key(c: Client, id: str, _: dict[str, Any]) -> dict[str, Any]:
    kms = c("kms")
    held = kms.describe_key(KeyId=id)["KeyMetadata"]
    return {
        **held,
        "EnableKeyRotation": kms.get_key_rotation_status(KeyId=id)["KeyRotationEnabled"],
        "KeyPolicy": kms.get_key_policy(KeyId=id, PolicyName="default")["Policy"],
        "Tags": kms.list_resource_tags(KeyId=id)["Tags"],
    }


def _alias(c: Client, id: str, properties: dict[str, Any]) -> dict[str, Any]:
    return next(one for one in c("kms").list_aliases()["Aliases"] if one["AliasName"] == properties["AliasName"])


def _group(c: Client, id: str, _: dict[str, Any]) -> dict[str, Any]:
    logs = c("logs")
    found = logs.describe_log_groups(logGroupNamePrefix=id)["logGroups"]
    held = next(one for one in found if one["logGroupName"] == id)
    asked = {
        "DataProtectionPolicy": lambda: logs.get_data_protection_policy(logGroupIdentifier=id)["policyDocument"],
        "Tags": lambda: logs.list_tags_for_resource(resourceArn=held["arn"].removesuffix(":*"))["tags"],
    }
    return {**held, **_answers(asked)}


def _machine(c: Client, id: str, properties: dict[str, Any]) -> dict[str, Any]:
    states = c("stepfunctions")
    held = states.describe_state_machine(stateMachineArn=id)
    wanted = properties["DefinitionString"]
    for name, value in properties["DefinitionSubstitutions"].items():
        wanted = wanted.replace(f"${{{name}}}", value)
    return {
        **held,
        "StateMachineName": held["name"],
        "StateMachineType": held["type"],
        "DefinitionString": properties["DefinitionString"] if held["definition"] == wanted else held["definition"],
        "DefinitionSubstitutions": properties["DefinitionSubstitutions"] if held["definition"] == wanted else {},
        "Tags": [_capital(one) for one in states.list_tags_for_resource(resourceArn=id)["tags"]],
    }


def _rule(c: Client, _: str, properties: dict[str, Any]) -> dict[str, Any]:
    bus = {"EventBusName": properties["EventBusName"]} if "EventBusName" in properties else {}
    events = c("events")
    held = events.describe_rule(Name=properties["Name"], **bus)
    targets = events.list_targets_by_rule(Rule=properties["Name"], **bus)["Targets"]
    return {**held, "Targets": targets, "Tags": events.list_tags_for_resource(ResourceARN=held["Arn"])["Tags"]}


def _pool(c: Client, id: str, _: dict[str, Any]) -> dict[str, Any]:
    held = c("cognito-idp").describe_user_pool(UserPoolId=id)["UserPool"]
    mfa = c("cognito-idp").get_user_pool_mfa_config(UserPoolId=id)
    return {
        **held,
        "UserPoolName": held["Name"],
        "EnabledMfas": ["SOFTWARE_TOKEN_MFA"] if mfa.get("SoftwareTokenMfaConfiguration", {}).get("Enabled") else [],
    }


def _endpoint(c: Client, id: str, _: dict[str, Any]) -> dict[str, Any]:
    held = _first(c("ec2").describe_vpc_endpoints(VpcEndpointIds=[id]), "VpcEndpoints")
    return {**held, "SecurityGroupIds": [one["GroupId"] for one in held.get("Groups", [])]}


def _security_group(c: Client, id: str, _: dict[str, Any]) -> dict[str, Any]:
    held = _first(c("ec2").describe_security_groups(GroupIds=[id]), "SecurityGroups")
    rules = [
        {**one, "CidrIp": block.get("CidrIp"), "Description": block.get("Description")}
        for one in held["IpPermissionsEgress"]
        for block in one.get("IpRanges", [])
    ]
    return {**held, "GroupDescription": held["Description"], "SecurityGroupEgress": rules}


def _vpc(c: Client, id: str, _: dict[str, Any]) -> dict[str, Any]:
    ec2 = c("ec2")
    held = _first(ec2.describe_vpcs(VpcIds=[id]), "Vpcs")
    for name in ("enableDnsHostnames", "enableDnsSupport"):
        answer = ec2.describe_vpc_attribute(VpcId=id, Attribute=name)
        held[name] = answer[name[0].upper() + name[1:]]["Value"]
    return held


def _stage(c: Client, id: str, properties: dict[str, Any]) -> dict[str, Any]:
    held = c("apigateway").get_stage(restApiId=properties["RestApiId"], stageName=properties["StageName"])
    settings = [
        {**one, "ResourcePath": "/*", "HttpMethod": "*", **_capital(one)}
        for one in held.get("methodSettings", {}).values()
    ]
    return {
        **held,
        "RestApiId": properties["RestApiId"],
        "AccessLogSetting": held.get("accessLogSettings"),
        "MethodSettings": settings,
    }


def _capital(tree: Mapping[str, Any]) -> dict[str, Any]:
    return {key[:1].upper() + key[1:]: one for key, one in tree.items()}


def _method(c: Client, _: str, properties: dict[str, Any]) -> dict[str, Any]:
    held = c("apigateway").get_method(
        restApiId=properties["RestApiId"], resourceId=properties["ResourceId"], httpMethod=properties["HttpMethod"]
    )
    integration = held.get("methodIntegration", {})
    return {
        **held,
        "RestApiId": properties["RestApiId"],
        "ResourceId": properties["ResourceId"],
        "Integration": {**integration, "IntegrationHttpMethod": integration.get("httpMethod")},
    }


def _rest_api(c: Client, id: str, _: dict[str, Any]) -> dict[str, Any]:
    return dict(c("apigateway").get_rest_api(restApiId=id))


def _path(c: Client, id: str, properties: dict[str, Any]) -> dict[str, Any]:
    held = c("apigateway").get_resource(restApiId=properties["RestApiId"], resourceId=id)
    return {**held, "RestApiId": properties["RestApiId"]}


def _authorizer(c: Client, id: str, properties: dict[str, Any]) -> dict[str, Any]:
    held = c("apigateway").get_authorizer(restApiId=properties["RestApiId"], authorizerId=id)
    return {**held, "RestApiId": properties["RestApiId"]}


def _delivery(c: Client, id: str, _: dict[str, Any]) -> dict[str, Any]:
    firehose = c("firehose")
    held = firehose.describe_delivery_stream(DeliveryStreamName=id)["DeliveryStreamDescription"]
    return {
        **held,
        "ExtendedS3DestinationConfiguration": held["Destinations"][0].get("ExtendedS3DestinationDescription"),
        "KinesisStreamSourceConfiguration": held.get("Source", {}).get("KinesisStreamSourceDescription"),
        "Tags": firehose.list_tags_for_delivery_stream(DeliveryStreamName=id)["Tags"],
    }


def _stream(c: Client, id: str, _: dict[str, Any]) -> dict[str, Any]:
    kinesis = c("kinesis")
    held = kinesis.describe_stream_summary(StreamName=id)["StreamDescriptionSummary"]
    return {
        **held,
        "Name": held["StreamName"],
        "StreamEncryption": {"EncryptionType": held.get("EncryptionType"), "KeyId": held.get("KeyId")},
        "Tags": kinesis.list_tags_for_stream(StreamName=id)["Tags"],
    }


def _secret(c: Client, id: str, _: dict[str, Any]) -> dict[str, Any]:
    held = c("secretsmanager").describe_secret(SecretId=id)
    value = c("secretsmanager").get_secret_value(SecretId=id)["SecretString"]
    made = {"PasswordLength": 64, "ExcludePunctuation": value.isalnum() or value.startswith("{")}
    if value.startswith("{"):
        content = json.loads(value)
        password = content.pop("password")
        made |= {
            "SecretStringTemplate": json.dumps(content),
            "GenerateStringKey": "password",
            "PasswordLength": len(password),
        }
    return {**held, "GenerateSecretString": made}


def _parameter(c: Client, id: str, _: dict[str, Any]) -> dict[str, Any]:
    ssm = c("ssm")
    held = ssm.get_parameter(Name=id)["Parameter"]
    told = _first(ssm.describe_parameters(ParameterFilters=[{"Key": "Name", "Values": [id]}]), "Parameters")
    tags = ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId=id)["TagList"]
    return {**told, **held, "Tags": tags}


def _replication_group(c: Client, id: str, _: dict[str, Any]) -> dict[str, Any]:
    held = _first(c("elasticache").describe_replication_groups(ReplicationGroupId=id), "ReplicationGroups")
    on = {"enabled": True, "disabled": False}
    return {
        **_tagged_cache(c, held),
        "ReplicationGroupDescription": held["Description"],
        "AutomaticFailoverEnabled": on.get(held.get("AutomaticFailover", "")),
        "MultiAZEnabled": on.get(held.get("MultiAZ", "")),
        "NumCacheClusters": len(held.get("MemberClusters", [])),
    }


def _athena(c: Client, id: str, _: dict[str, Any]) -> dict[str, Any]:
    held = c("athena").get_work_group(WorkGroup=id)["WorkGroup"]
    account = c("sts").get_caller_identity()["Account"]
    arn = f"arn:aws:athena:us-east-1:{account}:workgroup/{id}"
    asked = {"Tags": lambda: c("athena").list_tags_for_resource(ResourceARN=arn)["Tags"]}
    return {**held, "WorkGroupConfiguration": held.get("Configuration"), **_answers(asked)}


def _tagged_cache(c: Client, held: dict[str, Any]) -> dict[str, Any]:
    asked = {"Tags": lambda: c("elasticache").list_tags_for_resource(ResourceName=held["ARN"])["TagList"]}
    return {**held, **_answers(asked)}


def _bus(c: Client, id: str, _: dict[str, Any]) -> dict[str, Any]:
    held = c("events").describe_event_bus(Name=id)
    asked = {"Tags": lambda: c("events").list_tags_for_resource(ResourceARN=held["Arn"])["Tags"]}
    return {**held, **_answers(asked)}


def _subnet_group(c: Client, id: str, _: dict[str, Any]) -> dict[str, Any]:
    held = _first(c("elasticache").describe_cache_subnet_groups(CacheSubnetGroupName=id), "CacheSubnetGroups")
    return _tagged_cache(
        c,
        {
            **held,
            "Description": held["CacheSubnetGroupDescription"],
            "SubnetIds": [one["SubnetIdentifier"] for one in held["Subnets"]],
        },
    )


READERS: dict[str, Callable[[Client, str, dict[str, Any]], dict[str, Any]]] = {
    "AWS::ApiGateway::Account": lambda c, _i, _p: c("apigateway").get_account(),
    "AWS::ApiGateway::Authorizer": _authorizer,
    "AWS::ApiGateway::Method": _method,
    "AWS::ApiGateway::Resource": _path,
    "AWS::ApiGateway::RestApi": _rest_api,
    "AWS::ApiGateway::Stage": _stage,
    "AWS::Athena::WorkGroup": _athena,
    "AWS::Cognito::UserPool": _pool,
    "AWS::Cognito::UserPoolClient": lambda c, id, p: c("cognito-idp").describe_user_pool_client(
        UserPoolId=p["UserPoolId"], ClientId=id
    )["UserPoolClient"],
    "AWS::Cognito::UserPoolGroup": lambda c, _i, p: c("cognito-idp").get_group(
        UserPoolId=p["UserPoolId"], GroupName=p["GroupName"]
    )["Group"],
    "AWS::DynamoDB::Table": _table,
    "AWS::EC2::RouteTable": lambda c, id, _p: _first(c("ec2").describe_route_tables(RouteTableIds=[id]), "RouteTables"),
    "AWS::EC2::SecurityGroup": _security_group,
    "AWS::EC2::Subnet": lambda c, id, _p: _first(c("ec2").describe_subnets(SubnetIds=[id]), "Subnets"),
    "AWS::EC2::VPC": _vpc,
    "AWS::EC2::VPCEndpoint": _endpoint,
    "AWS::ElastiCache::ReplicationGroup": _replication_group,
    "AWS::ElastiCache::SubnetGroup": _subnet_group,
    "AWS::ElastiCache::User": lambda c, id, _p: _tagged_cache(
        c, _first(c("elasticache").describe_users(UserId=id), "Users")
    ),
    "AWS::ElastiCache::UserGroup": lambda c, id, _p: _tagged_cache(
        c, _first(c("elasticache").describe_user_groups(UserGroupId=id), "UserGroups")
    ),
    "AWS::Events::EventBus": _bus,
    "AWS::Events::Rule": _rule,
    "AWS::Glue::Database": lambda c, id, p: {
        "CatalogId": p["CatalogId"],
        "DatabaseInput": c("glue").get_database(Name=id)["Database"],
    },
    "AWS::Glue::Table": lambda c, id, p: {
        "CatalogId": p["CatalogId"],
        "DatabaseName": p["DatabaseName"],
        "TableInput": c("glue").get_table(DatabaseName=p["DatabaseName"], Name=p["TableInput"]["Name"])["Table"],
    },
    "AWS::IAM::ManagedPolicy": _managed_policy,
    "AWS::IAM::Role": _role,
    "AWS::KMS::Alias": _alias,
    "AWS::KMS::Key": _key,
    "AWS::Kinesis::Stream": _stream,
    "AWS::KinesisFirehose::DeliveryStream": _delivery,
    "AWS::Lambda::EventSourceMapping": _mapping,
    "AWS::Lambda::Function": _function,
    "AWS::Lambda::Permission": _permission,
    "AWS::Logs::LogGroup": _group,
    "AWS::Logs::ResourcePolicy": lambda c, _i, p: next(
        one
        for one in c("logs").describe_resource_policies()["resourcePolicies"]
        if one["policyName"] == p["PolicyName"]
    ),
    "AWS::Logs::LogStream": lambda c, id, p: {
        **_first(
            c("logs").describe_log_streams(logGroupName=p["LogGroupName"], logStreamNamePrefix=p["LogStreamName"]),
            "logStreams",
        ),
        "LogGroupName": p["LogGroupName"],
    },
    "AWS::Pipes::Pipe": lambda c, id, _p: c("pipes").describe_pipe(Name=id),
    "AWS::S3::Bucket": _bucket,
    "AWS::S3::BucketPolicy": lambda c, _i, p: {
        "Bucket": p["Bucket"],
        "PolicyDocument": c("s3").get_bucket_policy(Bucket=p["Bucket"])["Policy"],
    },
    "AWS::SNS::Subscription": _subscription,
    "AWS::SNS::Topic": _topic,
    "AWS::SNS::TopicPolicy": lambda c, _i, p: {
        "Topics": p["Topics"],
        "PolicyDocument": c("sns").get_topic_attributes(TopicArn=p["Topics"][0])["Attributes"]["Policy"],
    },
    "AWS::SQS::Queue": _queue,
    "AWS::SQS::QueuePolicy": lambda c, _i, p: {
        "Queues": p["Queues"],
        "PolicyDocument": c("sqs").get_queue_attributes(QueueUrl=p["Queues"][0], AttributeNames=["Policy"])[
            "Attributes"
        ]["Policy"],
    },
    "AWS::SSM::Parameter": _parameter,
    "AWS::SecretsManager::Secret": _secret,
    "AWS::StepFunctions::StateMachine": _machine,
}
# Joined by ids alone, with nothing of their own to read back.
NOTHING_TO_READ = {"AWS::ApiGateway::Deployment", "AWS::EC2::SubnetRouteTableAssociation"}
# What no service tells.
WRITE_ONLY = {
    ("AWS::KMS::Key", "PendingWindowInDays"),
    ("AWS::Cognito::UserPoolClient", "GenerateSecret"),
    ("AWS::ElastiCache::User", "Passwords"),
}
