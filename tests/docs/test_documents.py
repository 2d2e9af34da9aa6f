"""The documentation is executed: shell sessions, Python sessions, links and pictures."""

from __future__ import annotations

import doctest
import re
import shlex
from pathlib import Path

import pytest

from support.commandline import Ended, Run

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")])
_BLOCK = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


def sessions(page: Path) -> list[tuple[str, list[str]]]:
    """Each `$ command` of a page's console blocks, with the output lines that follow it."""
    found: list[tuple[str, list[str]]] = []
    for block in _BLOCK.findall(page.read_text(encoding="utf-8")):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append((line[2:], []))
            elif found:
                found[-1][1].append(line.rstrip())
    return found


def assert_told(expected: list[str], ended: Ended) -> None:
    """Each expected line occurs in the output, in order; `...` stands for anything."""
    lines = iter([" ".join(line.split()) for line in (ended.out + ended.err).splitlines()])
    for wanted in (" ".join(line.split()) for line in expected):
        if wanted and wanted != "...":
            assert any(wanted == line for line in lines), (
                f"{wanted!r} is not in the output:\n{ended.out}{ended.err}"
            )


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_shell_sessions(page: Path, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")
    for command, expected in sessions(page):
        words, _, target = command.partition(" > ")
        program, *arguments = shlex.split(words)
        assert program == "wattshift", f"{page.name} shows {command!r}: only wattshift can be tested here"
        ended = run(*arguments)
        if target:
            (tmp_path / target.strip()).write_text(ended.out, encoding="utf-8")
        else:
            assert_told(expected, ended)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_python_sessions(page: Path) -> None:
    failed, _ = doctest.testfile(str(page), module_relative=False, encoding="utf-8")
    assert failed == 0


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_within_the_project(page: Path) -> None:
    for target in _LINK.findall(page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_the_tutorial_runs_something() -> None:
    assert len(sessions(ROOT / "docs" / "tutorial.md")) >= 8
