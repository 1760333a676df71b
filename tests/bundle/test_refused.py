"""What cannot be packed is said in a sentence, and nothing is written."""

from __future__ import annotations

import pytest

from mangaobs.bundle import bundle
from mangaobs.errors import MangaobsError

REFUSED = {
    "a function that is not there": ({}, {"names": ["ff"]}, "there is no function 'ff'; did you mean f?"),
    "a handler that is not there": (
        {"handlers/f/__init__.py": "x = 1\n"},
        {},
        "has no handler that can be called; handler = Entry",
    ),
    "a handler that cannot be called": ({"handlers/f/__init__.py": "handler = 1\n"}, {}, "has no handler that can be"),
    "a module that is imported by a name": (
        {
            "handlers/f/__init__.py": (
                "import importlib\nimportlib.import_module('.'.join(['handlers', 'lost']))\n"
                "def handler(event, context):\n    return 1\n"
            ),
            "handlers/lost.py": "",
        },
        {},
        "handlers.f cannot be imported from its archive: ModuleNotFoundError: No module named 'handlers.lost'",
    ),
    "what Lambda does not bring": ({}, {"take": ["numpy"]}, "'numpy' is nothing that is left out"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_wrong_is_said_and_nothing_is_written(write, tmp_path, what):
    files, more, said = REFUSED[what]
    with pytest.raises(MangaobsError) as raised:
        bundle(write(files), tmp_path / "new" / "dist", rounds=1, **more)
    assert said in str(raised.value)
    assert {one.name for one in tmp_path.iterdir()} == {"project"}


def test_one_function_that_cannot_be_packed_keeps_what_was_there_of_all(write, tmp_path):
    # given archives of two functions
    other = {
        "handlers/g/__init__.py": "def handler(e, c):\n    return 1\n",
        "handlers/g/permissions.toml": "allow = []",
    }
    root, folder = write(other), tmp_path / "dist"
    before = {one.file: one.sha256 for one in bundle(root, folder, rounds=1)}
    # when one changes and the other breaks
    write(
        {**other, "handlers/f/__init__.py": "def handler(e, c):\n    return 2\n", "handlers/g/__init__.py": "x = 1\n"}
    )
    with pytest.raises(MangaobsError, match="no handler"):
        bundle(root, folder, rounds=1)
    # then both archives are as they were, and nothing lies beside them
    import hashlib

    assert {file: hashlib.sha256(file.read_bytes()).hexdigest() for file in folder.iterdir()} == before


def test_a_project_without_functions_is_no_project_to_pack(tmp_path):
    with pytest.raises(MangaobsError, match=r"has no function; a folder in handlers/ with a permissions\.toml"):
        bundle(tmp_path, tmp_path / "dist")


def test_a_folder_that_cannot_be_written_is_named(write, tmp_path):
    (tmp_path / "file").write_text("mine")
    for folder in (tmp_path / "file", tmp_path / "file" / "deeper"):
        with pytest.raises(MangaobsError, match=f"{folder} cannot be written: Not a directory"):
            bundle(write({}), folder, rounds=1)
    assert (tmp_path / "file").read_text() == "mine"


def test_a_function_that_wants_its_environment_at_import_is_packed_with_a_note(pack):
    archive = pack({"handlers/f/__init__.py": "import os\nT = os.environ['TABLE']\ndef handler(e, c):\n    return T\n"})
    assert archive.made.import_ms is None
    assert "its import raises KeyError: 'TABLE'" in archive.made.notes[0]


def test_what_code_prints_or_ends_when_it_is_imported_does_no_harm(pack):
    assert pack({"handlers/f/__init__.py": "print('hello')\ndef handler(e, c):\n    return 1\n"}).made.import_ms > 0
    ends = pack({"handlers/f/__init__.py": "import sys\nsys.exit(3)\ndef handler(e, c):\n    return 1\n"}).made
    assert "its import raises SystemExit: 3" in ends.notes[0]
