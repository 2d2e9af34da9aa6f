"""Real headers: 4,060 of a signet with two retargets, 436 of the main network."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from support.headers import FAR_S, double_sha256, seeded
from wattshift.chain import bulk, rules
from wattshift.chain.anchor import Anchor
from wattshift.chain.faults import Fault
from wattshift.chain.header import BlockHash, BlockHeader, hash_from_hex
from wattshift.chain.headerchain import HeaderChain
from wattshift.chain.params import MAINNET, SIGNET
from wattshift.chain.target import Bits, bits_to_target, bits_to_work
from wattshift.errors import InvalidHeader

SIGNET_HEADERS = Path(__file__).parents[1] / "fixtures" / "signet_headers.bin"


@pytest.fixture(scope="module")
def signet() -> bytes:
    return SIGNET_HEADERS.read_bytes()


@pytest.fixture(scope="module", params=["one by one", "at once"])
def batch_bytes(request: pytest.FixtureRequest) -> int:
    return 80 if request.param == "one by one" else 80 * 4060


def extend(chain: HeaderChain, raw: bytes, batch_bytes: int) -> tuple[int, Fault] | None:
    """Extend a chain; height and fault of the first refusal."""
    for start in range(0, len(raw), batch_bytes):
        for refusal in chain.extend(raw[start : start + batch_bytes], FAR_S).refused:
            assert refusal.height is not None
            return refusal.height, refusal.fault
    return None


# Signet


def test_4060_signet_headers_and_both_retargets_are_valid(signet: bytes, batch_bytes: int) -> None:
    chain = HeaderChain(SIGNET)
    assert extend(chain, signet, batch_bytes) is None
    assert chain.height == len(signet) // 80 == 4060
    bits = [chain.header_at(height).bits for height in (0, 2015, 2016, 4031, 4032, 4060)]
    assert bits[0] == bits[1] == SIGNET.pow_limit_bits
    assert bits[2] == bits[3]
    assert bits[4] == bits[5] == SIGNET.pow_limit_bits
    assert bits_to_target(bits[0]) / bits_to_target(bits[2]) == pytest.approx(1.307, abs=0.001)
    work_hashes = 2016 * bits_to_work(bits[0]) + 2016 * bits_to_work(bits[2]) + 29 * bits_to_work(bits[4])
    assert chain.tip.work_hashes == work_hashes


Shift = Callable[[int], tuple[int, int]]


@pytest.mark.parametrize(
    "shift",
    [
        lambda height: (height - 2016, height),  # one block too late at the end
        lambda height: (height - 2017, height - 1),  # one too early at the start
        lambda height: (height - 2015, height - 1),  # 2014 intervals
        lambda height: (height - 2016, height - 2),  # likewise
        lambda height: (height - 2015, height),  # the right number, one block late
        lambda height: (height - 2017, height - 2),  # the right number, one block early
    ],
    ids=["late end", "early start", "late start", "early end", "both late", "both early"],
)
def test_an_off_by_one_of_the_retarget_refuses_the_real_chain(
    shift: Shift, signet: bytes, batch_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = [SIGNET.genesis_header] + [signet[at : at + 80] for at in range(0, len(signet), 80)]
    times_s = [BlockHeader.parse(raw).time_s for raw in headers]
    sound = rules.retarget

    def mutant(**known: object) -> Bits:
        height = next(at for at in (2016, 4032) if times_s[at - 1] == known["last_time_s"])
        first, last = shift(height)
        known |= {"first_time_s": times_s[max(first, 0)], "last_time_s": times_s[last]}
        if first < 0:
            known["first_time_s"] = times_s[0] - 600
        return sound(**known)  # type: ignore[arg-type]  # the keywords of the rule itself

    monkeypatch.setattr(rules, "retarget", mutant)
    monkeypatch.setattr(bulk, "retarget", mutant)
    assert extend(HeaderChain(SIGNET), signet, batch_bytes) == (2016, Fault.WRONG_BITS)


@pytest.mark.parametrize(("blocks", "height"), [(2015, 2015), (2017, 2016), (1008, 1008), (4032, 2016)])
def test_a_period_of_another_length_refuses_the_real_chain(
    blocks: int, height: int, signet: bytes, batch_bytes: int
) -> None:
    wrong = replace(SIGNET, target_timespan_s=blocks * 600)
    chain = HeaderChain(wrong)
    assert extend(chain, signet, batch_bytes) == (height, Fault.WRONG_BITS)
    assert chain.height == height - 1


def test_a_refused_retarget_tells_the_bits_that_were_expected(signet: bytes) -> None:
    wrong = replace(SIGNET, target_timespan_s=2017 * 600)
    (refusal,) = HeaderChain(wrong).extend(signet, FAR_S).refused
    assert refusal.error.context["height"] == 2016
    assert refusal.error.context["expected"] == f"{SIGNET.pow_limit_bits:08x}"
    assert {"bits", "hash", "fault"} <= set(refusal.error.context)


def test_every_flipped_bit_of_signet_headers_is_refused_where_it_stands(signet: bytes) -> None:
    chain = HeaderChain(SIGNET)
    chain.extend(signet[: 2014 * 80], FAR_S)
    before = chain.state_hash()
    for height in (2015, 2016):
        raw = signet[(height - 1) * 80 : height * 80]
        word = int.from_bytes(raw, "little")
        for bit in range(640):
            report = chain.extend((word ^ 1 << bit).to_bytes(80, "little"), FAR_S)
            assert len(report.refused) == 1
            assert chain.state_hash() == before if bit % 64 == 0 else True
        chain.extend(raw, FAR_S)
        before = chain.state_hash()
    assert chain.height == 2016


def test_shuffled_signet_batches_end_in_the_same_state(signet: bytes) -> None:
    parts = [signet[at : at + 80 * 100] for at in range(0, len(signet), 80 * 100)]
    straight, shuffled = HeaderChain(SIGNET), HeaderChain(SIGNET)
    straight.extend(signet, FAR_S)
    shuffled.extend(b"".join(seeded(6).sample(parts, len(parts))), FAR_S)
    assert shuffled.state_hash() == straight.state_hash()


# Main network


@pytest.fixture(scope="module")
def checkpoints(real_headers: pl.DataFrame) -> dict[int, BlockHash]:
    rows = real_headers.select("height", "hash").iter_rows()
    return {height: hash_from_hex(text) for height, text in rows}


def anchors(real_headers: pl.DataFrame) -> list[Anchor]:
    found = []
    for row in real_headers.iter_rows(named=True):
        header = BlockHeader.parse(row["header"])
        found.append(
            Anchor(
                height=row["height"],
                header=row["header"],
                work_hashes=int(row["chainwork"]),
                previous_times_s=tuple(header.time_s - 600 * back for back in range(10, 0, -1)),
                period_first_time_s=header.time_s,
                period_first_bits=header.bits,
            )
        )
    return found


def test_436_real_headers_anchor_a_chain_and_agree_with_the_checkpoints(
    real_headers: pl.DataFrame, checkpoints: dict[int, BlockHash]
) -> None:
    for anchor in anchors(real_headers):
        chain = HeaderChain(MAINNET, anchor=anchor, checkpoints=checkpoints)
        assert chain.tip.hash == checkpoints[anchor.height]
        assert chain.extend(anchor.header + MAINNET.genesis_header, FAR_S).known == 2


def test_436_of_436_contradicted_checkpoints_are_caught(
    real_headers: pl.DataFrame, checkpoints: dict[int, BlockHash]
) -> None:
    rng = seeded(7)
    for anchor in anchors(real_headers):
        lie = checkpoints | {anchor.height: BlockHash(rng.randbytes(32))}
        with pytest.raises(InvalidHeader, match="contradicts the checkpoint") as refusal:
            HeaderChain(MAINNET, anchor=anchor, checkpoints=lie)
        assert refusal.value.context["fault"] is Fault.CHECKPOINT_MISMATCH
        assert refusal.value.context["height"] == anchor.height


def test_every_flipped_bit_of_real_mainnet_headers_is_refused_before_it_is_kept(
    real_headers: pl.DataFrame, checkpoints: dict[int, BlockHash]
) -> None:
    newest = anchors(real_headers)[-1]
    chain = HeaderChain(MAINNET, anchor=newest, checkpoints=checkpoints)
    before = chain.state_hash()
    flips = 0
    for raw in real_headers["header"].gather_every(4):
        word = int.from_bytes(raw, "little")
        for bit in range(640):
            (refusal,) = chain.extend((word ^ 1 << bit).to_bytes(80, "little"), FAR_S).refused
            assert refusal.fault is not Fault.TIME_TOO_NEW
            flips += 1
    assert flips == 109 * 640
    assert (chain.waiting_count, chain.side_count, chain.state_hash()) == (0, 0, before)
    sound = real_headers["header"][0]
    assert chain.extend(sound, FAR_S).orphaned == (double_sha256(sound),)
