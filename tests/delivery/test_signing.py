from __future__ import annotations

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattshift.delivery.signing import TOLERANCE_S, is_signed, signature

BODY = b'{"key":"k"}'
AT_S = 1_769_428_800


def test_the_form_is_what_the_page_says() -> None:
    digest = hmac.new(b"secret", b"1769428800." + BODY, hashlib.sha256).hexdigest()
    assert signature("secret", BODY, at_s=AT_S) == f"t=1769428800,v1={digest}"


@given(st.text(min_size=1), st.binary(), st.integers(0, 10**11))
def test_what_was_signed_is_signed(secret: str, body: bytes, at_s: int) -> None:
    header = signature(secret, body, at_s=at_s)
    assert is_signed(header, secret, body, now_s=at_s + TOLERANCE_S)
    assert not is_signed(header, secret, body + b"x", now_s=at_s)
    assert not is_signed(header, secret + "x", body, now_s=at_s)


@pytest.mark.parametrize("late_s", [-301.0, 301.0, 86_400.0])
def test_a_replay_is_refused(late_s: float) -> None:
    assert not is_signed(signature("s", BODY, at_s=AT_S), "s", BODY, now_s=AT_S + late_s)


def test_another_instant_needs_another_signature() -> None:
    header = signature("s", BODY, at_s=AT_S).replace(f"t={AT_S}", f"t={AT_S + 1}")
    assert not is_signed(header, "s", BODY, now_s=AT_S)


@pytest.mark.parametrize(
    "header", ["", "t=,v1=", "t=1", f"t={AT_S},v1={'g' * 64}", f"t=\u0661,v1={'0' * 64}", "t=-1,v1=00"]
)
def test_nonsense_is_refused(header: str) -> None:
    assert not is_signed(header, "s", BODY, now_s=AT_S)
