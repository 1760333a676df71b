"""The template in the making: its resources, the names they share, and what the configuration says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import troposphere
from troposphere import GetAtt, Ref, Sub

from mangaobs.errors import RenderError
from mangaobs.render import Values, declared

if TYPE_CHECKING:
    from pathlib import Path

    from mangaobs.platform._policy import Text
    from mangaobs.project import Configuration, FunctionDeclaration
    from mangaobs.project.configuration import Name, Platform

R = TypeVar("R", bound=troposphere.AWSObject)


class Stack:
    """One rendering of the platform.

    Names that the observability stack needs too are parameters with the same names and defaults, so that both stacks
    take the same values.
    """

    def __init__(self, configuration: Configuration, functions: tuple[FunctionDeclaration, ...], root: Path) -> None:
        self.configuration = configuration
        self.functions = {one.name: one for one in functions}
        self.root = root
        self._values = Values()
        self._resources: dict[str, troposphere.AWSObject] = {}
        self._own_parameters: dict[str, troposphere.Parameter] = {}
        self._outputs: dict[str, Any] = {}

    @property
    def settings(self) -> Platform:
        """`[platform]`."""
        return self.configuration.platform

    # Making

    def add(self, resource: R) -> R:
        """Take a resource, tagged where it can be."""
        tags = self.configuration.tags
        if tags and "Tags" in resource.props and "Tags" not in resource.properties:
            kind = resource.props["Tags"][0]
            resource.Tags = dict(tags) if kind is dict else troposphere.Tags(**tags)
        if resource.title in self._resources:
            raise RenderError(f"two resources are called {resource.title}", right="another key in mangaobs.toml")
        self._resources[resource.title] = resource
        return resource

    def has(self, id: str) -> bool:
        """Whether a resource was made."""
        return id in self._resources

    def parameter(self, name: str, description: str, default: str | None = None, **more: Any) -> Ref:  # noqa: ANN401
        """A parameter of the platform's own."""
        options = {"Default": default} if default is not None else {}
        self._own_parameters[name] = troposphere.Parameter(
            name, Type="String", Description=description, **options, **more
        )
        return Ref(name)

    def output(self, name: str, description: str, value: Text) -> None:
        """Something that another stack, or a person, needs to know."""
        export = f"{self.configuration.application}-{self.configuration.environment}-{name}"
        self._outputs[name] = {"Description": description, "Value": value, "Export": {"Name": export}}

    # Naming

    def value(self, name: Name) -> Text:
        """A configured name as a property takes it."""
        return self._values.render(name.value())

    def named(self, name: str) -> str:
        """A name of the application and environment."""
        return self.configuration.named(name)

    def arn(self, service: str, *resource: Text, region: bool = True, account: bool = True) -> Text:
        """An ARN in the stack's own partition, region and account, its resource put together from parts."""
        where = f"{'${AWS::Region}' if region else ''}:{'${AWS::AccountId}' if account else ''}"
        written = ""
        variables: dict[str, Text] = {}
        for part in resource:
            if isinstance(part, str):
                written += part
            elif isinstance(part, Ref):
                written += f"${{{part.data['Ref']}}}"
            else:
                variables[f"Part{len(variables) + 1}"] = part
                written += f"${{Part{len(variables)}}}"
        return Sub(f"arn:${{AWS::Partition}}:{service}:{where}:{written}", **variables)

    def table_arn(self, *more: Text) -> Text:
        """The ARN of the table, by its name: what the table refers to may refer to it."""
        return self.arn("dynamodb", "table/", self.table_name, *more)

    @property
    def table_name(self) -> Text:
        """The name of the table."""
        return self.value(next(iter(self.configuration.tables.values())).name)

    # The whole

    def template(self) -> dict[str, Any]:
        """CloudFormation's tree."""
        configured = self._values.parameters
        both = sorted(set(configured) & set(self._own_parameters))
        if both:
            raise RenderError(
                f"the platform has a parameter {both[0]} of its own", right="another name in mangaobs.toml"
            )
        parameters = {
            **{name: declared(one) for name, one in configured.items()},
            **{name: one.to_dict() for name, one in self._own_parameters.items()},
        }
        same = sorted(set(parameters) & set(self._resources))
        if same:
            raise RenderError(
                f"{same[0]} is a parameter of mangaobs.toml and a resource of the platform",
                right="another name of the parameter",
            )
        application, environment = self.configuration.application, self.configuration.environment
        return {
            "AWSTemplateFormatVersion": "2010-09-09",
            "Description": f"Platform of {application} ({environment}), rendered by mangaobs",
            "Parameters": {name: parameters[name] for name in sorted(parameters)},
            "Resources": {id: troposphere.encode_to_dict(one.to_dict()) for id, one in sorted(self._resources.items())},
            "Outputs": {name: troposphere.encode_to_dict(one) for name, one in sorted(self._outputs.items())},
        }


ACCOUNT = Ref("AWS::AccountId")
REGION = Ref("AWS::Region")


def attribute(id: str, name: str = "Arn") -> GetAtt:
    """`Fn::GetAtt`."""
    return GetAtt(id, name)


def here() -> dict[str, dict[str, Any]]:
    """The condition that a service asks on behalf of this account: against the confused deputy."""
    return {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
