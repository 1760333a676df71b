"""An account as a template makes it: its roles with their policies, its resources' policies, its VPC endpoints."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from mangaobs.errors import MangaobsError
from mangaobs.iam._actions import absent_keys
from mangaobs.iam._context import Context
from mangaobs.iam._decide import Decision, Policies, Request, decide
from mangaobs.iam._names import Names
from mangaobs.iam._policy import Principal, Statement, Where, statements
from mangaobs.iam._text import ANYTHING, Text, matches, text
from mangaobs.iam._verdict import Verdict, depends
from mangaobs.template import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from mangaobs.template import Resource, Template

_PARTITION, _REGION, _ACCOUNT = "aws", "us-east-1", "123456789012"

# Where a resource's own policy stands, and the properties that say whose it is.
_ATTACHED: Final = {
    "AWS::S3::BucketPolicy": ("PolicyDocument", "Bucket", "arn:{partition}:s3:::{of}"),
    "AWS::SNS::TopicPolicy": ("PolicyDocument", "Topics", "{of}"),
    "AWS::SQS::QueuePolicy": ("PolicyDocument", "Queues", "{queue}"),
    "AWS::SecretsManager::ResourcePolicy": ("ResourcePolicy", "SecretId", "{of}"),
    "AWS::Kinesis::ResourcePolicy": ("ResourcePolicy", "ResourceArn", "{of}"),
}


@dataclass
class Role:
    """A role: its logical id, its ARN (with what is not known of it), its policies."""

    id: str
    arn: Text
    account: str
    name: str | None
    resource: Resource
    identity: list[Statement] = field(default_factory=list)
    boundary: tuple[Statement, ...] | None = None

    @property
    def principal(self) -> Principal:
        """The role as a principal."""
        return Principal(self.arn, self.account)


@dataclass(frozen=True)
class _Endpoint:
    id: str
    service: str
    vpc: Text | None
    policy: tuple[Statement, ...] | None


class Account:
    """What `template` makes, as IAM sees it."""

    def __init__(self, template: Template, pseudo: Mapping[str, str] | None = None) -> None:
        given = dict(pseudo or {})
        self.partition = given.get("AWS::Partition", _PARTITION)
        self.region = given.get("AWS::Region", _REGION)
        self.id = given.get("AWS::AccountId", _ACCOUNT)
        values = {"partition": self.partition, "region": self.region, "account": self.id}
        self.names = Names(template, values)
        self._template = template
        self._managed = {one.id: one for one in template.of("AWS::IAM::ManagedPolicy")}
        self.roles = self._roles()
        self._resource_policies = list(self._of_resources())
        self._endpoints = [self._endpoint(one) for one in template.of("AWS::EC2::VPCEndpoint")]
        self._endpoints_of: dict[str, list[_Endpoint]] = {}
        for endpoint in self._endpoints:
            self._endpoints_of.setdefault(_ACTIONS_OF.get(endpoint.service, endpoint.service), []).append(endpoint)
        self._told_of: dict[tuple[str, str, Text], Context] = {}
        self._policies_of: dict[Text, tuple[Statement, ...]] = {}
        self._about_action: dict[tuple[str, str, str], tuple[Statement, ...]] = {}

    # Asking

    def role(self, name: str) -> Role:
        """A role by its logical id, its name or its ARN. Raises `MangaobsError`."""
        for role in self.roles.values():
            if name in (role.id, role.name, str(role.arn)):
                return role
        from mangaobs.catalog import did_you_mean

        known = [one for role in self.roles.values() for one in (role.id, role.name) if one]
        raise MangaobsError(
            f"the template has no role {name!r}",
            right=did_you_mean(name, known, ", ".join(known) or "a template with AWS::IAM::Role"),
        )

    def resource(self, written: str) -> Text:
        """An ARN as it is asked for, in which `${Bucket}` may stand; a logical id means that resource's ARN."""
        return text(
            self.names.canonical(self._arn_of(written)), wild=False, variables=False, symbols=self.names.resources
        )

    def context(
        self, values: Mapping[str, Iterable[str]], *, absent: Iterable[str] = (), complete: bool = False
    ) -> Context:
        """A context as it is asked for. A VPC endpoint may go by its logical id."""
        endpoints = {one.id: f"${{{one.id}}}" for one in self._endpoints}
        given = {
            key: tuple(endpoints.get(one, one) if key.lower() == "aws:sourcevpce" else one for one in several)
            for key, several in values.items()
        }
        return Context(given, absent=absent, complete=complete, resources=self.names.resources)

    def decide(self, role: Role, action: str, resource: Text, context: Context) -> Decision:
        """What can be proved of a role's request."""
        account = self._account_of(resource)
        told = (role.id, action, resource)
        if told not in self._told_of:
            self._told_of[told] = self._told(role, action, resource)
        full = context.over(self._told_of[told])
        elsewhere = account is not None and account != role.account
        endpoint, passes = self._passed(action, full)
        return decide(
            Request(action, resource, full),
            Policies(
                principal=role.principal,
                identity=self._about(("identity", role.id), role.identity, action),
                boundary=None if role.boundary is None else self._about(("boundary", role.id), role.boundary, action),
                resource=()
                if elsewhere
                else self._about(("resource", str(resource)), self.policies_of(resource), action),
                endpoint=endpoint,
                passes=passes,
                needs_resource=_needs_resource(action),
                elsewhere=elsewhere,
                hidden="" if elsewhere or self.policies_of(resource) else f"the policy of {resource}",
            ),
        )

    def endpoint_of(self, service: str) -> str | None:
        """The logical id of the template's VPC endpoint for a service, by the prefix of its actions."""
        return next((one.id for one in self._endpoints_of.get(service, [])), None)

    def tables(self) -> list[str]:
        """The ARNs of the template's tables."""
        return [
            self._arn_of(one.id) if not isinstance(one.name, str) else self._table(one.name)
            for one in self._template.of("AWS::DynamoDB::Table")
        ]

    def index_of(self, table: str) -> str:
        """The name of a table's first index; `*` where it has none, or none whose name is known."""
        for one in self._template.of("AWS::DynamoDB::Table"):
            indexes = one.properties.get("GlobalSecondaryIndexes")
            for index in indexes if isinstance(indexes, list) else []:
                name = index.get("IndexName") if isinstance(index, dict) else None
                if isinstance(name, str) and isinstance(one.name, str) and self._table(one.name) == table:
                    return name
        return "*"

    def _table(self, name: str) -> str:
        return f"arn:{self.partition}:dynamodb:{self.region}:{self.id}:table/{name}"

    def _about(self, whose: tuple[str, str], all_: Iterable[Statement], action: str) -> tuple[Statement, ...]:
        """The statements that are about an action, or may be: looked up once, asked for in each situation."""
        key = (*whose, action)
        if key not in self._about_action:
            self._about_action[key] = tuple(one for one in all_ if one.covers(action) is not False)
        return self._about_action[key]

    # What AWS says of every request

    def _told(self, role: Role, action: str, resource: Text) -> Context:
        """What is certain of a request's context: who asks, where, and the service's keys that the action never has.

        Source: IAM User Guide, "AWS global condition context keys"; Service Authorization Reference.
        """
        values: dict[str, tuple[str, ...]] = {
            "aws:PrincipalArn": (str(role.arn),),
            "aws:PrincipalAccount": (role.account,),
            "aws:PrincipalType": ("AssumedRole",),
            "aws:PrincipalIsAWSService": ("false",),
        }
        parts = str(resource).split(":", 5)
        if len(parts) == 6 and parts[0] == "arn":
            if parts[3]:
                values["aws:RequestedRegion"] = (parts[3],)
            if parts[4]:
                values["aws:ResourceAccount"] = (parts[4],)
        return Context(values, absent=absent_keys(action), resources=self.names.resources)

    def _account_of(self, resource: Text) -> str | None:
        parts = str(resource).split(":", 5)
        return parts[4] if len(parts) == 6 and parts[4].isdigit() else None

    # Roles

    def _roles(self) -> dict[str, Role]:
        found: dict[str, Role] = {}
        for one in self._template.of("AWS::IAM::Role"):
            path = one.properties.get("Path", "/")
            name = one.name if isinstance(one.name, str) else None
            prefix = path.lstrip("/") if isinstance(path, str) else ""
            arn = f"arn:{self.partition}:iam::{self.id}:role/{prefix}{name or f'${{{one.id}}}'}"
            role = Role(
                one.id,
                text(arn, wild=False, variables=False, symbols=self.names.resources),
                self.id,
                name,
                one,
            )
            role.identity += self._inline(one) + self._attached(one, one.properties.get("ManagedPolicyArns"))
            limit = one.properties.get("PermissionsBoundary")
            role.boundary = tuple(self._managed_policy(limit, one, ("PermissionsBoundary",))) if limit else None
            found[one.id] = role
        self._sam_roles(found)
        for policy in self._template.of("AWS::IAM::Policy", "AWS::IAM::RolePolicy", "AWS::IAM::ManagedPolicy"):
            several = policy.properties.get("Roles")
            given = several if isinstance(several, list) else [several] if several else []
            given = [*given, policy.properties["RoleName"]] if "RoleName" in policy.properties else given
            for attached in given:
                for role in self._meant(attached, found):
                    role.identity += self._document(policy, ("PolicyDocument",))
        return found

    def _meant(self, attached: object, roles: Mapping[str, Role]) -> Iterator[Role]:
        written = attached.expression if isinstance(attached, Unknown) else str(attached)
        for role in roles.values():
            if written in (f"${{{role.id}}}", role.name):
                yield role

    def _sam_roles(self, found: dict[str, Role]) -> None:
        """Roles that SAM makes of a function's Policies. Source: AWS SAM Developer Guide, "Generated resources"."""
        for one in self._template.of("AWS::Serverless::Function"):
            if "Role" in one.properties:
                continue
            id = f"{one.id}Role"
            arn = f"arn:{self.partition}:iam::{self.id}:role/${{{id}}}"
            role = Role(id, text(arn, wild=False, variables=False, symbols=frozenset((id,))), self.id, None, one)
            given = one.properties.get("Policies")
            for number, policy in enumerate(given if isinstance(given, list) else [given] if given else []):
                path: tuple[str | int, ...] = ("Policies", number) if isinstance(given, list) else ("Policies",)
                if isinstance(policy, dict) and "Statement" in policy:
                    role.identity += self._document(one, path)
                else:
                    role.identity += self._managed_policy(policy, one, path)
            found[id] = role

    def _inline(self, one: Resource) -> list[Statement]:
        given = one.properties.get("Policies")
        found: list[Statement] = []
        for number, _ in enumerate(given if isinstance(given, list) else []):
            found += self._document(one, ("Policies", number, "PolicyDocument"))
        if isinstance(given, Unknown):
            found += self._document(one, ("Policies",))
        return found

    def _attached(self, one: Resource, given: object) -> list[Statement]:
        if isinstance(given, Unknown):
            return list(self._managed_policy(given, one, ("ManagedPolicyArns",)))
        found: list[Statement] = []
        for number, arn in enumerate(given if isinstance(given, list) else []):
            found += self._managed_policy(arn, one, ("ManagedPolicyArns", number))
        return found

    def _managed_policy(self, arn: object, one: Resource, path: tuple[str | int, ...]) -> list[Statement]:
        """A managed policy: the template's own, one of AWS's that is known here, or one that may say anything."""
        written = arn.expression if isinstance(arn, Unknown) else str(arn)
        for id, policy in self._managed.items():
            name = policy.properties.get("ManagedPolicyName")
            own = isinstance(name, str) and written.endswith(f":policy/{name}") and f":{self.id}:" in written
            if written == f"${{{id}}}" or own:
                return self._document(policy, ("PolicyDocument",))
        where = Where(one.id, path, one)
        name = written.removeprefix(f"arn:{self.partition}:iam::aws:policy/")
        document = _aws_managed().get(name)
        if document is not None:
            return list(statements(document, where, self.names, certain=_certain(one)))
        hidden = Statement(
            {"Effect": "Allow", "Action": "*", "Resource": "*"},
            where,
            self.names,
            version=None,
            certain=depends(f"what the managed policy {written} says"),
        )
        return [hidden]

    def _document(self, one: Resource, path: tuple[str | int, ...]) -> list[Statement]:
        value: object = one.properties
        for step in path:
            if isinstance(value, dict):
                value = value.get(str(step))
            elif isinstance(value, list) and isinstance(step, int):
                value = value[step]
        where = Where(one.id, path, one)
        return list(statements(value, where, self.names, certain=_certain(one)))

    # Resources' policies

    def policies_of(self, resource: Text) -> tuple[Statement, ...]:
        """The statements of a resource's own policy."""
        if resource not in self._policies_of:
            found: list[Statement] = []
            for pattern, policy in self._resource_policies:
                if matches(pattern, resource) is True:
                    found += policy
            self._policies_of[resource] = tuple(found)
        return self._policies_of[resource]

    def _of_resources(self) -> Iterator[tuple[Text, list[Statement]]]:
        for type_, (at, whose, form) in _ATTACHED.items():
            for one in self._template.of(type_):
                given = one.properties.get(whose)
                for of in given if isinstance(given, list) else [given]:
                    yield from self._whole(self._form(form, of), self._document(one, (at,)))
        for one in self._template.of("AWS::KMS::Key"):
            yield from self._whole(self._arn_of(one.id), self._document(one, ("KeyPolicy",)))
        for one in self._template.of("AWS::DynamoDB::Table"):
            arn = self._arn_of(one.id)
            if "ResourcePolicy" in one.properties:
                policy = self._document(one, ("ResourcePolicy", "PolicyDocument"))
                yield self._pattern(arn), policy
                yield self._pattern(f"{arn}/index/") + ANYTHING, policy
            stream = one.properties.get("StreamSpecification")
            if isinstance(stream, dict) and "ResourcePolicy" in stream:
                path = ("StreamSpecification", "ResourcePolicy", "PolicyDocument")
                yield self._pattern(f"{arn}/stream/") + ANYTHING, self._document(one, path)
        for role in self.roles.values():
            yield role.arn, self._document(role.resource, ("AssumeRolePolicyDocument",))

    def _whole(self, arn: str, policy: list[Statement]) -> Iterator[tuple[Text, list[Statement]]]:
        yield self._pattern(arn), policy
        if ":s3:::" in arn:
            yield self._pattern(f"{arn}/") + ANYTHING, policy

    def _form(self, form: str, of: object) -> str:
        written = self.names.canonical(of.expression) if isinstance(of, Unknown) else str(of)
        queue = written
        if written.startswith("https://"):
            queue = f"arn:{self.partition}:sqs:{self.region}:{self.id}:{written.rpartition('/')[2]}"
        return form.format(partition=self.partition, of=written, queue=queue)

    def _arn_of(self, written: str) -> str:
        """The ARN of a resource of the template by its logical id; anything else as it is."""
        if written not in self.names.resources:
            return written
        for attribute in ("Arn", "TopicArn", "ref"):
            arn = self.names.canonical(f"${{{written}.{attribute}}}" if attribute != "ref" else f"${{{written}}}")
            if arn.startswith("arn:"):
                return arn
        return written

    def _pattern(self, arn: str) -> Text:
        return text(self.names.canonical(arn), wild=False, variables=False, symbols=self.names.resources)

    # Endpoints

    def _endpoint(self, one: Resource) -> _Endpoint:
        service = one.properties.get("ServiceName")
        written = str(service.expression if isinstance(service, Unknown) else service)
        vpc = one.properties.get("VpcId")
        return _Endpoint(
            one.id,
            written.rpartition(".")[2],
            self.names.text(vpc, wild=False, variables=False) if vpc is not None else None,
            tuple(self._document(one, ("PolicyDocument",))) if "PolicyDocument" in one.properties else None,
        )

    def _passed(self, action: str, context: Context) -> tuple[tuple[Statement, ...] | None, Verdict]:
        """The policy of the endpoint that a request passes, and whether it passes it."""
        mine = self._endpoints_of.get(_service(action), [])
        given = context.values("aws:SourceVpce")
        if given == ():
            return None, False
        if given is None:
            policies = [one.policy for one in mine if one.policy is not None]
            return (policies[0], depends("aws:SourceVpce")) if policies else (None, False)
        for one in mine:
            own = text(f"${{{one.id}}}", wild=False, variables=False, symbols=self.names.resources)
            if given[0] == own:
                return one.policy, one.policy is not None
        hidden = Statement(
            {"Effect": "Allow", "Action": "*", "Resource": "*"},
            Where(str(given[0])),
            self.names,
            version=None,
            certain=depends(f"the policy of endpoint {given[0]!s}"),
        )
        return (hidden,), True


# The prefix of a service's actions, where its endpoint is called otherwise.
_ACTIONS_OF: Final = {
    "bedrock-runtime": "bedrock",
    "kinesis-streams": "kinesis",
    "monitoring": "cloudwatch",
    "streams-dynamodb": "dynamodb-streams",
}


def _service(action: str) -> str:
    return action.partition(":")[0].lower()


def _needs_resource(action: str) -> bool:
    """Whether a resource's own policy must let the account's policies speak: a KMS key's, and the trust in a role."""
    return _service(action) == "kms" or action.lower().startswith("sts:assumerole")


def _certain(one: Resource) -> Verdict:
    return one.condition if isinstance(one.condition, bool) else depends(one.condition.expression)


@cache
def _aws_managed() -> dict[str, object]:
    document = tomllib.loads(files("mangaobs.iam").joinpath("data/managed.toml").read_text(encoding="utf-8"))
    return {name: {"Version": "2012-10-17", "Statement": one["Statement"]} for name, one in document.items()}
