from __future__ import annotations

import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from wattshift.config.serve import EXAMPLE_SERVE, ServeSettings, load_serve
from wattshift.errors import ConfigError


def loaded(tmp_path: Path, text: str) -> ServeSettings:
    path = tmp_path / "serve.toml"
    path.write_text(text, encoding="utf-8")
    return load_serve(path)


def test_the_example_is_the_default() -> None:
    assert load_serve(EXAMPLE_SERVE) == ServeSettings()


def test_all_that_the_example_comments_out_is_known(tmp_path: Path) -> None:
    lines = EXAMPLE_SERVE.read_text(encoding="utf-8").splitlines()
    text = "\n".join(line[2:] if line.startswith("# ") and _is_toml(line[2:]) else line for line in lines)
    told = loaded(tmp_path, text)
    assert told.replay.at == datetime(2026, 1, 10, tzinfo=UTC)
    assert told.mqtt is not None
    assert len(told.follow.sources) == 4
    assert told.web.names == ("wattshift.site",)


def _is_toml(line: str) -> bool:
    if not (line.startswith("[") or " = " in line):
        return False
    try:
        tomllib.loads(line)
    except tomllib.TOMLDecodeError:
        return False
    return True


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[web]\nport = 70000", "no such port"),
        ("[web]\nhots = '127.0.0.1'", "did you mean host"),
        ("[replay]\nspeed_ratio = 0.0", "speed_ratio"),
        ("[replay]\nat = 2026-01-10T00:00:00", "offset"),
        ("[follow]\nnetwork = 'moon'", "not a Bitcoin network"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, text)
    assert told in str(caught.value)
    assert caught.value.context["line"] == 2


def test_no_secret_is_shown(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, '[follow]\nledger = "postgresql://me:hunter2@host/db"')
    assert "hunter2" not in str(caught.value)
    assert "hunter2" not in repr(caught.value.context)
