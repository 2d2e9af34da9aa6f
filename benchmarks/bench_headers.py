"""Validation of headers: the chain at once and one by one, beside a plain loop and python-bitcoinlib.

The peers do less: they parse, hash, and check work and linkage (the loop median time as well), but no
bits, and keep neither headers nor an index.
"""

from __future__ import annotations

import struct
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest

from support.headers import FAR_S, Branch, double_sha256, easy, mine
from wattshift.chain.header import BlockHeader
from wattshift.chain.headerchain import HeaderChain
from wattshift.chain.params import MAINNET
from wattshift.chain.rules import is_retarget_height, retarget
from wattshift.chain.target import Bits, bits_to_target

if TYPE_CHECKING:
    from pytest_benchmark.fixture import BenchmarkFixture

HEADERS = 200_000
SLOW_HEADERS = 20_000
RULES = easy(MAINNET, interval=2016)


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Headers of a chain with a retarget each 2016 blocks, mined once a run."""
    path = tmp_path_factory.getbasetemp() / f"{HEADERS}.headers"
    if not path.exists():
        path.write_bytes(mined(HEADERS))
    return path.read_bytes()


def mined(count: int) -> bytes:
    genesis = BlockHeader.parse(RULES.genesis_header)
    prev_hash, bits = genesis.hash, genesis.bits
    headers = []
    for height in range(1, count + 1):
        if is_retarget_height(height, RULES):
            first_time_s, last_time_s = (genesis.time_s + 600 * at for at in (height - 2016, height - 1))
            bits = retarget(
                first_time_s=first_time_s,
                last_time_s=last_time_s,
                first_bits=bits,
                last_bits=bits,
                network=RULES,
            )
        headers.append(mine(prev_hash, genesis.time_s + 600 * height, bits))
        prev_hash = double_sha256(headers[-1])
    return b"".join(headers)


def bench_chain_at_once(benchmark: BenchmarkFixture, raw: bytes) -> None:
    benchmark.group = f"{HEADERS} headers"
    chain = benchmark(lambda: extended(raw, HEADERS))
    assert chain.height == HEADERS


def bench_chain_in_batches_of_2000(benchmark: BenchmarkFixture, raw: bytes) -> None:
    benchmark.group = f"{HEADERS} headers"
    chain = benchmark(lambda: extended(raw, 2000))
    assert chain.height == HEADERS


def bench_plain_loop(benchmark: BenchmarkFixture, raw: bytes) -> None:
    benchmark.group = f"{HEADERS} headers"
    assert benchmark(lambda: plain_loop(raw)) == HEADERS


def bench_python_bitcoinlib(benchmark: BenchmarkFixture, raw: bytes) -> None:
    core = pytest.importorskip(
        "bitcoin.core", reason="python-bitcoinlib is not installed: no peer to compare"
    )
    pytest.importorskip("bitcoin").SelectParams("regtest")
    benchmark.group = f"{HEADERS} headers"

    def validate() -> int:
        prev_hash = RULES.genesis_hash
        for start in range(0, len(raw), 80):
            header = core.CBlockHeader.deserialize(raw[start : start + 80])
            core.CheckProofOfWork(header.GetHash(), header.nBits)
            assert header.hashPrevBlock == prev_hash
            prev_hash = header.GetHash()
        return len(raw) // 80

    assert benchmark(validate) == HEADERS


def bench_chain_one_by_one(benchmark: BenchmarkFixture, raw: bytes) -> None:
    benchmark.group = f"{SLOW_HEADERS} headers, a batch each"
    chain = benchmark(lambda: extended(raw[: SLOW_HEADERS * 80], 1))
    assert chain.height == SLOW_HEADERS


def bench_reorg_of_1088(benchmark: BenchmarkFixture) -> None:
    benchmark.group = "a reorg 1,088 deep"
    stem = Branch(RULES).grow(30)
    old, new = stem.fork(30).grow(1088, salt=1), stem.fork(30).grow(1089, salt=2)

    def prepared() -> tuple[tuple[HeaderChain], dict[str, object]]:
        chain = HeaderChain(RULES)
        chain.extend(old.raw() + new.raw(31)[:-80], FAR_S)
        return (chain,), {}

    depth = benchmark.pedantic(lambda chain: switched(chain, new.headers[-1]), setup=prepared, rounds=20)  # type: ignore[no-untyped-call]  # pytest-benchmark's own
    assert depth == 1088


def switched(chain: HeaderChain, last: bytes) -> int:
    reorg = chain.extend(last, FAR_S).reorg
    assert reorg is not None
    return reorg.depth


def extended(raw: bytes, headers_a_batch: int) -> HeaderChain:
    chain = HeaderChain(RULES)
    for start in range(0, len(raw), 80 * headers_a_batch):
        chain.extend(raw[start : start + 80 * headers_a_batch], FAR_S)
    return chain


def plain_loop(raw: bytes) -> int:
    """Parse, hash, work, linkage, and median time, each as plainly as Python can."""
    prev_hash, count = RULES.genesis_hash, 0
    times_s = [0] * 11
    targets: dict[int, int] = {}
    unpack = struct.Struct("<i32s32sIII").unpack_from
    for start in range(0, len(raw), 80):
        _, parent, _, time_s, bits, _ = unpack(raw, start)
        name = sha256(sha256(raw[start : start + 80]).digest()).digest()
        target = targets.get(bits) or targets.setdefault(bits, bits_to_target(Bits(bits)))
        assert parent == prev_hash
        assert int.from_bytes(name, "little") <= target
        assert time_s > sorted(times_s)[5]
        times_s = [*times_s[1:], time_s]
        prev_hash, count = name, count + 1
    return count
