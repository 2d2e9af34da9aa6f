"""The record of what was told: a row a block, and one more where what to run changed between two."""

from __future__ import annotations

import json
import logging
from pathlib import Path

from pydantic import TypeAdapter

from wattshift.app.service.edition import Edition
from wattshift.clock import Clock
from wattshift.errors import Corrupt, StoreError
from wattshift.report.documents.editions import EditionRow
from wattshift.report.documents.now import NowDocument
from wattshift.report.jsontext import plain
from wattshift.store.editionjournal import EditionJournal

__all__ = ["EditionRoom"]

_log = logging.getLogger("wattshift.serve")
_READER = TypeAdapter(EditionRow)


class EditionRoom:
    """Keeps what was told. The loop's thread keeps, any other may read.

    Args:
        path: the file of the journal.
        clock: the machine's own clock.
    """

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path = path
        self._clock = clock
        self._told: tuple[int, str] | None = None
        self.trouble = ""
        """Why nothing can be kept, in words; empty if it can."""

    def keep(self, edition: Edition) -> None:
        """Keep an edition if it says something else; where that fails, a word of it in the log."""
        told = edition.now.tip_height, edition.now.decisions_in_words
        if told == self._told:
            return
        try:
            with EditionJournal(self._path) as journal:
                journal.keep(json.dumps(plain(self._row(edition.now)), allow_nan=False).encode())
        except StoreError as error:
            if error.message != self.trouble:
                _log.error("what is told cannot be kept: %s", error.message)
            self.trouble = error.message
            return
        self._told, self.trouble = told, ""

    def page(self, before: int | None = None, limit: int = 100) -> tuple[EditionRow, ...]:
        """What was told, the newest first.

        Args:
            before: only rows with a smaller number; None for the newest of all.
            limit: how many at most.

        Raises:
            StoreError: if the journal cannot be read.
        """
        with EditionJournal(self._path) as journal:
            rows = journal.page(before=before, limit=limit)
        try:
            return tuple(_READER.validate_python({**json.loads(body), "number": row}) for row, body in rows)
        except ValueError:
            hint = "move the file away: nothing is computed from it"
            raise Corrupt("what was told cannot be read", file=self._path, hint=hint) from None

    def _row(self, now: NowDocument) -> EditionRow:
        return EditionRow(
            number=0,  # the journal's own
            told_at=self._clock.now(),
            as_of=now.as_of,
            tip_height=now.tip_height,
            is_move_real=now.is_move_real,
            hashrate_mean_ehs=now.hashrate.mean_ehs,
            hashrate_low_ehs=now.hashrate.low_ehs,
            hashrate_high_ehs=now.hashrate.high_ehs,
            next_change_frac=now.difficulty.calibrated.change_frac,
            hashprice_usd_per_ph_day=now.hashprice.usd_per_ph_day,
            spot_usd_per_mwh=None if now.value is None else now.value.spot_usd_per_mwh,
            decisions_in_words=now.decisions_in_words,
        )
