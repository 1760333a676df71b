"""What a function reads from its environment: typed, and everything that is wrong named at once."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta

from mangaobs.errors import ConfigurationError
from mangaobs.functions import read, variables


class Settings(msgspec.Struct, frozen=True):
    session_table: Annotated[str, Meta(description="Name of the table")]
    model_id: Annotated[str, Meta(min_length=3, description="The model")]
    turns: Annotated[int, Meta(ge=1, le=100, description="Newest turns")] = 20
    mode: Annotated[Literal["dry-run", "act"], Meta(description="What is done")] = "dry-run"
    tls: Annotated[bool, Meta(description="Whether TLS is used")] = True
    host: Annotated[str | None, Meta(description="Where Redis is")] = None


GOOD = {"SESSION_TABLE": "sessions", "MODEL_ID": "a-model"}


def test_variables_are_read_by_their_types_and_the_rest_has_its_defaults():
    assert read(Settings, {**GOOD, "TURNS": "7", "TLS": "false", "PATH": "/bin"}) == Settings(
        session_table="sessions", model_id="a-model", turns=7, mode="dry-run", tls=False
    )


def test_everything_that_is_missing_or_wrong_is_named_in_one_error():
    with pytest.raises(ConfigurationError) as caught:
        read(Settings, {"MODEL_ID": "m", "TURNS": "many", "MODE": "go", "SESSION_TABLE": ""})
    said = str(caught.value)
    assert "SESSION_TABLE is not set (Name of the table)" in said
    assert "MODEL_ID is wrong: Expected `str` of length >= 3 (The model)" in said
    assert "TURNS is wrong: Expected `int`" in said
    assert "MODE is wrong: Invalid enum value (What is done)" in said


@given(st.text(st.characters(codec="ascii", exclude_characters="\0"), min_size=12).filter(str.strip))
def test_no_error_has_a_value(secret):
    # given a secret in a variable of every type
    with pytest.raises(ConfigurationError) as caught:
        read(Settings, {"TURNS": f"PRIVATE{secret}", "MODE": f"PRIVATE{secret}", "TLS": f"PRIVATE{secret}"})
    # then it is not in the error
    assert "PRIVATE" not in str(caught.value)


def test_what_a_function_reads_is_there_as_data():
    assert [tuple(variable) for variable in variables(Settings)] == [
        ("SESSION_TABLE", "Name of the table", None),
        ("MODEL_ID", "The model", None),
        ("TURNS", "Newest turns", "20"),
        ("MODE", "What is done", "dry-run"),
        ("TLS", "Whether TLS is used", "true"),
        ("HOST", "Where Redis is", ""),
    ]
