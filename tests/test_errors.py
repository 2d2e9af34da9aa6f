from __future__ import annotations

import inspect
import pickle
import re

import pytest

from wattshift import errors
from wattshift.errors import (
    ConfigError,
    Corrupt,
    ExitStatus,
    InputError,
    NoData,
    OutOfSpan,
    SolveError,
    StaleData,
    WattshiftError,
)

CLASSES = [
    found for _, found in inspect.getmembers(errors, inspect.isclass) if issubclass(found, WattshiftError)
]


def drawn_tree() -> dict[str, str]:
    """Child to parent, as the module's docstring draws it."""
    assert errors.__doc__
    parents: dict[str, str] = {}
    path: list[str] = []
    for line in re.findall(r"^[│├└─ ]*[A-Z]\w+(?= |$)", errors.__doc__.split("```")[1], re.MULTILINE):
        name = line.lstrip("│├└─ ")
        path = [*path[: (len(line) - len(name)) // 4], name]
        if len(path) > 1:
            parents[name] = path[-2]
    return parents


def test_the_drawing_is_the_tree() -> None:
    assert drawn_tree() == {
        found.__name__: found.__bases__[0].__name__ for found in CLASSES if found is not WattshiftError
    }


def test_every_error_is_exported() -> None:
    assert {found.__name__ for found in CLASSES} == set(errors.__all__) - {"ExitStatus"}


def test_an_error_says_what_where_and_what_to_do() -> None:
    error = Corrupt("blocks.parquet is damaged", file="blocks.parquet", rows=3, hint="restore it")
    assert str(error) == "blocks.parquet is damaged [file=blocks.parquet, rows=3]\n  what to do: restore it"
    assert error.context == {"file": "blocks.parquet", "rows": 3}
    assert (error.message, error.hint) == ("blocks.parquet is damaged", "restore it")


def test_context_and_hint_are_optional() -> None:
    assert str(NoData("nothing there")) == "nothing there"
    assert NoData("nothing there").hint is None


@pytest.mark.parametrize("kind", CLASSES)
def test_errors_survive_a_process_border(kind: type[WattshiftError]) -> None:
    error = kind("broken", height=7, hint="mend it")
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301  # our own bytes, a line above
    assert type(copy) is kind
    assert str(copy) == str(error)
    assert copy.context == {"height": 7}


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (WattshiftError, ExitStatus.FAILED),
        (ConfigError, ExitStatus.CALLER),
        (InputError, ExitStatus.CALLER),
        (OutOfSpan, ExitStatus.CALLER),
        (NoData, ExitStatus.DATA),
        (Corrupt, ExitStatus.DATA),
        (StaleData, ExitStatus.DATA),
        (SolveError, ExitStatus.FAILED),
    ],
)
def test_the_exit_status_says_who_must_act(kind: type[WattshiftError], status: ExitStatus) -> None:
    assert kind("x").exit_status is status


def test_no_error_exits_with_success() -> None:
    assert int(ExitStatus.OK) == 0
    assert ExitStatus.OK not in {kind.exit_status for kind in CLASSES}


def test_a_wrong_argument_is_also_a_value_error() -> None:
    with pytest.raises(ValueError, match="outside"):
        raise OutOfSpan("outside")
