"""Esplora, Blockstream's block explorer: headers, and fees from the coinbase transaction.

Asked are `/block-height/0`, `/blocks[/:start_height]`, `/block/:hash/header`, `/block/:hash/txid/0` and
`/tx/:txid`, below a base URL such as `https://blockstream.info/api`.
Source: github.com/Blockstream/esplora, `API.md`.
"""

from __future__ import annotations

from wattshift.chain.header import hash_to_hex
from wattshift.chain.params import Network
from wattshift.chain.rules import subsidy_sat
from wattshift.errors import NoData
from wattshift.sources.explorers.explorer import Explorer
from wattshift.sources.port import BlockFacts, BlockRef, Endpoint, Fetched
from wattshift.sources.strictjson import MAX_MONEY_SAT, Json

__all__ = ["EsploraSource", "parse_coinbase"]


class EsploraSource(Explorer):
    """Headers and fees from an Esplora server: a page is 10 blocks; it knows no pools."""

    @property
    def facts(self) -> Endpoint[BlockRef, BlockFacts]:
        """What the coinbase transaction paid beyond the subsidy.

        It is asked for by itself: a page of transactions can have megabytes.
        """
        return Endpoint(
            self._fetch_coinbase, lambda block, fetched: parse_coinbase(block, fetched, self._network)
        )

    def _fetch_coinbase(self, block: BlockRef) -> Fetched:
        first = Json.plain(self._get(f"/block/{hash_to_hex(block.block_hash)}/txid/0"))
        return self._get(f"/tx/{first.data(32).hex()}")


def parse_coinbase(block: BlockRef, fetched: Fetched, network: Network) -> BlockFacts:
    """Read a coinbase transaction: its outputs are the subsidy and the fees.

    Raises:
        Malformed: if it is no coinbase, or that of another block.
        NoData: if the miner took less than the subsidy, so that the fees cannot be told.
    """
    transaction = Json.read(fetched)
    inputs = transaction["vin"].items()
    if len(inputs) != 1 or not inputs[0]["is_coinbase"].flag():
        raise transaction.malformed("the first transaction of a block is no coinbase")
    if transaction["status"]["block_hash"].block_hash() != block.block_hash:
        raise transaction.malformed("the transaction lies in another block", height=block.height)
    paid_sat = sum(output["value"].integer(0, MAX_MONEY_SAT) for output in transaction["vout"].items())
    fee_sat = paid_sat - subsidy_sat(block.height, network)
    if fee_sat < 0:
        raise NoData(
            "the miner took less than the subsidy, so its fees cannot be told",
            source=fetched.origin.source,
            height=block.height,
            hint="ask a node or mempool.space for the fees of this block",
        )
    return BlockFacts(block=block, fee_sat=fee_sat, subsidy_sat=None, pool=None, origin=fetched.origin)
