"""Other packages: whole where they are reached, with what they require; what they could use is left out and named."""

from __future__ import annotations

import pytest

IMPORTS_ALPHA = {"handlers/f/__init__.py": "def handler(event, context):\n    import alpha\n    return alpha.x\n"}
ALPHA = {
    "alpha/__init__.py": "x = 1\n",
    "alpha/never_imported.py": "",
    "alpha/data.json": "{}",
    "alpha/__init__.pyi": "x: int\n",
    "alpha/py.typed": "",
    "alpha/tests/__init__.py": "",
    "alpha/tests/test_alpha.py": "",
}


def others(archive) -> set[str]:
    """The files of other packages, without what is compiled."""
    return {
        name for name in archive.names if not name.startswith(("handlers/", "mangaobs")) and not name.endswith(".pyc")
    }


def test_a_package_is_there_whole_with_its_license_and_without_its_tests(pack, install):
    install("alpha", ALPHA)
    assert others(pack(IMPORTS_ALPHA)) == {
        "alpha/__init__.py",
        "alpha/data.json",
        "alpha/never_imported.py",
        "alpha-1.0.dist-info/METADATA",
        "alpha-1.0.dist-info/licenses/LICENSE",
    }


def test_what_it_requires_comes_along_and_what_it_could_use_is_named(pack, install):
    # given a package that requires one and looks for another, all of them installed
    uses = "def later():\n    import beta\ntry:\n    import gamma\nexcept ImportError:\n    gamma = None\nx = 1\n"
    install("alpha", {"alpha/__init__.py": uses}, "beta>=1; python_version>'3'", "gamma; extra == 'more'")
    install("beta", {"beta.py": "y = 1\n"})
    install("gamma", {"gamma.py": "z = 1\n"})
    # when it is packed, then what it requires is there
    archive = pack(IMPORTS_ALPHA)
    assert archive.made.packages == ("alpha", "beta")
    assert archive.made.left_out == {"gamma": ("alpha",)}


@pytest.mark.parametrize(
    "asked",
    [
        {"requirements.txt": "# ours\n--no-index\nAlpha[more]==1.0\n"},
        {"pyproject.toml": '[project]\nname = "p"\ndependencies = ["alpha[more]>=1"]\n'},
        {"handlers/f/_more.py": "import gamma\n"},
    ],
)
def test_what_it_could_use_comes_along_if_the_project_asks_for_it(pack, install, asked):
    looks = "try:\n    import gamma\nexcept ImportError:\n    pass\nx = 1\n"
    install("alpha", {"alpha/__init__.py": looks}, "gamma; extra == 'more'")
    install("gamma", {"gamma.py": "z = 1\n"})
    handler = "from . import _more\nimport alpha\ndef handler(event, context):\n    return alpha.x\n"
    archive = pack({"handlers/f/_more.py": "", **asked, "handlers/f/__init__.py": handler})
    assert archive.made.packages == ("alpha", "gamma")
    assert archive.made.left_out == {}


def test_what_it_cannot_be_loaded_without_comes_along_even_if_nothing_requires_it(pack, install):
    install("alpha", {"alpha/__init__.py": "from beta import y\nx = y\n"})
    install("beta", {"beta.py": "y = 1\n"})
    assert pack(IMPORTS_ALPHA).made.packages == ("alpha", "beta")


def test_what_it_imports_by_a_name_may_be_anything_that_it_requires(pack, install):
    loads = "import importlib\ndef load(name):\n    importlib.import_module(name)\nx = 1\n"
    install("alpha", {"alpha/__init__.py": loads}, "beta")
    install("beta", {"beta/__init__.py": ""})
    assert pack(IMPORTS_ALPHA).made.packages == ("alpha", "beta")


def test_of_a_package_that_several_share_only_what_is_reached_is_there(pack, install):
    install("wide-one", {"wide/one.py": "x = 1\n", "wide/more.py": ""})
    install("wide-two", {"wide/two.py": "x = 2\n"})
    archive = pack({"handlers/f/__init__.py": "from wide import one\ndef handler(event, context):\n    return one.x\n"})
    assert {name for name in others(archive) if name.startswith("wide/")} == {"wide/one.py", "wide/more.py"}


def test_a_package_with_files_for_other_pythons_is_packed_all_the_same(pack, install):
    install("alpha", {**ALPHA, "alpha/old.py": "print 'two'\n"})
    names = pack(IMPORTS_ALPHA).names
    assert "alpha/old.py" in names
    assert not any(name.startswith("alpha/__pycache__/old.") for name in names)


def test_what_the_project_can_go_on_without_is_there_if_it_is_installed(pack, install):
    handler = (
        "try:\n    import alpha\nexcept ImportError:\n    alpha = None\ndef handler(event, context):\n    return 1\n"
    )
    assert pack({"handlers/f/__init__.py": handler}).made.packages == ()
    install("alpha", ALPHA)
    assert pack({"handlers/f/__init__.py": handler}).made.packages == ("alpha",)


def test_what_lambda_brings_stays_behind_unless_it_is_asked_for_and_then_with_its_parts(pack):
    handler = {"handlers/f/__init__.py": "import dateutil.tz\ndef handler(event, context):\n    return dateutil\n"}
    assert pack(handler).made.packages == ()
    assert pack(handler, take=["boto3"]).made.packages == ("dateutil", "six")


def test_the_x_ray_sdk_is_there_if_it_is_asked_for_or_the_project_imports_it(pack):
    handler = (
        "from mangaobs.runtime import observe\ndef handler(event, context):\n    return 1\nhandler = observe(handler)\n"
    )
    assert pack({"handlers/f/__init__.py": handler}, take=["aws_xray_sdk"]).made.packages == ("aws_xray_sdk", "wrapt")
    patches = "from aws_xray_sdk.core import patch_all\n"
    assert pack({"handlers/f/__init__.py": patches + handler}).made.packages == ("aws_xray_sdk", "wrapt")
