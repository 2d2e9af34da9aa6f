"""`check` on an article of 2,000 words: below 2 s with a fresh archive, and its reading alone beside it.

The peer is what a reader would do by hand with a regular expression for every number: it finds digits, and
understands none.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from wattshift.app.checking import check_text
from wattshift.app.snapshot import Archive
from wattshift.claims.claim import Told
from wattshift.claims.reading import read_claims
from wattshift.claims.text import read_text
from wattshift.clock import parse_instant
from wattshift.store.bundled import BundledStore

LIMIT_S = 2.0
AT = parse_instant("2026-01-19")
ARTICLE = """
Bitcoin's hashrate fell below 1 ZH/s for the first time since mid-September, down roughly 15% from its
October peak of 1,157 EH/s, and the seven-day average stood at 992 EH/s on Monday.

Difficulty is expected to fall 4.34% in about three days, on January 22, after it had dropped 1.2% on
January 8. It has fallen four times since mid-November, and blocks take 10 minutes 23 seconds on average.

Hashprice recovered to $41.22 per PH/s per day on January 17 after it averaged $39.82 in November; at $40
mining earns $57-129 per megawatt. IREN signed a $9.7 billion, five-year contract with Microsoft for 200 MW.

The network draws 18.9 GW, a 51% attack would need $4 billion of machines at $4/TH, and hashrate fell because
miners moved to AI. Analysts of several firms said that they expect the trend to go on for a while, and that
neither weather nor prices explain it, while others asked for patience and for better data.
"""

if TYPE_CHECKING:
    from pytest_benchmark.fixture import BenchmarkFixture


TEXT = ARTICLE * (2_000 // len(ARTICLE.split()) + 1)


@pytest.mark.benchmark(group="check an article of 2,000 words")
def bench_check_with_a_fresh_archive(benchmark: BenchmarkFixture) -> None:
    document = benchmark(lambda: check_text(Archive(BundledStore()), TEXT, as_of=AT))
    assert len(document.claims) > 100
    assert benchmark.stats is not None
    assert benchmark.stats.stats.median < LIMIT_S


@pytest.mark.benchmark(group="check an article of 2,000 words")
def bench_read_only(benchmark: BenchmarkFixture) -> None:
    told = Told(start_at=AT, end_at=AT, source="a benchmark")
    assert len(benchmark(lambda: read_claims(read_text(TEXT), told)).claims) > 100


@pytest.mark.benchmark(group="check an article of 2,000 words")
def bench_peer_finds_digits(benchmark: BenchmarkFixture) -> None:
    assert len(benchmark(lambda: re.findall(r"\d[\d,.]*", TEXT))) > 100
