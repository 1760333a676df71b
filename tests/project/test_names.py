"""A name in the configuration is text or what the deployment knows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mangaobs.model.value import Import, Parameter, Pseudo, Text
from mangaobs.project import Configuration, read_configuration


def read(tmp_path: Path, content: str) -> Configuration:
    (tmp_path / "mangaobs.toml").write_text("application = 'manga'\n" + content)
    return read_configuration(tmp_path)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("'sessions'", "sessions"),
        ("{ parameter = 'Sessions' }", Parameter("Sessions")),
        (
            "{ parameter = 'Sessions', default = 's', description = 'the table' }",
            Parameter("Sessions", "s", "the table"),
        ),
        ("{ parameter = 'Url', secret = true }", Parameter("Url", secret=True)),
        ("{ import = 'shared:sessions' }", Import("shared:sessions")),
        ("{ ssm = '/manga/sessions' }", Parameter("TablesChatSessionsName", "/manga/sessions", ssm=True)),
        ("'t-${AWS::Region}'", Text(("t-", Pseudo("AWS::Region")))),
        ("'${AWS::AccountId}'", Pseudo("AWS::AccountId")),
    ],
)
def test_a_name_becomes_what_the_model_takes(tmp_path: Path, written: str, value: object) -> None:
    configuration = read(tmp_path, f"[tables.chat-sessions]\nname = {written}\n")
    assert configuration.tables["chat-sessions"].name.value() == value


def test_an_ssm_parameter_in_a_list_is_named_after_its_place(tmp_path: Path) -> None:
    configuration = read(
        tmp_path,
        "[routing.critical]\nsubscribers = [{ protocol = 'email', endpoint = 'a@b' },"
        " { protocol = 'https', endpoint = { ssm = '/pd' } }]\n",
    )
    endpoint = configuration.routing.critical.subscribers[1].endpoint
    assert endpoint.stack_parameter == "RoutingCriticalSubscribers1Endpoint"


def test_one_parameter_can_be_used_twice_if_it_is_declared_the_same(tmp_path: Path) -> None:
    name = "{ parameter = 'Group', default = '/g' }"
    configuration = read(
        tmp_path, f"[functions.f]\nname = 'f'\ntimeout = 3\nlog_group = {name}\n[trail]\nlog_group = {name}\n"
    )
    assert configuration.trail is not None
    assert configuration.functions["f"].log_group == configuration.trail.log_group


def test_a_function_logs_to_the_group_that_lambda_makes_unless_it_says_otherwise(tmp_path: Path) -> None:
    functions = read(
        tmp_path,
        "[functions]\na = { name = 'a', timeout = 3 }\nb = { name = { import = 'b' }, timeout = 3 }\n"
        "c = { name = 'c', timeout = 3, log_group = '/own' }\n",
    ).functions
    groups: list[Any] = [functions[key].log_group_value for key in "abc"]
    assert groups == ["/aws/lambda/a", Text(("/aws/lambda/", Import("b"))), "/own"]


def test_an_http_api_has_its_default_stage(tmp_path: Path) -> None:
    assert read(tmp_path, "[apis.a]\nkind = 'http'\nid = 'x'\n").apis["a"].stage_value == "$default"


def test_a_provisioned_table_scales_unless_it_is_told_not_to(tmp_path: Path) -> None:
    capacity = "read_capacity = { min = 1, max = 2 }\nwrite_capacity = { min = 1, max = 2 }\nbilling = 'provisioned'\n"
    tables = read(
        tmp_path,
        f"[tables.a]\nname = 'a'\n{capacity}[tables.b]\nname = 'b'\nauto_scaling = false\n{capacity}"
        "[tables.c]\nname = 'c'\n",
    ).tables
    assert [tables[key].scales for key in "abc"] == [True, False, False]


def test_names_of_resources_follow_the_template(tmp_path: Path) -> None:
    configuration = read(tmp_path, "naming = '{environment}-{application}_{name}'\n")
    assert configuration.named("read-throttled") == "dev-manga_read-throttled"


def test_a_hundred_tables_and_six_hundred_functions_are_read(tmp_path: Path) -> None:
    tables = "".join(
        f"[tables.t{n}]\nname = 't{n}'\nbilling = 'provisioned'\nread_capacity = {{ min = 1, max = 9 }}\n"
        f"write_capacity = {{ min = 1, max = 9 }}\n"
        for n in range(100)
    )
    functions = "".join(f"[functions.f{n}]\nname = {{ ssm = '/f/{n}' }}\ntimeout = 3\n" for n in range(600))
    configuration = read(tmp_path, tables + functions)
    assert len(configuration.tables) == 100
    assert configuration.functions["f599"].name.stack_parameter == "FunctionsF599Name"
