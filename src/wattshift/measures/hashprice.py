"""Hashprice: what one petahash per second earns in a day."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime

from wattshift.chain.rules import subsidy_sat
from wattshift.measures.blocks import KnownBlocks
from wattshift.measures.fees import FeeEstimate
from wattshift.measures.intervals import LEVEL
from wattshift.measures.prices import PriceQuote
from wattshift.units import HASHES_PER_PH, SAT_PER_BTC, SECONDS_PER_DAY

__all__ = ["Hashprice", "hashprice", "hashprice_btc_per_ph_day"]

_HASHES_PER_DIFFICULTY = 2**32


@dataclass(frozen=True, slots=True, kw_only=True)
class Hashprice:
    """Hashprice with what it is made of.

    Args:
        as_of: the instant.
        usd_per_ph_day: hashprice [USD/PH/day].
        low_usd_per_ph_day: lower end of the interval [USD/PH/day].
        high_usd_per_ph_day: upper end [USD/PH/day].
        level: its confidence level.
        btc_per_ph_day: hashprice in bitcoin [BTC/PH/day].
        difficulty: of the block being mined.
        subsidy_btc: new coins of that block [BTC].
        fees: mean fees per block.
        price: the bitcoin price used.
        convention: how it is defined, in words.
    """

    as_of: datetime
    usd_per_ph_day: float
    low_usd_per_ph_day: float
    high_usd_per_ph_day: float
    level: float
    btc_per_ph_day: float
    difficulty: float
    subsidy_btc: float
    fees: FeeEstimate
    price: PriceQuote
    convention: str = (
        "(subsidy + mean fees of the last 144 blocks) x 86,400 x 10^15 / (difficulty x 2^32)"
        " x the last daily close known"
    )


def hashprice_btc_per_ph_day(*, reward_btc: float, difficulty: float) -> float:
    """Bitcoin that 1 PH/s earns in a day at a reward per block and a difficulty [BTC/PH/day]."""
    return reward_btc * SECONDS_PER_DAY * HASHES_PER_PH / (difficulty * _HASHES_PER_DIFFICULTY)


def hashprice(known: KnownBlocks, fees: FeeEstimate, price: PriceQuote) -> Hashprice:
    """Hashprice as of `known.as_of`.

    Luxor's definition (difficulty, 144-block fees), with the last daily close known. The interval joins
    the interval of the fees and the move of the price since that close, as independent log errors.

    Source: Hashrate Index, hashprice methodology.
    """
    subsidy_btc = subsidy_sat(known.tip_height + 1, known.network) / SAT_PER_BTC
    reward_btc = subsidy_btc + fees.mean_btc
    btc_per_ph_day = hashprice_btc_per_ph_day(reward_btc=reward_btc, difficulty=known.next_difficulty)
    usd_per_ph_day = btc_per_ph_day * price.price_usd_per_btc
    price_low = math.log(price.price_usd_per_btc / price.low_usd_per_btc)
    price_high = math.log(price.high_usd_per_btc / price.price_usd_per_btc)
    fee_low = math.log(reward_btc / (subsidy_btc + fees.low_btc))
    fee_high = math.log((subsidy_btc + fees.high_btc) / reward_btc)
    return Hashprice(
        as_of=known.as_of,
        usd_per_ph_day=usd_per_ph_day,
        low_usd_per_ph_day=usd_per_ph_day * math.exp(-math.hypot(price_low, fee_low)),
        high_usd_per_ph_day=usd_per_ph_day * math.exp(math.hypot(price_high, fee_high)),
        level=LEVEL,
        btc_per_ph_day=btc_per_ph_day,
        difficulty=known.next_difficulty,
        subsidy_btc=subsidy_btc,
        fees=fees,
        price=price,
    )
