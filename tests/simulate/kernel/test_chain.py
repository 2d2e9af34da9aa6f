from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from wattshift.chain.rules import halving_height, is_retarget_height, next_halving_height, retarget
from wattshift.chain.target import Target, bits_to_difficulty, bits_to_work, target_to_bits
from wattshift.simulate.kernel.chain import bits_difficulty, next_mark, retargeted_bits, work_hashes

EASIEST = 0xFFFF << 208
VECTORS: Any = json.loads(
    (Path(__file__).parents[2] / "vectors" / "retarget.json").read_text(encoding="utf-8")
)

targets = st.integers(45, 224).flatmap(lambda size: st.integers(1 << size - 1, (1 << size) - 1))
timespans_s = st.integers(-10_000, 6_000_000)


@given(targets, timespans_s)
@example(EASIEST, 4_838_400)
@example(EASIEST, 302_400)
@example(0x7FFFFF << 80, 4_838_400)
@example(0x8000 << 80, 302_400)
def test_a_retarget_equals_the_chains_own_bit_for_bit(target: int, timespan_s: int) -> None:
    bits = target_to_bits(Target(min(target, EASIEST)))
    expected = retarget(first_time_s=0, last_time_s=timespan_s, first_bits=bits, last_bits=bits)
    assert retargeted_bits(bits, timespan_s) == expected


@given(targets)
def test_difficulty_and_work_are_those_of_the_bits(target: int) -> None:
    bits = target_to_bits(Target(min(target, EASIEST)))
    assert bits_difficulty(bits) == pytest.approx(bits_to_difficulty(bits), rel=1e-15)
    # Work is floor(2^256 / (target + 1)): a whole number that a float only comes near.
    assert work_hashes(bits) == pytest.approx(bits_to_work(bits), rel=1e-9)


@given(st.integers(0, 3_000_000))
def test_the_next_mark_is_the_first_block_that_changes_something(tip: int) -> None:
    mark = next_mark(tip)
    assert mark > tip

    def changes(height: int) -> bool:
        opens, closes = is_retarget_height(height), is_retarget_height(height + 1)
        return opens or closes or next_halving_height(height) == height + 1

    assert changes(mark)
    assert not any(changes(height) for height in range(max(tip + 1, mark - 20), mark))
    assert mark - tip <= 2016


def test_halvings_inside_a_period_are_marks() -> None:
    last = halving_height(5) - 1
    assert next_mark(last - 10) == last
    assert next_mark(last) > last


MAINNET_CASES = [case for case in VECTORS["next_work"] if case["network"] == "mainnet"]


@pytest.mark.parametrize("case", MAINNET_CASES, ids=lambda case: str(case["name"]))
def test_published_vectors(case: dict[str, Any]) -> None:
    timespan_s = case["last_time"] - case["first_time"]
    assert retargeted_bits(int(case["last_bits"], 16), timespan_s) == int(case["expected_bits"], 16)
