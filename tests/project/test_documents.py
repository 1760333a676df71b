"""The generated documents are current, every alarm leads to a runbook, and a broken runbook says where it is broken."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from mangaobs.errors import DefinitionError, ManyErrors
from mangaobs.model.alarm import CompositeAlarm, Severity, any_of, critical, info, warning
from mangaobs.model.metric import MINUTE, Metric
from mangaobs.model.observability import Naming, Observability
from mangaobs.model.query import QueryParameter, SavedQuery
from mangaobs.model.runbook import Runbook
from mangaobs.model.trail import EventRule
from mangaobs.project.build import load_observability
from mangaobs.project.documents import (
    alarm_catalogue,
    documents,
    main,
    not_current,
    of_project,
    runbook_page,
    write_documents,
)

MakeProject = Callable[[Mapping[str, str]], Path]

ROOT = Path(__file__).resolve().parents[2]
RUNBOOKS = sorted((ROOT / "alarms" / "runbooks").glob("*.md"))
SECTIONS = [
    "What it means",
    "First look",
    "Likely causes",
    "Stop the bleeding",
    "Afterwards",
    "Queries to run",
]

HEAD = "---\ntitle: Errors\nsummary: Something fails; look at the log.\n---\n\n"
ERRORS = Metric("Manga", "Errors")


@pytest.fixture(scope="module")
def bundled() -> Observability:
    return load_observability(ROOT)


class TestBundledProject:
    def test_the_documents_are_current(self) -> None:
        assert not_current(ROOT, of_project(ROOT)) == [], "make docs"

    def test_every_alarm_composite_and_event_rule_has_a_runbook(self, bundled: Observability) -> None:
        linking = (*bundled.alarms, *bundled.composites, *bundled.events)
        assert {one.name: one.runbook for one in linking if one.runbook not in bundled.runbooks} == {}

    def test_every_runbook_is_used(self, bundled: Observability) -> None:
        # By the definitions' source: some alarms exist only in other configurations (DAX, provisioned tables).
        used = set()
        for file in (ROOT / "alarms").glob("*.py"):
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.keyword) and node.arg == "runbook":
                    used |= {part.value for part in ast.walk(node.value) if isinstance(part, ast.Constant)}
        assert set(bundled.runbooks) - used == set()

    def test_every_next_query_exists(self, bundled: Observability) -> None:
        queries = {query.name for query in bundled.queries}
        alarms = (*bundled.alarms, *bundled.composites)
        assert {one.name: one.next_query for one in alarms if one.next_query and one.next_query not in queries} == {}

    def test_the_catalogue_names_everything_that_may_page(self, bundled: Observability) -> None:
        catalogue = alarm_catalogue(bundled)
        everything = (*bundled.alarms, *bundled.composites, *bundled.events)
        assert [one.name for one in everything if f"| `{one.name}`" not in catalogue] == []


@pytest.mark.parametrize("file", RUNBOOKS, ids=lambda file: file.stem)
class TestRunbooks:
    def test_has_its_sections_in_order(self, file: Path) -> None:
        found = re.findall(r"^## (.+)$", file.read_text(), flags=re.MULTILINE)
        required = [section for section in SECTIONS if section != "Afterwards" or section in found]
        assert found == required

    def test_ends_with_queries_that_exist(self, file: Path, bundled: Observability) -> None:
        _, _, last = file.read_text().partition("## Queries to run")
        named = re.findall(r'\{\{ query\("([^"]+)"\) \}\}', last)
        assert named
        assert set(named) <= {query.name for query in bundled.queries}

    def test_has_a_summary_that_fits_into_a_description(self, file: Path, bundled: Observability) -> None:
        summary = bundled.runbooks[file.stem].summary
        assert 40 <= len(summary) <= 200
        assert "{" not in summary
        assert summary.endswith(".")
        assert ". " not in summary, "one sentence"

    def test_its_links_lead_to_runbooks(self, file: Path) -> None:
        for target in re.findall(r"\]\(([^)]+)\)", file.read_text()):
            assert (file.parent / target).is_file(), target

    def test_its_fences_are_closed(self, file: Path) -> None:
        assert file.read_text().count("```") % 2 == 0


def observability(*bodies: str, **fields: object) -> Observability:
    """A small system: a runbook `errors0`, `errors1` … for each body, and one query."""
    runbooks = {
        f"errors{number}": Runbook.parse(f"errors{number}", HEAD + body, f"errors{number}.md")
        for number, body in enumerate(bodies or ("Nothing.\n",))
    }
    everything: dict[str, object] = {
        "naming": Naming(application="manga", environment="test"),
        "root": str(Path(__file__).parent),
        "runbooks": runbooks,
        "queries": (
            SavedQuery(
                name="slow-calls",
                text="fields @message\n| filter ms > {{limit}}",
                summary="Calls above a limit.",
                log_groups=("/manga/chat",),
                parameters=(QueryParameter("limit", 25, "Milliseconds.", "integer"),),
            ),
        ),
        **fields,
    }
    return Observability(**everything)  # type: ignore[arg-type]


def page(body: str, **fields: object) -> str:
    system = observability(body, **fields)
    return runbook_page(system, system.runbooks["errors0"])


def row(text: str, name: str) -> list[str]:
    """The cells of the table row that begins with `name`."""
    line = next(line for line in text.splitlines() if line.startswith(f"| `{name}`"))
    return [cell.strip() for cell in line.strip("|").split(" | ")]


class TestCatalogue:
    def test_a_row_says_when_it_fires_and_who_hears(self) -> None:
        alarm = critical(
            "errors",
            ERRORS.sum(MINUTE) > 0,
            for_=2,
            out_of=5,
            summary="Something fails.",
            runbook="errors0",
            next_query="slow-calls",
        )
        assert row(alarm_catalogue(observability(alarms=(alarm,))), "errors") == [
            "`errors`",
            "Something fails.",
            "Sum of Errors > 0, 2 of 5 periods of 1 min",
            "not breaching",
            "pages somebody now",
            "[errors0](runbooks/errors0.md)",
            "`slow-calls`",
        ]

    def test_alarms_are_grouped_by_severity_then_by_the_file_that_defines_them(self) -> None:
        condition = ERRORS.sum(MINUTE) > 0
        alarms = (
            info("recorded", condition, summary="Something is odd.", runbook="errors0"),
            critical("paged", condition, summary="Something fails.", runbook="errors0"),
        )
        catalogue = alarm_catalogue(observability(alarms=alarms))
        assert re.findall(r"^##+ (.+)$", catalogue, flags=re.MULTILINE) == [
            "Critical: pages somebody now",
            "Critical: test documents",
            "Info: is recorded",
            "Info: test documents",
        ]
        assert "Defined in `test_documents.py`." in catalogue

    def test_an_alarm_that_pages_through_a_composite_names_it(self) -> None:
        alarm = critical(
            "errors", ERRORS.sum(MINUTE) > 0, through="down", summary="Something fails.", runbook="errors0"
        )
        down = CompositeAlarm(
            name="down-2",  # groups are numbered when they outgrow one composite
            rule=any_of(alarm),
            severity=Severity.CRITICAL,
            summary="All is down.",
            runbook="errors0",
        )
        catalogue = alarm_catalogue(observability(alarms=(alarm,), composites=(down,)))
        assert row(catalogue, "errors")[4] == "opens a ticket; pages through `down-2`"

    def test_a_composite_says_its_rule_and_what_suppresses_it(self) -> None:
        alarm = warning("errors", ERRORS.sum(MINUTE) > 0, summary="Something fails.", runbook="errors0")
        fields = {"severity": Severity.CRITICAL, "summary": "All is down.", "runbook": "errors0"}
        down = CompositeAlarm(name="down", rule=any_of(alarm), **fields)  # type: ignore[arg-type]
        cause = CompositeAlarm(name="cause", rule=any_of(alarm), suppressor=down, wait=120, extension=180, **fields)  # type: ignore[arg-type]
        cells = row(alarm_catalogue(observability(alarms=(alarm,), composites=(down, cause))), "cause")
        assert cells[2] == "errors"
        assert cells[3] == "`down`: waits 120 s for it, and 180 s after it"

    def test_an_event_rule_says_which_calls_it_is_for(self) -> None:
        rule = EventRule(
            name="gone",
            severity=Severity.CRITICAL,
            summary="A table is gone.",
            runbook="errors0",
            pattern={"source": ["aws.dynamodb"], "detail": {"eventName": ["DeleteTable"]}},
        )
        assert row(alarm_catalogue(observability(events=(rule,))), "gone")[2] == "aws.dynamodb: DeleteTable"

    def test_it_is_true_of_a_system_with_nothing_in_it(self) -> None:
        assert "## " not in alarm_catalogue(observability())

    def test_a_bar_in_a_text_does_not_end_its_cell(self) -> None:
        alarm = warning("errors", ERRORS.sum(MINUTE) > 0, summary="Either a|b or c fails.", runbook="errors0")
        assert row(alarm_catalogue(observability(alarms=(alarm,))), "errors")[1] == "Either a\\|b or c fails."


class TestPage:
    def test_lists_the_alarms_that_link_to_it(self) -> None:
        alarm = warning("errors", ERRORS.sum(MINUTE) > 3, summary="Something fails.", runbook="errors0")
        other = warning("others", ERRORS.sum(MINUTE) > 9, summary="Something else fails.", runbook="errors1")
        system = observability("One.", "Two.", alarms=(alarm, other))
        text = runbook_page(system, system.runbooks["errors0"])
        assert row(text, "errors") == [
            "`errors`",
            "warning",
            "Something fails.",
            "Sum of Errors > 3, 1 of 1 periods of 1 min",
        ]
        assert "others" not in text

    def test_a_query_is_filled_in_and_named_as_in_the_console(self) -> None:
        text = page('{{ query("slow-calls") }}\n')
        assert "**`manga/test/slow-calls`**: Calls above a limit." in text
        assert "Set `limit` (here `25`): Milliseconds." in text
        assert "```text\nfields @message\n| filter ms > 25\n```" in text

    def test_knows_the_application_its_alarms_and_its_log_groups(self) -> None:
        alarm = warning("errors", ERRORS.sum(MINUTE) > 3, summary="Something fails.", runbook="errors0")
        body = "{{ application }}/{{ environment }}: {% for one in alarms %}{{ one.name }}{% endfor %} in {{ logs[0] }}"
        assert page(body, alarms=(alarm,)).endswith("\nmanga/test: errors in /manga/chat\n")


class TestWrongRunbooks:
    @pytest.mark.parametrize(
        ("body", "line", "problem"),
        [
            ('One.\n\n{{ query("slow-cals") }}\n', 3, "there is no query 'slow-cals'"),
            ("One.\n{{ table }}\n", 2, "'table' is undefined"),
            ("One.\n\n\n{% if %}\n", 4, "Expected an expression"),
            ("One.\n{{ 1 / 0 }}\n", 2, "division by zero"),
        ],
    )
    def test_say_their_file_and_line(self, tmp_path: Path, body: str, line: int, problem: str) -> None:
        file = tmp_path / "errors0.md"
        file.write_text(HEAD + body)
        system = observability()
        runbook = Runbook.parse("errors0", file.read_text(), str(file))
        with pytest.raises(DefinitionError) as caught:
            runbook_page(system, runbook)
        assert problem in caught.value.problem
        assert caught.value.place == (str(file), HEAD.count("\n") + line, 0)

    def test_an_unknown_query_comes_with_the_nearest(self) -> None:
        with pytest.raises(DefinitionError, match="did you mean slow-calls"):
            page('{{ query("slow-cals") }}\n')

    def test_all_are_reported_at_once(self) -> None:
        with pytest.raises(ManyErrors) as caught:
            documents(observability("{{ one }}\n", "Fine.\n", "{{ two }}\n"))
        assert len(caught.value.errors) == 2


class TestFiles:
    def test_check_names_what_is_missing_old_and_left_over(self, tmp_path: Path) -> None:
        texts = documents(observability("One.\n", "Two.\n"), "# Configuration\n")
        assert write_documents(tmp_path, texts) == list(texts)
        assert not_current(tmp_path, texts) == []
        (tmp_path / "docs" / "alarms.md").write_text("old")
        (tmp_path / "docs" / "configuration.md").unlink()
        del texts["docs/runbooks/errors1.md"]
        assert not_current(tmp_path, texts) == [
            "docs/alarms.md is not current",
            "docs/configuration.md is missing",
            "docs/runbooks/errors1.md has no runbook any more",
        ]

    def test_writing_makes_all_current_and_leaves_nothing_else_behind(self, tmp_path: Path) -> None:
        write_documents(tmp_path, documents(observability("One.\n", "Two.\n")))
        texts = documents(observability("One.\n"))
        write_documents(tmp_path, texts)
        assert not_current(tmp_path, texts) == []
        written = {file.relative_to(tmp_path).as_posix() for file in tmp_path.rglob("*") if file.is_file()}
        assert written == set(texts)

    def test_what_is_current_is_not_written_again(self, tmp_path: Path) -> None:
        texts = documents(observability())
        write_documents(tmp_path, texts)
        assert write_documents(tmp_path, texts) == []

    def test_a_page_that_a_person_put_there_stays(self, tmp_path: Path) -> None:
        own = tmp_path / "docs" / "runbooks" / "ours.md"
        own.parent.mkdir(parents=True)
        own.write_text("# Ours\n")
        texts = documents(observability())
        write_documents(tmp_path, texts)
        assert own.read_text() == "# Ours\n"
        assert not_current(tmp_path, texts) == []


class TestCommand:
    def test_writes_then_finds_everything_current(
        self, make_project: MakeProject, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        root = make_project({"alarms/runbooks/errors.md": HEAD + "Nothing.\n"})
        monkeypatch.chdir(root)
        assert main(["--check"]) == 1
        assert "docs/runbooks/errors.md is missing; run python -m" in capsys.readouterr().out
        assert main([]) == 0
        assert main(["--check"]) == 0
        assert {file.name for file in (root / "docs").rglob("*.md")} == {"alarms.md", "configuration.md", "errors.md"}

    def test_a_wrong_runbook_is_named_and_nothing_is_written(
        self, make_project: MakeProject, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        root = make_project({"alarms/runbooks/errors.md": HEAD + 'One.\n{{ query("none") }}\n'})
        monkeypatch.chdir(root)
        assert main([]) == 2
        assert (
            f"{root}/alarms/runbooks/errors.md:7: runbook 'errors': there is no query 'none'" in capsys.readouterr().err
        )
        assert not (root / "docs").exists()

    def test_an_unknown_option_is_refused(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["--chek"]) == 2
        assert "--check" in capsys.readouterr().err

    def test_documents_that_cannot_be_written_are_named(
        self, make_project: MakeProject, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        root = make_project({"docs": "a file where the folder belongs"})
        monkeypatch.chdir(root)
        assert main([]) == 2
        assert "docs" in capsys.readouterr().err
