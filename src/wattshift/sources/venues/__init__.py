"""Venues where bitcoin is traded for US dollars: public REST services, no key.

`VENUES` names them all; `Venue(VENUES["kraken"])` asks one. `wattshift.measures.quotes` makes one price of
many.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from wattshift.sources.venues.binance_us import BINANCE_US
from wattshift.sources.venues.bitfinex import BITFINEX
from wattshift.sources.venues.bitstamp import BITSTAMP
from wattshift.sources.venues.coinbase import COINBASE
from wattshift.sources.venues.crypto_com import CRYPTO_COM
from wattshift.sources.venues.gemini import GEMINI
from wattshift.sources.venues.kraken import KRAKEN
from wattshift.sources.venues.market import Market
from wattshift.sources.venues.venue import Venue

__all__ = ["VENUES", "Market", "Venue"]

VENUES: Mapping[str, Market] = MappingProxyType(
    {market.name: market for market in (COINBASE, KRAKEN, BITSTAMP, BITFINEX, GEMINI, CRYPTO_COM, BINANCE_US)}
)
"""By name; the first four are the defaults of a follower that is told nothing else."""
