"""`mangaobs query check`, `format`, `run` and `sql`, as a user runs them."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys

import pytest

LINES = [
    {"timestamp": "2026-01-01T00:00:01Z", "level": "INFO", "op": "read", "ms": 10},
    {"timestamp": "2026-01-01T00:00:02Z", "level": "ERROR", "op": "write", "ms": 30, "note": "a\tb"},
    {"timestamp": "2026-01-01T00:06:00Z", "level": "INFO", "op": "read", "ms": 20},
]
TEXT = "".join(json.dumps(line) + "\n" for line in LINES)


@pytest.fixture
def logs(tmp_path):
    path = tmp_path / "app.jsonl"
    path.write_text(TEXT, encoding="utf-8")
    return path


@pytest.fixture
def recording(tmp_path):
    folder = tmp_path / "recording" / "logs"
    folder.mkdir(parents=True)
    with (folder / "%2Faws%2Flambda%2Fmessage.jsonl").open("w") as stream:
        for place, line in enumerate(LINES):
            event = {"timestamp": 1_767_225_600_000 + place * 1000, "message": json.dumps(line), "logStream": "s"}
            stream.write(json.dumps(event) + "\n")
    return folder.parent


def rows(done):
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


# check


def test_check_underlines_the_token_and_names_the_nearest(mangaobs):
    done = mangaobs("query", "check", "filter level = 'x' | stats cuont(*)")
    assert done.returncode == 1
    assert "error: query:1:28: there is no function 'cuont' (characters 27 to 32)" in done.stdout
    assert "    1 | filter level = 'x' | stats cuont(*)\n      |                            ^^^^^" in done.stdout
    assert "right: did you mean count?" in done.stdout
    assert done.stderr == "1 query checked: 1 errors, 0 warnings\n"


def test_check_of_a_file_names_its_line(mangaobs, tmp_path):
    path = tmp_path / "a.query"
    path.write_text("fields a\n| stats cuont(*)\n")
    done = mangaobs("query", "check", path)
    assert f"{path.name}:2:9: there is no function" in done.stdout


def test_check_as_json_has_the_offsets_of_cloudwatch(mangaobs):
    (one,) = json.loads(mangaobs("query", "check", "limit 0", "--format", "json").stdout)
    assert one["severity"] == "error"
    assert (one["line"], one["column"], one["startCharOffset"], one["endCharOffset"]) == (1, 1, 0, 7)


def test_check_of_everything_that_is_saved_is_fine(mangaobs):
    done = mangaobs("query", "check")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "20 queries checked: 0 errors, 0 warnings\n"


def test_check_holds_the_definitions_of_a_template_against_its_own_signals(mangaobs, tmp_path):
    template = tmp_path / "t.json"
    template.write_text(mangaobs("render").stdout)
    done = mangaobs("query", "check", "--template", template, "--signals", template)
    assert (done.returncode, done.stdout) == (0, "")
    text = template.read_text().replace('filter event = \\"hot_key\\"', 'filter evnet = \\"hot_key\\"')
    template.write_text(text)
    done = mangaobs("query", "check", "hot-keys", "--template", template, "--signals", template)
    assert done.returncode == 1
    assert "no log line has the field evnet" in done.stdout
    assert "did you mean event?" in done.stdout


def test_check_holds_fields_against_a_recording_and_against_a_file(mangaobs, recording, tmp_path):
    names = tmp_path / "names"
    names.write_text("# of the application\nlevel\nother\n")
    for more in (["--recording", recording], ["--fields", names]):
        done = mangaobs("query", "check", "filter levle = 'x'", *more)
        assert "did you mean level?" in done.stdout
    assert mangaobs("query", "check", "filter level = 'x'", "--recording", recording).returncode == 0


def test_check_in_a_pipe_that_closes_says_nothing(mangaobs):
    command = [sys.executable, "-m", "mangaobs", "query", "check", "fields |"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        assert b"Traceback" not in process.stderr.read()


def test_check_loads_neither_engine_nor_click():
    program = (
        "import sys; sys.argv = ['mangaobs', 'query', 'check', 'stats count(*)']\n"
        "from mangaobs.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print([one for one in ('click', 'duckdb', 'sqlglot', 'msgspec') if one in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# format


def test_format_prints_writes_and_checks(mangaobs, tmp_path):
    path = tmp_path / "a.query"
    path.write_text("fields a,b|filter c=1 # why\n")
    assert mangaobs("query", "format", path).stdout == "fields a, b\n| filter c = 1 # why\n"
    assert mangaobs("query", "format", path, "--check").returncode == 1
    assert mangaobs("query", "format", path, "--write").returncode == 0
    assert path.read_text() == "fields a, b\n| filter c = 1 # why\n"
    assert mangaobs("query", "format", path, "--check").returncode == 0


def test_format_leaves_a_file_alone_that_it_cannot_read(mangaobs, tmp_path):
    path = tmp_path / "a.query"
    path.write_text("fields a,\n| stats (\n")
    done = mangaobs("query", "format", path, "--write")
    assert done.returncode == 2
    assert f"{path.name}:2:1" in done.stderr
    assert "2 errors" in done.stderr
    assert path.read_text() == "fields a,\n| stats (\n"


# run


def test_run_over_lines_as_json_has_text_as_cloudwatch_gives_it_or_numbers(mangaobs, logs):
    query = "filter level = 'INFO' | stats count(*) as n, avg(ms) as a by op"
    assert rows(mangaobs("query", "run", query, "--logs", logs, "--format", "json")) == [
        {"op": "read", "n": "2", "a": "15"}
    ]
    typed = rows(mangaobs("query", "run", query, "--logs", logs, "--format", "json", "--typed"))
    assert typed == [{"op": "read", "n": 2, "a": 15}]


def test_run_prints_a_table_and_the_number_of_rows_apart(mangaobs, logs):
    done = mangaobs("query", "run", "fields op, ms, note | sort ms desc", "--logs", logs)
    lines = [line.rstrip() for line in done.stdout.splitlines() if line.strip()]
    assert lines[0].split() == ["op", "ms", "note"]
    assert lines[2].split() == ["write", "30", "a␉b"]
    assert done.stderr == "3 rows\n"


def test_run_as_csv(mangaobs, logs):
    done = mangaobs("query", "run", "fields op, note | sort ms asc", "--logs", logs, "--format", "csv")
    assert done.stdout == "op,note\nread,\nread,\nwrite,a\tb\n"


def test_run_draws_bins(mangaobs, logs):
    done = mangaobs("query", "run", "stats count(*) as n by bin(5m)", "--logs", logs, "--chart")
    first, second = done.stdout.splitlines()[1:]
    assert first.startswith("2026-01-01 00:00:00.000  2 ██")
    assert second.count("█") * 2 in range(first.count("█") - 2, first.count("█") + 3)
    done = mangaobs("query", "run", "stats count(*)", "--logs", logs, "--chart")
    assert (done.returncode, done.stdout) == (2, "")
    assert "--chart draws stats … by bin(…)" in done.stderr


@pytest.mark.parametrize("kind", ["plain", "gzip", "export", "pretty export", "stdin", "folder", "pattern", "parquet"])
def test_run_reads_what_there_is(mangaobs, logs, tmp_path, kind):
    query = "stats count(*) as n, sum(ms) as s, max(level) as l"
    given = str(logs)
    if kind == "gzip":
        path = tmp_path / "app.log"  # by its content, not by its name
        path.write_bytes(gzip.compress(TEXT.encode()))
        given = str(path)
    elif "export" in kind:
        path = tmp_path / "events.json"
        events = [{"timestamp": 1, "message": json.dumps(line), "logStreamName": "s"} for line in LINES]
        path.write_text(json.dumps({"events": events}, indent=2 if kind == "pretty export" else None))
        given = str(path)
    elif kind == "folder":
        given = str(tmp_path)
    elif kind == "pattern":
        given = str(tmp_path / "*.jsonl")
    elif kind == "parquet":
        import duckdb

        path = tmp_path / "app.parquet"
        duckdb.sql(f"COPY (SELECT * FROM read_json('{logs}')) TO '{path}'")  # noqa: S608
        given = str(path)
    if kind == "stdin":
        command = [sys.executable, "-m", "mangaobs", "query", "run", query, "--logs", "-", "--format", "json"]
        done = subprocess.run(command, input=TEXT, capture_output=True, text=True)
    else:
        done = mangaobs("query", "run", query, "--logs", given, "--format", "json")
    assert rows(done) == [{"n": "3", "s": "60", "l": "INFO"}]


def test_run_between_two_times(mangaobs, logs):
    def count(*more):
        return rows(mangaobs("query", "run", "stats count(*) as n", "--logs", logs, "--format", "json", *more))

    assert count("--start", "2026-01-01T00:00:02Z") == [{"n": "2"}]
    assert count("--start", "2026-01-01T00:00:02Z", "--end", "1767225602000") == [{"n": "1"}]
    assert count("--start", "-1h") in ([], [{"n": "3"}])


def test_run_over_a_recording_makes_a_cache_once(mangaobs, recording):
    query = ["query", "run", "filter op = 'read' | stats count(*) as n by @log", "--recording", recording]
    expected = [{"@log": "000000000000:/aws/lambda/message", "n": "2"}]
    assert rows(mangaobs(*query, "--format", "json")) == expected
    (cached,) = (recording / ".cache").rglob("*.parquet")
    before = cached.stat().st_mtime_ns
    assert rows(mangaobs(*query, "--format", "json")) == expected
    assert cached.stat().st_mtime_ns == before


def test_a_recording_that_changed_is_read_anew(mangaobs, recording):
    query = ["query", "run", "stats count(*) as n", "--recording", recording, "--format", "json"]
    assert rows(mangaobs(*query)) == [{"n": "3"}]
    (path,) = (recording / "logs").iterdir()
    with path.open("a") as stream:
        stream.write('{"timestamp": 1767225609000, "message": "one more"}\n')
    assert rows(mangaobs(*query)) == [{"n": "4"}]


def test_run_of_a_saved_query_and_of_one_with_parameters(mangaobs, recording, tmp_path):
    path = tmp_path / "q"
    path.write_text("filter op = {{op}} and ms > {{least}} | fields ms")
    query = ["query", "run", path, "--recording", recording, "--format", "json"]
    assert rows(mangaobs(*query, "--param", "op=read", "--param", "least=15")) == [{"ms": "20"}]
    done = mangaobs(*query, "--param", "op=read")
    assert done.returncode == 2
    assert "the parameter least has no value" in done.stderr
    assert rows(mangaobs("query", "run", "hot-keys", "--recording", recording, "--format", "json")) == []


def test_run_says_which_open_questions_the_rows_depend_on(mangaobs, logs):
    query = ["query", "run", "filter note != 'x' | fields op", "--logs", logs, "--format", "json"]
    done = mangaobs(*query, "--explain")
    assert rows(done) == [{"op": "write"}]
    assert "missing_ne=false: does != match an event that lacks the field? the rows depend on it" in done.stderr
    assert len(rows(mangaobs(*query, "--policy", "missing_ne=true"))) == 3
    assert "no question" in mangaobs("query", "run", "fields op", "--logs", logs, "--explain").stderr


def test_run_of_what_only_cloudwatch_can_says_so(mangaobs, logs):
    for query, word in (("pattern @message", "pattern"), ("fields op | diff", "diff"), ("filldown op", "filldown")):
        done = mangaobs("query", "run", query, "--logs", logs)
        assert done.returncode == 2
        assert f"{word} " in done.stderr
        assert "--engine cloudwatch" in done.stderr


def test_run_with_a_lookup_table(mangaobs, logs, tmp_path):
    table = tmp_path / "ops.csv"
    table.write_text("op,team\nread,web\n")
    query = "lookup ops op OUTPUT team | stats count(*) as n by team | sort n desc | limit 1"
    done = mangaobs("query", "run", query, "--logs", logs, "--lookup", f"ops={table}", "--format", "json")
    assert rows(done) == [{"team": "web", "n": "2"}]
    done = mangaobs("query", "run", query, "--logs", logs)
    assert "there is no lookup table 'ops'" in done.stderr


def test_lines_that_are_no_utf8_are_read_and_told_of(mangaobs, tmp_path):
    path = tmp_path / "a.log"
    path.write_bytes(b'{"a": 1}\nbad \xff\xfe\n{"a": 2}\n')
    done = mangaobs("query", "run", "stats count(*) as n, sum(a) as s", "--logs", path, "--format", "json")
    assert rows(done) == [{"n": "3", "s": "3"}]
    done = mangaobs(
        "query", "run", "filter @message like /bad/ | stats count(*) as n", "--logs", path, "--format", "json"
    )
    assert rows(done) == [{"n": "1"}]


def test_line_ends_of_windows_and_carriage_returns_within_lines(mangaobs, tmp_path):
    path = tmp_path / "a.log"
    path.write_bytes(b'one\rtwo\r\n{"a": 1}\r\n\xef\xbb\xbfthree\n')
    more = ["--logs", path, "--format", "json"]
    found = rows(mangaobs("query", "run", "fields @message", *more))
    assert [row["@message"] for row in found] == ["\ufeffthree", '{"a": 1}', "one\rtwo"]
    assert rows(mangaobs("query", "run", "stats sum(a) as s, count(*) as n", *more)) == [{"s": "1", "n": "3"}]


def test_a_line_of_a_megabyte_is_a_line(mangaobs, tmp_path):
    path = tmp_path / "a.log"
    path.write_text(json.dumps({"a": "x" * 1_000_000}) + "\n" + "y" * 1_000_000 + '\n{"a": "z"}\n')
    done = mangaobs("query", "run", "fields strlen(a) as n | sort n desc", "--logs", path, "--format", "json")
    assert rows(done) == [{"n": "1000000"}, {"n": "1"}, {}]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["stats count(*)"], "logs are needed"),
        (["stats count(*)", "--logs", "nowhere.jsonl"], "nowhere.jsonl: no such file"),
        (["stats count(*)", "--recording", "nowhere"], "nowhere is no folder"),
        (["slowest-operation", "--logs", "x"], "did you mean slowest-operations?"),
        (["stats cuont(*)", "--logs", "app.jsonl"], "did you mean count?"),
        (["stats count(*)", "--logs", "app.jsonl", "--start", "yesterday"], "'yesterday' is no time"),
        (["stats count(*)", "--logs", "app.jsonl", "--start", "now", "--end", "-1h"], "--start is after --end"),
        (["stats count(*)", "--logs", "app.jsonl", "--policy", "missing=true"], "there is no policy 'missing'"),
        (["stats count(*)", "--logs", "app.jsonl", "--param", "x=1"], "has no parameter 'x'"),
        (["SOURCE 'b' | stats count(*)", "--logs", "a=app.jsonl"], "there is no log group 'b' here"),
        (["stats count(*)", "--engine", "cloudwatch"], "a log group is needed"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(mangaobs, logs, arguments, says):
    done = mangaobs("query", "run", *arguments, cwd=logs.parent)
    assert (done.returncode, done.stdout) == (2, "")
    assert says in done.stderr
    assert "Traceback" not in done.stderr


# sql


def test_sql_runs_in_duckdb(mangaobs, logs):
    import duckdb

    done = mangaobs("query", "sql", "filter level = 'INFO' | stats sum(ms) as s by op", "--logs", logs)
    with duckdb.connect() as connection:
        *_, last = duckdb.extract_statements(done.stdout)
        for statement in duckdb.extract_statements(done.stdout)[:-1]:
            connection.execute(statement)
        assert connection.execute(last).fetchall() == [("read", "30")]


def test_sql_without_logs_is_over_a_file_of_events(mangaobs):
    assert "'log_events.jsonl'" in mangaobs("query", "sql", "stats count(*)").stdout
