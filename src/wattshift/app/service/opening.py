"""From what is wanted to a whole service: which feed, which alerts, which workers."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from wattshift.app.alerting.checking import journal_path
from wattshift.app.alerting.postman import open_channels
from wattshift.app.follow.asking import last_status
from wattshift.app.questions.question import Weight, World
from wattshift.app.service.alerts.planroom import OutlookTask, outlook
from wattshift.app.service.alerts.planwatch import PlanWatch
from wattshift.app.service.alerts.post import PostRoom
from wattshift.app.service.alerts.room import AlertPlace, AlertRoom
from wattshift.app.service.answering.counting import CountedAnswers
from wattshift.app.service.answering.presentroom import PresentTask, presented
from wattshift.app.service.answering.workers import WorkerAnswers, WorkLimits
from wattshift.app.service.edition import Board
from wattshift.app.service.editionroom import EditionRoom
from wattshift.app.service.feeds.feed import Feed, Moment
from wattshift.app.service.feeds.live import FollowFeed, StoreFeed
from wattshift.app.service.feeds.place import Place, open_world
from wattshift.app.service.feeds.replay import ReplayFeed
from wattshift.app.service.health import Health, Organs
from wattshift.app.service.jobs.jobs import JobLimits, Jobs
from wattshift.app.service.loop import Loop, News
from wattshift.app.service.service import LoopThread, Parts, Service
from wattshift.clock import Clock, SystemClock
from wattshift.config.alerts import EXAMPLE_ALERTS, load_alerts
from wattshift.config.follow import FollowSettings
from wattshift.errors import InputError
from wattshift.report.documents.now import NowDocument
from wattshift.store.home import EDITIONS_NAME

__all__ = ["ReplayWish", "ServicePlan", "open_service"]

_ALERTS_S = 15.0
"""Alerts are looked at with each news, and that often for what is due by time, such as heartbeats [s]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayWish:
    """How history is to run again.

    Args:
        start_at: where it begins.
        speed_ratio: seconds of history in one second.
        is_looped: whether it begins anew at its end.
    """

    start_at: datetime
    speed_ratio: float = 600.0
    is_looped: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ServicePlan:
    """What is wanted.

    Args:
        place: where history and site are read.
        replay: how history runs again; None to tell what a store knows now.
        follow: what is followed in this process, its sources named; None if another one does, or nobody.
        alerts: the rules file; None for the example's rules, which are told to nobody.
        work: what questions may use.
        jobs: what jobs may use.
        clock: the machine's own clock.
        mono_s: the monotonic clock [s].
    """

    place: Place
    replay: ReplayWish | None = None
    follow: FollowSettings | None = None
    alerts: Path | None = None
    work: WorkLimits = field(default_factory=WorkLimits)
    jobs: JobLimits = field(default_factory=JobLimits)
    clock: Clock = field(default_factory=SystemClock)
    mono_s: Callable[[], float] = time.monotonic


def open_service(plan: ServicePlan) -> Service:
    """Put a service together; it begins with `start`, and everything it holds ends with `stop`.

    Raises:
        ConfigError: if a file makes no sense, or a secret is missing.
        InputError: if neither a replay nor a store is wanted.
        OutOfSpan: if the replay would begin outside the history.
        StoreError: if the store cannot be read.
    """
    with ExitStack() as stack:
        return _opened(plan, stack)


def _opened(plan: ServicePlan, opening: ExitStack) -> Service:
    stack = opening.enter_context(ExitStack())
    if plan.follow is not None and plan.place.home is not None:
        plan.place.home.make_folder()
    world = open_world(plan.place)
    world.archive.newest_at  # noqa: B018  # what cannot be read is told now, not by the loop
    feed = _feed(plan, world)
    board = Board()
    answers = stack.enter_context(WorkerAnswers(plan.place, board, plan.work))
    jobs = stack.enter_context(Jobs(answers, plan.clock, plan.jobs))
    rooms = _rooms(plan, answers, stack)
    then = _Then(board, rooms, plan.mono_s)
    loop = Loop(feed, world.site, board, then=then, presented=partial(_presented, answers))
    thread = LoopThread(loop)
    parts = Parts(
        world=world,
        board=board,
        loop=loop,
        thread=thread,
        answers=CountedAnswers(answers),
        jobs=jobs,
        alerts=rooms.alerts,
        editions=rooms.editions,
        health=_health(plan, loop, thread, board, answers, rooms),
        home=plan.place.home,
        clock=plan.clock,
    )
    return Service(parts, stack.pop_all())


@dataclass(frozen=True, slots=True)
class _Rooms:
    """What looks at every moment, beside the loop."""

    plans: PlanWatch
    alerts: AlertRoom
    post: PostRoom | None
    editions: EditionRoom


def _rooms(plan: ServicePlan, answers: WorkerAnswers, stack: ExitStack) -> _Rooms:
    plans = PlanWatch(partial(_planned, answers))
    alerts, post = _alerts(plan, plans, stack)
    return _Rooms(plans, alerts, post, EditionRoom(alerts.path.with_name(EDITIONS_NAME), plan.clock))


def _health(
    plan: ServicePlan,
    loop: Loop,
    thread: LoopThread,
    board: Board,
    answers: WorkerAnswers,
    rooms: _Rooms,
) -> Health:
    home = plan.place.home
    organs = Organs(
        loop=loop,
        board=board,
        is_turning=thread.is_alive,
        answers=answers,
        alerts=rooms.alerts,
        editions=rooms.editions,
        post=rooms.post,
        threads={"the watch over plans": lambda: rooms.plans.is_alive},
        sources=lambda: None if home is None else last_status(home, now=plan.clock.now()),
        home=home,
        folder=rooms.alerts.path.parent,
        clock=plan.clock,
    )
    return Health(organs)


def _feed(plan: ServicePlan, world: World) -> Feed:
    wish, home = plan.replay, plan.place.home
    if wish is not None:
        return ReplayFeed(
            world.archive,
            start_at=wish.start_at,
            speed_ratio=wish.speed_ratio,
            mono_s=plan.mono_s,
            is_looped=wish.is_looped,
        )
    if home is None:
        raise InputError("there is nothing to tell", hint="name a store, a source, or where to replay from")
    if plan.follow is None:
        return StoreFeed(home, plan.place.archive, plan.clock)
    return FollowFeed(plan.follow, home, plan.place.archive, plan.clock)


def _alerts(plan: ServicePlan, plans: PlanWatch, stack: ExitStack) -> tuple[AlertRoom, PostRoom | None]:
    """The alerts and their post; what a replay says of the past is kept apart, and told to nobody."""
    plans.start()
    stack.callback(plans.close)
    is_told = plan.alerts is not None and plan.replay is None
    file = load_alerts(EXAMPLE_ALERTS if plan.alerts is None else plan.alerts)
    if not is_told:
        file = replace(file, webhooks=(), relays=())
    home = None if plan.replay is not None else plan.place.home
    if home is None:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="wattshift-")))
        journal = folder / "alerts.sqlite"
    else:
        journal = journal_path(home)
    room = AlertRoom(AlertPlace(file=file, journal=journal, home=home, clock=plan.clock), plans)
    if not is_told:
        return room, None
    post = PostRoom(journal, open_channels(file, clock=plan.clock), plan.clock)
    stack.callback(post.stop)
    post.start()
    return room, post


def _presented(answers: WorkerAnswers, moment: Moment) -> NowDocument:
    view = answers.view(moment.generation)
    task = PresentTask(view=view, at=moment.at, is_replay=moment.is_replay, lag_s=moment.lag_s)
    return answers.of_editions.call(presented, task, view, is_first=True)


def _planned(answers: WorkerAnswers, moment: Moment) -> Mapping[tuple[datetime, str], float]:
    view = answers.view(moment.generation)
    return answers.pool(Weight.HEAVY).call(outlook, OutlookTask(view=view, at=moment.at), view)


class _Then:
    """What follows from each moment: plans where a price was settled, alerts where there is news or time."""

    def __init__(self, board: Board, rooms: _Rooms, mono_s: Callable[[], float]) -> None:
        self._board = board
        self._rooms = rooms
        self._mono_s = mono_s
        self._news: News | None = None
        self._due_s = 0.0

    def __call__(self, moment: Moment, news: News) -> None:
        now_s = self._mono_s()
        if self._board.latest is not None:
            self._rooms.editions.keep(self._board.latest)
        if self._news is None or news.priced_at != self._news.priced_at:
            self._rooms.plans.look(moment)
        if news != self._news or now_s >= self._due_s:
            self._rooms.alerts.look(moment)
            self._due_s = now_s + _ALERTS_S
        self._news = news
