"""What the lines of an Electrum server hold."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.electrumserver import (
    CHAIN,
    TIP,
    Answer,
    encoded,
    fetched,
    headers_reply,
    talking,
)
from support.servers import Steps
from wattshift.errors import Malformed, NoData, Rejected, SourceError
from wattshift.sources.electrum.messages import parse_headers, parse_tip
from wattshift.sources.port import Heights

FIRST_TEN = Heights(first=0, count=10)
NO_INTEGER: tuple[object, ...] = (..., None, True, "x", -1, 10.0, [])
"""Nor digits; `...` leaves the member out."""


def test_an_answer_without_a_result_is_refused() -> None:
    renamed: Answer = lambda _, line: [line.replace(b'"result"', b'"resolt"')]  # noqa: E731
    with talking(renamed) as (_, _, source), pytest.raises(Malformed, match="'result' is missing"):
        source.tip(None)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        ({"code": 1, "message": "height 9 out of range"}, NoData),
        ({"code": 2, "message": "daemon error"}, NoData),
        ({"code": -32601, "message": "unknown method"}, Rejected),
        ({"code": -102, "message": "excessive resource usage\x1b[31m\n\ud800"}, Rejected),
        ({"code": True, "message": "?"}, Malformed),
        ({"code": 1, "message": None}, Malformed),
        ({"message": "no code"}, Malformed),
        ("a string", Malformed),
        (7, Malformed),
    ],
)
def test_an_error_of_the_server_is_told_apart_and_its_words_are_harmless(
    error: object, expected: type[SourceError]
) -> None:
    def answer(question: dict[str, Any], _: bytes) -> Steps:
        return [encoded({"jsonrpc": "2.0", "id": question["id"], "error": error})]

    with talking(answer) as (_, _, source), pytest.raises(expected) as caught:
        source.tip(None)
    assert all(line.isprintable() for line in str(caught.value).split("\n"))


def test_a_null_error_beside_a_result_is_none() -> None:
    with talking(lambda _, line: [line.replace(b'"result"', b'"error": null, "result"')]) as (_, _, source):
        assert source.tip(None).height == TIP


@pytest.mark.parametrize("field", ["height", "hex"])
@pytest.mark.parametrize("value", [None, True, -1, 1.5, "1", "", "zz" * 80, [], {}, 2**31, "00" * 79])
def test_a_tip_with_a_wrong_field_is_refused(field: str, value: object) -> None:
    result = {"height": 5, "hex": CHAIN[5].hex(), "extra": "is left alone"}
    assert parse_tip(None, fetched(encoded({"id": 0, "result": result}))).height == 5
    with pytest.raises(Malformed):
        parse_tip(None, fetched(encoded({"id": 0, "result": {**result, field: value}})))
    del result[field]
    with pytest.raises(Malformed):
        parse_tip(None, fetched(encoded({"id": 0, "result": {**result, f"{field}_": value}})))


@pytest.mark.parametrize(
    "changes",
    [
        *({field: value} for field in ("count", "hex", "max") for value in NO_INTEGER),
        {"count": 11},
        {"count": 9},
        {"count": 10**30},
        {"max": 9},
        {"hex": b"".join(CHAIN[:11]).hex(), "count": 11},
        {"hex": b"".join(CHAIN[:10]).hex()[:-1]},
        {"hex": " " + b"".join(CHAIN[:10]).hex()[:-1]},
        {"hex": b"".join(reversed(CHAIN[:10])).hex()},
        {"hex": b"".join([*CHAIN[:5], *CHAIN[6:11]]).hex()},
        {"hex": b"".join([*CHAIN[:5], CHAIN[4], *CHAIN[5:9]]).hex()},
    ],
)
def test_headers_with_a_wrong_field_a_gap_or_a_twin_are_refused(changes: dict[str, object]) -> None:
    with pytest.raises(Malformed):
        parse_headers(FIRST_TEN, fetched(headers_reply(**changes)))


def test_digits_may_be_upper_case() -> None:
    honest_batch = parse_headers(FIRST_TEN, fetched(headers_reply()))
    shouted = parse_headers(FIRST_TEN, fetched(headers_reply(hex=b"".join(CHAIN[:10]).hex().upper())))
    assert shouted.headers == honest_batch.headers == b"".join(CHAIN[:10])


@given(st.binary(max_size=200))
def test_any_bytes_are_an_answer_or_a_source_error(content: bytes) -> None:
    for parse in (
        lambda: parse_tip(None, fetched(content)),
        lambda: parse_headers(FIRST_TEN, fetched(content)),
    ):
        with pytest.raises(SourceError):
            parse()
