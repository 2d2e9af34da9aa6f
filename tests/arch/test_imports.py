"""Who may import what: layers, no cycles, light modules, and models that own nothing of the world."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

LIGHT = ("wattshift", "wattshift.errors", "wattshift.units", "wattshift.clock", "wattshift.provenance")
HEAVY = ("numpy", "polars", "pydantic", "scipy")
MODEL_ROOMS = ("allocate", "assets", "chain", "claims", "convert", "measures", "simulate", "value")
WORLDLY_CALLS = re.compile(r"breakpoint|eval|exec|input|open|print")
WORLDLY_METHODS = re.compile(r"now|today|utcnow|(read|write|scan)_(bytes|csv|ipc|json|ndjson|parquet|text)")
GLOBAL_RANDOM = re.compile(r"choice|exponential|normal|rand|randint|randn|random|seed|shuffle|uniform")


def imports_of(name: str, tree: ast.Module, modules: set[str]) -> set[str]:
    """The modules of this package that a module imports, anywhere in its text."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= inner & modules
            if not inner <= modules:
                found.add(node.module)
    return (found & modules) - {name}


def cycle_in(graph: dict[str, set[str]]) -> list[str]:
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def graph_of(trees: dict[str, ast.Module]) -> dict[str, set[str]]:
    return {name: imports_of(name, tree, set(trees)) for name, tree in trees.items()}


def worldly(tree: ast.Module) -> list[str]:
    """What a model must not call: the clock, files, the terminal and global randomness."""
    found = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        match node.func:
            case ast.Name(id=name) if WORLDLY_CALLS.fullmatch(name):
                found.append(name)
            case ast.Attribute(attr=name) if WORLDLY_METHODS.fullmatch(name):
                found.append(name)
            case ast.Attribute(value=ast.Name(id="time"), attr=name):
                found.append(f"time.{name}")
            case ast.Attribute(value=ast.Attribute(attr="random"), attr=name) if GLOBAL_RANDOM.fullmatch(
                name
            ):
                found.append(f"random.{name}")
    return found


def test_no_cycle(trees: dict[str, ast.Module]) -> None:
    graph = graph_of(trees)
    assert sum(map(len, graph.values())) > 50
    assert cycle_in(graph) == []


def test_a_planted_cycle_is_found_even_inside_a_function() -> None:
    trees = {
        "p.a": ast.parse("from p import b"),
        "p.b": ast.parse("from p.c import x"),
        "p.c": ast.parse("def f():\n    import p.a"),
    }
    assert set(cycle_in(graph_of(trees))) == {"p.a", "p.b", "p.c"}
    del trees["p.c"]
    assert cycle_in(graph_of(trees)) == []


def test_nothing_imports_what_is_for_tests(trees: dict[str, ast.Module]) -> None:
    assert [name for name, found in graph_of(trees).items() if "wattshift.testing" in found] == []


def test_no_relative_imports(trees: dict[str, ast.Module]) -> None:
    assert [
        name
        for name, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.level
    ] == []


def test_light_modules_name_no_heavy_one(trees: dict[str, ast.Module]) -> None:
    for name in LIGHT:
        for node in ast.walk(trees[name]):
            found = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            found += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not {top.split(".")[0] for top in found} & set(HEAVY), name


def test_light_modules_load_no_heavy_one() -> None:
    code = f"import sys, {', '.join(LIGHT)}; print([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_models_own_no_clock_file_terminal_or_global_randomness(trees: dict[str, ast.Module]) -> None:
    models = {
        name: tree for name, tree in trees.items() if name.split(".")[1:2] and room_of(name) in MODEL_ROOMS
    }
    assert len(models) > 10
    assert {name: found for name, tree in models.items() if (found := worldly(tree))} == {}


def room_of(name: str) -> str:
    return name.split(".")[1]


@pytest.mark.parametrize(
    "planted",
    [
        "datetime.now(UTC)",
        "datetime.datetime.utcnow()",
        "time.time()",
        "open('x')",
        "print('x')",
        "pl.read_parquet(x)",
        "Path(x).read_text()",
        "np.random.normal(0, 1)",
    ],
)
def test_a_planted_worldly_call_is_seen(planted: str) -> None:
    assert len(worldly(ast.parse(planted))) == 1


def test_what_a_model_may_do_is_left_in_peace() -> None:
    assert worldly(ast.parse("rng.normal(0, 1); known.time_s(3); frame.filter(x)")) == []


def test_import_linter_keeps_every_contract(repository: Path) -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "from importlinter.cli import lint_imports_command; lint_imports_command()",
            "--no-cache",
        ],
        capture_output=True,
        text=True,
        check=False,
        cwd=repository,
        env={**os.environ, "PYTHONPATH": str(repository / "src")},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout
