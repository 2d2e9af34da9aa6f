"""`wattshift`, but that a store of the test network continues a history of that network's first block.

The bundled history is mainnet's, which no test can continue with real blocks of its own. The service's
workers import this too: as `sitecustomize`, which Python looks for wherever it starts.
"""

from __future__ import annotations

import sys
from pathlib import Path

import polars as pl

from wattshift.app.service.feeds.place import Place
from wattshift.app.snapshot import Archive
from wattshift.chain.header import BlockHeader, hash_to_hex
from wattshift.chain.params import REGTEST
from wattshift.cli import main
from wattshift.store.bundled import BundledStore
from wattshift.store.kept import KeptStore
from wattshift.store.start import Start
from wattshift.tables import TABLES

START = Start.genesis(REGTEST)


class FirstBlock(BundledStore):
    """Of the chain block 0, with fees of 200 blocks; all else is the bundled history's."""

    def read(self, name: str) -> pl.DataFrame:
        """The rows of a table."""
        schema, header = TABLES[name].schema, BlockHeader.parse(START.anchor.header)
        match name:
            case "blocks":
                # One before it, since a history has two blocks at least.
                times_s = [header.time_s - 600, header.time_s]
                rows = {"height": [-1, 0], "header_time_s": times_s, "pool": ["unknown"] * 2}
            case "block_fees":
                rows = {"height": list(range(200)), "fee_sat": [7] * 200, "subsidy_sat": [8] * 200}
            case "difficulty_periods":
                rows = {
                    "period": [0],
                    "first_height": [0],
                    "bits": [header.bits],
                    "first_time_s": [header.time_s],
                    "prev_block_hash": [hash_to_hex(header.prev_hash)],
                }
            case _:
                return super().read(name)
        return pl.DataFrame(rows, schema=schema)


def _archive(place: Place) -> Archive:
    assert place.home is not None
    return Archive(KeptStore(place.home, bundled=FirstBlock(), start=START))


setattr(Place, "archive", _archive)  # noqa: B010  # the only thing that differs from the product

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).with_name("regtest")))  # which workers are handed
    main()
