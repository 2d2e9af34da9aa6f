from __future__ import annotations

import sys

import pytest
from support.commandline import Ended, Run

from wattshift.cli import main


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command line in this process, with its exit status."""

    def call(*words: str) -> Ended:
        monkeypatch.setattr(sys, "argv", ["wattshift", *words])
        status = 0
        try:
            main()
        except SystemExit as leaving:
            status = int(leaving.code or 0)
        captured = capsys.readouterr()
        return Ended(status, captured.out, captured.err)

    return call
