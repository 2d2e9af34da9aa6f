"""What a GPU cloud sells: work that must run, work that may be interrupted, work that may wait."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from wattshift.assets.bounds import (
    STRICT,
    require_fraction,
    require_name,
    require_not_negative,
    require_positive,
)
from wattshift.assets.calendar import require_range
from wattshift.errors import InputError

__all__ = ["JobClass", "JobKind"]


class JobKind(StrEnum):
    """How much a job class bears."""

    FIRM = "firm"
    INTERRUPTIBLE = "interruptible"
    DEFERRABLE = "deferrable"


@dataclass(frozen=True, slots=True, kw_only=True)
class JobClass:
    """A share of a GPU hall sold on one kind of promise.

    Args:
        name: its name, unique in its hall.
        kind: firm work always runs; interruptible work stops at a cost; deferrable work needs so many
            GPU-hours each local day within a window.
        share_frac: fraction of the hall's GPUs that it may use.
        usd_per_gpu_h: price of a GPU-hour; None: that of the contract [USD/GPU-h].
        utilisation_frac: fraction of its hours that is sold; None: that of the contract. Deferrable work is
            sold by the GPU-hour done.
        checkpoint_usd_per_gpu: cost of saving and restoring a GPU's work at each interruption [USD/GPU].
        daily_work_hours: hours that each GPU of the share must work a day [h], deferrable only.
        ready_h: local hour from which the day's work may start, 0 to 23, deferrable only.
        due_h: local hour at which it must be done, 1 to 24; up to `ready_h`: of the next day.
        missed_usd_per_gpu_h: price of each GPU-hour not done in time [USD/GPU-h].

    Raises:
        InputError: if a number is out of range, or a key does not belong to the kind.
    """

    __pydantic_config__: ClassVar[Mapping[str, object]] = STRICT

    name: str
    kind: JobKind
    share_frac: float
    usd_per_gpu_h: float | None = None
    utilisation_frac: float | None = None
    checkpoint_usd_per_gpu: float = 0.0
    daily_work_hours: float | None = None
    ready_h: int = 0
    due_h: int = 24
    missed_usd_per_gpu_h: float = 0.0

    def __post_init__(self) -> None:
        require_name("name", self.name)
        require_fraction("share_frac", self.share_frac)
        require_positive("share_frac", self.share_frac)
        if self.usd_per_gpu_h is not None:
            require_positive("usd_per_gpu_h", self.usd_per_gpu_h)
        if self.utilisation_frac is not None:
            require_fraction("utilisation_frac", self.utilisation_frac)
        for key in ("checkpoint_usd_per_gpu", "missed_usd_per_gpu_h"):
            require_not_negative(key, getattr(self, key))
        require_range("ready_h", (self.ready_h,), 0, 23)
        require_range("due_h", (self.due_h,), 1, 24)
        self._require_own_keys()
        if self.daily_work_hours is not None:
            self._require_time()

    @property
    def window_h(self) -> int:
        """Hours between the work being ready and being due [h], on a day without a clock change."""
        later = 0 if self.due_h > self.ready_h else 24
        return self.due_h + later - self.ready_h

    def _require_own_keys(self) -> None:
        deferrable = self.kind is JobKind.DEFERRABLE
        if deferrable != (self.daily_work_hours is not None):
            raise InputError(
                "daily_work_hours belongs to deferrable work, and deferrable work needs it",
                key="daily_work_hours",
                hint="say how many hours each GPU must work a day, or change the kind",
            )
        if self.checkpoint_usd_per_gpu and self.kind is not JobKind.INTERRUPTIBLE:
            raise InputError(
                "only interruptible work is saved and restored",
                key="checkpoint_usd_per_gpu",
                value=self.checkpoint_usd_per_gpu,
                hint='leave it out, or write kind = "interruptible"',
            )

    def _require_time(self) -> None:
        needed = self.daily_work_hours or 0.0
        require_positive("daily_work_hours", needed)
        if needed > self.window_h:
            raise InputError(
                f"{needed:g} hours of work do not fit between ready_h and due_h ({self.window_h} h)",
                key="daily_work_hours",
                value=needed,
                hint="widen the window, or ask for less",
            )
