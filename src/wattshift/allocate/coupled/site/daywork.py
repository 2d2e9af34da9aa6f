"""Work that may wait: so many GPU-hours each local day, between being ready and being due."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from wattshift.allocate.coupled.site.outlook import Outlook
from wattshift.allocate.coupled.parts import Job
from wattshift.assets.contract import GpuCloud
from wattshift.assets.hall import AiHall
from wattshift.assets.jobs import JobClass

__all__ = ["daily_jobs"]

_ROUNDING_S = 1e-3


def daily_jobs(
    load: str,
    hall: AiHall,
    terms: GpuCloud,
    job: JobClass,
    outlook: Outlook,
    done_mwh: Mapping[str, float] = MappingProxyType({}),
) -> list[Job]:
    """One job for each local day whose window meets the horizon.

    A day of which the horizon holds only a part needs the same part of its work; where it is known what was
    done before the horizon, the work of the hours before it is due less that. Its energy is taken at the mean
    PUE of its window.

    Args:
        load: name of the load whose GPUs do it.
        hall: the hall.
        terms: its contract.
        job: the class of work.
        outlook: what is known of each interval.
        done_mwh: what some of the jobs were given before the horizon, by name [MWh].
    """
    price = terms.usd_per_gpu_h if job.usd_per_gpu_h is None else job.usd_per_gpu_h
    pue = outlook.pue(hall.pue, hall.pue_curve)
    start_s = outlook.start.dt.epoch("us").to_numpy() / 1e6
    end_s = start_s + outlook.hours * 3_600.0
    jobs = []
    for day in _days(outlook):
        ready_s, due_s = _window_s(day, job, outlook.zone)
        inside = _inside(start_s, end_s, ready_s, due_s)
        if not inside.size:
            continue
        name = f"{load}, {day.isoformat()}"
        seen_h = float(outlook.hours[inside].sum())
        if name in done_mwh:
            seen_h += max(0.0, start_s[0] - ready_s) / 3_600.0
        part = seen_h / ((due_s - ready_s) / 3_600.0)
        gpu_mw = float(pue[inside].mean()) * terms.it_kw_per_gpu / 1_000.0
        gpus = hall.it_mw * 1_000.0 / terms.it_kw_per_gpu * job.share_frac
        needed_h = (job.daily_work_hours or 0.0) * min(1.0, part)
        jobs.append(
            Job(
                name=name,
                load=load,
                first=int(inside[0]),
                end=int(inside[-1]) + 1,
                energy_mwh=max(0.0, needed_h * gpus * gpu_mw - done_mwh.get(name, 0.0)),
                max_mw=float(pue[inside].max()) * hall.it_mw * job.share_frac,
                worth_usd_per_mwh=(price - terms.opex_usd_per_gpu_h) / gpu_mw,
                missed_usd_per_mwh=job.missed_usd_per_gpu_h / gpu_mw,
            )
        )
    return jobs


def _days(outlook: Outlook) -> list[date]:
    """The local days of the horizon, and the one before: its work may be due in the next."""
    days = outlook.local().dt.date().unique().sort().to_list()
    return [days[0] - timedelta(days=1), *days]


def _window_s(day: date, job: JobClass, zone: str) -> tuple[float, float]:
    """When a day's work is ready and when it is due, as seconds since 1970."""
    midnight = datetime.combine(day, time(), tzinfo=ZoneInfo(zone))
    ready = midnight + timedelta(hours=job.ready_h)  # wall clock: local hours stay local on clock changes
    due = ready + timedelta(hours=job.window_h)
    return ready.timestamp(), due.timestamp()


def _inside(
    start_s: NDArray[np.float64], end_s: NDArray[np.float64], ready_s: float, due_s: float
) -> NDArray[np.int64]:
    """The intervals that lie wholly within a window."""
    return np.flatnonzero((start_s >= ready_s - _ROUNDING_S) & (end_s <= due_s + _ROUNDING_S))
