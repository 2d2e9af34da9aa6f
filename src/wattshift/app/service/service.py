"""The service as one object: what API, dashboard, metrics and agents are skins over."""

from __future__ import annotations

from threading import Thread

from wattshift.app.questions.question import World
from wattshift.app.service.answers import Answers
from wattshift.app.service.edition import Board
from wattshift.app.service.loop import Loop

__all__ = ["Service"]


class Service:
    """A loop in a thread of its own, the board it publishes on, and who answers questions.

    Args:
        world: what is spoken of.
        board: where editions hang.
        loop: publishes them.
        answers: answers questions.
    """

    def __init__(self, world: World, board: Board, loop: Loop, answers: Answers) -> None:
        self.world = world
        self.board = board
        self.answers = answers
        self.loop = loop
        self._thread = Thread(target=loop.run, name="wattshift-loop", daemon=True)

    def start(self) -> None:
        """Begin to publish."""
        self._thread.start()

    def stop(self) -> None:
        """End in good order."""
        self.loop.stop()
        self._thread.join(timeout=10.0)

    @property
    def is_turning(self) -> bool:
        """Whether the loop's thread is alive."""
        return self._thread.is_alive()
