from __future__ import annotations

import json
from datetime import timedelta

import pytest

from support.serving import AT, BAD, HASHRATE, hashrate, still_board, trouble
from wattshift.app.questions.question import Weight, World
from wattshift.app.questions.registry import QUESTIONS
from wattshift.app.service.answering.answers import Form
from wattshift.app.service.answering.inprocess import InProcessAnswers
from wattshift.app.service.answering.pool import PoolLimits
from wattshift.app.service.answering.workers import WorkerAnswers, WorkLimits
from wattshift.app.service.edition import Board
from wattshift.app.service.feeds.place import Place
from wattshift.app.snapshot import Archive
from wattshift.assets.site import Site
from wattshift.errors import Busy, InputError, LimitReached, Overrun


def test_a_worker_says_what_this_process_says(
    answers: WorkerAnswers, board: Board, archive: Archive, site: Site
) -> None:
    here = InProcessAnswers(World(archive=archive, site=site, site_note=""), board)
    there = answers.answer(HASHRATE, hashrate("8d"))
    assert there.body == here.answer(HASHRATE, hashrate("8d")).body
    assert there.as_of == AT
    assert there.form is Form.JSON
    assert answers.answer(HASHRATE, hashrate("8d")) is there, "held"
    assert json.loads(answers.ask_anew(HASHRATE, hashrate("8d"))) == json.loads(there.body)


@pytest.mark.parametrize(
    ("name", "form"),
    [
        *((name, Form.JSON) for name in ("hashrate", "difficulty", "hashprice", "value")),
        *((name, Form.CSV) for name in ("difficulty", "value")),  # the others have no table
    ],
)
def test_what_the_edition_holds_is_what_a_worker_would_say(
    board: Board, archive: Archive, site: Site, name: str, form: Form
) -> None:
    question = QUESTIONS[name]
    here = InProcessAnswers(World(archive=archive, site=site, site_note=""), board)
    with WorkerAnswers(Place(), board, WorkLimits()) as answers:
        for ask in (question.ask(), question.ask(at=AT)):
            assert answers.answer(question, ask, form).body == here.answer(question, ask, form).body
        assert answers.of_editions.process_ids == (), "nobody had to compute it"


def test_what_everybody_asks_is_not_held_up_by_what_one_asks(archive: Archive) -> None:
    limits = WorkLimits(light=PoolLimits(waiting=0))
    with WorkerAnswers(Place(), still_board(archive), limits) as answers:
        taken = answers.pool(Weight.LIGHT)._taken(is_first=False)
        answers.pool(Weight.LIGHT)._enter()
        pools = QUESTIONS["pools"]
        assert answers.answer(pools, pools.ask()).body
        with pytest.raises(Busy):
            answers.answer(pools, pools.ask(at=AT - timedelta(days=1)))
        answers.pool(Weight.LIGHT)._give_back(taken)


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
