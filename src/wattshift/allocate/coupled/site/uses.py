"""The uses of a site as loads and jobs: machine classes by power mode, halls by job class and power cap.

A use may become several loads: each job class of a hall is one, and so is each stretch above a power cap,
since its length in MW changes with the PUE. `loads_of` says which loads a use became.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from wattshift.allocate.coupled.site.daywork import daily_jobs
from wattshift.allocate.coupled.site.hull import concave_hull
from wattshift.allocate.coupled.leasttimes import ends_of, still_mw
from wattshift.allocate.coupled.site.outlook import Outlook
from wattshift.allocate.coupled.parts import Job, Load, Step
from wattshift.assets.contract import Colocation, GpuCloud
from wattshift.assets.hall import AiHall
from wattshift.assets.heat import HeatSink
from wattshift.assets.jobs import JobClass, JobKind
from wattshift.assets.kind import UseKind
from wattshift.assets.miner import MinerClass
from wattshift.assets.site import Mining, Site
from wattshift.assets.state import SiteState
from wattshift.units import w_to_mw
from wattshift.value.compute import colocation_value
from wattshift.value.mining import mining_usd_per_mwh

__all__ = ["LoadsOfUses", "loads_of_uses"]

_Row: TypeAlias = NDArray[np.float64]

_FIRM_FIRST = {JobKind.FIRM: 0, JobKind.INTERRUPTIBLE: 1, JobKind.DEFERRABLE: 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadsOfUses:
    """The loads and jobs of a site.

    Args:
        by_use: the loads that each use became, in the site's order.
        jobs: the work that may wait.
    """

    by_use: dict[str, tuple[Load, ...]]
    jobs: tuple[Job, ...]

    def names(self, uses: tuple[str, ...]) -> tuple[str, ...]:
        """The names of the loads of some uses."""
        return tuple(load.name for use in uses for load in self.by_use[use])


def loads_of_uses(site: Site, outlook: Outlook, state: SiteState, tenant_usd_per_mwh: _Row) -> LoadsOfUses:
    """Every use of a site as loads and jobs.

    Args:
        site: the site.
        outlook: what is known of each interval.
        state: what ran before, since when, and what was done.
        tenant_usd_per_mwh: what a tenant pays for a MWh of electricity [USD/MWh], shape (T,).
    """
    by_use: dict[str, tuple[Load, ...]] = {}
    jobs: list[Job] = []
    for hall in site.halls:
        if hall.colocation is not None:
            by_use[hall.name] = (_leased(hall, hall.colocation, outlook, tenant_usd_per_mwh),)
        elif hall.gpu_cloud is not None:
            loads, work = _cloud(hall, hall.gpu_cloud, outlook, state)
            by_use[hall.name] = _with_floor(loads, hall.floor_mw)
            jobs += work
    for fleet, miner in site.machines:
        by_use[miner.name] = (_mined(miner, fleet, outlook),)
    for sink in site.heat_sinks:
        by_use[sink.use] = _heated(by_use[sink.use], sink, outlook)
    by_use = {
        use: tuple(_as_it_runs(load, state, outlook) for load in loads) for use, loads in by_use.items()
    }
    return LoadsOfUses(by_use=by_use, jobs=tuple(jobs))


def _as_it_runs(load: Load, state: SiteState, outlook: Outlook) -> Load:
    """A load with what it ran before, and the least times that are not over."""
    before_mw = state.load_mw.get(load.name, 0.0)
    start = outlook.start_us
    on = still_mw(ends_of(state.started, load.name, load.min_up_h), start)
    off = still_mw(ends_of(state.stopped, load.name, load.min_down_h), start)
    return replace(
        load,
        before_mw=before_mw,
        still_on_mw=np.minimum(on, before_mw) if on.any() else None,
        still_off_mw=np.minimum(off, max(0.0, load.capacity_mw - before_mw)) if off.any() else None,
    )


# Mining


def _mined(miner: MinerClass, fleet: Mining, outlook: Outlook) -> Load:
    """A divisible class on the hull of its modes; a step a stretch, each with its marginal J/TH."""
    modes = miner.all_modes
    kept = [modes[index] for index in concave_hull([(mode.machine_w, mode.hashrate_ths) for mode in modes])]
    steps, power_w, hashrate_ths = [], 0.0, 0.0
    for mode in kept:
        more_w, more_ths = mode.machine_w - power_w, mode.hashrate_ths - hashrate_ths
        worth = _mining_worth(fleet, outlook, more_w / more_ths)
        capacity = w_to_mw(more_w * miner.count) * fleet.pue
        steps.append(Step(name=mode.name, capacity_mw=capacity, worth_usd_per_mwh=worth))
        power_w, hashrate_ths = mode.machine_w, mode.hashrate_ths
    available = outlook.zeros + sum(step.capacity_mw for step in steps)
    if fleet.derating:
        at_c = [point.outside_c for point in fleet.derating]
        able_frac = [point.available_frac for point in fleet.derating]
        available = available * outlook.on_curve(at_c, able_frac, "derating")
    machine_mw = w_to_mw(power_w) * fleet.pue
    boot_usd_per_mw = miner.boot_h / 2.0 * float(_mining_worth(fleet, outlook, power_w / hashrate_ths).mean())
    return Load(
        name=miner.name,
        kind=UseKind.MINING,
        steps=tuple(steps),
        available_mw=available,
        floor_mw=outlook.zeros,
        promised_mw=outlook.zeros,
        ramp_up_mw_per_h=np.inf if miner.ramp_up_mw_per_h is None else miner.ramp_up_mw_per_h,
        ramp_down_mw_per_h=np.inf if miner.ramp_down_mw_per_h is None else miner.ramp_down_mw_per_h,
        min_up_h=miner.min_up_h,
        min_down_h=miner.min_down_h,
        start_usd_per_mw=(miner.start_usd + miner.switch_wear_usd) / machine_mw + boot_usd_per_mw,
        stop_usd_per_mw=miner.switch_wear_usd / machine_mw,
        whole=miner.whole,
    )


def _mining_worth(fleet: Mining, outlook: Outlook, efficiency_j_per_th: float) -> _Row:
    return mining_usd_per_mwh(
        outlook.hashprice_usd_per_ph_day,
        efficiency_j_per_th=efficiency_j_per_th,
        pool_fee_frac=fleet.pool_fee_frac,
        pue=fleet.pue,
        uptime_frac=fleet.uptime_frac,
    )


# Colocation


def _leased(hall: AiHall, terms: Colocation, outlook: Outlook, tenant_usd_per_mwh: _Row) -> Load:
    """A leased hall: the rent of a year is spread over the energy that the tenant draws in it."""
    pue = outlook.pue(hall.pue, hall.pue_curve)
    mean_frac = sum(terms.profile_frac) / len(terms.profile_frac) if terms.profile_frac else 1.0
    drawn = hall.it_mw * pue * outlook.profile(terms.profile_frac)
    worth = colocation_value(terms).income_usd_per_mwh / mean_frac / pue + tenant_usd_per_mwh
    return Load(
        name=hall.name,
        kind=UseKind.COLOCATION,
        steps=(Step(name=hall.name, capacity_mw=float(drawn.max()), worth_usd_per_mwh=worth),),
        available_mw=drawn,
        floor_mw=np.minimum(hall.floor_mw, drawn),
        promised_mw=terms.availability_frac * drawn,
        credit_usd_per_mwh=terms.credit_usd_per_mwh,
    )


# GPU cloud


def _cloud(hall: AiHall, terms: GpuCloud, outlook: Outlook, state: SiteState) -> tuple[list[Load], list[Job]]:
    """One load for each job class and stretch between power caps; firm work first."""
    if not terms.job_classes:
        whole = JobClass(name=hall.name, kind=JobKind.INTERRUPTIBLE, share_frac=1.0)
        return _sold(hall, terms, whole, hall.name, outlook), []
    loads: list[Load] = []
    work: list[Job] = []
    for job in sorted(terms.job_classes, key=lambda each: _FIRM_FIRST[each.kind]):
        name = f"{hall.name}, {job.name}"
        if job.kind is JobKind.DEFERRABLE:
            pue = outlook.pue(hall.pue, hall.pue_curve)
            loads.append(_host(name, hall.it_mw * job.share_frac * pue, outlook))
            work += daily_jobs(name, hall, terms, job, outlook, state.done_mwh)
        else:
            loads += _sold(hall, terms, job, name, outlook)
    return loads, work


def _sold(hall: AiHall, terms: GpuCloud, job: JobClass, name: str, outlook: Outlook) -> list[Load]:
    """The loads of one job class: GPUs are off, at a cap, or at full power, each on its own.

    Running costs fall away only with the GPU, not with its power. Where an interruption costs something, the
    PUE is the mean of the horizon, lest the weather look like interruptions.
    """
    price = terms.usd_per_gpu_h if job.usd_per_gpu_h is None else job.usd_per_gpu_h
    sold_frac = terms.utilisation_frac if job.utilisation_frac is None else job.utilisation_frac
    caps = () if job.kind is JobKind.FIRM else terms.power_caps
    points = [(cap.power_frac, price * sold_frac * cap.throughput_frac) for cap in caps]
    points.append((1.0, price * sold_frac))
    points = [(power_frac, earned - terms.opex_usd_per_gpu_h) for power_frac, earned in points]
    pue = outlook.pue(hall.pue, hall.pue_curve)
    if job.checkpoint_usd_per_gpu:
        pue = outlook.zeros + pue.mean()
    loads: list[Load] = []
    below_frac, below_usd = 0.0, 0.0
    for index in concave_hull(points):
        power_frac, earned_usd = points[index]
        width_frac = power_frac - below_frac
        worth = (earned_usd - below_usd) / width_frac * 1_000.0 / terms.it_kw_per_gpu / pue
        able = hall.it_mw * job.share_frac * width_frac * pue
        load = _cloud_load(f"{name}, above {below_frac:.0%} power" if loads else name, worth, able)
        if not loads:
            gpu_mw = float(pue.mean()) * terms.it_kw_per_gpu / 1_000.0 * width_frac
            load = replace(load, stop_usd_per_mw=job.checkpoint_usd_per_gpu / gpu_mw)
        loads.append(replace(load, floor_mw=able) if job.kind is JobKind.FIRM else load)
        below_frac, below_usd = power_frac, earned_usd
    return loads


def _cloud_load(name: str, worth_usd_per_mwh: _Row, able_mw: _Row) -> Load:
    return Load(
        name=name,
        kind=UseKind.GPU_CLOUD,
        steps=(Step(name=name, capacity_mw=float(able_mw.max()), worth_usd_per_mwh=worth_usd_per_mwh),),
        available_mw=able_mw,
        floor_mw=np.zeros_like(able_mw),
        promised_mw=np.zeros_like(able_mw),
    )


def _host(name: str, able_mw: _Row, outlook: Outlook) -> Load:
    """GPUs that draw power for work that may wait, and for nothing else."""
    load = _cloud_load(name, outlook.zeros, able_mw)
    return replace(load, steps=(replace(load.steps[0], capacity_mw=0.0),))


def _with_floor(loads: list[Load], floor_mw: float) -> tuple[Load, ...]:
    """A hall's floor, laid on its loads in their order."""
    left = np.full_like(loads[0].available_mw, floor_mw)
    floored: list[Load] = []
    for load in loads:
        able = np.minimum(load.available_mw, load.capacity_mw)
        floor = np.maximum(load.floor_mw, np.minimum(left, able))
        left = np.maximum(0.0, left - floor)
        floored.append(replace(load, floor_mw=floor))
    return tuple(floored)


# Heat


def _heated(loads: tuple[Load, ...], sink: HeatSink, outlook: Outlook) -> tuple[Load, ...]:
    """The first MW of a use also sell their heat, as far as it is wanted."""
    wanted = outlook.zeros + 1.0
    if sink.months:
        wanted = np.isin(outlook.local().dt.month().to_numpy(), sink.months).astype(np.float64)
    if not wanted.any():
        return loads
    bonus = wanted * sink.captured_frac * sink.heat_usd_per_mwh
    left_mw = sink.load_mw
    heated = []
    for load in loads:
        steps: list[Step] = []
        for step in load.steps:
            warm_mw = min(step.capacity_mw, left_mw)
            left_mw -= warm_mw
            if warm_mw > 0.0:
                worth = step.worth_usd_per_mwh + bonus
                steps.append(
                    Step(
                        name=f"{step.name}, heat to {sink.name}", capacity_mw=warm_mw, worth_usd_per_mwh=worth
                    )
                )
            if warm_mw < step.capacity_mw or not step.capacity_mw:
                steps.append(replace(step, capacity_mw=step.capacity_mw - warm_mw))
        heated.append(replace(load, steps=tuple(steps)))
    return tuple(heated)
