"""Any CloudFormation template is read: functions, loops, nesting and imports; and what cannot be read says where."""

from __future__ import annotations

import json
import textwrap

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mangaobs.errors import MangaobsError, ManyErrors, TemplateError
from mangaobs.template import Unknown, read


@pytest.fixture
def template(tmp_path):
    def write(text, name="template.yaml", **options):
        (tmp_path / name).write_text(textwrap.dedent(text), encoding="utf-8")
        return read([tmp_path / name], **options)

    return write


def value(template, text, head="", **options):
    body = textwrap.dedent(head) + textwrap.dedent(
        """
        Resources:
          T: {Type: AWS::SNS::Topic, Properties: {TopicName: topic}}
          A:
            Type: X
            Properties:
              P: """
    )
    body += f"{text}\n"
    found = template(body, **options)
    return next(one for one in found.resources if one.id == "A").properties.get("P")


HEAD = """
Parameters:
  Env: {Type: String, Default: dev}
  Names: {Type: CommaDelimitedList, Default: "a, b"}
  Open: {Type: String}
  Path: {Type: "AWS::SSM::Parameter::Value<String>", Default: /x}
Conditions:
  Dev: !Equals [!Ref Env, dev]
  Prod: !Not [!Condition Dev]
  Both: !And [!Condition Dev, !Condition Prod]
  Any: !Or [!Condition Open, !Condition Dev]
  Open: !Equals [!Ref Open, x]
Mappings: {M: {us-east-1: {Limit: 5}}}
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("!Ref Env", "dev"),
        ("!Ref Names", ["a", "b"]),
        ("!Sub '${Env}-${AWS::Region}-${!kept}'", "dev-us-east-1-${kept}"),
        ("!Sub ['${x}/${T.TopicName}', {x: !Ref Env}]", "dev/topic"),
        ("!Join ['-', [a, !Ref Env]]", "a-dev"),
        ("!Join ['-', !Ref Names]", "a-b"),
        ("!Select [1, !Split [',', 'x,y']]", "y"),
        ("!If [Dev, 1, 2]", 1),
        ("!If [Prod, 1, 2]", 2),
        ("!If [Both, 1, 2]", 2),
        ("!If [Any, 1, 2]", 1),
        ("!If [Open, 1, 1]", 1),
        ("[!If [Prod, 1, !Ref 'AWS::NoValue'], 3]", [3]),
        ("!FindInMap [M, !Ref 'AWS::Region', Limit]", 5),
        ("!FindInMap [M, nowhere, Limit, {DefaultValue: 7}]", 7),
        ("!Ref T", "arn:aws:sns:us-east-1:123456789012:topic"),
        ("!GetAtt T.TopicArn", "arn:aws:sns:us-east-1:123456789012:topic"),
        ("{'Fn::GetAtt': [T, TopicName]}", "topic"),
        ("!Base64 a", "YQ=="),
        ("{'Fn::ToJsonString': {a: [1, !Ref Env]}}", '{"a":[1,"dev"]}'),
        ("{'Fn::Length': !Ref Names}", 2),
        ("012345678901", "012345678901"),
        ("2012-10-17", "2012-10-17"),
        ("yes", True),
        ("1.5", 1.5),
        ("{Condition: {StringEquals: 1}}", {"Condition": {"StringEquals": 1}}),
    ],
)
def test_a_value_that_can_be_known_is(template, text, expected):
    assert value(template, text, HEAD) == expected


@pytest.mark.parametrize(
    ("text", "expression"),
    [
        ("!Ref Open", "${Open}"),
        ("!Ref Path", "${Path}"),
        ("!Sub 'a-${Open}'", "a-${Open}"),
        ("!GetAtt T.Nothing", "${T.Nothing}"),
        ("!Ref Nobody", "${Nobody}"),
        ("!ImportValue there", "${import there}"),
        ("!If [Open, 1, 2]", "either side of Open"),
        ("!Select [9, [a]]", "Fn::Select"),
        ("!Transform {Name: x}", "Fn::Transform"),
        ("!Cidr [a, b]", "Fn::Cidr"),
    ],
)
def test_a_value_that_cannot_be_known_is_its_expression_and_place(template, text, expression):
    found = value(template, text, HEAD)
    assert isinstance(found, Unknown)
    assert found.expression == expression
    assert found.place.line > 15


def test_parameters_and_pseudo_parameters_are_given(template):
    options = {"parameters": {"Env": "prod", "Names": "x,y"}, "pseudo": {"AWS::Region": "eu-west-1"}}
    assert value(template, "!Sub '${Env}-${AWS::Region}'", HEAD, **options) == "prod-eu-west-1"
    with pytest.raises(TemplateError, match="no template has the parameter 'Nobody'"):
        value(template, "x", HEAD, parameters={"Nobody": "1"})


def test_what_refers_to_itself_is_unknown_and_ends(template):
    found = template(
        """
        Conditions: {C: !Not [!Condition D], D: !Not [!Condition C]}
        Resources:
          A: {Type: AWS::SNS::Topic, Condition: C, Properties: {TopicName: !Ref B}}
          B: {Type: AWS::DynamoDB::Table, Properties: {TableName: !GetAtt A.TopicName}}
        """
    )
    assert [type(one.name) for one in found.resources] == [Unknown, Unknown]
    assert isinstance(found.resources[0].condition, Unknown)


def test_resources_that_are_not_made_are_not_found(template):
    found = template(
        """
        Conditions: {Never: !Equals [a, b], Maybe: !Equals [!Ref P, b]}
        Parameters: {P: {Type: String}}
        Resources:
          A: {Type: X, Condition: Never}
          B: {Type: X, Condition: Maybe}
          C: {Type: X}
        """
    )
    assert [one.id for one in found.of("X")] == ["B", "C"]


def test_a_loop_is_written_out(template):
    found = template(
        """
        Parameters: {Names: {Type: CommaDelimitedList, Default: "a,b-c"}}
        Resources:
          Fn::ForEach::Queues:
            - Name
            - !Ref Names
            - "Queue&{Name}": {Type: AWS::SQS::Queue, Properties: {QueueName: !Sub "q-${Name}", Tag: !Ref Name}}
        """
    )
    assert [(one.id, one.properties) for one in found.resources] == [
        ("Queuea", {"QueueName": "q-a", "Tag": "a"}),
        ("Queuebc", {"QueueName": "q-b-c", "Tag": "b-c"}),
    ]


def test_what_sams_globals_say_holds_where_a_function_says_nothing_else(template):
    found = template(
        """
        Transform: AWS::Serverless-2016-10-31
        Globals: {Function: {Timeout: 5, MemorySize: 128, Layers: [a], Environment: {Variables: {A: 1, B: 2}}}}
        Resources:
          F:
            Type: AWS::Serverless::Function
            Properties: {FunctionName: f, MemorySize: 512, Layers: [b], Environment: {Variables: {B: 3}}}
          T: {Type: AWS::SNS::Topic}
        """
    )
    assert found.resources[0].properties == {
        "FunctionName": "f",
        "Timeout": 5,
        "MemorySize": 512,
        "Layers": ["a", "b"],
        "Environment": {"Variables": {"A": 1, "B": 3}},
    }
    assert found.resources[1].properties == {}


def test_an_alarm_without_a_name_has_its_logical_id(template):
    found = template("Resources: {A: {Type: AWS::CloudWatch::Alarm}, R: {Type: X, Properties: {P: !Ref A}}}")
    assert found.resources[0].name == "A"
    assert found.resources[1].properties == {"P": "A"}


def test_what_one_template_exports_another_imports(tmp_path):
    (tmp_path / "a.yaml").write_text(
        "Resources: {T: {Type: AWS::SNS::Topic, Properties: {TopicName: t}}}\n"
        "Outputs: {O: {Value: !Ref T, Export: {Name: !Sub '${AWS::Region}-topic'}}}\n"
    )
    (tmp_path / "b.yaml").write_text("Resources: {A: {Type: X, Properties: {P: !ImportValue us-east-1-topic}}}\n")
    found = read([tmp_path / "b.yaml", tmp_path / "a.yaml"])
    assert found.of("X")[0].properties == {"P": "arn:aws:sns:us-east-1:123456789012:t"}


def test_a_nested_stack_beside_it_is_read_with_its_parameters_and_outputs(tmp_path):
    (tmp_path / "child.json").write_text(
        json.dumps(
            {
                "Parameters": {"Name": {"Type": "String"}},
                "Resources": {"T": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": {"Ref": "Name"}}}},
                "Outputs": {"Arn": {"Value": {"Ref": "T"}}},
            }
        )
    )
    (tmp_path / "parent.yaml").write_text(
        "Resources:\n"
        "  N: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: ./child.json, Parameters: {Name: inner}}}\n"
        "  A: {Type: X, Properties: {P: !GetAtt N.Outputs.Arn}}\n"
    )
    found = read([tmp_path / "parent.yaml"])
    assert found.of("X")[0].properties == {"P": "arn:aws:sns:us-east-1:123456789012:inner"}
    assert [one.id for one in found.of("AWS::SNS::Topic")] == ["T"]


def test_a_property_knows_its_place(template):
    found = template('{"Resources": {"A": {"Type": "X",\n  "Properties": {"L": [1,\n    {"V": "here"}]}}}}', "t.json")
    resource = found.resources[0]
    assert resource.where("L", 1, "V")[1:] == (3, 11)
    assert resource.where("L", 1, "Nothing")[1:] == (3, 5)
    assert resource.place[1:] == (1, 21)


@pytest.mark.parametrize(
    ("text", "says", "place"),
    [
        ('{"Resources": ', "neither JSON nor YAML", (2, 1)),
        ('{"Resources": {"A": 1, "A": 2}}', "twice", (1, 24)),
        ("x: &a [1]\ny: *a\nResources: {}", "aliases", (1, 4)),
        ("", "empty", (1, 1)),
        ("[]", "no CloudFormation template", (1, 1)),
        ("Resources: []", "no CloudFormation template", (1, 1)),
        ("Resources: " + "[" * 5000, "nesting", None),
        ("Resources: " + "{a: " * 300 + "1" + "}" * 300, "too deep", None),
        ("a: \0", "neither JSON nor YAML", (0, 0)),
        ("Resources: {[1]: 2}", "a key is a text", (1, 13)),
    ],
)
def test_what_cannot_be_read_says_where(template, text, says, place):
    with pytest.raises(TemplateError, match=says) as caught:
        template(text)
    assert place is None or caught.value.place[1:] == place


def test_a_file_far_over_what_cloudformation_takes_is_an_error_at_once(template):
    with pytest.raises(TemplateError, match="too big"):
        template("Resources: " + "x" * (9 << 20))


def test_several_errors_are_told_at_once(template):
    with pytest.raises(ManyErrors) as caught:
        template('{"Resources": {"A": 1, "A": 2, "A": 3}}')
    assert len(caught.value.errors) == 2


def test_characters_beyond_the_basic_plane_and_tabs_are_read(template):
    found = template('{\n\t"Resources": {"A": {"Type": "X", "Properties": {"P": "\\ud83d\\ude00"}}}}', "t.json")
    assert found.resources[0].properties == {"P": "😀"}


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text("ab${}!.:", max_size=6),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    "Ref",
                    "Fn::GetAtt",
                    "Fn::Sub",
                    "Fn::Join",
                    "Fn::Select",
                    "Fn::Split",
                    "Fn::If",
                    "Fn::FindInMap",
                    "Fn::ImportValue",
                    "Fn::And",
                    "Fn::Not",
                    "Fn::Equals",
                    "Condition",
                    "a",
                ]
            ),
            inner,
            max_size=2,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(VALUES, VALUES)
def test_any_template_is_read_or_is_an_error(tmp_path_factory, first, second):
    path = tmp_path_factory.mktemp("t") / "t.json"
    document = {
        "Conditions": {"a": first},
        "Resources": {
            "a": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": second}},
            "b": {"Type": "X", "Properties": {"P": first}, "Condition": "a"},
            "Fn::ForEach::c": first,
        },
    }
    path.write_text(json.dumps(document))
    try:
        found = read([path])
    except MangaobsError:
        return
    assert [one.id for one in found.resources][:2] == ["a", "b"]


BUILT = """\
Parameters: {Env: {Type: String, Default: production}}
Resources:
  A:
    Type: X
    Properties:
      Plain: abcdef
      Quoted: "a\\tb\\u0041X"
      Single: 'it''s X'
      Sub: !Sub "${Env}-ab${!c}X"
      Join: !Join ["--", [!Ref Env, "aX"]]
      If: !If [Never, a, !Sub "${Env}X"]
      Block: |
        first
        secXnd
Conditions: {Never: !Equals [a, b]}
"""


@pytest.mark.parametrize("name", ["Quoted", "Single", "Sub", "Join", "If", "Block"])
def test_a_character_within_a_text_knows_its_place_however_it_is_built(template, name):
    resource = template(BUILT).resources[0]
    place = resource.where(name, offset=resource.properties[name].index("X"))
    line = BUILT.split("\n")[place.line - 1]
    assert line[place.column - 1] == "X"


def test_within_a_dashboard_body_of_json_in_json_a_character_knows_its_place(template):
    body = json.dumps({"widgets": [{"type": "metric", "title": 'a "quoted" name'}]})
    text = json.dumps(
        {"Resources": {"D": {"Type": "AWS::CloudWatch::Dashboard", "Properties": {"DashboardBody": body}}}}
    )
    resource = template(text, "t.json").resources[0]
    place = resource.where("DashboardBody", offset=body.index("name"))
    assert text[place.column - 1 :].startswith("name")
