"""What is compiled for something else than Lambda is said, before Lambda says it."""

from __future__ import annotations

import platform

import pytest

from mangaobs.bundle._platform import mismatches


@pytest.fixture
def library(tmp_path):
    """Compiled files of these contents, by their names in an archive."""

    def made(**contents: bytes):
        files = {}
        for name, content in contents.items():
            files[f"{name}/_core.abi3.so"] = tmp_path / name
            files[f"{name}/_core.abi3.so"].write_bytes(content)
        return files

    return made


@pytest.fixture(autouse=True)
def on_linux(monkeypatch):
    monkeypatch.setattr(platform, "system", lambda: "Linux")
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")


def test_a_library_that_asks_for_a_newer_c_library_than_the_runtimes_is_named(library):
    files = library(old=b"\0GLIBC_2.2.5\0GLIBC_2.14\0", new=b"\0GLIBC_2.9\0GLIBC_2.34\0GLIBC_2.4\0")
    assert mismatches(files, "arm64", "python3.11") == (
        "new asks for glibc 2.34, and python3.11 has 2.26 (Amazon Linux 2): it cannot be loaded there",
    )
    assert mismatches(files, "arm64", "python3.12") == ()


def test_another_processor_or_system_than_the_functions_is_named(library, monkeypatch):
    files = library(one=b"GLIBC_2.14")
    assert mismatches(files, "x86_64") == ("compiled here, for Linux on arm64, and not for Lambda on x86_64: one",)
    monkeypatch.setattr(platform, "system", lambda: "Darwin")
    assert mismatches(files, "arm64") == ("compiled here, for Darwin on arm64, and not for Lambda on arm64: one",)


def test_another_c_library_is_named(library, monkeypatch):
    monkeypatch.setattr(platform, "libc_ver", lambda: ("", ""))
    assert "another C library" in mismatches(library(one=b"musl"), "arm64", "python3.12")[0]


def test_a_python_that_lambda_does_not_have_is_named(library):
    assert "python3.99 is no runtime" in mismatches(library(one=b"GLIBC_2.14"), "arm64", "python3.99")[0]


def test_python_alone_runs_anywhere(tmp_path):
    (tmp_path / "a.py").write_text("")
    assert mismatches({"a.py": tmp_path / "a.py"}, "x86_64", "python3.99") == ()
