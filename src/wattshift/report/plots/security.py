"""The picture of security: double spends by confirmations, and what matching the hashrate costs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from wattshift.provenance import Origin
from wattshift.report.documents.security import SecurityState
from wattshift.report.figures import number
from wattshift.report.plots import style
from wattshift.report.securitywords import machine_in_words, usd
from wattshift.report.words import percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["SecurityPicture", "draw_security"]

_COLOURS = (style.BLUE, style.SKY, style.GREEN, style.ORANGE, style.VERMILION, style.PURPLE)
_LEAST_PROB = 1e-6
_BILLION = 1e9
_LEVELS_BN = (0.5, 1, 2, 5, 10, 20, 50, 100, 200)


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityPicture:
    """What the picture shows.

    Args:
        as_of: nothing later is used.
        state: what is measured.
        curves: attacker_frac, confirmations, exact_prob, nakamoto_prob.
        hashrate_ehs: shape (n,), hashrates to match [EH/s].
        machine_usd_per_th: shape (m,), prices of machines [USD/TH].
        total_usd: shape (n, m), what matching costs for an hour [USD].
        origins: where it comes from.
    """

    as_of: datetime
    state: SecurityState
    curves: pl.DataFrame
    hashrate_ehs: NDArray[np.float64]
    machine_usd_per_th: NDArray[np.float64]
    total_usd: NDArray[np.float64]
    origins: tuple[Origin, ...]


def draw_security(picture: SecurityPicture, figure: Figure) -> None:
    """Draw the curves and the cost.

    Args:
        picture: from `wattshift.app.securityplots`.
        figure: an empty one.
    """
    chances, cost = figure.subplots(
        1, 2, gridspec_kw={"left": 0.065, "right": 0.965, "top": 0.84, "bottom": 0.19, "wspace": 0.3}
    )
    _chances(chances, picture)
    _cost(cost, picture)
    state = picture.state
    style.heading(
        figure,
        f"Matching {number(state.hashrate_ehs)} EH/s takes {number(state.attack.power_mw / 1_000, 1)} GW;"
        f" {usd(state.budget.usd_per_day)} USD a day pay for them",
        "Left: exact (lines) and by Nakamoto's approximation (dashes). Right: machines bought and an hour of"
        f" power at {state.attack.power_usd_per_mwh:g} USD/MWh, {state.attack.efficiency_j_per_th:.1f} J/TH",
    )
    style.foot(
        figure,
        picture.as_of,
        picture.origins,
        note="Double spends after M. Rosenfeld (2012) and S. Nakamoto (2008)."
        f" Marked: {machine_in_words(state.attack.machine)}.",
    )


def _chances(axes: Axes, picture: SecurityPicture) -> None:
    from matplotlib.ticker import FuncFormatter

    shares = picture.curves["attacker_frac"].unique(maintain_order=True).to_list()
    axes.set_yscale("log")
    axes.set_ylim(_LEAST_PROB, 1.0)
    for share, colour in zip(shares, _COLOURS, strict=False):
        curve = picture.curves.filter(attacker_frac=share)
        counts = curve["confirmations"].to_numpy()
        exact = curve["exact_prob"].to_numpy()
        axes.plot(counts, exact, color=colour, lw=1.8)
        axes.plot(counts, curve["nakamoto_prob"].to_numpy(), color=colour, lw=1.0, ls=(0, (4, 3)))
        at = int(np.flatnonzero(exact >= _LEAST_PROB * 10)[-1])
        axes.annotate(
            percent(share, digits=0, signed=False),
            xy=(counts[at], exact[at]),
            xytext=(5, 4),
            textcoords="offset points",
            color=colour,
            fontsize=9,
            fontweight="bold",
            path_effects=style.halo(),
        )
    axes.axvline(6, color=style.MUTED, lw=0.8, ls=(0, (3, 3)))
    axes.minorticks_off()
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:g} %"))
    axes.set_xlabel("confirmations")
    axes.set_xlim(left=0)
    style.calm(axes, "probability")
    style.caption(axes, "double spend, by share of the hashrate")


def _cost(axes: Axes, picture: SecurityPicture) -> None:
    from matplotlib.ticker import FuncFormatter

    axes.set_xscale("log")
    lines = axes.contour(
        picture.machine_usd_per_th,
        picture.hashrate_ehs,
        picture.total_usd / _BILLION,
        levels=_LEVELS_BN,
        colors=style.BLUE,
        linewidths=1.2,
    )
    axes.clabel(lines, fmt=lambda value: f"{value:g} bn", fontsize=8.5)
    state = picture.state
    axes.axhspan(state.low_ehs, state.high_ehs, color=style.VERMILION, alpha=0.12, lw=0)
    axes.axhline(state.hashrate_ehs, color=style.VERMILION, lw=1.2)
    machine = state.attack.machine
    if machine is not None:
        axes.plot([machine.usd_per_th], [state.hashrate_ehs], "o", ms=7, color=style.VERMILION)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: number(value)))
    axes.set_xlabel("machines, USD/TH (logarithmic)")
    style.calm(axes, "EH/s to match")
    style.caption(axes, "cost of matching the hashrate, billion USD")
