"""Re-estimates the table of noise models, year by year, each on earlier blocks only.

Run: python benchmarks/study_noise.py      (about 10 s)
"""

from __future__ import annotations

from wattshift.clock import format_instant, from_unix
from wattshift.measures.blocks import BlockHistory
from wattshift.measures.level.arrivals import arrivals_of
from wattshift.measures.level.noise import FITTED, PRIOR
from wattshift.measures.level.statespace import fit_noise
from wattshift.store.bundled import BundledStore


def main() -> None:
    store = BundledStore()
    chain = BlockHistory.from_tables(store.read("blocks"), store.read("difficulty_periods")).whole
    arrivals = arrivals_of(chain.header_time_s, chain.work_hashes, chain.first_height)
    last = PRIOR
    for since_s, shipped in FITTED[1:]:
        last = fit_noise(arrivals, before_s=since_s, start=last)
        print(f"blocks before {format_instant(from_unix(since_s))}\n  fitted  {last}\n  shipped {shipped}")


if __name__ == "__main__":
    main()
