"""The threat model names tests, and they exist."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODEL = (ROOT / "SECURITY.md").read_text(encoding="utf-8").partition("## Threats")[2]
ROWS = [line for line in MODEL.splitlines() if line.startswith("| ") and not line.startswith("| threat ")]
_TEST = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


def names_in(file: str) -> set[str]:
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.split("|")[1].strip()[:60])
def test_every_threat_names_tests_that_exist(row: str) -> None:
    named = _TEST.findall(row)
    assert named
    assert [(file, test) for file, test in named if test not in names_in(file)] == []
    assert row.count("tests/") == len(named), "each is written in full"


def test_the_model_is_not_empty() -> None:
    assert len(ROWS) > 25
