"""What is wrong in a configuration is named by line, column and the nearest right name.

Each case is a file with the faulty token marked: «token» is where the error must point, all of it.
"""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mangaobs.errors import ConfigurationError, MangaobsError, ManyErrors
from mangaobs.project import read_configuration


class Thresholds(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    query_p99_ms: float = 25
    points: int = 2
    of: int = 3

    def __post_init__(self) -> None:
        if self.points > self.of:
            raise ValueError(f"{self.points} of {self.of} points can never breach")


REST = 'kind = "rest"\nname = "chat"\nstage = "prod"\n'
CAPACITY = "read_capacity = { min = 1, max = 2 }\nwrite_capacity = { min = 1, max = 2 }\n"

CASES = {
    # unknown keys
    "top level": ("«aplication» = 'x'\n", "aplication is not a key; did you mean application?"),
    "in a table": ("[tables.s]\nname = 'a'\n«biling» = 'on-demand'\n", "did you mean billing?"),
    "with an underscore for a hyphen's sake": ("[tables.s]\nname = 'a'\n«auto-scaling» = true\n", "auto_scaling"),
    "in an inline table": ("[tables]\ns = { «nam» = 'a' }\n", "tables.s.nam is not a key; did you mean name?"),
    "dotted": (
        "functions.f.name = 'f'\nfunctions.f.timeout = 3\nfunctions.f.«log_grup» = 'g'\n",
        "did you mean log_group?",
    ),
    "quoted": ('[logs]\n«"retention days"» = 3\n', 'logs."retention days" is not a key; did you mean retention_days?'),
    "a section": ("[«table».s]\nname = 'a'\n", "did you mean tables?"),
    "nothing near": ("[runbooks]\n«zzz» = 1\n", "one of base_url"),
    "in an index": ("[tables.s]\nname = 'a'\n[tables.s.indexes.i]\nname = 'i'\n«capacity» = 3\n", "_capacity"),
    "in a list of tables": (
        (
            "[[routing.critical.subscribers]]\nprotocol = 'email'\nendpoint = 'a@b'\n"
            "[[routing.critical.subscribers]]\nprotocol = 'email'\n«endpiont» = 'c@d'\n"
        ),
        "routing.critical.subscribers[1].endpiont is not a key; did you mean endpoint?",
    ),
    "in a name": ("[tables.s]\nname = { «parametr» = 'X' }\n", "did you mean parameter?"),
    "threshold": ("[alarms]\n«query_p99» = 3\n", "alarms.query_p99 is not a key; did you mean query_p99_ms?"),
    # missing keys
    "table without name": ("[tables.«s»]\nstream = true\n", "tables.s has no name; add name = … (name of the table)"),
    "function without timeout": ("[functions.«f»]\nname = 'f'\n", "functions.f has no timeout"),
    "subscriber without endpoint": (
        "[routing.info]\nsubscribers = [«{ protocol = 'email' }»]\n",
        "routing.info.subscribers[0] has no endpoint",
    ),
    # wrong types
    "text for a number": ("[functions.f]\nname = 'f'\ntimeout = «'3'»\n", "must be a whole number, not text"),
    "number for text": (
        "[account]\nid = «123456789012»\n",
        "must be text, not a whole number; twelve digits in quotes",
    ),
    "text for a switch": ("[account]\nwide = «'yes'»\n", "account.wide must be true or false, not text"),
    "number for a switch": ("[account]\nwide = «1»\n", "must be true or false, not a whole number"),
    "fraction": ("[models.m]\nid = 'm'\ntokens_per_minute = «1.5»\n", "must be a whole number, not a number"),
    "text for a list": ("[tables.s]\nname = 'a'\noperations = «'Query'»\n", "must be a list, not text"),
    "list for a table": ("[tables]\ns = «[1]»\n", "tables.s must be a table, not a list"),
    "number for a name": ("[queues.q]\nname = «3»\n", "must be text, or a table such as"),
    "date": ("[tags]\nsince = «2026-01-01»\n", "tags.since must be text, not a date or time"),
    "threshold's type": ("[alarms]\nquery_p99_ms = «'fast'»\n", "alarms.query_p99_ms must be a number, not text"),
    "item": ("[dax.d]\ncluster = 'c'\nnodes = [\n  'a', # one\n  «true»,\n]\n", "dax.d.nodes[1] must be text"),
    # values outside their limits
    "timeout": ("[functions.f]\nname = 'f'\ntimeout = «901»\n", "is 901; 1 to 900"),
    "negative quota": ("[models.m]\nid = 'm'\ntokens_per_minute = «-1»\n", "is -1; 1 to 1,000,000,000,000"),
    "retention": ("[logs]\nretention_days = «31»\n", "is 31; the nearest is 30"),
    "billing": ("[tables.s]\nname = 'a'\nbilling = «'on_demand'»\n", "did you mean on-demand?"),
    "operation": ("[tables.s]\nname = 'a'\noperations = ['GetItem', «'Qurey'»]\n", "did you mean Query?"),
    "event source": ("[functions.f]\nname='f'\ntimeout=3\nevent_source = «'dynamodb'»\n", "dynamodb-stream"),
    "account id": ("[account]\nid = «'12345'»\n", "twelve digits"),
    "region": ("[account]\nregion = «'Virginia'»\n", "for example us-east-1"),
    "environment": ("environment = «'Prod EU'»\n", "lower-case words"),
    "key": ("[tables.«'my table'»]\nname = 'a'\n", "a letter, then letters, digits, - and _"),
    "utilization": (
        "[tables.s]\nname = 'a'\nbilling = 'provisioned'\n"
        + CAPACITY.replace("max = 2 }", "max = 2 }", 1)
        + "[tables.s.indexes.i]\nname = 'i'\nread_capacity = { min = 1, max = 2, target_utilization = «95» }\n"
        "write_capacity = { min = 1, max = 2 }\n",
        "tables.s.indexes.i.read_capacity.target_utilization is 95; 20 to 90",
    ),
    "empty name": ("[topics.t]\nname = «''»\n", "topics.t.name is empty"),
    "unknown placeholder": ("[topics.t]\nname = «'t-${AWS::Regoin}'»\n", "${AWS::Region}"),
    "no operations": ("[tables.s]\nname = 'a'\noperations = «[]»\n", "has 0 entries; at least 1"),
    "AWS's own tag": ("[tags]\n«'aws:owner'» = 'x'\n", "not starting with aws:"),
    # references
    "two sources": ("[topics.t]\nname = «{ parameter = 'T', import = 'x' }»\n", "has parameter and import together"),
    "no source": ("[topics.t]\nname = «{ default = 'x' }»\n", "names no source"),
    "parameter's name": ("[topics.t]\nname = { parameter = «'my-topic'» }\n", "letters and digits"),
    "import with default": ("[topics.t]\nname = { import = 'x', «default» = 'y' }\n", "default cannot go with import"),
    "secret import": ("[topics.t]\nname = { import = 'x', «secret» = true }\n", "use parameter"),
    "one parameter, two meanings": (
        "[topics]\na.name = { parameter = 'T', default = 'a' }\nb.name = «{ parameter = 'T', default = 'b' }»\n",
        "declares the stack parameter T in another way; as at topics.a.name",
    ),
    # impossible combinations
    "topic and subscribers": (
        (
            "[routing.critical]\ntopic = 'arn:aws:sns:us-east-1:123456789012:t'\n"
            "«subscribers» = [{ protocol = 'email', endpoint = 'a@b' }]\n"
        ),
        "routing.critical.subscribers cannot go with topic",
    ),
    "topic by name": ("[routing.critical]\ntopic = «'pages'»\n", "an ARN"),
    "URL that is none": (
        "[routing.info]\nsubscribers = [{ protocol = 'https', endpoint = «'http://x'» }]\n",
        "an https:// address",
    ),
    "capacity on demand": (
        "[tables.s]\nname = 'a'\n«read_capacity» = { min = 1, max = 2 }\n",
        "the table is on-demand",
    ),
    "index capacity on demand": (
        "[tables.s]\nname = 'a'\n[tables.s.indexes.i]\nname = 'i'\n«write_capacity» = { min = 1, max = 2 }\n",
        "tables.s.indexes.i.write_capacity cannot be: the table is on-demand",
    ),
    "provisioned without capacity": (
        "[tables.«s»]\nname = 'a'\nbilling = 'provisioned'\nread_capacity = { min = 1, max = 2 }\n",
        "tables.s has no write_capacity",
    ),
    "least above most": (
        (
            "[tables.s]\nname = 'a'\nbilling = 'provisioned'\nread_capacity = { min = «5», max = 2 }\n"
            "write_capacity = { min = 1, max = 2 }\n"
        ),
        "is 5, more than max = 2",
    ),
    "request units when provisioned": (
        "[tables.s]\nname = 'a'\nbilling = 'provisioned'\n" + CAPACITY + "«max_read_request_units» = 5\n",
        "the table is provisioned",
    ),
    "auto scaling on demand": ("[tables.s]\nname = 'a'\n«auto_scaling» = true\n", "the table is on-demand"),
    "reading a stream that is not read": ("[tables.s]\nname = 'a'\noperations = [«'GetRecords'»]\n", "stream = true"),
    "the same table twice": ("[tables.a]\nname = 'x'\n[tables.b]\nname = «'x'»\n", "is the same as tables.a.name"),
    "the same index twice": (
        "[tables.a]\nname = 'x'\nindexes.i.name = 'i'\nindexes.j.name = «'i'»\n",
        "is the same as tables.a.indexes.i.name",
    ),
    "keys that are one logical id": ("[queues.a-b]\nname = 'x'\n[queues.«a_b»]\nname = 'y'\n", "is too like a-b"),
    "id for a REST API": (f"[apis.a]\n{REST}«id» = 'x'\n", "cannot go with kind = 'rest'"),
    "REST API without a stage": ("[apis.«a»]\nkind = 'rest'\nname = 'a'\n", "has no stage"),
    "HTTP API without an id": ("[apis.«a»]\nkind = 'http'\n", "has no id"),
    "name for an HTTP API": ("[apis.a]\nkind = 'http'\nid = 'x'\n«name» = 'a'\n", "cannot go with kind = 'http'"),
    "cache by the wrong name": ("[caches.c]\nkind = 'serverless'\nname = 'c'\n«clusters» = ['a']\n", "it takes name"),
    "mapping without a source": (
        "[functions.f]\nname = 'f'\ntimeout = 3\nevent_source = 'api'\n«event_source_mapping» = 'u'\n",
        "only dynamodb-stream, kinesis, sqs have a mapping",
    ),
    "asynchronous stream": (
        "[functions.f]\nname = 'f'\ntimeout = 3\nevent_source = 'kinesis'\n«asynchronous» = true\n",
        "cannot go with event_source = 'kinesis'",
    ),
    "naming without name": ("naming = «'{application}'»\n", "lacks {name}"),
    "naming by an unknown field": ("naming = «'{app}-{name}'»\n", "uses {app}; it has {application}"),
    "naming with half a brace": ("naming = «'{name}-{'»\n", "a brace without its partner"),
    "dashboard name with a slash": ("dashboard_naming = «'{application}/{name}'»\n", "letters, digits, - and _"),
    "state machine by name": ("[state_machines.s]\narn = «'escalation'»\n", "an ARN"),
    "endless threshold": ("[alarms]\nquery_p99_ms = «inf»\n", "is inf; a finite number"),
    "a number too large": (
        "[models.m]\nid = 'm'\ntokens_per_minute = «99999999999999999999999»\n",
        "1,000,000,000,000",
    ),
    "thresholds together": ("[«alarms»]\npoints = 4\n", "4 of 3 points can never breach"),
    # environments that are not even chosen
    "environment's key": ("[env.prod.tables.s]\nname = 'a'\n«biling» = 'on-demand'\n", "did you mean billing?"),
    "environment's value": ("[env.prod]\nlogs = { retention_days = «2» }\n", "logs.retention_days is 2"),
    "environment that is none": ("[env]\nprod = «3»\n", "env.prod must be a table"),
    # not TOML
    "bare word": ("[account]\nwide = «T»rue\n", "write true or false"),
    "unquoted text": ("naming = «x»yz\n", "write text in quotes"),
    "twice": ("[account]\n[account«]»\n", "is not TOML"),
}


def read(tmp_path: Path, content: str, **options: object) -> list[MangaobsError]:
    file = tmp_path / "mangaobs.toml"
    file.write_text(content, encoding="utf-8")
    with pytest.raises((ConfigurationError, ManyErrors)) as raised:
        read_configuration(tmp_path, thresholds=Thresholds, **options)  # type: ignore[arg-type]
    return raised.value.errors if isinstance(raised.value, ManyErrors) else [raised.value]


@pytest.mark.parametrize("case", CASES)
def test_a_fault_is_named_with_its_place_and_what_would_be_right(case: str, tmp_path: Path) -> None:
    marked, words = CASES[case]
    if "aplication" not in marked:
        marked = "application = 'manga'\n" + marked
    before, rest = marked.split("«")
    token, after = rest.split("»")

    [error] = read(tmp_path, before + token + after)

    assert words in str(error)
    assert error.place is not None
    assert error.place.file == str(tmp_path / "mangaobs.toml")
    assert (error.place.line, error.place.column) == (before.count("\n") + 1, len(before) - before.rfind("\n"))
    assert error.length == len(token)


WHOLE = """
application = "manga"
[account]
id = "123456789012"
[tables.sessions]
name = { parameter = "Sessions", default = "s" }
billing = "provisioned"
read_capacity = { min = 1, max = 2 }
write_capacity = { min = 1, max = 2 }
operations = ["GetItem", "Query"]
[functions]
f = { name = "f-${AWS::Region}", timeout = 3, event_source = "api" }
[[routing.critical.subscribers]]
protocol = "https"
endpoint = { ssm = "/x" }
[alarms]
query_p99_ms = 25
[env.prod.logs]
retention_days = 30
"""
PIECES = re.findall(r"\w+|\s+|.", WHOLE)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.tuples(st.integers(0, len(PIECES) - 1), st.sampled_from([*PIECES, "", "3", "[]", "{}", "nan"])), max_size=3
    )
)
def test_no_configuration_of_any_kind_makes_a_traceback_and_every_fault_has_a_place(
    changes: list[tuple[int, str]],
) -> None:
    pieces = list(PIECES)
    for place, piece in changes:
        pieces[place] = piece
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "mangaobs.toml"
        file.write_text("".join(pieces), encoding="utf-8")
        try:
            read_configuration(file, thresholds=Thresholds)
        except (ConfigurationError, ManyErrors) as error:
            for one in error.errors if isinstance(error, ManyErrors) else [error]:
                assert one.place is not None
                assert one.place.line >= 1


def test_several_faults_are_reported_at_once_in_one_error(tmp_path: Path) -> None:
    errors = read(tmp_path, "application = 'A B'\n[tables.a]\nnme = 'x'\n[tables.b]\nname = 3\n[alarms]\nqery = 1\n")
    assert [error.place.line for error in errors if error.place] == [1, 3, 5, 7]


def test_a_fault_in_the_base_is_not_repeated_for_each_environment(tmp_path: Path) -> None:
    [error] = read(tmp_path, "application = 'a'\n[tables.a]\nnme = 'x'\n[env.dev]\n[env.prod.account]\nwide = false\n")
    assert "nme" in str(error)


def test_an_environment_is_blamed_for_what_it_overrides(tmp_path: Path) -> None:
    content = "application = 'a'\n[logs]\nretention_days = 30\n[env.prod.logs]\nretention_days = 31\n"
    [error] = read(tmp_path, content, env="prod")
    assert error.place is not None
    assert error.place.line == 5


def test_a_combination_across_base_and_environment_points_at_what_has_to_go(tmp_path: Path) -> None:
    content = "application = 'a'\n[tables.s]\nname = 'x'\n[env.prod.tables.s]\nread_capacity = { min = 1, max = 2 }\n"
    [error] = read(tmp_path, content, env="prod")
    assert error.place is not None
    assert error.place[1:] == (5, 1)


def test_without_a_thresholds_type_the_alarms_section_must_be_absent(tmp_path: Path) -> None:
    (tmp_path / "mangaobs.toml").write_text("application = 'a'\n[alarms]\nx = 1\n")
    with pytest.raises(ConfigurationError, match="declares no Thresholds") as raised:
        read_configuration(tmp_path)
    assert raised.value.place is not None
    assert raised.value.place[1:] == (2, 2)


def test_a_configuration_without_an_application_is_refused(tmp_path: Path) -> None:
    [error] = read(tmp_path, "")
    assert "has no application" in str(error)


@pytest.mark.parametrize(
    ("content", "line", "column", "words"),
    [
        (b"\xff\xfe", 1, 1, "is not UTF-8 text"),
        ("a = 1\nb = 'é".encode() + b"\xe9'", 2, 7, "is not UTF-8 text"),
        (b"a = [1,", 1, 8, "is not TOML"),
        (b"a = " + b"[" * 5000, 0, 0, "nested too deeply"),
        (b"a = " + b"9" * 5000, 0, 0, "is not TOML"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(
    tmp_path: Path, content: bytes, line: int, column: int, words: str
) -> None:
    (tmp_path / "mangaobs.toml").write_bytes(content)
    with pytest.raises(ConfigurationError, match=words) as raised:
        read_configuration(tmp_path)
    assert raised.value.place is not None
    assert raised.value.place[1:] == (line, column)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="No such file"):
        read_configuration(tmp_path)


def test_a_byte_order_mark_and_windows_line_ends_are_no_fault(tmp_path: Path) -> None:
    (tmp_path / "mangaobs.toml").write_bytes(b"\xef\xbb\xbfapplication = 'a'\r\n[account]\r\nwide = false\r\n")
    assert read_configuration(tmp_path).account.wide is False
