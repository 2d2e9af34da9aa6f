from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import gamma, kstest, norm

from wattshift.simulate.kernel.rng import (
    DAY_STREAM,
    fill_words,
    gamma_blocks,
    normal_z,
    philox,
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
    words = np.empty((8, 5), np.uint32)
    fill_words(2**40 + 7, 11, words)
    for day in range(5):
        expected = [
            int(word) for stream in (0, 1) for word in philox(2**40 + 7, 11, day, DAY_STREAM + stream, 0)
        ]
        assert words[:, day].tolist() == expected


def test_normal_quantiles_are_exact_to_1_in_10_million() -> None:
    tail = np.geomspace(1e-10, 0.5, 4_000)
    probs = np.concatenate((tail, 1 - tail))
    found = np.array([normal_z(prob) for prob in probs])
    assert found == pytest.approx(norm.ppf(probs), rel=2e-7, abs=1e-9)


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
