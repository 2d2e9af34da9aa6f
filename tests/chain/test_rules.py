from __future__ import annotations

import json
import statistics
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattshift.chain.faults import Fault
from wattshift.chain.params import MAINNET, NETWORKS, REGTEST, SIGNET, TESTNET3, TESTNET4, Network, network
from wattshift.chain.rules import (
    blocks_into_epoch,
    check_bits,
    check_time,
    epoch_first_height,
    epoch_of,
    halving_height,
    is_retarget_height,
    median_time_past,
    next_bits,
    next_halving_height,
    next_retarget_height,
    permitted_transition,
    retarget,
    subsidy_sat,
    timewarp_suspected,
    total_supply_sat,
)
from wattshift.chain.target import Bits, Target, bits_to_target, target_to_bits
from wattshift.errors import InputError, InvalidHeader

FOLDER = Path(__file__).parents[1] / "vectors"
RETARGET: Any = json.loads((FOLDER / "retarget.json").read_text())
SUBSIDY: Any = json.loads((FOLDER / "subsidy.json").read_text())

TWO_WEEKS_S = 1_209_600
MIN_BITS = Bits(0x1D00FFFF)
HARD_BITS = Bits(0x1C00FFFF)

heights = st.integers(0, 10_000_000)


class Block(NamedTuple):
    """As much of an ancestor as the rules ask for."""

    time_s: int
    bits: Bits


def from_hex(text: str) -> Bits:
    return Bits(int(text, 16))


# Periods


@given(heights)
def test_a_height_is_its_period_and_its_place_in_it(height: int) -> None:
    epoch = epoch_of(height)
    assert epoch_first_height(epoch) + blocks_into_epoch(height) == height
    assert epoch_first_height(epoch) <= height < next_retarget_height(height) == epoch_first_height(epoch + 1)
    assert is_retarget_height(next_retarget_height(height))


def test_real_periods() -> None:
    assert (epoch_of(933_407), epoch_of(933_408), blocks_into_epoch(933_407)) == (462, 463, 2015)
    assert next_retarget_height(931_392) == next_retarget_height(933_407) == 933_408


def test_the_genesis_block_is_no_retarget() -> None:
    assert [height for height in range(6049) if is_retarget_height(height)] == [2016, 4032, 6048]


def test_regtest_has_short_periods() -> None:
    assert next_retarget_height(0, REGTEST) == 144
    assert epoch_first_height(2, REGTEST) == 288


@pytest.mark.parametrize(
    "function",
    [epoch_of, epoch_first_height, blocks_into_epoch, is_retarget_height, subsidy_sat, halving_height],
    ids=lambda function: function.__name__,
)
def test_nothing_lies_below_the_genesis_block(function: Any) -> None:
    function(0)
    with pytest.raises(InputError, match="starts at 0"):
        function(-1)


# Retargets


@pytest.mark.parametrize("case", RETARGET["next_work"], ids=lambda case: case["name"])
def test_retargets_equal_the_published_ones(case: dict[str, Any]) -> None:
    bits = from_hex(case["last_bits"])
    new = retarget(
        first_time_s=case["first_time"],
        last_time_s=case["last_time"],
        first_bits=bits,
        last_bits=bits,
        network=network(case["network"]),
    )
    assert f"{new:08x}" == case["expected_bits"]


@pytest.mark.parametrize("case", RETARGET["bip94"], ids=lambda case: case["name"])
def test_bip94_starts_from_the_first_block(case: dict[str, Any]) -> None:
    net = network(case["network"])
    assert net.enforce_bip94 == case["enforce_bip94"]
    new = retarget(
        first_time_s=case["first_time"],
        last_time_s=case["last_time"],
        first_bits=from_hex(case["first_bits"]),
        last_bits=from_hex(case["last_bits"]),
        network=net,
    )
    assert f"{new:08x}" == case["expected_bits"]


@pytest.mark.parametrize("case", RETARGET["permitted_transition_mainnet"], ids=lambda case: case["new"])
def test_permitted_transitions_equal_the_published_ones(case: dict[str, Any]) -> None:
    height = 2016 + case["height_mod_2016"]
    assert permitted_transition(height, from_hex(case["old"]), from_hex(case["new"])) is case["ok"]


@given(st.integers(-(1 << 32), 1 << 32), st.integers(1, MAINNET.pow_limit).map(Target))
def test_every_retarget_is_permitted_and_within_a_factor_of_four(timespan_s: int, target: Target) -> None:
    old = target_to_bits(Target(max(target, 1 << 32)))
    new = retarget(first_time_s=0, last_time_s=timespan_s, first_bits=old, last_bits=old)
    assert permitted_transition(2016, old, new)
    before, after = bits_to_target(old), bits_to_target(new)
    assert after <= min(4 * before, MAINNET.pow_limit)
    assert after > before // 4 * (1 - 2**-15)


@given(st.integers(0, 5_000_000), st.integers(0, 5_000_000))
def test_a_slower_period_never_makes_the_next_one_harder(one_s: int, other_s: int) -> None:
    def after(timespan_s: int) -> int:
        bits = Bits(0x1703098C)
        return bits_to_target(
            retarget(first_time_s=7, last_time_s=7 + timespan_s, first_bits=bits, last_bits=bits)
        )

    fast, slow = sorted((one_s, other_s))
    assert after(fast) <= after(slow)


def test_the_clamps_are_a_quarter_and_four_times_two_weeks() -> None:
    def after(timespan_s: int) -> Bits:
        bits = Bits(0x1B00FFFF)
        return retarget(first_time_s=0, last_time_s=timespan_s, first_bits=bits, last_bits=bits)

    assert after(-1_000_000) == after(302_399) == after(302_400) == Bits(0x1A3FFFC0)
    assert after(302_400 + 100) > after(302_400)
    assert after(TWO_WEEKS_S - 100) < after(TWO_WEEKS_S) == Bits(0x1B00FFFF) < after(TWO_WEEKS_S + 100)
    assert after(4_838_400 - 100) < after(4_838_400)
    assert after(4_838_400) == after(4_838_401) == Bits(0x1B03FFFC)


def test_regtest_never_retargets() -> None:
    assert (
        retarget(first_time_s=0, last_time_s=1, first_bits=HARD_BITS, last_bits=MIN_BITS, network=REGTEST)
        == MIN_BITS
    )


def test_bits_within_a_period_must_not_change_where_no_exception_allows_it() -> None:
    assert permitted_transition(2017, HARD_BITS, HARD_BITS)
    assert not permitted_transition(2017, HARD_BITS, MIN_BITS)
    assert permitted_transition(2017, HARD_BITS, MIN_BITS, TESTNET3)


def test_a_transition_to_forged_bits_names_them() -> None:
    with pytest.raises(InvalidHeader, match="negative-target"):
        permitted_transition(2016, MIN_BITS, Bits(0x1D80FFFF))


def test_wrong_bits_are_refused_with_height_and_expectation() -> None:
    check_bits(2016, HARD_BITS, HARD_BITS)
    with pytest.raises(InvalidHeader, match="height=2016, bits=1c00ffff, expected=1d00ffff") as refusal:
        check_bits(2016, HARD_BITS, MIN_BITS)
    assert refusal.value.context["fault"] is Fault.WRONG_BITS


# The next block's bits


def grow(net: Network, delays_s: list[int], first_bits: Bits) -> list[Block]:
    """A chain that obeys `next_bits`, each block so many seconds after its parent."""
    chain = [Block(1_300_000_000, first_bits)]
    for delay_s in delays_s:
        time_s = chain[-1].time_s + delay_s
        chain.append(Block(time_s, next_bits(len(chain), time_s, chain.__getitem__, net)))
    return chain


def short(net: Network) -> Network:
    """The same rules with periods of ten blocks."""
    return replace(net, target_timespan_s=6_000)


@pytest.mark.parametrize("net", [MAINNET, SIGNET], ids=lambda net: net.name)
def test_the_main_network_knows_no_late_block(net: Network) -> None:
    assert {block.bits for block in grow(short(net), [86_400] * 9, HARD_BITS)} == {HARD_BITS}


@pytest.mark.parametrize("case", RETARGET["testnet_min_difficulty"], ids=lambda case: case["name"])
@pytest.mark.parametrize("net", [TESTNET3, TESTNET4], ids=lambda net: net.name)
def test_a_block_more_than_twenty_minutes_late_has_minimum_difficulty(
    case: dict[str, Any], net: Network
) -> None:
    new = grow(net, [600, 600, case["new_time_minus_prev_time"]], HARD_BITS)[-1]
    assert new.bits == from_hex(case.get("expected_bits", f"{HARD_BITS:08x}"))


@given(
    st.sampled_from([TESTNET3, TESTNET4]),
    st.lists(st.sampled_from([1, 300, 600, 1200, 1201, 9000]), max_size=60),
)
def test_a_punctual_block_walks_back_to_the_bits_of_its_period(net: Network, delays_s: list[int]) -> None:
    net = short(net)
    chain = grow(net, delays_s, HARD_BITS)
    for height in range(1, len(chain)):
        late = chain[height].time_s - chain[height - 1].time_s > 1200
        if not is_retarget_height(height, net):
            first = chain[epoch_first_height(epoch_of(height, net), net)]
            assert chain[height].bits == (MIN_BITS if late else first.bits)


def test_the_first_block_of_a_period_gets_no_exception() -> None:
    chain = grow(short(TESTNET4), [600] * 9 + [5_000], HARD_BITS)
    assert chain[9].bits == HARD_BITS
    assert bits_to_target(chain[10].bits) == bits_to_target(target_to_bits(Target(0xFFFF * 2**200 * 9 // 10)))


def test_only_testnet3_lets_one_late_block_reset_the_difficulty() -> None:
    delays_s = [600] * 8 + [1201, 600]  # block 9, the last of its period, is late
    storm, calm = (grow(short(net), delays_s, Bits(0x1A00FFFF))[10].bits for net in (TESTNET3, TESTNET4))
    assert storm == MIN_BITS
    assert calm == Bits(0x1A000000 + 0xFFFF * 6001 // 6000)


def test_regtest_keeps_its_bits_across_every_boundary() -> None:
    assert {block.bits for block in grow(REGTEST, [1, 5000] * 150, Bits(0x207FFFFF))} == {0x207FFFFF}


def test_the_genesis_block_has_no_next_bits() -> None:
    with pytest.raises(InputError, match="starts at 1"):
        next_bits(0, 0, [Block(0, MIN_BITS)].__getitem__)
    with pytest.raises(InputError, match="starts at 1"):
        permitted_transition(0, MIN_BITS, MIN_BITS)


# Time

NOW_S = 2_000_000_000
EVEN_TIMES_S = [NOW_S - 600 * ago for ago in range(11, 0, -1)]


@given(st.lists(st.integers(0, (1 << 32) - 1), min_size=1, max_size=20))
def test_median_time_past_is_the_upper_median_of_the_last_eleven(times_s: list[int]) -> None:
    assert median_time_past(times_s) == statistics.median_high(times_s[-11:])


def test_a_median_of_nothing_is_refused() -> None:
    with pytest.raises(InputError, match="at least one time"):
        median_time_past([])


def fault_of(time_s: int, *, height: int = 5000, net: Network = MAINNET, times_s: list[int]) -> object:
    try:
        check_time(height, time_s, previous_times_s=times_s, now_s=NOW_S, network=net)
    except InvalidHeader as refusal:
        return refusal.context["fault"]
    return None


@pytest.mark.parametrize("net", list(NETWORKS.values()), ids=list(NETWORKS))
def test_a_time_must_exceed_the_median_strictly(net: Network) -> None:
    median_s = EVEN_TIMES_S[5]
    assert fault_of(median_s, net=net, times_s=EVEN_TIMES_S) is Fault.TIME_TOO_OLD
    assert fault_of(median_s + 1, net=net, times_s=EVEN_TIMES_S) is None
    assert median_s + 1 < EVEN_TIMES_S[-1]  # a negative interval is legal


def test_a_time_may_run_two_hours_ahead_and_no_more() -> None:
    assert fault_of(NOW_S + 7200, times_s=EVEN_TIMES_S) is None
    assert fault_of(NOW_S + 7201, times_s=EVEN_TIMES_S) is Fault.TIME_TOO_NEW
    assert fault_of((1 << 32) - 1, times_s=EVEN_TIMES_S) is Fault.TIME_TOO_NEW


def test_a_header_from_the_future_is_held_not_damned() -> None:
    with pytest.raises(InvalidHeader, match="try again in 42 s"):
        check_time(5000, NOW_S + 7242, previous_times_s=EVEN_TIMES_S, now_s=NOW_S)


def test_bip94_refuses_a_period_that_starts_600_seconds_early() -> None:
    warped_s = [NOW_S - 100_000 + ago for ago in range(10)] + [NOW_S]
    assert fault_of(NOW_S - 600, height=4032, net=TESTNET4, times_s=warped_s) is None
    assert fault_of(NOW_S - 601, height=4032, net=TESTNET4, times_s=warped_s) is Fault.TIMEWARP
    assert fault_of(NOW_S - 601, height=4033, net=TESTNET4, times_s=warped_s) is None
    assert fault_of(NOW_S - 601, height=4032, net=MAINNET, times_s=warped_s) is None


@pytest.mark.parametrize(
    ("height", "time_s", "suspected"),
    [
        (4032, 92_799, True),  # opens a period two hours and a second before its parent
        (4032, 92_800, False),
        (4033, 0, False),
        (4031, 49_999, True),  # closes a period before its first block
        (4031, 50_000, False),
        (4030, 0, False),
        (0, 0, False),
    ],
)
def test_a_timewarp_is_suspected_at_the_ends_of_a_period(height: int, time_s: int, suspected: bool) -> None:
    assert timewarp_suspected(height, time_s, parent_time_s=100_000, first_time_s=50_000) is suspected


# Subsidy


@pytest.mark.parametrize("case", SUBSIDY["cases"], ids=lambda case: str(case["height"]))
def test_subsidies_equal_the_published_ones(case: dict[str, int]) -> None:
    assert subsidy_sat(case["height"]) == case["sat"]


def test_the_supply_is_the_sum_of_the_subsidies() -> None:
    by_thousands = sum(1000 * subsidy_sat(height) for height in range(0, 14_000_000, 1000))
    assert by_thousands == SUBSIDY["sum_over_heights_step_1000_x1000_to_14000000"]
    assert total_supply_sat() == SUBSIDY["exact_total_supply_sat"] == by_thousands
    assert total_supply_sat(REGTEST) == sum(subsidy_sat(height, REGTEST) for height in range(5000))


@given(heights)
def test_the_subsidy_changes_at_halvings_and_nowhere_else(height: int) -> None:
    halving = next_halving_height(height)
    assert height < halving <= height + 210_000
    assert subsidy_sat(height) == subsidy_sat(halving - 1)
    assert subsidy_sat(halving) == subsidy_sat(height) // 2


def test_real_halvings() -> None:
    assert [halving_height(n) for n in range(5)] == [0, 210_000, 420_000, 630_000, 840_000]
    assert next_halving_height(839_999) == 840_000
    assert next_halving_height(840_000) == 1_050_000
    assert subsidy_sat(halving_height(33) - 1) == 1
    assert subsidy_sat(halving_height(33)) == 0
    assert next_halving_height(149, REGTEST) == 150
