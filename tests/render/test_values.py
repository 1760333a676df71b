"""Deploy-time values: what a deployment puts in their place is what was meant."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mangaobs.errors import DefinitionError, RenderError
from mangaobs.model.value import ACCOUNT_ID, PARTITION, REGION, Import, Parameter, Text, Value, arn, shown, text
from mangaobs.render._values import Values
from tests.proof.configurations import resources
from tests.proof.resolution import Deployment, resolve

EXPORTS = {"a-b": "exported-ab", "ab": "exported-other", "stack:Table": "exported-table", "a:b": "exported-colon"}
PARAMETERS = (
    Parameter("SessionsTable", "manga-sessions"),
    Parameter("Import", "not-an-import"),
    Parameter("Secret", "", secret=True),
    Parameter("Path", "/a/path", ssm=True),
)
SSM = {"/a/path": "from-ssm"}
TOKENS = st.sampled_from([*PARAMETERS, *map(Import, EXPORTS), REGION, ACCOUNT_ID, PARTITION])
# Text as people write it, with what CloudFormation and JSON read: whole `${…}`, since nothing says what CloudFormation
# makes of one that is never closed; no private-use characters, no lone surrogates.
WRITTEN = st.lists(
    st.characters(exclude_characters="$", exclude_categories=("Cs", "Co", "Cn"))
    | st.sampled_from(["${x}", "${!x}", "${AWS::Region}", "${SessionsTable}", "$.", "$ ", "{", "}", '"', "\\", "\n"]),
    max_size=8,
).map("".join)
VALUES = st.lists(st.one_of(WRITTEN, TOKENS), max_size=6).map(lambda parts: text(*parts))
DEPLOYMENT = Deployment("111122223333", "eu-central-1", exports=EXPORTS, ssm=SSM)


def known(value: Value) -> str:
    """What a value is once it is deployed, worked out from the model alone."""
    if isinstance(value, str):
        return value
    if isinstance(value, Text):
        return "".join(known(part) for part in value.parts)
    if isinstance(value, Import):
        return EXPORTS[value.export]
    if isinstance(value, Parameter):
        return SSM[value.default or ""] if value.ssm else value.default or ""
    return {"AWS::Region": "eu-central-1", "AWS::AccountId": "111122223333", "AWS::Partition": "aws"}[
        shown(value)[2:-1]
    ]


def deployed(values: Values, rendered: object) -> object:
    """A rendered property as a deployment works it out."""
    tree = json.loads(json.dumps(rendered, default=lambda helper: helper.to_dict()))
    parameters = {
        name: {"Type": "AWS::SSM::Parameter::Value<String>" if one.ssm else "String", "Default": one.default}
        for name, one in values.parameters.items()
    }
    template = {"Parameters": parameters, "Resources": {"R": {"Type": "T", "Properties": {"P": tree}}}}
    return resolve(template, DEPLOYMENT)["R"]["Properties"]["P"]


@given(VALUES)
def test_a_value_is_deployed_as_it_was_meant(value):
    values = Values()
    assert deployed(values, values.render(value)) == known(value)


@given(st.recursive(
    VALUES | st.integers() | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WRITTEN, inner, max_size=4),
    max_leaves=12,
))  # fmt: skip
def test_a_document_is_valid_json_once_it_is_deployed(document):
    # given a document with values anywhere, when it is rendered as one text and deployed
    values = Values()
    text = deployed(values, values.render_json(document))
    # then it is the document, every value in its place
    assert isinstance(text, str)
    assert json.loads(text) == _known(document)


def _known(document):
    if isinstance(document, dict):
        return {key: _known(value) for key, value in document.items()}
    if isinstance(document, list):
        return [_known(value) for value in document]
    return document if document is None or isinstance(document, int) else known(document)


@given(VALUES)
def test_a_tree_keeps_its_shape(value):
    values = Values()
    tree = {"a": [value, {"b": value}], "c": 1}
    assert deployed(values, values.render_tree(tree)) == _known(tree)


def test_text_that_looks_like_a_function_stays_text():
    # given a literal `${`, beside a value and alone, then no deployment reads it
    values = Values()
    beside = values.render(text("${AWS::Region} of ", Parameter("Table", "t")))
    assert deployed(values, beside) == "${AWS::Region} of t"
    assert values.render("${AWS::Region}") == "${AWS::Region}"  # no Fn::Sub, nothing to read


def test_two_exports_of_the_same_letters_are_told_apart():
    values = Values()
    both = values.render(text(Import("a-b"), "/", Import("ab")))
    assert deployed(values, both) == "exported-ab/exported-other"


def test_an_arn_is_in_the_stacks_own_partition_region_and_account():
    values = Values()
    written = values.render(arn("dynamodb", text("table/", Parameter("Table", "t"))))
    assert written.to_dict() == {
        "Fn::Sub": "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/${Table}"
    }


def test_a_parameter_with_two_meanings_is_refused():
    values = Values()
    values.render(Parameter("Table", "one"))
    with pytest.raises(RenderError, match="Table is used with two meanings"):
        values.render(Parameter("Table", "two"))


def test_a_parameters_name_is_letters_and_digits():
    with pytest.raises(DefinitionError, match="1 to 255 letters and digits"):
        Parameter("Sessions-Table")


@pytest.mark.parametrize("configuration", ["on_demand", "provisioned"])
def test_every_body_in_a_template_is_json_once_it_is_deployed(configuration, request):
    from tests.proof.configurations import EXPORTS, SSM

    rendered = request.getfixturevalue(configuration)
    # given names with every sign that the services allow in them
    odd = {name: "a.b-c_D/e#1" for name, one in rendered.template["Parameters"].items() if "::SSM::" not in one["Type"]}
    resolved = resolve(rendered.template, Deployment(exports=EXPORTS, ssm=SSM, parameters=odd))
    bodies = 0
    for one in resources(rendered.template, "AWS::CloudWatch::Dashboard", "AWS::CloudWatch::InsightRule"):
        properties = resolved[one.id]["Properties"]
        body = json.loads(properties.get("DashboardBody") or properties["RuleBody"])
        assert body.get("widgets") or body["Schema"] == {"Name": "CloudWatchLogRule", "Version": 1}
        assert "${" not in json.dumps({key: value for key, value in body.items() if key != "variables"})
        bodies += 1
    assert bodies >= 8
