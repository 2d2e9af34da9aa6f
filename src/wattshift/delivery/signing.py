"""Signed webhooks: HMAC-SHA256 over an instant and the body, so that none can be forged or replayed.

The header is `Wattshift-Signature: t=<seconds since 1970>,v1=<hex>`, the hex the HMAC-SHA256 of `<t>.<body>`
under the shared secret. A receiver refuses what is older than five minutes and drops a key that it knows.
"""

from __future__ import annotations

import hashlib
import hmac
import re

__all__ = ["SIGNATURE_HEADER", "TOLERANCE_S", "is_signed", "signature"]

SIGNATURE_HEADER = "Wattshift-Signature"
TOLERANCE_S = 300.0
"""A receiver takes nothing whose instant is further off than this [s]."""

_FORM = re.compile(r"t=(\d{1,12}),v1=([0-9a-f]{64})", re.ASCII)


def signature(secret: str, body: bytes, *, at_s: int) -> str:
    """The value of the header.

    Args:
        secret: what sender and receiver share.
        body: the bytes that are sent.
        at_s: the present [s since 1970].
    """
    return f"t={at_s},v1={_digest(secret, body, at_s)}"


def is_signed(header: str, secret: str, body: bytes, *, now_s: float) -> bool:
    """Whether a header proves that a body comes from who knows the secret, and just now.

    Args:
        header: its value.
        secret: what sender and receiver share.
        body: the bytes that came.
        now_s: the present [s since 1970].
    """
    match = _FORM.fullmatch(header)
    if match is None or abs(now_s - int(match[1])) > TOLERANCE_S:
        return False
    return hmac.compare_digest(match[2], _digest(secret, body, int(match[1])))


def _digest(secret: str, body: bytes, at_s: int) -> str:
    return hmac.new(secret.encode(), b"%d." % at_s + body, hashlib.sha256).hexdigest()
