from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType

import pytest

from wattshift.compiled import _sources_digest, is_kept

CALLEE = """
from functools import partial
from wattshift.compiled import loop

@partial(loop, fastmath=set())
def doubled(value):
    return value * {factor}
"""
CALLER = """
from functools import partial
from wattshift.simulate.kernel.compiled import compiled
from loops.callee import doubled

@compiled
def both(value):
    return doubled(value) + 1.0
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.setattr("numba.config.CACHE_DIR", str(tmp_path / "kept"))
    folder = tmp_path / "loops"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "caller.py").write_text(CALLER, encoding="utf-8")
    return folder


def load(package: Path, factor: float) -> ModuleType:
    """The caller, as a new process would import it."""
    (package / "callee.py").write_text(CALLEE.format(factor=factor), encoding="utf-8")
    for name in [name for name in sys.modules if name.partition(".")[0] == "loops"]:
        del sys.modules[name]
    importlib.invalidate_caches()
    _sources_digest.cache_clear()
    return importlib.import_module("loops.caller")


def test_what_is_kept_is_as_new_as_what_it_calls(package: Path) -> None:
    first = load(package, 2.0)
    assert not is_kept(first.both)
    assert first.both(3.0) == 7.0
    assert is_kept(first.both)
    again = load(package, 2.0)
    assert is_kept(again.both)
    assert again.both(3.0) == 7.0
    assert sum(again.both.stats.cache_hits.values()) == 1
    changed = load(package, 5.0)
    assert not is_kept(changed.both)
    assert changed.both(3.0) == 16.0
