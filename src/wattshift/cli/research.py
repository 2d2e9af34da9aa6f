"""Verbs about how good the figures and the plans are, and their pictures: score, backtest, plot."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from wattshift.cli.options import AsJson, At, End, Start, open_archive, show
from wattshift.cli.site import SiteFile
from wattshift.clock import parse_instant
from wattshift.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from matplotlib.figure import Figure

    from wattshift.app.engine.port import Engine
    from wattshift.app.scoring import Progress
    from wattshift.app.snapshot import Archive

__all__ = [
    "PictureName",
    "backtest",
    "opened_engine",
    "plot",
    "progress_bar",
    "register",
    "score",
    "write_picture",
]


class PictureName(StrEnum):
    """Whatever can be drawn."""

    HASHRATE = "hashrate"
    DIFFICULTY = "difficulty"
    HASHPRICE = "hashprice"
    RIBBONS = "ribbons"
    POOLS = "pools"
    SCORE = "score"
    SECURITY = "security"
    SIMULATION = "simulation"


_UNBOUND = {
    PictureName.DIFFICULTY: ("--end",),
    PictureName.SCORE: ("--start", "--end"),
    PictureName.SECURITY: ("--start", "--end"),
    PictureName.SIMULATION: ("--start", "--end"),
}
"""Options that make no sense for a picture, which ends at --at."""


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    app.command()(score)
    app.command()(backtest)
    app.command()(plot)


def opened_engine(engine: str | None) -> AbstractContextManager[Engine | None]:
    """The engine of an option, open as long as it is needed; none where none was named."""
    from wattshift.app.engine.opening import open_engine

    return nullcontext() if engine is None else open_engine(engine)


@contextmanager
def progress_bar(what: str) -> Iterator[Progress | None]:
    """A bar on stderr, and none where that is no terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress as Bar

    with Bar(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _depths(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError:
        raise InputError(f"{text!r} is no list of depths", hint="write them as 1,144,1000") from None


def score(
    at: At = None,
    periods: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="Only the last N complete periods. Default: all that began after the parameters' first fit.",
        ),
    ] = None,
    depths: Annotated[
        str | None,
        typer.Option(
            metavar="LIST", help="Blocks after a period's first one: 1,144,1000. Default: 21 depths."
        ),
    ] = None,
    picture: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Also draw it: a file that ends in .svg or .png.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """How good projections of the next adjustment were, beside mempool's rule and other baselines.

    Example: wattshift score --periods 26 --picture score.svg
    """
    from wattshift.app import scoring
    from wattshift.measures.level.scoring import DEPTHS
    from wattshift.report.plots.score import draw_score
    from wattshift.report.plots.style import picture_form
    from wattshift.report.terminal.score import score_view

    if picture is not None:
        picture_form(picture)
    chosen = DEPTHS if depths is None else _depths(depths)
    with progress_bar("replaying periods") as progress:
        document = scoring.score(open_archive(at), at=at, periods=periods, depths=chosen, progress=progress)
    if picture is not None:
        write_picture(picture, lambda figure: draw_score(document, figure), PictureName.SCORE.value)
    show(document, score_view, name="score", as_json=as_json)


_Begin: TypeAlias = Annotated[
    datetime, typer.Option(parser=parse_instant, metavar="INSTANT", help="Start of the stretch of time.")
]

_MonthsOn: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="ENGINE",
        help="Where months that are planned one by one are replayed: local, local:4, dask, dask:tcp://host:8786.",
    ),
]


def backtest(
    start: _Begin,
    end: Annotated[datetime, typer.Option(parser=parse_instant, metavar="INSTANT", help="Its end.")],
    site: SiteFile = None,
    hashprice: Annotated[
        float | None,
        typer.Option(metavar="USD/PH/DAY", help="One hashprice throughout, not the measured ones."),
    ] = None,
    picture: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Also draw it: a file that ends in .svg or .png.")
    ] = None,
    engine: _MonthsOn = None,
    as_json: AsJson = False,
) -> None:
    """What a site would have earned with only what was knowable then, beside rules of thumb and foresight.

    Example: wattshift backtest --site my-site.toml --start 2025-01-01 --end 2026-01-01 --picture backtest.svg
    """
    from wattshift.app.backtest.run import backtest as replay
    from wattshift.app.sites import open_site
    from wattshift.report.plots.backtest import draw_backtest
    from wattshift.report.plots.style import picture_form
    from wattshift.report.terminal.backtest import backtest_view

    if picture is not None:
        picture_form(picture)
    opened, _ = open_site(site)
    with progress_bar("replaying months") as progress, opened_engine(engine) as months_on:
        document = replay(
            open_archive(end),
            opened,
            start_at=start,
            end_at=end,
            hashprice_usd_per_ph_day=hashprice,
            progress=progress,
            engine=months_on,
        )
    if picture is not None:
        write_picture(picture, lambda figure: draw_backtest(document, figure), "backtest")
    show(document, backtest_view, name="backtest", as_json=as_json)


def plot(
    name: Annotated[PictureName, typer.Argument(help="Which picture.")],
    out: Annotated[Path, typer.Option(metavar="FILE", help="Where to: a file that ends in .svg or .png.")],
    at: At = None,
    start: Start = None,
    end: End = None,
    log: Annotated[bool, typer.Option("--log", help="Of the hashrate: a logarithmic axis.")] = False,
    scenario: Annotated[
        str | None,
        typer.Option(metavar="SCENARIO", help="Of the simulation: a file, or one that ships. Default: ban."),
    ] = None,
) -> None:
    """Draw a picture for publication, with intervals, events and sources.

    Example: wattshift plot hashrate --start 2021-01-01 --log --out hashrate.svg
    """
    from wattshift.report.plots.style import picture_form

    picture_form(out)
    given = {"--start": start, "--end": end}
    for option in _UNBOUND.get(name, ()):
        if given[option] is not None:
            raise InputError(f"the picture of the {name.value} has no {option}", hint="it ends at --at")
    if log and name is not PictureName.HASHRATE:
        raise InputError("only the picture of the hashrate has --log", hint="leave it out")
    if scenario is not None and name is not PictureName.SIMULATION:
        raise InputError("only the picture of the simulation has --scenario", hint="leave it out")
    if name is PictureName.SIMULATION:
        draw = _simulated(scenario or "ban", at)
    else:
        draw = _drawer(name, open_archive(at), at, start, end, is_log=log)
    write_picture(out, draw, name.value)


def _simulated(named: str, at: datetime | None) -> Callable[[Figure], None]:
    """What draws a scenario, its paths run."""
    from wattshift.app.simulating.run import simulate
    from wattshift.app.simulating.scenarios import open_scenario
    from wattshift.report.plots.simulation import draw_simulation

    scenario = open_scenario(named)
    with progress_bar("simulating") as progress:
        document = simulate(open_archive(at or scenario.at), scenario, at=at, progress=progress)
    return lambda figure: draw_simulation(document, figure)


def _drawer(
    name: PictureName,
    archive: Archive,
    at: datetime | None,
    start: datetime | None,
    end: datetime | None,
    *,
    is_log: bool,
) -> Callable[[Figure], None]:
    """What fills the figure, with its figures found."""
    from wattshift.app import plotting, scoring, securityplots, stressplots
    from wattshift.report.plots import difficulty, hashprice, hashrate, pools, ribbons, security
    from wattshift.report.plots import score as scores

    match name:
        case PictureName.HASHRATE:
            levels = plotting.hashrate_picture(archive, at=at, start_at=start, end_at=end, is_log=is_log)
            return lambda figure: hashrate.draw_hashrate(levels, figure)
        case PictureName.DIFFICULTY:
            changes = plotting.difficulty_picture(archive, at=at, start_at=start)
            return lambda figure: difficulty.draw_difficulty(changes, figure)
        case PictureName.HASHPRICE:
            prices = plotting.hashprice_picture(archive, at=at, start_at=start, end_at=end)
            return lambda figure: hashprice.draw_hashprice(prices, figure)
        case PictureName.RIBBONS:
            signals = stressplots.ribbons_picture(archive, at=at, start_at=start, end_at=end)
            return lambda figure: ribbons.draw_ribbons(signals, figure)
        case PictureName.POOLS:
            shares = stressplots.pools_picture(archive, at=at, start_at=start, end_at=end)
            return lambda figure: pools.draw_pools(shares, figure)
        case PictureName.SCORE:
            with progress_bar("replaying periods") as progress:
                document = scoring.score(archive, at=at, progress=progress)
            return lambda figure: scores.draw_score(document, figure)
        case _:
            safety = securityplots.security_picture(archive, at=at)
            return lambda figure: security.draw_security(safety, figure)


def write_picture(path: Path, draw: Callable[[Figure], None], name: str) -> None:
    """Write a picture in the form that its file's name asks for, and say so."""
    from wattshift.report.files import write_bytes
    from wattshift.report.plots.style import picture_form, render

    write_bytes(path, render(draw, picture_form(path), title=f"wattshift: {name}"))
    typer.echo(f"wrote {path}", err=True)
