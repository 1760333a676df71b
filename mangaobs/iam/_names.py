"""What a template's values are in a policy: texts in which `${Bucket}` stands for what only a deployment knows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from mangaobs.iam._text import Symbol, Text, text
from mangaobs.template import Unknown, physical_form

if TYPE_CHECKING:
    from mangaobs.template import Template

_SYMBOL: Final = re.compile(r"\$\{([A-Za-z0-9]+)(?:\.([A-Za-z0-9.]+))?\}")
_FORMS_OF_ID: Final = {
    # Whose name is an id of the deployment's. Source: Service Authorization Reference.
    ("AWS::KMS::Key", "Arn"): "arn:{partition}:kms:{region}:{account}:key/{name}",
    ("AWS::DynamoDB::Table", "StreamArn"): "arn:{partition}:dynamodb:{region}:{account}:table/{name}/stream/${{{id}}}",
    ("AWS::ApiGateway::RestApi", "ref"): "{name}",
}


class Names:
    """The names of a template's resources."""

    def __init__(self, template: Template | None = None, pseudo: dict[str, str] | None = None) -> None:
        made = template.resources if template is not None else []
        self._types = {one.id: one.type for one in made}
        self._paths = {one.id: path for one in made if isinstance(path := one.properties.get("Path"), str)}
        self._called = {one.id: one.name for one in made if isinstance(one.name, str)}
        self._values = {
            "partition": "aws",
            "region": "us-east-1",
            "account": "123456789012",
            **(pseudo or {}),
        }
        self.resources = frozenset(self._types)

    def text(self, value: object, *, wild: bool, variables: bool) -> Text:
        """A value of a policy as a text."""
        if isinstance(value, Unknown):
            expression = value.expression
            if "${" not in expression:
                return Text((Symbol(expression),))
            return text(self.canonical(expression), wild=wild, variables=variables, symbols=self.resources)
        written = str(value).lower() if isinstance(value, bool) else str(value)
        return text(written, wild=wild, variables=variables)

    def canonical(self, expression: str) -> str:
        """`${Bucket.Arn}` as `arn:aws:s3:::${Bucket}`: what is known of a name that is not."""
        return _SYMBOL.sub(self._form, expression)

    def _form(self, found: re.Match[str]) -> str:
        name, attribute = found[1], found[2]
        type_ = self._types.get(name)
        if type_ is None:
            return found[0]
        form = _FORMS_OF_ID.get((type_, attribute or "ref")) or physical_form(type_, attribute)
        called = self._called.get(name, f"${{{name}}}")
        path = self._paths.get(name, "/")
        return form.format(**self._values, name=called, id=name, path=path) if form else found[0]
