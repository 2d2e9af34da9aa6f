from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from support.serving import AT, until
from wattshift.app.questions.jobs import AskBacktest, AskSimulation
from wattshift.app.service.answering.workers import WorkerAnswers
from wattshift.app.service.jobs.jobs import Job, JobKind, JobLimits, Jobs, JobState
from wattshift.clock import ReplayClock
from wattshift.errors import Busy, ConfigError, Missing, OutOfSpan

NOW = datetime(2026, 11, 1, tzinfo=UTC)
SMALL = AskSimulation(scenario="ban", paths=20, horizon_days=30)
LONG = AskSimulation(scenario="ban", paths=20_000, horizon_days=1_100)


@pytest.fixture(scope="module")
def jobs(answers: WorkerAnswers) -> Iterator[Jobs]:
    """One runs, two wait, two are remembered."""
    limits = JobLimits(at_once=1, waiting=2, held=2)
    with Jobs(answers, ReplayClock(NOW), limits) as opened:
        yield opened


def over(jobs: Jobs, job: Job) -> Job:
    until(lambda: jobs.get(job.id).is_over, "end of the job")
    return jobs.get(job.id)


def test_a_simulation_comes_to_its_end(jobs: Jobs) -> None:
    job = jobs.submit(SMALL, by="ada")
    assert (job.kind, job.by, job.title) == (JobKind.SIMULATION, "ada", "ban")
    assert job.asked_at == NOW
    done = over(jobs, job)
    assert (done.state, done.progress_frac, done.trouble) == (JobState.DONE, 1.0, "")
    document = json.loads(jobs.result(job.id))
    assert document["schema"] == "wattshift/simulation/1"
    assert document["paths"] == 20
    assert document["as_of"] == "2026-01-20T12:00:00Z", "from the present on, though history knows more"
    assert jobs.recent()[0] == done


def test_a_backtest_comes_to_its_end(jobs: Jobs) -> None:
    job = jobs.submit(AskBacktest(start_at=AT - timedelta(days=2), end_at=AT), by="ada")
    assert over(jobs, job).state is JobState.DONE
    assert json.loads(jobs.result(job.id))["schema"] == "wattshift/backtest/1"


def test_a_job_that_runs_can_be_cancelled_and_tells_how_far_it_is(jobs: Jobs) -> None:
    job = jobs.submit(LONG, by="ada")
    until(lambda: jobs.get(job.id).progress_frac > 0, "progress")
    with pytest.raises(Busy, match="not come to its end"):
        jobs.result(job.id)
    cancelled = jobs.cancel(job.id)
    assert cancelled.state is JobState.CANCELLED
    assert 0 < cancelled.progress_frac < 1
    assert jobs.cancel(job.id) == cancelled, "a second time changes nothing"
    with pytest.raises(Missing, match="no result"):
        jobs.result(job.id)
    assert over(jobs, jobs.submit(SMALL, by="ada")).state is JobState.DONE, "the next one runs"


def test_only_so_many_wait_and_those_that_wait_can_be_cancelled(jobs: Jobs) -> None:
    running = jobs.submit(LONG, by="ada")
    until(lambda: jobs.get(running.id).state is JobState.RUNNING, "start of the job")
    waiting = [jobs.submit(SMALL, by="ada") for _ in range(2)]
    with pytest.raises(Busy, match="too many jobs"):
        jobs.submit(SMALL, by="ada")
    for job in (*waiting, running):
        assert jobs.cancel(job.id).state is JobState.CANCELLED
        assert jobs.get(job.id).started_at is None or job is running
    assert over(jobs, jobs.submit(SMALL, by="ada")).state is JobState.DONE


def test_old_ones_are_forgotten(jobs: Jobs) -> None:
    done = [over(jobs, jobs.submit(SMALL, by="ada")) for _ in range(3)]
    assert [job.id for job in jobs.recent()] == [done[2].id, done[1].id]
    for ask in (jobs.get, jobs.cancel, jobs.result):
        with pytest.raises(Missing, match="no such job"):
            ask(done[0].id)


def test_what_makes_no_sense_is_refused_at_once(jobs: Jobs) -> None:
    before = jobs.recent()
    with pytest.raises(ConfigError, match="not valid TOML"):
        jobs.submit(AskSimulation(toml="name = "), by="ada")
    with pytest.raises(ConfigError, match="not a known key"):
        jobs.submit(AskSimulation(scenario="ban", compare_toml='name = "x"\nvolume = 3'), by="ada")
    with pytest.raises(OutOfSpan, match="not come"):
        jobs.submit(AskSimulation(scenario="ban", at=AT + timedelta(days=1)), by="ada")
    with pytest.raises(OutOfSpan, match="not come"):
        jobs.submit(AskBacktest(start_at=AT, end_at=AT + timedelta(days=1)), by="ada")
    assert jobs.recent() == before


def test_what_fails_says_why(jobs: Jobs) -> None:
    early = datetime(2015, 1, 1, tzinfo=UTC)
    job = over(jobs, jobs.submit(AskBacktest(start_at=early, end_at=early + timedelta(days=1)), by="ada"))
    assert job.state is JobState.FAILED
    assert job.trouble
    assert "Traceback" not in job.trouble
    with pytest.raises(Missing, match="no result"):
        jobs.result(job.id)


def test_closing_ends_all(answers: WorkerAnswers) -> None:
    jobs = Jobs(answers, ReplayClock(NOW), JobLimits(at_once=1, waiting=2))
    job = jobs.submit(LONG, by="ada")
    until(lambda: jobs.get(job.id).state is JobState.RUNNING, "start of the job")
    jobs.close()
    assert jobs.get(job.id).is_over
    with pytest.raises(Busy):
        jobs.submit(SMALL, by="ada")
