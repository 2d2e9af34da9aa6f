"""The unit of systemd: how far it is shut in, and that it starts what there is."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from wattshift.cli import app

FOLDER = Path(__file__).parents[2] / "deploy" / "systemd"
UNIT = FOLDER / "wattshift.service"
MOST_EXPOSED = 3.0

needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not here"
)


def settings() -> dict[str, str]:
    """The last value of each key."""
    lines = UNIT.read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))


@needs_systemd
def test_the_unit_is_shut_in() -> None:
    command = ["systemd-analyze", "security", "--offline=true", "--no-pager", str(UNIT)]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = re.search(r"Overall exposure level for \S+: ([0-9.]+)", told)
    assert found is not None, told
    assert float(found[1]) <= MOST_EXPOSED


@needs_systemd
def test_systemd_understands_it(tmp_path: Path) -> None:
    unit = tmp_path / UNIT.name
    unit.write_text(UNIT.read_text(encoding="utf-8").replace("/opt/wattshift/bin/wattshift", "/bin/true"))
    ended = subprocess.run(
        ["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stderr) == (0, "")


def test_what_matters_most_is_there_even_where_nobody_can_ask_systemd() -> None:
    told = settings()
    assert told["User"] == "wattshift"
    assert told["NoNewPrivileges"] == "yes"
    assert told["ProtectSystem"] == "strict"
    assert (told["CapabilityBoundingSet"], told["AmbientCapabilities"]) == ("", "")
    assert "AF_PACKET" not in told["RestrictAddressFamilies"]


def test_it_is_watched_and_started_anew() -> None:
    told = settings()
    assert (told["Type"], told["Restart"]) == ("notify", "always")
    assert 10 <= int(told["WatchdogSec"]) <= 120
    assert int(told["LimitNOFILE"]) >= 4_096, "a thousand readers and the files of a store"


def test_it_starts_a_verb_that_there_is() -> None:
    program, verb, *_ = settings()["ExecStart"].split()
    assert program.endswith("/wattshift")
    assert verb in {
        command.name or getattr(command.callback, "__name__", "") for command in app.registered_commands
    }


def test_its_user_is_made() -> None:
    lines = (FOLDER / "wattshift.sysusers").read_text(encoding="utf-8").splitlines()
    assert [line.split()[:2] for line in lines if not line.startswith("#")] == [["u", settings()["User"]]]
