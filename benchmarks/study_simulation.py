"""Starts the simulator at instants of the past and compares it with what then came.

PYTHONPATH=tests python benchmarks/study_simulation.py [FOLDER]        (about 5 min; pictures go into FOLDER)
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta

from support.hindsight import (
    SCENARIOS,
    Band,
    change_bands,
    difficulties,
    hashrate_bands,
    opening_at,
    quiet_periods,
    ratio_bands,
    undisturbed,
)
from wattshift.app.simulating.build import build_scenario
from wattshift.app.snapshot import Archive
from wattshift.config.scenario import ScenarioFile, load_scenario
from wattshift.measures.level.noise import FITTED
from wattshift.report.plots import style
from wattshift.simulate.calibrate import calibrated_noise
from wattshift.simulate.price import GivenPrice
from wattshift.simulate.result import NetworkForecast, PathFigure, Quantity
from wattshift.simulate.run import simulate
from wattshift.simulate.scenario import Scenario
from wattshift.store.bundled import BundledStore

if TYPE_CHECKING:
    from matplotlib.figure import Figure

HORIZONS = (1, 2, 4, 8)
PER_YEAR = 365.25 / 14
FIRST_OF_2021, FIRST_TESTED, LAST_OF_2025, LAST_TESTED = 330, 356, 461, 469
FIRST_LEARNT, LAST_LEARNT = 313, 339
PATHS = 2_000
DAYS = 150


def interval(hits: int, count: int) -> str:
    """Share of hits with its exact 90 % interval (Clopper & Pearson)."""
    low = beta.ppf(0.05, hits, count - hits + 1) if hits else 0.0
    high = beta.ppf(0.95, hits + 1, count - hits) if hits < count else 1.0
    return f"{100 * hits / count:.0f} % ({100 * low:.0f}-{100 * high:.0f})"


def line(title: str, ahead: int, bands: Sequence[Band]) -> None:
    """Print how often what came lay inside."""
    inside = interval(sum(band.inside for band in bands), len(bands))
    half = interval(sum(band.inside_half for band in bands), len(bands))
    below, above = sum(band.real < band.low for band in bands), sum(band.real > band.high for band in bands)
    width = np.median([band.high / band.low for band in bands])
    print(f"| {title} | {ahead} | {len(bands)} | {inside} | {half} | {below} | {above} | {width:.2f} |")


def coverage(title: str, rows: Sequence[Sequence[Band]]) -> None:
    """Print a line for each horizon."""
    for ahead in HORIZONS:
        line(title, ahead, [row[ahead - 1] for row in rows if len(row) >= ahead])


def growth(archive: Archive) -> None:
    """How far a year's growth misses that of the time before it, beyond what noise explains."""
    level = np.log(difficulties(archive))
    began = archive.table("difficulty_periods")["first_time_s"].to_list()
    year = np.array([1970 + began_s / 31_557_600 if began_s else np.nan for began_s in began])
    print("\n## Growth of difficulty: a year's, expected from that before (log, a year)\n")
    print("| years | periods before | openings | expected | came | error, noise taken out | / expected |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    ahead = round(PER_YEAR)
    noise = 52 * FITTED[1][1].calm_sd_frac ** 2
    for first, end in ((2015, 2021), (2016, 2021), (2017, 2021), (2022, 2026.4)):
        for behind in (ahead, 2 * ahead):
            at = np.flatnonzero((year >= first) & (np.append(year[ahead:], [np.inf] * ahead) < end))
            expected = (level[at] - level[at - behind]) / behind * PER_YEAR
            came = (level[at + ahead] - level[at]) / ahead * PER_YEAR
            own = max(float(np.mean(np.square(came - expected))) - noise, 0.0)
            print(
                f"| {first}-{end:g} | {behind} | {len(at)} | {expected.mean():.2f} | {came.mean():.2f} "
                f"| {own**0.5:.2f} | {(own / np.mean(np.square(expected))) ** 0.5:.2f} |"
            )


def score(real: Sequence[Band]) -> list[float]:
    """Log density of what came, as if ln difficulty were normal between the bands' ends."""
    scores = []
    for band in real[: HORIZONS[-1]]:
        sd = np.log(band.high / band.low) / 3.29
        z = np.log(band.real / band.median) / sd
        scores.append(float(-0.5 * z * z - np.log(sd)))
    return scores


def learnt(archive: Archive) -> None:
    """How fast storms blow over: openings of 2020 to the ban, whose outcomes lie before it."""
    model = FITTED[1][1]
    own = calibrated_noise(model)
    print("\n## Return of a storm's move, openings of February 2020 to April 2021\n")
    print("| days | mean log score of 1 | 2 | 4 | 8 periods ahead | inside 90 %: 1 | 2 | 4 | 8 |")
    print("|---:|---:|---:|---:|---:|---:|---:|---:|---:|")
    starts = {
        period: undisturbed(archive, opening_at(archive, period), days=DAYS, paths=PATHS)
        for period in range(FIRST_LEARNT, LAST_LEARNT)
    }
    for days in (4.0, 7.0, 14.0, own.return_days, 28.0, 2_000.0):
        kept: dict[int, list[tuple[float, bool]]] = {horizon: [] for horizon in HORIZONS}
        for period, start in starts.items():
            noise = replace(own, return_days=days)
            assert start.investment is not None
            grows = replace(start.investment, annual_growth_frac=model.growth_frac * PER_YEAR)
            found = simulate(replace(start, noise=noise, investment=grows))
            bands = ratio_bands(archive, found)
            scores = score(bands)
            for horizon in HORIZONS:
                if period + horizon <= LAST_LEARNT:
                    kept[horizon].append((scores[horizon - 1], bands[horizon - 1].inside))
        cells = [f"{np.mean([each[0] for each in kept[horizon]]):.2f}" for horizon in HORIZONS]
        cells += [f"{100 * np.mean([each[1] for each in kept[horizon]]):.0f} %" for horizon in HORIZONS]
        print(f"| {days:.0f} | {' | '.join(cells)} |")


def quiet(archive: Archive) -> None:
    """Coverage at period openings, with nothing known of what will strike."""
    print("\n## Difficulty, started at openings of periods\n")
    print("| openings | periods ahead | n | inside 90 % | inside 50 % | below | above | high / low |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|")
    rows: dict[int, list[Band]] = {}
    fixed: dict[int, list[Band]] = {}
    for period in range(FIRST_OF_2021, LAST_TESTED + 1):
        start = undisturbed(archive, opening_at(archive, period), days=DAYS, paths=PATHS)
        rows[period] = ratio_bands(archive, simulate(start))
        fixed[period] = ratio_bands(archive, simulate(first_guess(start)))
    chosen = quiet_periods(archive, FIRST_TESTED, LAST_OF_2025, 20)
    tested = range(FIRST_TESTED, LAST_OF_2025 + 1)
    coverage("20 quiet ones, 2022-2025", [rows[period] for period in chosen])
    coverage("every fifth, 2022-2025", [rows[period] for period in tested[::5]])
    coverage("all, 2022-2025", [rows[period] for period in tested])
    coverage("all, 2022-2026", [rows[period] for period in rows if period >= FIRST_TESTED])
    coverage("all, 2021 (the ban)", [rows[period] for period in rows if period < FIRST_TESTED])
    coverage("all, 2022-2025, first guess", [fixed[period] for period in tested])
    print("\nthe 20:", ", ".join(f"{opening_at(archive, period):%Y-%m-%d}" for period in chosen))


def first_guess(start: Scenario) -> Scenario:
    """A storm's move gone after 14 days, growth known to 0.1: chosen before anything was fitted."""
    assert start.investment is not None
    return replace(
        start,
        noise=replace(start.noise, return_days=14.0),
        investment=replace(start.investment, annual_growth_sd_frac=0.1),
    )


def table(archive: Archive, found: NetworkForecast, count: int) -> None:
    """Print the retargets of a start."""
    print("\n| retarget | came | median (90 % band) | | difficulty / start's | median (90 % band) | |")
    print("|---:|---:|---:|---|---:|---:|---|")
    changes, ratios = change_bands(archive, found), ratio_bands(archive, found)
    for number, (change, ratio) in enumerate(zip(changes[:count], ratios, strict=False), start=1):
        print(
            f"| {number} | {100 * change.real:+.2f} % | {100 * change.median:+.1f} "
            f"({100 * change.low:+.1f} to {100 * change.high:+.1f}) | {'' if change.inside else 'outside'} "
            f"| {ratio.real:.3f} | {ratio.median:.3f} ({ratio.low:.3f} to {ratio.high:.3f}) "
            f"| {'' if ratio.inside else 'outside'} |"
        )


def said(archive: Archive, found: NetworkForecast) -> None:
    """Print how hashrate and intervals compare."""
    bands = hashrate_bands(archive, found.daily[Quantity.HASHRATE], found.as_of)
    out = [day for day, band in enumerate(bands) if not band.inside]
    print(f"\nhashrate inside 90 %: {len(bands) - len(out)} of {len(bands)} days; outside: {out}")
    falls = found.path_figures[PathFigure.LARGEST_FALL]
    changes = [band.real for band in change_bands(archive, found)][: len(found.retargets.reached_prob)]
    worst_s = 1_209_600 / 2_015 / (1 - falls)
    low, median, high = np.quantile(worst_s, (0.05, 0.5, 0.95))
    print(
        f"block interval of the slowest period: came {1_209_600 / 2_015 / (1 + min(changes)):.0f} s, "
        f"median {median:.0f} s ({low:.0f} to {high:.0f}); "
        f"a fall as large or larger in {100 * np.mean(falls >= -min(changes)):.0f} % of the paths"
    )


def started(archive: Archive, file: ScenarioFile) -> NetworkForecast:
    """The forecast of a scenario file from its own instant."""
    return simulate(build_scenario(archive.as_of(file.at), file))


def ban(archive: Archive) -> NetworkForecast:
    """The ban, with its parts left out one after the other."""
    file = load_scenario(SCENARIOS / "ban-2021.toml")
    whole = started(archive, file)
    print("\n## The ban of 2021 from 2021-05-10 on: ban and rationing")
    table(archive, whole, 16)
    said(archive, whole)
    only = replace(file, outages=file.outages[:1])
    gone = replace(only, outages=(replace(only.outages[0], back_frac=(0.0, 0.0)),))
    older = replace(only, regions=(replace(file.regions[0], share_frac=0.651),))
    for title, other, count in (
        ("the ban alone", only, 8),
        ("the ban alone, nothing comes back", gone, 16),
        ("the ban alone, 65.1 % in China (the map of April 2020)", older, 8),
        ("nothing strikes", replace(file, outages=()), 6),
    ):
        found = started(archive, other)
        print(f"\n### {title}")
        table(archive, found, count)
        said(archive, found)
    return whole


def storm(archive: Archive) -> NetworkForecast:
    """The storm of January 2026, with and without it."""
    file = load_scenario(SCENARIOS / "storm-2026.toml")
    print("\n## The storm of January 2026 from 2026-01-15 on")
    whole = started(archive, file)
    table(archive, whole, 4)
    said(archive, whole)
    print("\n### nothing strikes")
    found = started(archive, replace(file, outages=()))
    table(archive, found, 4)
    said(archive, found)
    return whole


def given_price(archive: Archive, start: Scenario) -> Scenario:
    """The same with the price that came: what remains is the miners' answer to it."""
    at = [start.as_of + timedelta(days=day) for day in range(start.horizon_days)]
    return replace(
        start,
        price=GivenPrice(usd_per_btc=np.array([archive.closes.at(day).price_usd_per_btc for day in at])),
    )


def prices(archive: Archive) -> None:
    """A falling price and a halving: the price drawn or given, and miners who respond or do not."""
    print("\n## A fall of the price and a halving")
    for title, at in (
        ("the fall of November 2022, from 2022-11-05", datetime(2022, 11, 5, tzinfo=UTC)),
        ("the fourth halving, from 2024-04-10", datetime(2024, 4, 10, tzinfo=UTC)),
    ):
        start = undisturbed(archive, at, days=100, paths=10_000)
        known = given_price(archive, start)
        print(f"\n### {title}: the price drawn")
        table(archive, simulate(start), 6)
        for words, other in (
            ("price given", known),
            ("price given, nobody responds", replace(known, responds=False)),
        ):
            bands = ratio_bands(archive, simulate(other))[:6]
            print(
                f"\n{words}: "
                + ", ".join(f"{band.real:.3f} in {band.low:.3f}-{band.high:.3f}" for band in bands)
            )


def forward(archive: Archive) -> None:
    """Hashprice so many days ahead, from the first of each month."""
    print("\n## Hashprice, from the first of each month, February 2021 to March 2026\n")
    print("| starts | days ahead | n | inside 90 % | inside 50 % | below | above | high / low |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|")
    bands: dict[tuple[str, int], list[Band]] = {}
    for each in range(1, 63):
        at = datetime(2021 + each // 12, each % 12 + 1, 1, tzinfo=UTC)
        fan = simulate(undisturbed(archive, at, days=181, paths=PATHS)).daily[Quantity.HASHPRICE]
        for days in (30, 90, 180):
            then = at + timedelta(days=days)
            if then <= archive.newest_at:
                came = archive.as_of(then).hashprice.usd_per_ph_day
                low, lower, median, upper, high = fan.quantiles[:, days].tolist()
                bands.setdefault(("2021" if at.year == 2021 else "2022-2026", days), []).append(
                    Band(real=came, low=low, lower=lower, median=median, upper=upper, high=high)
                )
    for (title, days), row in sorted(bands.items()):
        line(title, days, row)


def draw(archive: Archive, found: NetworkForecast, title: str, figure: Figure) -> None:
    """The hashrate and the retargets of a start, and what came."""
    from matplotlib.ticker import MaxNLocator

    left, right = figure.subplots(
        1, 2, gridspec_kw={"left": 0.06, "right": 0.97, "top": 0.83, "bottom": 0.14, "wspace": 0.18}
    )
    bands = hashrate_bands(archive, found.daily[Quantity.HASHRATE], found.as_of)
    at = [style.on_axis(found.as_of + timedelta(days=day + 0.5)) for day in range(len(bands))]

    def column(name: str, rows: Sequence[Band]) -> NDArray[np.float64]:
        return np.array([getattr(row, name) for row in rows])

    left.fill_between(at, column("low", bands), column("high", bands), color=style.BLUE, alpha=0.14, lw=0)
    left.fill_between(at, column("lower", bands), column("upper", bands), color=style.BLUE, alpha=0.28, lw=0)
    left.plot(at, column("median", bands), color=style.BLUE, lw=1.6)
    left.plot(at, column("real", bands), color=style.VERMILION, lw=1.6)
    style.time_axis(left)
    style.calm(left, "EH/s")
    style.caption(left, "hashrate, means of three days; red: what came")
    changes = change_bands(archive, found)[: int((found.retargets.reached_prob > 0.5).sum())]
    numbers = np.arange(1, len(changes) + 1)
    right.vlines(numbers, column("low", changes), column("high", changes), color=style.BLUE, alpha=0.3, lw=6)
    right.plot(numbers, column("median", changes), "o", ms=4, color=style.BLUE)
    right.plot(numbers, column("real", changes), "D", ms=5, color=style.VERMILION)
    right.axhline(0, color=style.MUTED, lw=0.8)
    style.as_percent(right.yaxis, ticks=6, signed=True)
    right.xaxis.set_major_locator(MaxNLocator(integer=True))
    style.calm(right, "change of difficulty")
    style.caption(right, "retargets after the start; red: what came")
    style.heading(
        figure, title, f"Started {found.as_of:%Y-%m-%d}; dark: half of the paths, pale: nine in ten."
    )
    origins = archive.as_of(found.as_of).origins("blocks", "difficulty_periods", "btc_usd_daily")
    style.foot(
        figure,
        found.as_of,
        origins,
        note="When it struck, and whom, was given. Bands hold the luck of three days.",
    )


def main() -> None:
    """Print every table."""
    archive = Archive(BundledStore())
    growth(archive)
    learnt(archive)
    quiet(archive)
    struck = {"ban-2021": ban(archive), "storm-2026": storm(archive)}
    prices(archive)
    forward(archive)
    for folder in map(Path, sys.argv[1:]):
        titles = {
            "ban-2021": "The ban of 2021: hashrate halves and comes back",
            "storm-2026": "The storm of January 2026: down, and up again",
        }
        for name, title in titles.items():
            form = style.PictureForm.PNG
            (folder / f"{name}.png").write_bytes(
                style.render(
                    lambda figure, name=name, title=title: draw(archive, struck[name], title, figure),  # type: ignore[misc]  # bound now
                    form,
                    title=title,
                )
            )


if __name__ == "__main__":
    main()
