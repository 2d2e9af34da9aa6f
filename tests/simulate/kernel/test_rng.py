from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import gamma, geom, kstest

from wattshift.simulate.kernel.rng import (
    FEE_STREAM,
    NEVER_DAYS,
    STORM_STREAM,
    fill_words,
    gamma_blocks,
    philox,
    rare,
    uniform_prob,
)

FULL = 0xFFFFFFFF


@pytest.mark.parametrize(
    ("counter", "key", "expected"),
    [
        ((0, 0, 0, 0), 0, (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
        ((FULL,) * 4, -1, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
        (
            (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
            0x299F31D0_A4093822,
            (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
        ),
    ],
)
def test_the_words_are_those_of_random123(
    counter: tuple[int, int, int, int], key: int, expected: tuple[int, ...]
) -> None:
    """Vectors `philox4x32 10` of the authors' own known-answer tests."""
    assert tuple(int(word) for word in philox(key, *counter)) == expected


def test_the_words_of_a_path_are_those_of_its_days() -> None:
    words = np.empty((3, 4), np.uint32)
    fill_words(2**40 + 7, 11, FEE_STREAM, words)
    for item in range(3):
        assert words[item].tolist() == [int(word) for word in philox(2**40 + 7, 11, item, FEE_STREAM, 0)]


@pytest.mark.parametrize("day_prob", [0.004, 0.1, 0.7, 0.999_999])
def test_what_is_rare_comes_with_its_chance_every_day(day_prob: float) -> None:
    waits = np.array([rare(day_prob, 5, path, 0, STORM_STREAM)[0] for path in range(5_000)])
    days = np.arange(1, int(2 / day_prob) + 2)
    assert np.searchsorted(np.sort(waits), days, side="right") / 5_000 == pytest.approx(
        geom(day_prob).cdf(days), abs=1.9 / np.sqrt(5_000)
    )
    assert waits.min() == 1


def test_what_has_no_chance_never_comes_and_the_next_number_is_uniform() -> None:
    drawn = [rare(0.0, 5, path, 0, STORM_STREAM) for path in range(3_000)]
    assert {waits for waits, _ in drawn} == {NEVER_DAYS}
    assert kstest([prob for _, prob in drawn], "uniform").pvalue > 1e-3
    sooner = [rare(0.1, 5, path, 0, STORM_STREAM) for path in range(3_000)]
    assert abs(np.corrcoef(np.array(sooner).T)[0, 1]) < 0.06


@pytest.mark.parametrize("blocks", [1, 2, 336, 2015])
def test_work_until_a_block_is_gamma(blocks: int) -> None:
    drawn = [gamma_blocks(blocks, 5, path, 3) for path in range(4_000)]
    assert kstest(drawn, gamma(blocks).cdf).pvalue > 1e-3
    assert kstest(drawn, gamma(blocks + 0.1 * np.sqrt(blocks)).cdf).pvalue < 1e-3


def test_neighbouring_places_have_nothing_in_common() -> None:
    drawn = np.array(
        [
            [uniform_prob(seed, path, item, 3, 1) for path, item in ((1, 0), (2, 0), (1, 1))]
            for seed in range(3_000)
        ]
    )
    assert all(kstest(column, "uniform").pvalue > 1e-3 for column in drawn.T)
    assert np.abs(np.corrcoef(drawn.T) - np.eye(3)).max() < 0.06
