"""The use-case `plot security`: what the picture of security shows."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import polars as pl

from wattshift.app.securitystate import AttackGiven, security_origins, security_state
from wattshift.app.snapshot import Archive
from wattshift.measures.security.attack import attack_cost
from wattshift.measures.security.doublespend import double_spend_prob, nakamoto_double_spend_prob
from wattshift.report.plots.security import SecurityPicture

__all__ = ["security_picture"]

_SHARES = (0.05, 0.1, 0.2, 0.3, 0.4, 0.45)
_MOST_CONFIRMATIONS = 30
_POINTS = 41
_PRICE_SPAN = 10.0
"""The picture reaches from a tenth to ten times a price."""

_NO_PRICE_USD_PER_TH = 10.0


def security_picture(
    archive: Archive, *, at: datetime | None = None, given: AttackGiven | None = None
) -> SecurityPicture:
    """Curves of double spends, and the cost over hashrate and price of machines.

    Args:
        archive: the kept history.
        at: the instant.
        given: what to reckon an attack with.

    Raises:
        OutOfSpan: if the chain, the price or the fleet is not known at that instant.
    """
    snapshot = archive.as_of(at)
    state = security_state(snapshot, given)
    machine, attack = state.attack.machine, state.attack
    middle = _NO_PRICE_USD_PER_TH if machine is None else machine.usd_per_th
    prices = np.geomspace(middle / _PRICE_SPAN, middle * _PRICE_SPAN, _POINTS)
    hashrates = np.linspace(0.25, 1.25, _POINTS) * state.hashrate_ehs
    total_usd = [
        [
            attack_cost(
                hashrate,
                machine_usd_per_th=price,
                efficiency_j_per_th=attack.efficiency_j_per_th,
                power_usd_per_mwh=attack.power_usd_per_mwh,
            ).total_usd
            for price in prices.tolist()
        ]
        for hashrate in hashrates.tolist()
    ]
    return SecurityPicture(
        as_of=snapshot.as_of,
        state=state,
        curves=_curves(),
        hashrate_ehs=hashrates,
        machine_usd_per_th=prices,
        total_usd=np.array(total_usd),
        origins=security_origins(snapshot, state),
    )


def _curves() -> pl.DataFrame:
    rows = [
        {
            "attacker_frac": share,
            "confirmations": count,
            "exact_prob": double_spend_prob(share, count),
            "nakamoto_prob": nakamoto_double_spend_prob(share, count),
        }
        for share in _SHARES
        for count in range(_MOST_CONFIRMATIONS + 1)
    ]
    return pl.DataFrame(rows)
