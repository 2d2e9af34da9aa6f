from __future__ import annotations

from dataclasses import replace
from math import log2

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.following import MemoryKeeper, Scripted, fetched, served
from support.headers import FAR_S, Branch, easy
from wattshift.app.follow.sync import Dialogue
from wattshift.chain.header import HEADER_SIZE
from wattshift.chain.headerchain import HeaderChain
from wattshift.chain.params import MAINNET
from wattshift.errors import BrokenLink, InvalidHeader
from wattshift.sources.port import HeaderBatch, Heights, TipClaim

NETWORK = easy(MAINNET, interval=2016)
LONG = Branch(NETWORK).grow(300)


def chain_of(branch: Branch) -> HeaderChain:
    return MemoryKeeper(NETWORK, branch.raw()).chain


def converse(chain: HeaderChain, source: Scripted, dialogue: Dialogue | None = None) -> tuple[Dialogue, int]:
    """Ask until there is nothing left to ask; how many questions that took."""
    dialogue = dialogue or Dialogue(chain, source.max_headers)
    questions = 1
    dialogue.hear_tip(source.tip(None))
    while (asked := dialogue.question) is not None:
        questions += 1
        assert questions < 1_000
        headers = dialogue.hear_headers(asked, source.headers_endpoint(asked))
        if headers:
            dialogue.hear_verdict(asked, headers, chain.extend(headers, FAR_S))
    return dialogue, questions


def test_a_known_tip_needs_no_headers() -> None:
    chain = chain_of(LONG)
    dialogue, questions = converse(chain, Scripted("source", LONG.headers))
    assert questions == 1
    assert dialogue.proved == chain.tip


def test_a_new_block_needs_one_question_more() -> None:
    chain = chain_of(LONG.fork(299))
    dialogue, questions = converse(chain, Scripted("source", LONG.headers))
    assert questions == 2
    assert dialogue.proved == chain.tip
    assert chain.height == 300


def test_a_first_sync_asks_for_full_batches() -> None:
    source = Scripted("source", LONG.headers, max_headers=50)
    chain = chain_of(LONG.fork(0))
    _, questions = converse(chain, source)
    assert chain.height == 300
    assert questions == 1 + 300 // 50


@given(depth=st.integers(1, 120), more=st.integers(1, 20), max_headers=st.sampled_from([1, 7, 100, 2_000]))
def test_a_fork_of_any_depth_is_found_with_few_questions(depth: int, more: int, max_headers: int) -> None:
    ours = LONG.fork(150)
    theirs = LONG.fork(150 - depth).grow(depth + more, salt=depth)
    chain = chain_of(ours)
    _, questions = converse(chain, Scripted("source", theirs.headers, max_headers=max_headers))
    assert chain.tip.hash == theirs.hash(theirs.height)
    # Back by 1, 2, 4 ...: at most twice as deep as need be, and headers only from there on.
    bound = 3 + log2(depth + 1) + (2 * depth + more + max_headers) / max_headers
    assert questions <= bound + 1


def test_a_source_on_a_known_side_branch_is_taken_up_where_it_was() -> None:
    chain = chain_of(LONG.fork(200))
    minority = LONG.fork(120).grow(40, salt=3)
    source = Scripted("source", minority.headers)
    dialogue, _ = converse(chain, source)
    assert dialogue.proved is not None
    assert dialogue.proved.hash == minority.hash(160)
    source.headers = minority.grow(1, salt=3).headers
    _, questions = converse(chain, source, dialogue)
    assert questions == 2


def test_a_source_that_is_behind_is_known_by_its_tip() -> None:
    chain = chain_of(LONG)
    dialogue, questions = converse(chain, Scripted("source", LONG.headers[:200]))
    assert questions == 1
    assert dialogue.proved is not None
    assert dialogue.proved.height == 199


def anchored_chain(height: int) -> HeaderChain:
    from wattshift.chain.anchor import Anchor

    header = LONG.parsed[height]
    return HeaderChain(
        NETWORK,
        anchor=Anchor(
            height=height,
            header=LONG.headers[height],
            work_hashes=2 * (height + 1),
            previous_times_s=tuple(each.time_s for each in LONG.parsed[height - 10 : height]),
            period_first_time_s=LONG.parsed[0].time_s,
            period_first_bits=header.bits,
        ),
    )


def test_a_source_below_the_anchor_has_proved_nothing_and_done_no_wrong() -> None:
    dialogue, questions = converse(anchored_chain(100), Scripted("source", LONG.headers[:50]))
    assert (dialogue.proved, dialogue.short_height, questions) == (None, 49, 1)


def test_another_chain_below_the_anchor_is_found_out() -> None:
    other = LONG.fork(50).grow(100, salt=9)
    with pytest.raises(BrokenLink, match="on which our chain stands") as raised:
        converse(anchored_chain(100), Scripted("source", other.headers))
    assert raised.value.context["height"] == 100


@pytest.mark.parametrize("off", [-1, 1, 1_000_000])
def test_a_true_tip_at_a_wrong_height_is_a_contradiction(off: int) -> None:
    source = Scripted("s", LONG.headers, claim=lambda true: replace(true, height=true.height + off))
    with pytest.raises(BrokenLink) as raised:
        converse(chain_of(LONG), source)
    assert raised.value.context["expected"] == 300


@pytest.mark.parametrize("height", [-1, 1 << 32])
def test_impossible_heights_are_refused(height: int) -> None:
    with pytest.raises(BrokenLink, match="impossible"):
        converse(
            chain_of(LONG.fork(9)), Scripted("s", LONG.headers, claim=lambda t: replace(t, height=height))
        )


def test_headers_at_wrong_heights_are_a_contradiction() -> None:
    """A source whose headers are true, but one height off."""
    source = Scripted("s", LONG.headers[1:], first=0)
    with pytest.raises(BrokenLink, match="not at the height"):
        converse(chain_of(LONG.fork(100)), source)


def test_a_broken_rule_is_passed_on_with_its_height() -> None:
    bad = LONG.fork(10)
    source = Scripted("s", [*bad.headers, bad.next(bad.parsed[0].time_s)])
    with pytest.raises(InvalidHeader) as raised:
        converse(chain_of(LONG.fork(5)), source)
    assert raised.value.context["height"] == 11


def test_a_tip_that_changes_while_it_is_asked_for_is_forgiven_a_few_times() -> None:
    chain = chain_of(LONG.fork(50))
    source = Scripted("s", LONG.headers[:101])
    dialogue = Dialogue(chain, 2_000)
    for _ in range(2):
        claim = source.tip(None)
        assert dialogue.hear_tip(replace(claim, height=150, block_hash=LONG.hash(150)))
        while (asked := dialogue.question) is not None:
            batch = source.headers_endpoint(asked)
            headers = dialogue.hear_headers(asked, batch)
            if headers:
                dialogue.hear_verdict(asked, headers, chain.extend(headers, FAR_S))
    _, _ = converse(chain, source, dialogue)
    assert chain.height == 100


def test_early_headers_are_waited_for_and_held_against_nobody() -> None:
    chain = chain_of(LONG.fork(100))
    dialogue = Dialogue(chain, 2_000)
    claim = Scripted("s", LONG.headers).tip(None)
    dialogue.hear_tip(claim)
    asked = dialogue.question
    assert asked is not None
    headers = dialogue.hear_headers(
        asked, Scripted("s", LONG.headers, max_headers=2_000).headers_endpoint(asked)
    )
    dialogue.hear_verdict(asked, headers, chain.extend(headers, LONG.parsed[150].time_s))
    assert dialogue.question is None
    assert chain.waiting_count > 0


@given(junk=st.binary(min_size=HEADER_SIZE, max_size=4 * HEADER_SIZE))
def test_junk_moves_nothing(junk: bytes) -> None:
    chain = chain_of(LONG.fork(100))
    before = chain.state_hash()
    whole = junk[: len(junk) // HEADER_SIZE * HEADER_SIZE]
    dialogue = Dialogue(chain, 10)
    origin = fetched("s").origin
    dialogue.hear_tip(TipClaim(height=500, block_hash=served(junk), origin=origin))

    def answer_until_found_out() -> None:
        while (asked := dialogue.question) is not None:
            batch = HeaderBatch(first=asked.first, headers=whole, origin=origin)
            assert dialogue.hear_headers(asked, batch) == b""

    with pytest.raises(BrokenLink):
        answer_until_found_out()
    assert chain.state_hash() == before


def test_no_more_is_taken_than_was_asked_for() -> None:
    dialogue = Dialogue(chain_of(LONG.fork(100)), 10)
    dialogue.hear_tip(Scripted("s", LONG.headers).tip(None))
    asked = dialogue.question
    assert asked == Heights(first=101, count=10)
    batch = HeaderBatch(first=101, headers=LONG.raw(101), origin=fetched("s").origin)
    assert len(dialogue.hear_headers(asked, batch)) == 10 * HEADER_SIZE
