"""IAM policies as a template has them: every statement, and where it stands."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from mangaobs.lint._values import inside, listed
from mangaobs.template import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mangaobs.lint._app import App
    from mangaobs.lint._found import Step
    from mangaobs.template import Resource

# Where documents stand: type → paths; `*` goes through a list, `.` names what is in each of its objects.
_DOCUMENTS: Final = {
    "AWS::IAM::Role": (("Policies", "*", "PolicyDocument"), ("AssumeRolePolicyDocument",)),
    "AWS::IAM::User": (("Policies", "*", "PolicyDocument"),),
    "AWS::IAM::Group": (("Policies", "*", "PolicyDocument"),),
    "AWS::IAM::Policy": (("PolicyDocument",),),
    "AWS::IAM::RolePolicy": (("PolicyDocument",),),
    "AWS::IAM::ManagedPolicy": (("PolicyDocument",),),
    "AWS::EC2::VPCEndpoint": (("PolicyDocument",),),
    "AWS::S3::BucketPolicy": (("PolicyDocument",),),
    "AWS::SNS::TopicPolicy": (("PolicyDocument",),),
    "AWS::SQS::QueuePolicy": (("PolicyDocument",),),
    "AWS::KMS::Key": (("KeyPolicy",),),
    "AWS::DynamoDB::Table": (("ResourcePolicy", "PolicyDocument"),),
    "AWS::Serverless::Function": (("Policies", "*"),),
    "AWS::SecretsManager::ResourcePolicy": (("ResourcePolicy",),),
}
TYPES: Final = tuple(_DOCUMENTS)
IDENTITY: Final = tuple(one for one in TYPES if one.startswith(("AWS::IAM", "AWS::Serverless")))


class Statement(NamedTuple):
    """A statement, and its path in the resource's properties."""

    resource: Resource
    path: tuple[Step, ...]
    value: Mapping[str, object]

    @property
    def allows(self) -> bool:
        """Whether its effect is Allow."""
        return self.value.get("Effect") == "Allow"

    @property
    def actions(self) -> list[object]:
        """What it names under Action."""
        return listed(self.value.get("Action"))

    def does(self, *actions: str) -> bool:
        """Whether it allows any of these, or may."""
        if not self.allows:
            return False
        if "NotAction" in self.value:
            return True
        return any(isinstance(one, Unknown) or matches(str(one), action) for one in self.actions for action in actions)


def matches(pattern: str, action: str) -> bool:
    """Whether the pattern of a policy covers an action; both without regard to case."""
    expression = re.escape(pattern.lower()).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(expression, action.lower()) is not None


def statements(app: App, *types: str) -> Iterator[Statement]:
    """The statements of the resources of these types, or of all."""
    for resource in app.of(*(types or TYPES)):
        for form in _DOCUMENTS[resource.type]:
            yield from _documents(resource, form, (), resource.properties)


def _documents(resource: Resource, form: tuple[str, ...], path: tuple[Step, ...], value: object) -> Iterator[Statement]:
    if not form:
        given = inside(value).get("Statement")
        several = isinstance(given, list)
        for number, one in enumerate(listed(given)):
            if isinstance(one, dict):
                yield Statement(resource, (*path, "Statement", *((number,) if several else ())), one)
    elif form[0] == "*":
        for number, one in enumerate(value if isinstance(value, list) else []):
            yield from _documents(resource, form[1:], (*path, number), one)
    else:
        yield from _documents(resource, form[1:], (*path, form[0]), inside(value).get(form[0]))
