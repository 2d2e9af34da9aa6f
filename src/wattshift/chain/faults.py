"""Why a header is refused: the `fault` in the context of every `InvalidHeader`."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["Fault"]


class Fault(StrEnum):
    """One reason to refuse a header.

    Where Bitcoin Core has a reject reason of its own (`validation.cpp`), the value is that reason;
    Core calls every fault of the proof of work `high-hash`, here they are told apart.
    Only `TIME_TOO_NEW` can heal: such a header is to be held and tried again. `WRONG_NETWORK` and
    `CHECKPOINT_MISMATCH` speak of the source rather than of the header: stop asking it.
    """

    WRONG_LENGTH = "wrong-length"
    NEGATIVE_TARGET = "negative-target"
    ZERO_TARGET = "zero-target"
    TARGET_OVERFLOW = "target-overflow"
    TARGET_ABOVE_LIMIT = "target-above-limit"
    HASH_ABOVE_TARGET = "high-hash"
    WRONG_BITS = "bad-diffbits"
    TIME_TOO_OLD = "time-too-old"
    TIMEWARP = "time-timewarp-attack"
    TIME_TOO_NEW = "time-too-new"
    WRONG_NETWORK = "wrong-network"
    CHECKPOINT_MISMATCH = "checkpoint-mismatch"
