"""What every module looks like: docstrings, `__all__`, and sizes that a reader can hold in mind."""

from __future__ import annotations

import ast
import re
import tokenize
from collections.abc import Iterator
from io import StringIO

import pytest

MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 40

LONG_FUNCTIONS = {
    "wattshift.cli.network.hashrate": "its signature lists the options, the body is short",
    "wattshift.cli.serving.serve": "likewise",
}
"""Functions that may be longer, each with its reason."""

Definition = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
Function = ast.FunctionDef | ast.AsyncFunctionDef


def defined_names(tree: ast.Module) -> set[str]:
    """Names that the module itself binds at its top level, imports aside."""
    names = set()
    for node in tree.body:
        if isinstance(node, Definition):
            names.add(node.name)
        for target in targets_of(node):
            names |= {leaf.id for leaf in ast.walk(target) if isinstance(leaf, ast.Name)}
    return names


def targets_of(node: ast.stmt) -> list[ast.expr]:
    if isinstance(node, ast.Assign):
        return node.targets
    return [node.target] if isinstance(node, ast.AnnAssign) else []


def imported_names(tree: ast.Module) -> set[str]:
    imports = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    return {alias.asname or alias.name.split(".")[0] for node in imports for alias in node.names}


def exported_names(tree: ast.Module) -> list[str] | None:
    for node in tree.body:
        if any(isinstance(target, ast.Name) and target.id == "__all__" for target in targets_of(node)):
            assert isinstance(node, ast.Assign | ast.AnnAssign)
            assert node.value is not None
            return list(ast.literal_eval(node.value))
    return None


def order(name: str) -> tuple[int, list[tuple[int, int, str]]]:
    """Ruff's RUF022: constants, then classes, then the rest, each in natural order."""
    constant = len(name) > 1 and name.isupper()
    group = 0 if constant else 1 if name[0].isupper() else 2
    chunks = re.findall(r"\d+|\D+", name)
    return group, [(0, int(chunk), "") if chunk.isdigit() else (1, 0, chunk) for chunk in chunks]


def undocumented(body: list[ast.stmt], owner: str = "") -> Iterator[str]:
    for node in body:
        if not isinstance(node, Definition) or node.name.startswith("_"):
            continue
        if ast.get_docstring(node) is None and not is_overload(node):
            yield f"{owner}{node.name}"
        if isinstance(node, ast.ClassDef):
            yield from undocumented(node.body, f"{node.name}.")


def is_overload(node: Definition) -> bool:
    return any(ast.unparse(decorator).endswith("overload") for decorator in node.decorator_list)


def code_lines(text: str) -> set[int]:
    """Numbers of the lines that hold code: no blank ones, no comments."""
    idle = {
        tokenize.COMMENT,
        tokenize.NL,
        tokenize.NEWLINE,
        tokenize.INDENT,
        tokenize.DEDENT,
        tokenize.ENDMARKER,
    }
    lines: set[int] = set()
    for token in tokenize.generate_tokens(StringIO(text).readline):
        if token.type not in idle:
            lines.update(range(token.start[0], token.end[0] + 1))
    return lines


def function_length(node: Function, code: set[int]) -> int:
    """Lines of code of a function, its docstring left out."""
    lines = set(range(node.lineno, (node.end_lineno or node.lineno) + 1)) & code
    if ast.get_docstring(node) is not None:
        docstring = node.body[0]
        lines -= set(range(docstring.lineno, (docstring.end_lineno or docstring.lineno) + 1))
    return len(lines)


def long_functions(text: str) -> list[str]:
    code = code_lines(text)
    functions = [node for node in ast.walk(ast.parse(text)) if isinstance(node, Function)]
    return [node.name for node in functions if function_length(node, code) > MAX_FUNCTION_LINES]


def has_annotations(tree: ast.Module) -> bool:
    return any(
        isinstance(node, ast.AnnAssign)
        or (isinstance(node, ast.arg) and node.annotation is not None)
        or (isinstance(node, Function) and node.returns is not None)
        for node in ast.walk(tree)
    )


def postpones_annotations(tree: ast.Module) -> bool:
    return any(
        isinstance(node, ast.ImportFrom)
        and node.module == "__future__"
        and any(alias.name == "annotations" for alias in node.names)
        for node in tree.body
    )


def test_every_module_starts_with_a_docstring(trees: dict[str, ast.Module]) -> None:
    assert [name for name, tree in trees.items() if not ast.get_docstring(tree)] == []


def test_annotations_are_postponed(trees: dict[str, ast.Module]) -> None:
    assert [
        name for name, tree in trees.items() if has_annotations(tree) and not postpones_annotations(tree)
    ] == []


def test_all_lists_exactly_what_is_public(trees: dict[str, ast.Module]) -> None:
    wrong = []
    for module, tree in trees.items():
        public = {name for name in defined_names(tree) if not name.startswith("_")}
        exported = exported_names(tree)
        if exported is None:
            if public:
                wrong.append(f"{module} lacks __all__ for {sorted(public)}")
            continue
        missing = public - set(exported)
        untrue = set(exported) - defined_names(tree) - imported_names(tree)
        if missing or untrue or len(set(exported)) != len(exported):
            wrong.append(f"{module}: missing {sorted(missing)}, untrue {sorted(untrue)}")
    assert not wrong, "\n".join(wrong)


def test_all_is_sorted(trees: dict[str, ast.Module]) -> None:
    exported = {module: exported_names(tree) or [] for module, tree in trees.items()}
    assert [module for module, names in exported.items() if names != sorted(names, key=order)] == []


def test_everything_public_has_a_docstring(trees: dict[str, ast.Module]) -> None:
    found = [f"{module}: {name}" for module, tree in trees.items() for name in undocumented(tree.body)]
    assert not found, "\n".join(found)


def test_files_are_short(texts: dict[str, str]) -> None:
    lengths = {module: len(text.splitlines()) for module, text in texts.items()}
    assert {module: length for module, length in lengths.items() if length > MAX_FILE_LINES} == {}


def test_functions_are_short(texts: dict[str, str]) -> None:
    long = {f"{module}.{name}" for module, text in texts.items() for name in long_functions(text)}
    assert long == set(LONG_FUNCTIONS), sorted(long ^ set(LONG_FUNCTIONS))


@pytest.mark.parametrize(
    ("names", "is_sorted"),
    [
        (["MAX_S", "WEEK_S", "Block", "Window", "a_2", "a_10", "block"], True),
        (["Block", "MAX_S"], False),
        (["block", "Block"], False),
        (["a_10", "a_2"], False),
        (["Corrupt", "Conflict"], False),
    ],
)
def test_the_order_is_ruffs(names: list[str], is_sorted: bool) -> None:
    assert (names == sorted(names, key=order)) == is_sorted


def test_a_function_is_measured_without_its_docstring_blanks_and_comments() -> None:
    body = "\n".join(f"    x_{number} = {number}\n\n    # why" for number in range(39))
    fits = f'def f():\n    """A.\n\n    Long.\n    """\n{body}\n'
    assert long_functions(fits) == []
    assert long_functions(fits + "    y = 1\n") == ["f"]
    assert long_functions("def f():\n    x = '''" + "\n" * 40 + "'''\n") == ["f"]


def test_planted_faults_are_seen() -> None:
    tree = ast.parse("__all__ = ['gone']\nX = Y = 1\nclass C:\n    def f(self): ...\n    def _g(self): ...\n")
    assert defined_names(tree) == {"__all__", "X", "Y", "C"}
    assert exported_names(tree) == ["gone"]
    assert list(undocumented(tree.body)) == ["C", "C.f"]
    assert not has_annotations(tree)
    assert has_annotations(ast.parse("def f() -> int: ..."))
    assert not postpones_annotations(tree)
