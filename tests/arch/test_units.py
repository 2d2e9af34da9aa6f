"""The law of units: a public number ends in its unit, and unlike units never meet."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator

import polars as pl
import pytest

from wattshift.tables import TABLES
from wattshift.units import DIMENSIONLESS, SUFFIXES

PHYSICAL = re.compile(
    "age|capacity|capex|cost|duration|efficiency|elapsed|energy|fees?|hashprice|hashrate|load|margin|power|price"
    "|revenue|share|spacing|subsidy|temperature|time|timespan|timestamp|value|voltage|wait|work"
)
"""Heads of names of quantities: with one of these, even an integer needs a unit."""
QUALIFIERS = frozenset(
    {"first", "gross", "high", "last", "limit", "low", "max", "mean", "min", "net", "sum", "total"}
)
FOREIGN = re.compile(
    "cents|dollars?|eur|hour|kwh|mins|minutes?|msec|ms|pct|perc|percent|percentage|sats|satoshis?|secs?|seconds?|watts?"
)
"""Other spellings of a unit, or units that are not in the table."""
INSTANTS = frozenset({"as_of", "instant", "now"})
"""Standing names of an instant, beside those that end in `_at`."""
ANY_UNIT = {
    "wattshift.allocate.coupled.infeasible.elastic": "a slack has the unit of its row",
    "wattshift.allocate.coupled.program": "a program holds power, energy and money side by side",
    "wattshift.app.charts.extremes: Extremes.__init__.values": "the extremes of anything",
    "wattshift.app.follow.stuck": "a feed has a unit of its own, which is told with its numbers",
    "wattshift.dashboard.pictures": "a picture carries whatever its curve shows",
    "wattshift.report.page.scales": "an axis carries whatever its chart shows",
    "wattshift.report.page.svg": "so do the shapes on it",
    "wattshift.report.simulationwords: shown.value": "a figure has the unit in which its name ends",
    "wattshift.measures.stress.signals: trailing_mean.values": "the mean of anything",
    "wattshift.simulate.kernel.blocks": "arrays of unlike numbers, each by its place",
    "wattshift.simulate.kernel.events": "so are the rows of events",
    "wattshift.simulate.kernel.miners": "and what is counted of miners",
    "wattshift.simulate.kernel.model": "and all that the loops share",
    "wattshift.simulate.kernel.path": "and the numbers of a day",
    "wattshift.simulate.result: NetworkForecast.path_figures": "the name of each figure ends in its unit",
}
"""Modules and names whose numbers have no unit of their own, each with its reason."""


def unit_of(name: str) -> str | None:
    """The suffix of the closed table with which a name ends; `usd_per_btc` is one by itself."""
    fits = [suffix for suffix in SUFFIXES if f"_{name}".endswith(suffix)]
    if not fits:
        return None
    unit = max(fits, key=len)
    stem = f"_{name}".removesuffix(unit)
    # A longer unit that the table lacks, such as `_eur_per_mwh` or `_usd_mwh`, is none of its units.
    alien = stem.endswith("_per") or any(stem.endswith(suffix) for suffix in SUFFIXES)
    return None if alien else unit


def dimensionless(name: str) -> bool:
    return any(name == word or name.endswith(f"_{word}") for word in DIMENSIONLESS)


def looks_physical(name: str) -> bool:
    words = [word for word in name.split("_") if word not in QUALIFIERS]
    head = words[-1] if words else ""
    return bool(PHYSICAL.fullmatch(head) or FOREIGN.fullmatch(head))


def kinds_of(annotation: ast.expr | None) -> set[str]:
    """The scalar types inside an annotation; what a callable takes has its own names."""
    if annotation is None:
        return set()
    if isinstance(annotation, ast.Subscript) and getattr(annotation.value, "id", "") in {
        "Callable",
        "Literal",
    }:
        return set()
    if isinstance(annotation, ast.Name):
        return {annotation.id}
    if isinstance(annotation, ast.Attribute):
        return {annotation.attr}
    return {kind for child in ast.iter_child_nodes(annotation) for kind in kinds_of_child(child)}


def kinds_of_child(node: ast.AST) -> set[str]:
    return kinds_of(node) if isinstance(node, ast.expr) else set()


def is_option(annotation: ast.expr | None) -> bool:
    """Whether it is an option of the command line, which tells its unit in its metavar."""
    text = ast.unparse(annotation) if annotation else ""
    return text.startswith("Annotated[") and "typer." in text and "metavar=" in text


def tells_unit(node: ast.ClassDef) -> bool:
    """Whether the class holds a `unit` as data, beside its numbers."""
    return any(isinstance(each, ast.AnnAssign) and ast.unparse(each.target) == "unit" for each in node.body)


def offends(name: str, annotation: ast.expr | None) -> bool:
    kinds = set() if is_option(annotation) else kinds_of(annotation)
    if {"float", "float64", "float32"} & kinds:
        return unit_of(name) is None and not dimensionless(name)
    if {"int", "int64", "int32"} & kinds:
        return unit_of(name) is None and not dimensionless(name) and looks_physical(name)
    if "datetime" in kinds:
        return unit_of(name) != "_at" and name not in INSTANTS
    return False


def is_public(name: str) -> bool:
    return not name.startswith("_") or name in {"__init__", "__call__"}


def parameters(function: ast.FunctionDef) -> Iterator[tuple[str, ast.expr | None]]:
    arguments = function.args
    starred = [each for each in (arguments.vararg, arguments.kwarg) if each]
    for argument in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, *starred]:
        yield argument.arg, argument.annotation


def named_values(body: list[ast.stmt], owner: str = "") -> Iterator[tuple[str, str, ast.expr | None]]:
    """Owner, name and annotation of each public parameter, field and property."""
    for node in body:
        if isinstance(node, ast.ClassDef) and is_public(node.name) and not tells_unit(node):
            yield from named_values(node.body, node.name)
        elif isinstance(node, ast.FunctionDef) and is_public(node.name):
            for name, annotation in parameters(node):
                yield f"{owner}.{node.name}".lstrip("."), name, annotation
            if any("property" in ast.unparse(decorator) for decorator in node.decorator_list):
                yield owner, node.name, node.returns
        elif owner and isinstance(node, ast.AnnAssign) and is_public(ast.unparse(node.target)):
            yield owner, ast.unparse(node.target), node.annotation


def offenders(tree: ast.Module) -> list[str]:
    return [
        f"{owner}.{name}" for owner, name, annotation in named_values(tree.body) if offends(name, annotation)
    ]


def test_every_public_number_carries_its_unit(trees: dict[str, ast.Module]) -> None:
    found = [f"{module}: {offender}" for module, tree in trees.items() for offender in offenders(tree)]
    excused = [each for each in found if each in ANY_UNIT or each.split(":")[0] in ANY_UNIT]
    assert found == excused, "\n".join(each for each in found if each not in excused)
    assert {each if each in ANY_UNIT else each.split(":")[0] for each in excused} == set(ANY_UNIT), (
        "stale excuse"
    )


def test_the_walk_sees_the_package(trees: dict[str, ast.Module]) -> None:
    numbers = [
        name
        for tree in trees.values()
        for _, name, annotation in named_values(tree.body)
        if kinds_of(annotation) & {"float", "float64"}
    ]
    assert len(numbers) > 100
    assert {"window_s", "mean_ehs", "efficiency_j_per_th", "next_difficulty"} <= {
        name for tree in trees.values() for _, name, _ in named_values(tree.body)
    }


@pytest.mark.parametrize(
    "planted",
    [
        "def f(power: float) -> None: ...",
        "def f(*, price_dollars: float | None = None) -> None: ...",
        "def f(*prices: float) -> None: ...",
        "def f(price_eur_per_mwh: float) -> None: ...",
        "def f(price_usd_mwh: float) -> None: ...",
        "def f(seconds: float) -> None: ...",
        "def f(power: int) -> None: ...",
        "def f(max_wait: int) -> None: ...",
        "def f(timeout_ms: int) -> None: ...",
        "def f(hashrates: NDArray[np.float64]) -> None: ...",
        "def f(start: datetime) -> None: ...",
        "def f(below: Annotated[float, typer.Option(help='x')]) -> None: ...",
        "class C:\n    share_pct: float",
        "class C:\n    shares: Mapping[str, float]",
        "class C:\n    @property\n    def power(self) -> float: ...",
        "class C:\n    @cached_property\n    def power(self) -> float: ...",
        "class C:\n    def __init__(self, power: float) -> None: ...",
        "class C:\n    def go(self, power: float) -> None: ...",
    ],
)
def test_a_planted_offender_is_caught(planted: str) -> None:
    assert len(offenders(ast.parse(planted))) == 1


@pytest.mark.parametrize(
    "innocent",
    [
        "def f(power_mw: float, height: int, n_gpus: int, name: str) -> None: ...",
        "def f(prices_usd_per_mwh: Mapping[datetime, float]) -> None: ...",
        "def f(header_time_s: NDArray[np.int64], ancestor: Callable[[int], float]) -> None: ...",
        "def f(start_at: datetime, as_of: datetime, at: datetime | None) -> None: ...",
        "def f(next_difficulty: float, pue: float, level: float, hours: float) -> None: ...",
        "def f(below: Annotated[float, typer.Option(metavar='EH/S')]) -> None: ...",
        "class C:\n    unit: str\n    mean: float",
        "def _private(power: float) -> None: ...",
        "class _Private:\n    power: float",
        "class C:\n    usd_per_ph_day: float\n    change_frac: float\n    _power: float",
        "class C:\n    def power(self) -> float: ...",
    ],
)
def test_what_obeys_the_law_is_left_in_peace(innocent: str) -> None:
    assert offenders(ast.parse(innocent)) == []


def test_every_table_column_carries_its_unit() -> None:
    wrong = []
    for entry in TABLES.values():
        for column in entry.columns:
            dtype = pl.Schema({column.name: column.dtype})[column.name]
            annotation = "float" if dtype.is_float() else "int" if dtype.is_integer() else "str"
            if offends(column.name, ast.Name(annotation)):
                wrong.append(f"{entry.name}.{column.name}")
    assert wrong == []


def test_a_suffix_means_one_unit_in_every_table() -> None:
    words = defaultdict(set)
    for entry in TABLES.values():
        for column in entry.columns:
            if pl.Schema({"it": column.dtype})["it"].is_numeric() and (unit := unit_of(column.name)):
                words[unit].add(column.unit)
    assert len(words) > 10
    assert {unit: found for unit, found in words.items() if len(found) > 1} == {}


def test_each_unit_has_one_spelling() -> None:
    meanings = [meaning.split(" (")[0] for meaning in SUFFIXES.values()]
    assert sorted(set(meanings) | {"hour"}) == sorted({*meanings})
    twice = {meaning for meaning in meanings if meanings.count(meaning) > 1}
    assert twice == {"hour"}, "only the length of an interval may also be spelled `_hours`"
    for suffix in SUFFIXES:
        assert suffix == suffix.lower()
        assert suffix.startswith("_")
        assert not any(FOREIGN.fullmatch(word) for word in suffix.split("_"))
    assert not {f"_{name}" for name in DIMENSIONLESS - {"hours"}} & set(SUFFIXES)


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("price_usd_per_mwh", "_usd_per_mwh"),
        ("price_usd_per_gpu_h", "_usd_per_gpu_h"),
        ("usd_per_ph_day", "_usd_per_ph_day"),
        ("capex_usd_m_per_mw", "_usd_m_per_mw"),
        ("known_at", "_at"),
        ("blocks", "_blocks"),
        ("price_eur_per_mwh", None),
        ("price_usd_per_h", None),
        ("price_usd_mwh", None),
        ("height", None),
        ("hash", None),
    ],
)
def test_the_longest_suffix_is_the_unit(name: str, unit: str | None) -> None:
    assert unit_of(name) == unit


# Names of unlike units are never added, compared, assigned or passed for one another.

ALIKE = {"_hours": "_h"}
"""Two spellings of one unit."""


def unit_in(node: ast.expr | None) -> str | None:
    """The unit that an expression carries in its name, if it does."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return strict_unit(name)
        case ast.Call(
            func=ast.Name(id="abs" | "float" | "int" | "max" | "min" | "round" | "sum"), args=[first, *_]
        ):
            return unit_in(first)
        case ast.Call(func=function):
            return unit_in(function)
        case ast.Subscript(value=inner) | ast.UnaryOp(operand=inner):
            return unit_in(inner)
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub(), right=right):
            return unit_in(left) or unit_in(right)
    return None


def strict_unit(name: str) -> str | None:
    """The unit of a name that has more words than it."""
    unit = unit_of(name)
    return ALIKE.get(unit, unit) if unit and unit != f"_{name}" else None


def pairs(tree: ast.AST) -> Iterator[tuple[ast.expr, ast.expr]]:
    """Each two expressions that must be of one unit."""
    for node in ast.walk(tree):
        match node:
            case ast.BinOp(left=left, op=ast.Add() | ast.Sub(), right=right):
                yield left, right
            case ast.Compare(left=left, comparators=[*rest]):
                yield from zip([left, *rest[:-1]], rest, strict=True)
            case ast.AugAssign(target=target, op=ast.Add() | ast.Sub(), value=value):
                yield target, value
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                yield target, value
            case ast.Assign(targets=[target], value=value):
                yield target, value
            case ast.keyword(arg=str() as name, value=value):
                yield ast.Name(name), value
            case ast.Call(func=ast.Name(id="max" | "min"), args=[first, *others]):
                yield from ((first, other) for other in others)


def meetings(tree: ast.AST) -> list[str]:
    return [
        f"{ast.unparse(left)} | {ast.unparse(right)}"
        for left, right in pairs(tree)
        if (one := unit_in(left)) and (other := unit_in(right)) and one != other
    ]


def test_unlike_units_never_meet(trees: dict[str, ast.Module]) -> None:
    found = [f"{module}: {meeting}" for module, tree in trees.items() for meeting in meetings(tree)]
    assert not found, "\n".join(found)


def test_the_walk_compares_many_pairs(trees: dict[str, ast.Module]) -> None:
    alike = [pair for tree in trees.values() for pair in pairs(tree) if unit_in(pair[0]) and unit_in(pair[1])]
    assert len(alike) > 50


@pytest.mark.parametrize(
    "planted",
    [
        "power_mw + energy_mwh",
        "x = a.wait_s - wait_hours",
        "price_usd < self.price_btc",
        "0 < age_s <= limit_days",
        "total_mwh += load_mw",
        "f(price_usd_per_mwh=hashprice_usd_per_ph_day)",
        "power_mw = power_w",
        "power_mw: float = units.w_to_mw(x_w) + total_mwh",
        "max(power_mw, energy_mwh)",
        "(a_s + b) - d_days",
        "float(power_mw) > -energy_mwh[0]",
        "fee_sat + btc_to_sat(price_btc) - reward_btc",
    ],
)
def test_a_planted_meeting_is_caught(planted: str) -> None:
    assert len(meetings(ast.parse(planted))) == 1


@pytest.mark.parametrize(
    "innocent",
    [
        "energy_mwh = power_mw * hours",
        "power_mw = w_to_mw(power_w)",
        "a_s + b_s < 3 * c_s",
        "f(window_s=WEEK_S, length_h=x.hours)",
        "ratio_frac = price_usd / 3",
        "wait_hours + lag_h",
    ],
)
def test_like_units_are_left_in_peace(innocent: str) -> None:
    assert meetings(ast.parse(innocent)) == []
