"""A project is found from where one stands, and its definitions are imported without meeting any other's."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from mangaobs.errors import DefinitionError, ManyErrors, Place, ProjectError
from mangaobs.project import find_root, load, load_definitions

MakeProject = Callable[[Mapping[str, str]], Path]

SIGNALS = """
from mangaobs.signals import MetricSignal, Signals
CHATS = MetricSignal("Manga", "Chats", "Count")
SIGNALS = Signals(metrics=(CHATS,))
"""


class TestFinding:
    def test_the_nearest_configuration_upward_is_the_projects(self, make_project: MakeProject) -> None:
        root = make_project({"alarms/a.py": "", "nested/mangaobs.toml": "", "nested/alarms/b.py": ""})
        assert find_root(root / "alarms") == root
        assert find_root(root / "nested" / "alarms") == root / "nested"

    def test_the_configuration_itself_may_be_named(self, make_project: MakeProject) -> None:
        root = make_project({})
        assert find_root(root / "mangaobs.toml") == root

    def test_it_is_looked_for_from_the_working_directory(
        self, make_project: MakeProject, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        root = make_project({"queries/q.py": ""})
        monkeypatch.chdir(root / "queries")
        assert find_root() == root

    @pytest.mark.parametrize("bundled", [True, False], ids=["installed wheel", "checkout"])
    def test_far_from_any_it_is_the_one_that_comes_with_the_package(
        self, make_project: MakeProject, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, bundled: bool
    ) -> None:
        house = make_project({"package/_project/mangaobs.toml": ""} if bundled else {"package/x.py": ""})
        elsewhere = tmp_path / "elsewhere"
        elsewhere.mkdir()
        monkeypatch.chdir(elsewhere)
        monkeypatch.setattr(load, "_PACKAGE", house / "package")
        assert find_root() == (house / "package" / "_project" if bundled else house)

    def test_a_folder_that_was_asked_for_and_has_none_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(ProjectError, match=r"has no mangaobs.toml, and no folder above it"):
            find_root(tmp_path)

    def test_a_folder_that_is_not_there_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(ProjectError, match="is not a folder") as raised:
            find_root(tmp_path / "none")
        assert raised.value.place == Place(str(tmp_path / "none"))


class TestImporting:
    def test_definitions_are_collected_by_their_names_in_the_order_of_their_files(
        self, make_project: MakeProject
    ) -> None:
        root = make_project(
            {
                "alarms/b.py": "def alarms(app):\n    yield f'b of {app}'\n",
                "alarms/a.py": "def alarms(app):\n    yield 'a1'\n    yield 'a2'\ndef filters(app): return ['f']\n",
                "alarms/__init__.py": "def rules(app): return ('r',)\n",
                "queries/q.py": "def contributors(app): return ['c']\n",
            }
        )
        definitions = load_definitions(root)
        assert definitions.collect("alarms", "alarms", object, "app") == ["a1", "a2", "b of app"]
        assert definitions.collect("alarms", "filters", object, "app") == ["f"]
        assert definitions.collect("alarms", "rules", object, "app") == ["r"]
        assert definitions.collect("queries", "contributors", object, "app") == ["c"]
        assert definitions.collect("dashboards", "dashboards", object, "app") == []

    def test_a_function_that_is_only_imported_is_not_collected_twice(self, make_project: MakeProject) -> None:
        root = make_project(
            {"alarms/a.py": "def alarms(app): return [1]\n", "alarms/b.py": "from .a import alarms\nHERS = alarms\n"}
        )
        assert load_definitions(root).collect("alarms", "alarms", object, None) == [1]

    def test_definitions_read_the_very_signals_that_handlers_emit(self, make_project: MakeProject) -> None:
        root = make_project(
            {
                "handlers/signals.py": SIGNALS,
                "alarms/a.py": "from ..handlers.signals import CHATS\ndef alarms(app): return [CHATS]\n",
            }
        )
        definitions = load_definitions(root)
        assert definitions.collect("alarms", "alarms", object, None)[0] is definitions.signals().metrics[0]

    def test_a_project_without_handlers_emits_nothing(self, make_project: MakeProject) -> None:
        assert load_definitions(make_project({})).signals().metrics == ()

    def test_a_handler_is_not_run_for_being_there(self, make_project: MakeProject) -> None:
        root = make_project({"handlers/signals.py": SIGNALS, "handlers/message.py": "raise RuntimeError\n"})
        assert load_definitions(root).signals().metrics[0].name == "Chats"

    def test_helpers_are_imported_by_those_who_use_them(self, make_project: MakeProject) -> None:
        root = make_project(
            {
                "alarms/_limits.py": "LIMIT = 7\ndef alarms(app): return ['never']\n",
                "alarms/a.py": "from ._limits import LIMIT\ndef alarms(app): return [LIMIT]\n",
            }
        )
        assert load_definitions(root).collect("alarms", "alarms", object, None) == [7]

    def test_two_projects_in_one_process_do_not_meet(self, make_project: MakeProject) -> None:
        before = list(sys.path), set(sys.modules)
        roots = [
            make_project(
                {
                    "handlers/signals.py": SIGNALS.replace("Chats", name),
                    "alarms/a.py": "from ..handlers.signals import CHATS\ndef alarms(app): return [CHATS.name]\n",
                }
            )
            for name in ("One", "Two")
        ]
        one, two = map(load_definitions, roots)
        assert one.collect("alarms", "alarms", object, None) == ["One"]
        assert two.collect("alarms", "alarms", object, None) == ["Two"]
        assert sys.path == before[0]
        top = {name.partition(".")[0] for name in set(sys.modules) - before[1]}
        assert not top & {"alarms", "dashboards", "queries", "handlers"}

    def test_roots_with_one_checksum_do_not_meet_either(
        self, make_project: MakeProject, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(load.zlib, "crc32", lambda _: 7)
        roots = [make_project({"alarms/a.py": f"def alarms(app): return [{n}]\n"}) for n in range(3)]
        loaded = [load_definitions(root) for root in roots]
        assert [definitions.collect("alarms", "alarms", object, None) for definitions in loaded] == [[0], [1], [2]]

    def test_loading_again_sees_what_was_written_since(self, make_project: MakeProject) -> None:
        root = make_project({"alarms/a.py": "def alarms(app): return [1]\n"})
        assert load_definitions(root).collect("alarms", "alarms", object, None) == [1]
        (root / "alarms" / "a.py").write_text("def alarms(app): return [22]\n")
        (root / "alarms" / "b.py").write_text("def alarms(app): return [333]\n")
        assert load_definitions(root).collect("alarms", "alarms", object, None) == [22, 333]

    def test_a_folder_that_cannot_be_written_to_is_no_hindrance(self, make_project: MakeProject) -> None:
        # A file where the bytecode's folder belongs: not even root can write there.
        root = make_project({"alarms/a.py": "def alarms(app): return [1]\n", "alarms/__pycache__": ""})
        assert load_definitions(root).collect("alarms", "alarms", object, None) == [1]

    def test_loading_brings_neither_difflib_nor_the_scanner_when_all_is_well(self, make_project: MakeProject) -> None:
        root = make_project({"alarms/a.py": "", "handlers/signals.py": SIGNALS})
        script = (
            "import sys; from pathlib import Path; import mangaobs.project as p;"
            f"r = p.find_root(Path({str(root)!r})); d = p.load_definitions(r);"
            "p.read_configuration(r, thresholds=d.thresholds());"
            "print([m for m in ('difflib', 'mangaobs.project._explain', 'mangaobs.project._positions', 'troposphere',"
            " 'boto3', 'jinja2', 'importlib.metadata') if m in sys.modules])"
        )
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
        assert done.stdout.strip() == "[]"


class TestThresholds:
    def test_the_alarms_folder_types_its_own_section(self, make_project: MakeProject) -> None:
        source = "import msgspec\nclass Thresholds(msgspec.Struct):\n    latency_ms: float = 25\n"
        root = make_project({"alarms/thresholds.py": source, "alarms/a.py": "from .thresholds import Thresholds\n"})
        thresholds = load_definitions(root).thresholds()
        assert thresholds is not None
        assert thresholds().latency_ms == 25  # type: ignore[attr-defined]

    def test_none_is_declared(self, make_project: MakeProject) -> None:
        assert load_definitions(make_project({"alarms/a.py": ""})).thresholds() is None

    def test_two_types_are_refused(self, make_project: MakeProject) -> None:
        source = "import msgspec\nclass Thresholds(msgspec.Struct): pass\n"
        root = make_project({"alarms/a.py": source, "alarms/b.py": source})
        with pytest.raises(ProjectError, match=r"b\.py: declares Thresholds, and .*a\.py too"):
            load_definitions(root).thresholds()

    def test_another_kind_of_class_is_refused(self, make_project: MakeProject) -> None:
        root = make_project({"alarms/a.py": "class Thresholds: pass\n"})
        with pytest.raises(ProjectError, match=r"Thresholds is not a msgspec\.Struct"):
            load_definitions(root).thresholds()


BROKEN = {
    "unknown name": ("x = 1\n«undefined»\n", "fails: NameError: name 'undefined' is not defined"),
    "missing module": ("«import nothing_like_it»\n", "No module named 'nothing_like_it'"),
    "absolute import": (
        "«from handlers.signals import X»\n",
        "imports are relative, for example from ..handlers",
    ),
    "name that is not there": (
        "from .helpers import x\n«from .helpers import y»\n",
        "cannot import name 'y' from 'alarms.helpers'",
    ),
    "syntax": ("def alarms(app):\n    return «(»\n", "is not Python: '(' was never closed"),
    "exit": ("import sys\n«sys.exit(3)»\n", "fails: SystemExit: 3"),
    "in the library": ("import json\n«json.loads('{')»\n", "fails: JSONDecodeError"),
    "bad definition": ("from mangaobs.model.metric import Metric\n«Metric('A', 'm').p(101)»\n", "p101"),
    "bad signal": (
        "from mangaobs.signals import MetricSignal\n«MetricSignal('AWS/Lambda', 'm', 'Count')»\n",
        "AWS/Lambda",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_module_that_fails_is_named_with_its_failing_statement(case: str, make_project: MakeProject) -> None:
    marked, words = BROKEN[case]
    before = marked.partition("«")[0]
    root = make_project(
        {
            "alarms/a.py": marked.replace("«", "").replace("»", ""),
            "alarms/helpers.py": "x = 1\n",
            "handlers/signals.py": "X = 1\nfrom mangaobs.signals import Signals\nSIGNALS = Signals()\n",
        }
    )
    with pytest.raises((ProjectError, DefinitionError)) as raised:
        load_definitions(root)
    assert words in str(raised.value)
    assert "_mangaobs_project" not in str(raised.value)
    assert raised.value.place is not None
    assert raised.value.place.file == str(root / "alarms" / "a.py")
    assert raised.value.place.line == before.count("\n") + 1
    if raised.value.length:
        token = marked.partition("«")[2].partition("»")[0]
        assert raised.value.place.column == len(before) - before.rfind("\n")
        assert raised.value.length == len(token) or not token


def test_every_module_that_fails_is_named_and_a_common_cause_once(make_project: MakeProject) -> None:
    root = make_project(
        {
            "handlers/signals.py": "SIGNALS = missing\n",
            "alarms/a.py": "from ..handlers.signals import X\n",
            "alarms/b.py": "1 / 0\n",
            "dashboards/d.py": "from ..handlers.signals import X\n",
        }
    )
    with pytest.raises(ManyErrors) as raised:
        load_definitions(root)
    assert sorted(Path(error.place.file).name for error in raised.value.errors if error.place) == ["b.py", "signals.py"]


def test_what_fails_while_definitions_are_made_is_named_too(make_project: MakeProject) -> None:
    source = "def alarms(app):\n    yield 1\n    yield app.tables['sessions']\n"
    definitions = load_definitions(make_project({"alarms/a.py": source}))
    with pytest.raises(ProjectError, match=r"a\.py:3:11: fails: AttributeError: .*'tables'"):
        definitions.collect("alarms", "alarms", object, object())


def test_a_function_that_gives_nothing_is_refused(make_project: MakeProject) -> None:
    definitions = load_definitions(make_project({"alarms/a.py": "\ndef alarms(app):\n    [1]\n"}))
    with pytest.raises(ProjectError, match=r"a\.py:2: alarms\(…\) gives NoneType; yield each definition"):
        definitions.collect("alarms", "alarms", object, None)


def test_a_function_in_the_singular_is_refused_as_it_would_never_be_called(make_project: MakeProject) -> None:
    with pytest.raises(ProjectError, match=r"a\.py:1: alarm\(…\) is never called; name it alarms"):
        load_definitions(make_project({"alarms/a.py": "def alarm(app): return [1]\n"}))


def test_a_helper_that_happens_to_be_singular_is_left_alone(make_project: MakeProject) -> None:
    load_definitions(make_project({"alarms/a.py": "def alarm(app, table): return [1]\n"}))


def test_signals_without_the_declaration_are_refused(make_project: MakeProject) -> None:
    definitions = load_definitions(make_project({"handlers/signals.py": "SIGNALS = 3\n"}))
    with pytest.raises(ProjectError, match=r"signals\.py: declares no SIGNALS"):
        definitions.signals()


def test_a_file_that_cannot_be_a_module_is_refused_rather_than_passed_over(make_project: MakeProject) -> None:
    with pytest.raises(ProjectError, match=r"its name has a dot; rename it to v1_2\.py"):
        load_definitions(make_project({"alarms/v1.2.py": ""}))
