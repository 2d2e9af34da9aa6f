"""Parts of a scenario file that take the place of what was calibrated, or ask for more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Any

import numpy as np

from wattshift.assets.bounds import require_not_negative
from wattshift.errors import InputError
from wattshift.measures.stress.costcurve import SURVEY_POWER
from wattshift.simulate.behaviour import Investment
from wattshift.simulate.limits import require_within
from wattshift.simulate.price import (
    BootstrapPrice,
    GeometricPrice,
    GivenPrice,
    HestonPrice,
    JumpPrice,
    PriceProcess,
)
from wattshift.simulate.start import START_BOUNDS, NetworkStart

__all__ = ["AttackGiven", "Backlog", "InvestmentGiven", "PriceGiven", "PriceKind", "StartGiven"]

_MAX_INFLOW_VMB_PER_S = 0.003
_LEAST_PRICE, _LARGEST_PRICE = 1e-3, 1e6


@dataclass(frozen=True, slots=True, kw_only=True)
class StartGiven:
    """The network at the start, where it is not to be the measured one.

    Args:
        hashrate_ehs: the hashrate [EH/s].
        hashrate_sd_frac: standard deviation of its logarithm.
        price_usd_per_btc: the bitcoin price [USD/BTC].
        fees_btc: mean fees of a block [BTC].
    """

    hashrate_ehs: float | None = None
    hashrate_sd_frac: float | None = None
    price_usd_per_btc: float | None = None
    fees_btc: float | None = None

    def __post_init__(self) -> None:
        """Refuse a network that cannot be.

        Raises:
            InputError: naming the key.
        """
        for key, value in _given(self).items():
            require_within(key, value, *START_BOUNDS[key])

    def instead_of(self, start: NetworkStart) -> NetworkStart:
        """The measured start with what is given in its place."""
        return replace(start, **_given(self))


@dataclass(frozen=True, slots=True, kw_only=True)
class InvestmentGiven:
    """How new machines arrive, where that is not to follow from the past; see `Investment`.

    Args:
        annual_growth_frac: growth of the hashrate in a year if nothing changed, log.
        annual_growth_sd_frac: how uncertain that is.
        elasticity_ratio: how strongly orders follow the margin.
        most_ratio: orders never exceed those at the start by more than this.
        lag_days: from order to hashing [days].
        efficiency_j_per_th: of machines delivered at the start [J/TH].
        annual_improvement_frac: by which new machines get better in a year.
    """

    annual_growth_frac: float | None = None
    annual_growth_sd_frac: float | None = None
    elasticity_ratio: float | None = None
    most_ratio: float | None = None
    lag_days: float | None = None
    efficiency_j_per_th: float | None = None
    annual_improvement_frac: float | None = None

    def __post_init__(self) -> None:
        """Refuse numbers out of range.

        Raises:
            InputError: naming the key.
        """
        self.instead_of(Investment())

    def instead_of(self, calibrated: Investment) -> Investment:
        """The calibrated investment with what is given in its place."""
        return replace(calibrated, **_given(self))


class PriceKind(StrEnum):
    """How the price moves."""

    BOOTSTRAP = "bootstrap"
    GEOMETRIC = "geometric"
    JUMP = "jump"
    HESTON = "heston"
    GIVEN = "given"


_PROCESSES: Mapping[PriceKind, type[PriceProcess]] = MappingProxyType(
    {
        PriceKind.BOOTSTRAP: BootstrapPrice,
        PriceKind.GEOMETRIC: GeometricPrice,
        PriceKind.JUMP: JumpPrice,
        PriceKind.HESTON: HestonPrice,
        PriceKind.GIVEN: GivenPrice,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceGiven:
    """How the price moves: one kind, and the numbers of that kind; see `wattshift.simulate.price`.

    Args:
        kind: `bootstrap` draws history's own daily returns.
        annual_drift_frac: growth of the mean price in a year; all kinds but `given`.
        block_days: mean length of a block of returns [days]; `bootstrap`.
        annual_volatility_frac: of a year; `geometric`, `jump`, and at the start of `heston`.
        jumps_per_year_count: expected number of jumps in a year; `jump`.
        jump_mean_frac: mean log jump; `jump`.
        jump_sd_frac: standard deviation of the log jump; `jump`.
        mean_volatility_frac: volatility to which it returns; `heston`.
        return_days: how slowly [days]; `heston`.
        volatility_of_variance_frac: how much the variance moves; `heston`.
        correlation_ratio: of the moves of price and variance; `heston`.
        usd_per_btc: the price on each day, the last one holds on [USD/BTC]; `given`.
    """

    kind: PriceKind = PriceKind.BOOTSTRAP
    annual_drift_frac: float | None = None
    block_days: float | None = None
    annual_volatility_frac: float | None = None
    jumps_per_year_count: float | None = None
    jump_mean_frac: float | None = None
    jump_sd_frac: float | None = None
    mean_volatility_frac: float | None = None
    return_days: float | None = None
    volatility_of_variance_frac: float | None = None
    correlation_ratio: float | None = None
    usd_per_btc: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        """Refuse numbers of another kind, and numbers out of range.

        Raises:
            InputError: naming the key.
        """
        given = {key: value for key, value in _given(self).items() if key != "kind"}
        known = {each.name for each in fields(_PROCESSES[self.kind])} - {"log_returns"}
        for key in given:
            if key not in known:
                raise InputError(
                    f"{key} is no number of a price of kind {self.kind.value!r}",
                    key=key,
                    hint=f"its numbers are {', '.join(sorted(known))}",
                )
        for each in fields(_PROCESSES[self.kind]):
            if each.name in known - set(given) and each.default is MISSING:
                raise InputError(f"a price of kind {self.kind.value!r} needs {each.name}", key=each.name)
        if (self.annual_drift_frac or 0.0) <= -1:
            raise InputError(
                "a price cannot lose more than all of itself in a year",
                key="annual_drift_frac",
                value=self.annual_drift_frac,
                hint="write -0.2 for 20 % less in a year",
            )
        self.instead_of(BootstrapPrice(log_returns=np.zeros(30)))

    def instead_of(self, calibrated: BootstrapPrice) -> PriceProcess:
        """The process asked for; a bootstrap draws the returns of the calibrated one."""
        given = {key: value for key, value in _given(self).items() if key != "kind"}
        if self.kind is PriceKind.BOOTSTRAP:
            return replace(calibrated, **given)
        if self.kind is PriceKind.GIVEN:
            return GivenPrice(usd_per_btc=np.array(self.usd_per_btc))
        process: PriceProcess = _PROCESSES[self.kind](**given)
        return process


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """What pays more than a fee rate: how long such a payment waits is told.

    Args:
        fee_sat_per_vb: the fee rate [sat/vB].
        ahead_vmb: what waits [million vB].
        inflow_vmb_per_s: what arrives [million vB/s].
    """

    fee_sat_per_vb: float
    ahead_vmb: float
    inflow_vmb_per_s: float = 0.0

    def __post_init__(self) -> None:
        """Refuse a mempool that cannot be.

        Raises:
            InputError: naming the key.
        """
        require_not_negative("fee_sat_per_vb", self.fee_sat_per_vb)
        require_not_negative("ahead_vmb", self.ahead_vmb)
        require_not_negative("inflow_vmb_per_s", self.inflow_vmb_per_s)
        if self.inflow_vmb_per_s > _MAX_INFLOW_VMB_PER_S:
            raise InputError(
                "nearly twice what blocks hold arrives: no steady inflow",
                key="inflow_vmb_per_s",
                value=self.inflow_vmb_per_s,
                hint="blocks hold about 0.0017 million vB/s",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class AttackGiven:
    """What an attack on the simulated network is reckoned with.

    Args:
        machine_usd_per_th: price of machines [USD/TH]; by default the last one published.
        power_usd_per_mwh: price of power [USD/MWh]; by default the surveyed median.
        attacker_frac: share of today's hashrate that an attacker holds and keeps.
        confirmations: blocks that a merchant waits for.
    """

    machine_usd_per_th: float | None = None
    power_usd_per_mwh: float = SURVEY_POWER.median_usd_per_mwh
    attacker_frac: float = 0.1
    confirmations: int = 6

    def __post_init__(self) -> None:
        """Refuse an attack without meaning.

        Raises:
            InputError: naming the key.
        """
        if self.machine_usd_per_th is not None:
            require_within("machine_usd_per_th", self.machine_usd_per_th, _LEAST_PRICE, _LARGEST_PRICE)
        require_within("power_usd_per_mwh", self.power_usd_per_mwh, _LEAST_PRICE, _LARGEST_PRICE)
        if not 0 < self.attacker_frac < 1:
            raise InputError(
                "a share of the hashrate lies between 0 and 1", key="attacker_frac", value=self.attacker_frac
            )
        if not 1 <= self.confirmations <= 1_000:
            raise InputError(
                "confirmations lie between 1 and 1,000", key="confirmations", value=self.confirmations
            )


def _given(choice: Any) -> dict[str, Any]:
    """What is not left out."""
    found = {each.name: getattr(choice, each.name) for each in fields(choice)}
    return {key: value for key, value in found.items() if value is not None}
