"""Every error wattshift raises on purpose, arranged by who must act.

```
WattshiftError
├── ConfigError            the operator: a site or settings file is wrong
├── InputError             the caller: an argument is wrong (also a ValueError)
│   └── OutOfSpan          ... an instant lies outside what is known
├── SourceError            the world outside
│   ├── Unavailable        it did not answer
│   ├── Rejected           it refused us
│   ├── Malformed          it answered nonsense
│   └── NoData             it has nothing for this question
├── StoreError             what we keep
│   ├── Missing            a file that should be there is not
│   ├── SchemaMismatch     its columns or types are not those of `wattshift.tables`
│   ├── Conflict           two rows claim the same key
│   ├── Corrupt            its bytes are not those that were recorded
│   ├── Locked             another process writes to it
│   └── Unwritable         the disk is full or broken, or will not let us
├── ChainError             the Bitcoin protocol's own rules
│   ├── InvalidHeader      80 bytes that do not prove their work
│   ├── BrokenLink         a parent is missing or wrong
│   └── ReorgTooDeep       more history would change than is allowed
├── StaleData              inputs are too old to act on
├── SolveError             no usable plan
│   ├── Infeasible         the limits contradict each other
│   ├── Unbounded          the model was built wrongly
│   ├── LimitReached       time or memory ran out
│   └── CheckFailed        the independent proof refused the plan
├── ServiceError           the service itself
│   ├── Busy               more is asked at once than it answers; come back
│   └── Overrun            one answer took longer than any may
└── ControlError           machines
    ├── Unsafe             a set-point outside the permitted range
    ├── Refused            the device said no
    └── Unconfirmed        the device said yes and nothing moved
```

Each carries its context as keyword arguments and a `hint` that says what to do.
"""

from __future__ import annotations

from enum import IntEnum

__all__ = [
    "BrokenLink",
    "Busy",
    "ChainError",
    "CheckFailed",
    "ConfigError",
    "Conflict",
    "ControlError",
    "Corrupt",
    "ExitStatus",
    "Infeasible",
    "InputError",
    "InvalidHeader",
    "LimitReached",
    "Locked",
    "Malformed",
    "Missing",
    "NoData",
    "OutOfSpan",
    "Overrun",
    "Refused",
    "Rejected",
    "ReorgTooDeep",
    "SchemaMismatch",
    "ServiceError",
    "SolveError",
    "SourceError",
    "StaleData",
    "StoreError",
    "Unavailable",
    "Unbounded",
    "Unconfirmed",
    "Unsafe",
    "Unwritable",
    "WattshiftError",
]


class ExitStatus(IntEnum):
    """The process exit statuses of the command line; a fallback is a plan, but not the one asked for."""

    OK = 0
    FAILED = 1
    CALLER = 2
    DATA = 3
    FALLBACK = 4


class WattshiftError(Exception):
    """Base of all deliberate errors.

    Args:
        message: one sentence that names what is wrong.
        hint: one sentence that says what to do about it.
        context: what identifies the case (source, url, height, key, file, limit ...).
    """

    exit_status = ExitStatus.FAILED

    def __init__(self, message: str, *, hint: str | None = None, **context: object) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.context = context

    def __str__(self) -> str:
        """The message, then its context in brackets, then the hint."""
        context = ", ".join(f"{key}={value}" for key, value in self.context.items())
        text = f"{self.message} [{context}]" if context else self.message
        return f"{text}\n  what to do: {self.hint}" if self.hint else text


class ConfigError(WattshiftError):
    """A site or settings file is wrong; the operator must mend it."""

    exit_status = ExitStatus.CALLER


class InputError(WattshiftError, ValueError):
    """An argument is wrong; the caller must mend it."""

    exit_status = ExitStatus.CALLER


class OutOfSpan(InputError):
    """An instant or height lies outside what is known."""


class SourceError(WattshiftError):
    """A source outside failed."""

    exit_status = ExitStatus.DATA


class Unavailable(SourceError):
    """The source did not answer."""


class Rejected(SourceError):
    """The source refused the request."""


class Malformed(SourceError):
    """The source answered something that is not what it promises."""


class NoData(SourceError):
    """The source has nothing for this question."""


class StoreError(WattshiftError):
    """What is kept on disk is missing or wrong."""

    exit_status = ExitStatus.DATA


class Missing(StoreError):
    """A file that should be there is not."""


class SchemaMismatch(StoreError):
    """Columns or types are not those of the data dictionary."""


class Conflict(StoreError):
    """Two rows claim the same key with different values."""


class Corrupt(StoreError):
    """The bytes are not those that were recorded."""


class Locked(StoreError):
    """Another process holds the lease for writing, or has taken it away."""


class Unwritable(StoreError):
    """The operating system refused to open or write a file; nothing was torn, the call may be repeated."""


class ChainError(WattshiftError):
    """A rule of the Bitcoin protocol is broken."""

    exit_status = ExitStatus.DATA


class InvalidHeader(ChainError):
    """A header that does not parse or does not prove its work."""


class BrokenLink(ChainError):
    """A header whose parent is missing or wrong."""


class ReorgTooDeep(ChainError):
    """A reorganisation deeper than is allowed."""


class StaleData(WattshiftError):
    """Inputs are too old to act on."""

    exit_status = ExitStatus.DATA


class SolveError(WattshiftError):
    """No usable plan came out."""


class Infeasible(SolveError):
    """The limits contradict each other."""


class Unbounded(SolveError):
    """The model has no finite optimum: it was built wrongly."""


class LimitReached(SolveError):
    """Time or memory ran out before a proven plan."""


class CheckFailed(SolveError):
    """The independent proof refused the plan."""


class ServiceError(WattshiftError):
    """The service cannot answer as asked."""


class Busy(ServiceError):
    """More is asked at once than the service answers."""


class Overrun(ServiceError):
    """One answer took longer than any may."""


class ControlError(WattshiftError):
    """A machine did not do what was asked."""


class Unsafe(ControlError):
    """A set-point outside the permitted range."""


class Refused(ControlError):
    """The device said no."""


class Unconfirmed(ControlError):
    """The device said yes and nothing moved."""
