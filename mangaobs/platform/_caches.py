"""Redis with TLS and a user of its own; DAX behind a switch.

Source: ElastiCache User Guide, "Role-Based Access Control (RBAC)", "In-transit encryption (TLS)"; DynamoDB Developer
Guide, "DAX encryption at rest", "DAX access control".
"""

from __future__ import annotations

from troposphere import Ref, Sub, dax, elasticache, secretsmanager

from mangaobs.platform import _keys, _network, _roles
from mangaobs.platform._policy import allow
from mangaobs.platform._stack import Stack, attribute, here

REDIS, REDIS_SECRET, DAX_ROLE = "Redis", "RedisSecret", "DaxRole"
REDIS_USER = "functions"
# What the functions' scripts use, on the keys of routing alone; nothing that lists, flushes or configures.
ACCESS = (
    "on ~route:* ~bucket:* ~rate:* ~addresses:* ~summary:* "
    "+@read +@write +@scripting +@transaction +@connection +time -@dangerous"
)


def build(stack: Stack) -> None:
    """The caches that are switched on."""
    if stack.settings.redis:
        _redis(stack)
    if stack.settings.dax:
        _dax(stack)


def _secret(stack: Stack, id: str, user: str) -> None:
    stack.add(
        secretsmanager.Secret(
            id,
            Description=f"Password of Redis' user {user}",
            GenerateSecretString=secretsmanager.GenerateSecretString(
                SecretStringTemplate=f'{{"username": "{user}"}}',
                GenerateStringKey="password",
                PasswordLength=64,
                ExcludePunctuation=True,
            ),
            KmsKeyId=_keys.arn(_keys.DATA),
        )
    )


def _redis(stack: Stack) -> None:
    settings = stack.settings
    for id, secret, name, access in (
        ("RedisUser", REDIS_SECRET, REDIS_USER, ACCESS),
        # A group needs a user `default`; this one may do nothing.
        ("RedisDefaultUser", "RedisDefaultSecret", "default", "off -@all"),
    ):
        _secret(stack, secret, name)
        stack.add(
            elasticache.User(
                id,
                UserId=stack.named(f"redis-{name}"),
                UserName=name,
                Engine="redis",
                AccessString=access,
                Passwords=[Sub(f"{{{{resolve:secretsmanager:${{{secret}}}:SecretString:password}}}}")],
            )
        )
    stack.add(
        elasticache.UserGroup(
            "RedisUsers",
            UserGroupId=stack.named("redis"),
            Engine="redis",
            UserIds=[Ref("RedisUser"), Ref("RedisDefaultUser")],
        )
    )
    stack.add(
        elasticache.SubnetGroup(
            "RedisSubnets",
            Description="Private subnets",
            CacheSubnetGroupName=stack.named("redis"),
            SubnetIds=_network.subnets(stack),
        )
    )
    stack.add(
        elasticache.ReplicationGroup(
            REDIS,
            ReplicationGroupId=settings.redis_group,
            ReplicationGroupDescription="Routing flags",
            Engine="redis",
            EngineVersion="7.1",
            CacheNodeType=settings.redis_node_type,
            NumCacheClusters=2,
            AutomaticFailoverEnabled=True,
            MultiAZEnabled=True,
            AtRestEncryptionEnabled=True,
            KmsKeyId=_keys.arn(_keys.DATA),
            TransitEncryptionEnabled=True,
            TransitEncryptionMode="required",
            CacheSubnetGroupName=Ref("RedisSubnets"),
            SecurityGroupIds=[attribute(_network.REDIS_GROUP, "GroupId")],
            UserGroupIds=[Ref("RedisUsers")],
            SnapshotRetentionLimit=0,  # flags live for minutes: what is lost is set again, what is kept is a copy more
            AutoMinorVersionUpgrade=True,
        )
    )
    stack.output(
        "RedisNode", "Id of Redis' first node: RedisCluster of the observability stack", f"{settings.redis_group}-001"
    )


def _dax(stack: Stack) -> None:
    # The cluster's role, not the caller's, is what DynamoDB sees: it may only read, since no key limits it.
    _roles.add_role(
        stack,
        DAX_ROLE,
        trusted=_roles.trusted("dax", here()),
        statements=[
            allow("ReadThrough", ["dynamodb:GetItem", "dynamodb:BatchGetItem"], [stack.table_arn()]),
            allow(
                "UseKeys",
                ["kms:Decrypt"],
                [_keys.arn(_keys.DATA)],
                conditions={"StringEquals": {"kms:ViaService": [Sub("dynamodb.${AWS::Region}.amazonaws.com")]}},
            ),
        ],
    )
    stack.add(
        dax.SubnetGroup(
            "DaxSubnets",
            SubnetGroupName=stack.named("dax"),
            SubnetIds=_network.subnets(stack),
            Description="Private subnets",
        )
    )
    stack.add(
        dax.Cluster(
            "Dax",
            ClusterName=stack.named("dax")[:20].rstrip("-"),
            NodeType=stack.settings.dax_node_type,
            ReplicationFactor=2,
            IAMRoleARN=attribute(DAX_ROLE),
            SubnetGroupName=Ref("DaxSubnets"),
            SecurityGroupIds=[attribute(_network.DAX_GROUP, "GroupId")],
            SSESpecification=dax.SSESpecification(SSEEnabled=True),
            ClusterEndpointEncryptionType="TLS",
        )
    )
    stack.output("DaxEndpoint", "Address of DAX, daxs://", attribute("Dax", "ClusterDiscoveryEndpointURL"))
