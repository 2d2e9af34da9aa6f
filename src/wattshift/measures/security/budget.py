"""What the network pays for its security: subsidy and fees, beside the value that they protect."""

from __future__ import annotations

from dataclasses import dataclass

from wattshift.chain.params import MAINNET, Network
from wattshift.chain.rules import subsidy_sat
from wattshift.measures.hashprice import Hashprice
from wattshift.units import BLOCK_SPACING_S, SAT_PER_BTC, SECONDS_PER_DAY

__all__ = ["SecurityBudget", "issued_btc", "security_budget"]

_BLOCKS_PER_DAY = SECONDS_PER_DAY / BLOCK_SPACING_S
_DAYS_PER_YEAR = 365


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityBudget:
    """Subsidy and fees at a block in ten minutes, which difficulty returns to.

    Args:
        reward_per_block_usd: subsidy and mean fees of a block [USD].
        usd_per_day: of a day [USD/day].
        low_usd_per_day: lower end of the 95 % interval: fees, and the price since its last close [USD/day].
        high_usd_per_day: upper end [USD/day].
        fee_frac: the part that is fees.
        usd_per_year: of a year at this pace [USD/year].
        market_value_usd: all coins issued, at the price; some are lost for ever [USD].
        share_frac: a year's budget over the market value. The price cancels: it is what holders pay.
    """

    reward_per_block_usd: float
    usd_per_day: float
    low_usd_per_day: float
    high_usd_per_day: float
    fee_frac: float
    usd_per_year: float
    market_value_usd: float
    share_frac: float


def issued_btc(height: int, network: Network = MAINNET) -> float:
    """Coins that the blocks up to and including a height could claim [BTC]."""
    starts = range(0, height + 1, network.subsidy_halving_interval)
    ends = (min(start + network.subsidy_halving_interval, height + 1) for start in starts)
    total_sat = sum(
        (end - start) * subsidy_sat(start, network) for start, end in zip(starts, ends, strict=True)
    )
    return total_sat / SAT_PER_BTC


def security_budget(hashprice: Hashprice, tip_height: int, network: Network = MAINNET) -> SecurityBudget:
    """The budget at a hashprice's own price and fees; its interval is the hashprice's.

    Args:
        hashprice: with the subsidy, the fees and the price that it is made of.
        tip_height: the newest block, up to which coins are issued.
        network: which network.
    """
    price = hashprice.price.price_usd_per_btc
    reward_btc = hashprice.subsidy_btc + hashprice.fees.mean_btc
    usd_per_day = reward_btc * price * _BLOCKS_PER_DAY
    market_value_usd = issued_btc(tip_height, network) * price
    return SecurityBudget(
        reward_per_block_usd=reward_btc * price,
        usd_per_day=usd_per_day,
        low_usd_per_day=usd_per_day * hashprice.low_usd_per_ph_day / hashprice.usd_per_ph_day,
        high_usd_per_day=usd_per_day * hashprice.high_usd_per_ph_day / hashprice.usd_per_ph_day,
        fee_frac=hashprice.fees.mean_btc / reward_btc,
        usd_per_year=usd_per_day * _DAYS_PER_YEAR,
        market_value_usd=market_value_usd,
        share_frac=usd_per_day * _DAYS_PER_YEAR / market_value_usd,
    )
