"""What is in an archive: all that the function imports, however it does, and nothing that only others do."""

from __future__ import annotations

import pytest

from mangaobs.errors import ManyErrors, ProjectError

REACHED = "handlers/deep/found.py"
DEEP = {"handlers/deep/__init__.py": "", REACHED: "def call():\n    return 1\n"}
ENTRY = "def handler(event, context):\n"

# Each a way to import `handlers.deep.found` from the function, beside DEEP.
WAYS = {
    "when the module is loaded": {
        "handlers/f/__init__.py": f"from ..deep import found\n{ENTRY}    return found.call()\n"
    },
    "by an absolute name": {"handlers/f/__init__.py": f"import handlers.deep.found\n{ENTRY}    return 1\n"},
    "when the handler is called": {
        "handlers/f/__init__.py": f"{ENTRY}    from ..deep import found\n    return found\n"
    },
    "in a function that the handler calls": {
        "handlers/f/__init__.py": f"{ENTRY}    return helper()\ndef helper():\n    from ..deep import found\n",
    },
    "in a function of another module": {
        "handlers/f/__init__.py": f"from . import _other\n{ENTRY}    return _other.helper()\n",
        "handlers/f/_other.py": "def helper():\n    from ..deep.found import call\n",
    },
    "in a function that a package passes on": {
        "handlers/f/__init__.py": f"from .parts import helper\n{ENTRY}    return helper()\n",
        "handlers/f/parts/__init__.py": "from ._part import helper\n",
        "handlers/f/parts/_part.py": "def helper():\n    import handlers.deep.found\n",
    },
    "in a function of a module that is handed on": {
        "handlers/f/__init__.py": f"from . import _other\n{ENTRY}    return vars(_other)\n",
        "handlers/f/_other.py": "def helper():\n    from ..deep import found\n",
    },
    "in a function that all is taken with": {
        "handlers/f/__init__.py": f"from ._other import *\n{ENTRY}    return helper()\n",
        "handlers/f/_other.py": "def helper():\n    from ..deep import found\n",
    },
    "in a function that a dict holds": {
        "handlers/f/__init__.py": (
            "def helper():\n    from ..deep import found\nWAYS = {'a': helper}\n" + ENTRY + "    return WAYS['a']()\n"
        ),
    },
    "in a function that a decorator has registered": {
        "handlers/f/__init__.py": (
            "ALL = []\n@ALL.append\ndef route():\n    from ..deep import found\n" + ENTRY + "    return ALL[0]()\n"
        ),
    },
    "in a function of an `if`": {
        "handlers/f/__init__.py": (
            "if True:\n    def helper():\n        from ..deep import found\n" + ENTRY + "    return helper()\n"
        ),
    },
    "in a lambda's function": {
        "handlers/f/__init__.py": (
            "work = lambda: helper()\ndef helper():\n    from ..deep import found\n" + ENTRY + "    return work()\n"
        ),
    },
    "in a method": {
        "handlers/f/__init__.py": (
            "class Work:\n    def __call__(self, event, context):\n        from ..deep import found\nhandler = Work()\n"
        ),
    },
    "through a lazy face": {
        "handlers/f/__init__.py": f"from .face import call\n{ENTRY}    return call()\n",
        "handlers/f/face/__init__.py": (
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from handlers.deep.found import call as call\n"
            "    from ._unasked import other as other\n"
            "HOMES = {'call': 'handlers.deep.found', 'other': 'handlers.f.face._unasked'}\n"
            "def __getattr__(name):\n    from importlib import import_module\n"
            "    return getattr(import_module(HOMES[name]), name)\n"
        ),
        "handlers/f/face/_unasked.py": "other = 1\n",
    },
    "by a text": {
        "handlers/f/__init__.py": (
            f"from importlib import import_module\n{ENTRY}    return import_module('..deep.found', __package__)\n"
        ),
    },
    "by a text whose beginning is known": {
        "handlers/f/__init__.py": (
            "import importlib\n" + ENTRY + "    return importlib.import_module(f'handlers.deep.{event}')\n"
        ),
    },
    "where it can go on without": {
        "handlers/f/__init__.py": (
            "try:\n    from ..deep import found\nexcept ImportError:\n    found = None\n" + ENTRY + "    return found\n"
        ),
    },
    "in a match": {
        "handlers/f/__init__.py": (
            ENTRY
            + "    match event:\n        case 1:\n            from ..deep import found\n            return found\n"
        ),
    },
}


@pytest.mark.parametrize("way", WAYS)
def test_a_module_is_there_that_is_imported(pack, way):
    # given a function that imports a module in this way, when it is packed, then the module is in its archive
    names = pack({**DEEP, **WAYS[way]}).ours()
    assert REACHED in names
    assert "handlers/deep/__init__.py" in names
    assert "handlers/f/face/_unasked.py" not in names


NO_WAYS = {
    "for type checkers alone": {
        "handlers/f/__init__.py": (
            f"from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from ..deep import found\n{ENTRY}    return 1\n"
        ),
    },
    "in a function that nobody calls": {
        "handlers/f/__init__.py": f"from . import _other\n{ENTRY}    return _other.used()\n",
        "handlers/f/_other.py": "def used():\n    return 1\ndef unused():\n    from ..deep import found\n",
    },
    "in another function's folder": {"handlers/g/__init__.py": "from ..deep import found\n"},
    "for an older Python": {
        "handlers/f/__init__.py": (
            f"import sys\nif sys.version_info < (3, 8):\n    from ..deep import found\n{ENTRY}    return 1\n"
        ),
    },
}


@pytest.mark.parametrize("way", NO_WAYS)
def test_a_module_stays_behind_that_is_not_imported(pack, way):
    assert REACHED not in pack({**DEEP, **NO_WAYS[way]}).ours()


def test_data_lies_beside_the_modules_that_read_it_and_what_is_for_people_stays_behind(pack):
    archive = pack(
        {
            "handlers/f/__init__.py": f"from ..shared import x\n{ENTRY}    return 1\n",
            "handlers/f/routes.json": "{}",
            "handlers/f/prompt.md": "You are a helpful assistant.",
            "handlers/f/README.md": "# f",
            "handlers/f/.hidden": "",
            "handlers/f/data/deep/list.txt": "1",
            "handlers/shared/__init__.py": "x = 1\n",
            "handlers/shared/script.lua": "return 1",
            "handlers/unused/__init__.py": "",
            "handlers/unused/data.json": "{}",
        }
    )
    assert archive.ours() == {
        "handlers/__init__.py",
        "handlers/f/__init__.py",
        "handlers/f/data/deep/list.txt",
        "handlers/f/prompt.md",
        "handlers/f/routes.json",
        "handlers/shared/__init__.py",
        "handlers/shared/script.lua",
    }


def test_what_is_not_there_is_named_with_every_place_at_once(pack):
    with pytest.raises(ManyErrors) as raised:
        pack(
            {
                "handlers/f/__init__.py": f"import nowhere_to_be_found\nfrom . import _a\n{ENTRY}    return 1\n",
                "handlers/f/_a.py": (
                    "\nfrom ._missing import x\ntry:\n    import optional_one\nexcept ImportError:\n    pass\n"
                ),
            }
        )
    assert [(one.problem, one.place.line) for one in raised.value.errors] == [
        ("imports nowhere_to_be_found, which is not there", 1),
        ("imports handlers.f._missing, which is not there", 2),
    ]


def test_source_that_is_no_python_is_named_with_its_place(pack):
    with pytest.raises(ProjectError, match="is not Python") as raised:
        pack(
            {"handlers/f/__init__.py": f"from . import _a\n{ENTRY}    return 1\n", "handlers/f/_a.py": "x = 1\nif x\n"}
        )
    assert (raised.value.place.line, raised.value.place.file.endswith("handlers/f/_a.py")) == (2, True)


def test_an_import_by_a_name_that_nobody_can_read_off_gets_a_note(pack):
    archive = pack({"handlers/f/__init__.py": f"import importlib\n{ENTRY}    importlib.import_module(event)\n"})
    assert any("handlers/f/__init__.py:3 imports by a name" in note for note in archive.made.notes)
