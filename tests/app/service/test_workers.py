from __future__ import annotations

import json

import pytest

from support.serving import AT, BAD, HASHRATE, hashrate, still_board, trouble
from wattshift.app.questions.question import Weight, World
from wattshift.app.service.answers import Form
from wattshift.app.service.edition import Board
from wattshift.app.service.inprocess import InProcessAnswers
from wattshift.app.service.place import Place
from wattshift.app.service.pool import PoolLimits
from wattshift.app.service.workers import WorkerAnswers, WorkLimits
from wattshift.app.snapshot import Archive
from wattshift.assets.site import Site
from wattshift.errors import InputError, LimitReached, Overrun


def test_a_worker_says_what_this_process_says(
    answers: WorkerAnswers, board: Board, archive: Archive, site: Site
) -> None:
    here = InProcessAnswers(World(archive=archive, site=site, site_note=""), board)
    there = answers.answer(HASHRATE, hashrate())
    assert there.body == here.answer(HASHRATE, hashrate()).body
    assert there.as_of == AT
    assert there.form is Form.JSON
    assert answers.answer(HASHRATE, hashrate()) is there, "held"
    assert json.loads(answers.ask_anew(HASHRATE, hashrate())) == json.loads(there.body)


def test_the_question_that_fails_is_told_why(answers: WorkerAnswers) -> None:
    with pytest.raises(InputError, match="no sense") as caught:
        answers.answer(BAD, trouble("refuse"))
    assert caught.value.hint == "ask for less"
    assert caught.value.context == {"key": "what"}


def test_a_question_that_eats_memory_ends_nobody_else(answers: WorkerAnswers) -> None:
    with pytest.raises(LimitReached, match="memory"):
        answers.answer(BAD, trouble("eat"))
    assert answers.answer(HASHRATE, hashrate("9d")).body


def test_a_question_that_hangs_is_stopped_and_named(archive: Archive) -> None:
    limits = WorkLimits(light=PoolLimits(wall_s=0.5))
    with WorkerAnswers(Place(), still_board(archive), limits) as answers:
        with pytest.raises(Overrun, match="'trouble' took too long") as caught:
            answers.answer(BAD, trouble("hang"))
        assert caught.value.hint
        assert answers.pool(Weight.LIGHT).process_ids == ()
    assert answers.pool(Weight.HEAVY).process_ids == ()


def test_a_new_generation_is_read_before_somebody_asks(archive: Archive) -> None:
    board = Board()
    with WorkerAnswers(Place(), board, WorkLimits()) as answers:
        assert answers.pool(Weight.LIGHT).process_ids == ()
        latest = still_board(archive).latest
        assert latest is not None
        board.publish(latest)
        assert answers.answer(HASHRATE, hashrate()).generation == 0
        assert answers._prepared == 0
    board.publish(latest)
