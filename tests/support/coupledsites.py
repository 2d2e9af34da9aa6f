"""Random coupled sites that always have a plan, with every part and every limit now and then."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wattshift.allocate.coupled.parts import (
    Battery,
    Generator,
    Grid,
    Job,
    Load,
    Peak,
    PowerGroup,
    Reserve,
    SoftCap,
    Step,
)
from wattshift.allocate.coupled.problem import CoupledProblem
from wattshift.assets.kind import UseKind

__all__ = ["grid_of", "load_of", "problem_of", "random_site", "starts_of"]

Row = NDArray[np.float64]

PRICES = (-250.0, -20.0, -3.0, 0.0, 3.0, 20.0, 35.0, 60.0, 90.0, 400.0, 9_000.0)
"""Few and often the same: ties and coinciding kinks are where a planner goes wrong."""


def starts_of(hours: Row) -> NDArray[np.datetime64]:
    """Starts of intervals of these lengths."""
    begins = np.concatenate([[0.0], np.cumsum(hours)[:-1]])
    return np.datetime64("2021-02-14T00:00", "us") + np.round(begins * 3.6e9).astype("timedelta64[us]")


def grid_of(buy_usd_per_mwh: Row, import_mw: Row | float = 10.0, **changes: Row | float) -> Grid:
    """A plain connection: no export, no block, unless `changes` say so."""
    given: dict[str, Row | float] = {
        **dict.fromkeys(
            ("export_mw", "sell_usd_per_mwh", "block_mw", "block_usd_per_mwh", "resale_usd_per_mwh"), 0.0
        ),
        "block_adder_usd_per_mwh": 0.0,
        "import_mw": import_mw,
        **changes,
    }
    rows = {
        key: np.broadcast_to(np.asarray(row, np.float64), buy_usd_per_mwh.shape) for key, row in given.items()
    }
    return Grid(buy_usd_per_mwh=buy_usd_per_mwh, **rows)


def load_of(name: str, worth: list[Row], sizes: list[float], **changes: object) -> Load:
    """A load with steps of these sizes and worths, free to move unless `changes` say otherwise."""
    shape = worth[0].shape
    given: dict[str, object] = {
        "kind": UseKind.MINING,
        "available_mw": np.full(shape, sum(sizes)),
        "floor_mw": np.zeros(shape),
        "promised_mw": np.zeros(shape),
        **changes,
    }
    steps = tuple(
        Step(name=f"step {i}", capacity_mw=size, worth_usd_per_mwh=row)
        for i, (size, row) in enumerate(zip(sizes, worth, strict=True))
    )
    return Load(name=name, steps=steps, **given)  # type: ignore[arg-type]  # each test knows its keys


def problem_of(buy: list[float], loads: tuple[Load, ...], **parts: object) -> CoupledProblem:
    """Hours at these prices."""
    hours = np.ones(len(buy))
    grid = parts.pop("grid", grid_of(np.array(buy)))
    return CoupledProblem(start=starts_of(hours), hours=hours, grid=grid, loads=loads, **parts)  # type: ignore[arg-type]


class _Dice:
    def __init__(self, seed: int, rows: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.rows = rows

    def often(self, prob: float = 0.5) -> bool:
        return bool(self.rng.random() < prob)

    def one(self, *values: float) -> float:
        return float(self.rng.choice(values))

    def row(self, *values: float) -> Row:
        return self.rng.choice(values, self.rows)

    def prices(self) -> Row:
        if self.often():
            return self.rng.choice(PRICES, self.rows)
        return self.rng.normal(40.0, 50.0, self.rows)


def random_site(seed: int, rows: int | None = None, *, whole: bool = True) -> CoupledProblem:
    """A site by its number; its floors always fit. `whole` allows loads that run as one block."""
    dice = _Dice(seed, 1)
    dice.rows = rows or int(dice.rng.integers(1, 9))
    hours = dice.row(0.25, 1.0) if dice.often(0.2) else np.full(dice.rows, dice.one(0.25, 0.5, 1.0))
    loads = tuple(_load(dice, str(i), whole=whole) for i in range(dice.rng.integers(1, 4)))
    floors = sum((load.floor_mw for load in loads), np.zeros(dice.rows))
    before = sum(load.before_mw for load in loads)
    names = tuple(load.name for load in loads)
    batteries = tuple(_battery(dice, f"battery {i}") for i in range(dice.rng.integers(0, 3)))
    generators = (
        (Generator(name="sun", available_mw=dice.row(0.0, 1.0, 3.5), cost_usd_per_mwh=dice.row(0.0, 30.0)),)
        if dice.often(0.3)
        else ()
    )
    return CoupledProblem(
        start=starts_of(hours),
        hours=hours,
        grid=_grid(dice, np.maximum(floors, before) + 8.0),
        loads=loads,
        jobs=tuple(_job(dice, f"job {i}", names) for i in range(dice.rng.integers(0, 3))),
        batteries=batteries,
        generators=generators,
        reserves=_reserves(dice, loads, batteries),
        groups=(
            (
                PowerGroup(
                    name="feeder", limit_mw=np.maximum(floors, before) + dice.row(8.0, 9.0), loads=names[:2]
                ),
            )
            if dice.often(0.4)
            else ()
        ),
        peaks=_peaks(dice),
        soft_caps=(
            (
                SoftCap(
                    name="call",
                    cap_mw=dice.row(0.0, 2.0, 5.0),
                    penalty_usd_per_mwh=dice.row(0.0, 15.0, 500.0),
                ),
            )
            if dice.often(0.4)
            else ()
        ),
    )


def _grid(dice: _Dice, import_mw: Row) -> Grid:
    buy = dice.prices()
    changes: dict[str, Row | float] = {}
    if dice.often(0.4):
        changes = {"export_mw": dice.row(0.0, 2.0, 6.0), "sell_usd_per_mwh": buy - dice.one(0.0, 4.0, 30.0)}
    if dice.often(0.4):
        adder = dice.one(0.0, 3.0, 17.0)
        changes |= {
            "block_mw": dice.one(0.5, 2.0, 4.5, 40.0),
            "block_usd_per_mwh": dice.one(-5.0, 38.0),
            "resale_usd_per_mwh": np.maximum(0.0, buy - adder - 1.5) * dice.one(0.0, 1.0),
            "block_adder_usd_per_mwh": adder,
        }
    return grid_of(buy, import_mw, **changes)


def _load(dice: _Dice, name: str, *, whole: bool) -> Load:
    sizes = [dice.one(1.0, 2.0, 2.5) for _ in range(dice.rng.integers(1, 4))]
    capacity, block = sum(sizes), whole and dice.often(0.2)
    before = dice.one(0.0, capacity) if block else dice.one(0.0, 0.5, capacity)
    floor = 0.5 if before >= 0.5 and not block and dice.often(0.3) else 0.0
    moves = dice.often() and not block
    times = dice.often(0.4)
    short = dice.row(1.0, 1.0, 0.75) if not block and not times else np.ones(dice.rows)
    ramp = max(1.0, capacity)  # a derating never asks for more, whatever the length of an interval
    return load_of(
        name,
        [dice.prices() for _ in sizes],
        sizes,
        kind=UseKind.GPU_CLOUD if floor else UseKind.MINING,
        available_mw=capacity * short,
        floor_mw=np.full(dice.rows, floor),
        promised_mw=dice.row(0.0, 1.0, 2.0) if dice.often(0.3) else np.zeros(dice.rows),
        credit_usd_per_mwh=dice.one(0.0, 50.0, 2_000.0),
        before_mw=before,
        ramp_up_mw_per_h=dice.one(0.5, 1.0, 4.0) if moves else np.inf,
        ramp_down_mw_per_h=(4.0 * ramp if (short < 1.0).any() else dice.one(0.5, 1.0, 4.0))
        if moves
        else np.inf,
        min_up_h=dice.one(0.0, 0.75, 1.0, 2.5) if times else 0.0,
        min_down_h=dice.one(0.0, 1.0, 3.0) if times else 0.0,
        start_usd_per_mw=dice.one(0.0, 5.0, 60.0),
        stop_usd_per_mw=dice.one(0.0, 5.0),
        whole=block,
    )


def _battery(dice: _Dice, name: str) -> Battery:
    energy = dice.one(1.0, 4.0)
    return Battery(
        name=name,
        charge_mw=dice.one(0.5, 2.0),
        discharge_mw=dice.one(1.0, 2.0),
        energy_mwh=energy,
        charge_ratio=dice.one(1.0, 0.9),
        discharge_ratio=dice.one(1.0, 0.95),
        wear_usd_per_mwh=dice.one(0.0, 7.0),
        start_mwh=energy * dice.one(0.0, 0.5, 1.0),
        least_end_mwh=0.0,
        end_usd_per_mwh=dice.one(0.0, 30.0),
    )


def _job(dice: _Dice, name: str, loads: tuple[str, ...]) -> Job:
    first = int(dice.rng.integers(0, dice.rows))
    return Job(
        name=name,
        load=str(dice.rng.choice(loads)),
        first=first,
        end=first + int(dice.rng.integers(1, dice.rows + 1)),
        energy_mwh=dice.one(0.5, 1.0, 3.0),
        max_mw=dice.one(0.5, 2.0, np.inf),
        worth_usd_per_mwh=dice.one(0.0, 80.0),
        missed_usd_per_mwh=dice.one(0.0, 20.0, 300.0),
    )


def _reserves(dice: _Dice, loads: tuple[Load, ...], batteries: tuple[Battery, ...]) -> tuple[Reserve, ...]:
    return tuple(
        Reserve(
            name=f"reserve {i}",
            price_usd_per_mwh=dice.row(-1.0, 0.0, 6.0, 25.0),
            max_mw=dice.one(0.7, 3.0, np.inf),
            duration_h=dice.one(0.0, 0.5, 2.0),
            loads=tuple(load.name for load in loads if dice.often(0.7)),
            batteries=tuple(battery.name for battery in batteries if dice.often(0.7)),
        )
        for i in range(dice.rng.integers(0, 3))
    )


def _peaks(dice: _Dice) -> tuple[Peak, ...]:
    return tuple(
        Peak(
            name=f"peak {i}",
            period=dice.rng.integers(-1, 2, dice.rows),
            usd_per_mw=np.array([dice.one(0.0, 12.0, 200.0), dice.one(5.0, 90.0)]),
            already_mw=np.array([0.0, dice.one(0.0, 3.0)]),
        )
        for i in range(dice.rng.integers(0, 3))
    )
