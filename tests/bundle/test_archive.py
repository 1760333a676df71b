"""The bytes of an archive depend on what is in it, on Python and on zlib, and on nothing else."""

from __future__ import annotations

import marshal
import os
import re
import subprocess
import sys
import zipfile

from mangaobs.bundle import bundle

from .conftest import ROOT, Archive, alone


def test_another_process_in_another_folder_makes_the_same_bytes(project, tmp_path):
    # given archives that were made in this process, which has loaded the packages that are in them
    import cryptography.x509
    import jwt
    import redis.asyncio

    assert cryptography.x509
    assert jwt
    assert redis.asyncio
    # when two of them are made in a process and a folder of its own
    program = "import sys; from pathlib import Path; from mangaobs.bundle import bundle; "
    program += "bundle(Path(sys.argv[1]), Path('other'), names=['hot_key', 'stream'], rounds=1)"
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "7", "PYTHONPYCACHEPREFIX": str(tmp_path / "c")}
    subprocess.run([sys.executable, "-c", program, str(ROOT)], cwd=tmp_path, env=environ, check=True)
    # then they are byte for byte the same
    for name in ("hot_key", "stream"):
        assert (tmp_path / "other" / f"{name}.zip").read_bytes() == project[name].made.file.read_bytes()


def test_a_project_elsewhere_makes_the_same_bytes(write, tmp_path):
    files = {"handlers/f/__init__.py": "from ._a import x\ndef handler(event, context):\n    return x\n"}
    files |= {"handlers/f/_a.py": "x = {'a', 'b', 'c'} | {1}\ndef g():\n    return 'a' in {'a', 'b', 'c'}\n"}
    made = []
    for where in ("one", "two/deep"):
        root = write(files, where)
        os.utime(root / "handlers/f/_a.py", (1, len(where)))
        (root / "handlers/f/_a.py").chmod(0o600 if where == "one" else 0o755)
        made += bundle(root, tmp_path / where / "dist", rounds=1)
    assert made[0].file.read_bytes() == made[1].file.read_bytes()
    assert made[0].sha256 == made[1].sha256


def test_entries_are_sorted_dated_1980_readable_by_all_and_name_no_machine(project):
    for one in project.values():
        with zipfile.ZipFile(one.made.file) as opened:
            entries = opened.infolist()
            assert [entry.filename for entry in entries] == sorted({entry.filename for entry in entries})
            assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}
            assert {entry.external_attr >> 16 for entry in entries} == {0o100644}
            assert not [entry.filename for entry in entries if entry.filename.startswith(("/", "..")) or entry.extra]
            for entry in entries:
                if entry.filename.endswith(".pyc"):
                    assert str(ROOT).encode() not in opened.read(entry), entry.filename


def test_every_module_is_compiled_where_python_looks_for_it_and_has_its_source(project):
    for one in project.values():
        sources = {name for name in one.names if name.endswith(".py")}
        caches = {name for name in one.names if name.endswith(".pyc")}
        tag = sys.implementation.cache_tag
        made_of = {re.sub(rf"__pycache__/([^/]+)\.{tag}\.pyc$", r"\1.py", name) for name in caches}
        assert made_of == sources


def test_what_is_compiled_is_what_runs_and_a_traceback_has_its_lines(pack, tmp_path):
    # given an archive
    text = "def handler(event, context):\n    return 1 / event\n"
    folder = pack({"handlers/f/__init__.py": text}).unpacked(tmp_path / "task")
    (cache,) = (folder / "handlers/f/__pycache__").iterdir()
    flags, code = int.from_bytes(cache.read_bytes()[4:8], "little"), marshal.loads(cache.read_bytes()[16:])  # noqa: S302 - our own
    # then its compiled code is never checked against a date or the source, and knows no folder but its own
    assert (flags, code.co_filename) == (0b01, "handlers/f/__init__.py")
    # when it fails, then the traceback has the place and the text of the line
    program = "import traceback, handlers.f\ntry:\n    handlers.f.handler(0, None)\nexcept ZeroDivisionError:\n"
    told = alone(folder, program + "    print(traceback.format_exc())")
    assert f'File "{folder}/handlers/f/__init__.py", line 2, in handler\n    return 1 / event' in told
    # when the source is another afterwards, then what was compiled still runs
    source = folder / "handlers/f/__init__.py"
    source.write_text(text.replace("1 / event", "'changed'"))
    assert alone(folder, "import handlers.f\nprint(handlers.f.handler(2, None))") == "0.5"


def test_what_is_told_of_an_archive_is_what_it_is(pack):
    archive = pack({})
    with zipfile.ZipFile(archive.made.file) as opened:
        assert archive.made.unzipped == sum(entry.file_size for entry in opened.infolist())
    assert archive.made.zipped == archive.made.file.stat().st_size
    assert archive.made.handler == "handlers.f.handler"
    assert archive.made.runtime == f"python{sys.version_info.major}.{sys.version_info.minor}"
    assert 0 < archive.made.import_ms <= archive.made.all_ms


def test_a_file_that_is_changed_between_two_runs_of_one_process_is_packed_as_it_is(write, tmp_path):
    root = write({"handlers/a.py": "", "handlers/f/__init__.py": "def handler(event, context):\n    return 1\n"})
    (first,) = bundle(root, tmp_path / "dist", rounds=1)
    (root / "handlers/f/__init__.py").write_text("from .. import a\ndef handler(event, context):\n    return 2\n")
    (second,) = bundle(root, tmp_path / "dist", rounds=1)
    assert first.sha256 != second.sha256
    assert "handlers/a.py" in Archive(second).ours()
