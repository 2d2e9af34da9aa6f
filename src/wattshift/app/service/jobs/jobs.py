"""Jobs: work that takes long, one after the other, each in a process that can be stopped."""

from __future__ import annotations

import logging
import secrets
from collections import OrderedDict, deque
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from threading import Condition, Thread
from typing import Self

from wattshift.app.engine.leash import Leash
from wattshift.app.questions.jobs import AskBacktest, AskSimulation
from wattshift.app.questions.question import Weight
from wattshift.app.service.answering.workers import WorkerAnswers
from wattshift.app.service.jobs.jobroom import JobTask, backtested, checked, simulated
from wattshift.clock import Clock, format_instant
from wattshift.errors import Busy, Missing, OutOfSpan, WattshiftError

__all__ = ["Job", "JobKind", "JobLimits", "JobState", "Jobs"]

_log = logging.getLogger("wattshift.serve")


class JobKind(StrEnum):
    """What sort of work it is; also the name of its result's document."""

    SIMULATION = "simulation"
    BACKTEST = "backtest"


class JobState(StrEnum):
    """Where a job stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


_OVER = {JobState.DONE, JobState.FAILED, JobState.CANCELLED}
_WORK = {JobKind.SIMULATION: simulated, JobKind.BACKTEST: backtested}


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One job.

    Args:
        id: its name.
        kind: what sort of work it is.
        title: what it is about.
        by: who asked for it.
        state: where it stands.
        asked_at: when it was asked for.
        started_at: when it began; None while it waits.
        ended_at: when it ended; None before.
        progress_frac: how much of it is done.
        trouble: why it failed, in words; empty if it did not.
    """

    id: str
    kind: JobKind
    title: str
    by: str
    state: JobState
    asked_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    progress_frac: float
    trouble: str

    @property
    def is_over(self) -> bool:
        """Whether nothing more happens to it."""
        return self.state in _OVER


@dataclass(frozen=True, slots=True, kw_only=True)
class JobLimits:
    """What jobs may use.

    Args:
        at_once: how many run.
        waiting: how many may wait.
        held: of how many the results are held.
        wall_s: time of one [s].
        max_bytes: address space of one.
        niceness: how far they stand back behind whatever else wants the processor.
    """

    at_once: int = 2
    waiting: int = 16
    held: int = 32
    wall_s: float = 600.0
    max_bytes: int = 6 << 30
    niceness: int = 15


class Jobs:
    """Takes jobs, runs them in the order in which they came, and holds what came out. Any thread may call.

    Args:
        answers: tells what the present is, and checks what is asked.
        clock: the machine's own clock.
        limits: what jobs may use.
    """

    def __init__(self, answers: WorkerAnswers, clock: Clock, limits: JobLimits) -> None:
        self._answers = answers
        self._clock = clock
        self._limits = limits
        self._changed = Condition()
        self._jobs: OrderedDict[str, Job] = OrderedDict()
        self._tasks: dict[str, JobTask] = {}
        self._results: OrderedDict[str, bytes] = OrderedDict()
        self._queue: deque[str] = deque()
        self._over: deque[str] = deque()
        self._leashes: dict[str, Leash] = {}
        self._threads: list[Thread] = []
        self._is_closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def submit(self, ask: AskSimulation | AskBacktest, *, by: str) -> Job:
        """Take a job.

        Args:
            ask: what is to be computed.
            by: who asks.

        Raises:
            InputError, ConfigError: if it makes no sense.
            OutOfSpan: if it is about a time that has not come.
            Busy: if too many wait already; `retry_s` in its context says when to come back.
        """
        with self._changed:
            self._require_room()
        edition = self._answers.present
        task = JobTask(
            view=self._answers.view(edition.generation), ask=ask.model_dump_json(), present_at=edition.at
        )
        if isinstance(ask, AskSimulation):
            kind = JobKind.SIMULATION
            title = self._answers.pool(Weight.LIGHT).call(checked, task, task.view)
        else:
            kind = JobKind.BACKTEST
            title = f"{format_instant(ask.start_at)} to {format_instant(ask.end_at)}"
            if ask.end_at > edition.at:
                raise OutOfSpan(
                    "that time has not come yet",
                    end=format_instant(ask.end_at),
                    present=format_instant(edition.at),
                    hint="end it at the present, or earlier",
                )
        return self._enqueued(task, kind, title, by)

    def get(self, name: str) -> Job:
        """How a job stands.

        Raises:
            Missing: if there is no such job, or it was so long ago that it is forgotten.
        """
        with self._changed:
            return self._known(name)

    def recent(self, limit: int = 50) -> tuple[Job, ...]:
        """The jobs that were asked for last, newest first."""
        with self._changed:
            return tuple(list(reversed(self._jobs.values()))[:limit])

    def cancel(self, name: str) -> Job:
        """End a job; one that is over stays as it is.

        Raises:
            Missing: as in `get`.
        """
        with self._changed:
            job = self._known(name)
            if job.is_over:
                return job
            self._finish(name, JobState.CANCELLED, "")
            leash = self._leashes.get(name)
        if leash is not None:
            leash.close()
        return self.get(name)

    def result(self, name: str) -> bytes:
        """What came out, as JSON.

        Raises:
            Missing: if there is no such job, it has no result, or that is forgotten.
            Busy: if it has not come to its end.
        """
        with self._changed:
            job = self._known(name)
            found = self._results.get(name)
        if found is not None:
            return found
        if not job.is_over:
            raise Busy("the job has not come to its end", job=name, retry_s=2, hint="ask for its progress")
        raise Missing("the job has no result", job=name, state=job.state.value, hint="ask for it anew")

    def close(self) -> None:
        """End all of them, and take no more."""
        with self._changed:
            self._is_closed = True
            self._queue.clear()
            self._changed.notify_all()
            leashes = tuple(self._leashes.values())
        for leash in leashes:
            leash.close()
        for thread in self._threads:
            thread.join(timeout=5.0)

    def _known(self, name: str) -> Job:
        job = self._jobs.get(name)
        if job is None:
            raise Missing("there is no such job", job=name[:40], hint="ask anew: old ones are forgotten")
        return job

    def _require_room(self) -> None:
        if self._is_closed or len(self._queue) >= self._limits.waiting:
            raise Busy("too many jobs wait already", retry_s=30, hint="ask again later, or cancel one")

    def _enqueued(self, task: JobTask, kind: JobKind, title: str, by: str) -> Job:
        job = Job(
            id=secrets.token_hex(8),
            kind=kind,
            title=title,
            by=by,
            state=JobState.QUEUED,
            asked_at=self._clock.now(),
            started_at=None,
            ended_at=None,
            progress_frac=0.0,
            trouble="",
        )
        with self._changed:
            self._require_room()
            self._jobs[job.id], self._tasks[job.id] = job, task
            self._queue.append(job.id)
            if len(self._threads) < self._limits.at_once:
                thread = Thread(target=self._run, name=f"wattshift-job-{len(self._threads)}", daemon=True)
                self._threads.append(thread)
                thread.start()
            self._changed.notify()
        return job

    def _run(self) -> None:
        """What each thread does: one job after the other, in the process that it holds."""
        leash = self._new_leash()
        while (name := self._next(leash)) is not None:
            leash = self._work(name, leash)
        leash.close()

    def _new_leash(self) -> Leash:
        return Leash(niceness=self._limits.niceness)

    def _next(self, leash: Leash) -> str | None:
        with self._changed:
            self._changed.wait_for(lambda: self._queue or self._is_closed)
            if self._is_closed:
                return None
            name = self._queue.popleft()
            self._leashes[name] = leash
            job = self._jobs[name]
            self._jobs[name] = replace(job, state=JobState.RUNNING, started_at=self._clock.now())
            return name

    def _work(self, name: str, leash: Leash) -> Leash:
        """Do one job; the process that takes the next one."""

        def told(done_frac: float) -> None:
            with self._changed:
                if self._is_open(name):
                    self._jobs[name] = replace(self._jobs[name], progress_frac=done_frac)

        job, task = self._jobs[name], self._tasks[name]
        state, trouble, body = JobState.FAILED, "", b""
        try:
            body = leash.call(
                _WORK[job.kind],
                task,
                wall_s=self._limits.wall_s,
                max_bytes=self._limits.max_bytes,
                told=told,
            )
            state = JobState.DONE
        except WattshiftError as error:
            trouble = f"{error.message}; {error.hint}" if error.hint else error.message
        except Exception:  # noqa: BLE001  # the next job must find this thread
            _log.exception("job %s failed", name)
            trouble = "it failed for a reason that is wattshift's own fault; the log has it"
        with self._changed:
            del self._leashes[name]
            if not self._is_open(name):  # cancelled meanwhile: its process is gone
                return self._new_leash()
            if state is JobState.DONE:
                self._results[name] = body
            self._finish(name, state, trouble)
        return leash

    def _is_open(self, name: str) -> bool:
        """Whether a job has not ended; one that is forgotten has."""
        job = self._jobs.get(name)
        return job is not None and not job.is_over

    def _finish(self, name: str, state: JobState, trouble: str) -> None:
        """Write down how a job ended, and forget the one that did so longest ago."""
        job = self._jobs[name]
        done_frac = 1.0 if state is JobState.DONE else job.progress_frac
        self._jobs[name] = replace(
            job, state=state, trouble=trouble, ended_at=self._clock.now(), progress_frac=done_frac
        )
        self._tasks.pop(name)
        if name in self._queue:
            self._queue.remove(name)
        self._over.append(name)
        while len(self._over) > self._limits.held:
            old = self._over.popleft()
            del self._jobs[old]
            self._results.pop(old, None)
