from __future__ import annotations

from pathlib import Path

import pytest

from wattshift.config.follow import EXAMPLE_SETTINGS, load_follow
from wattshift.errors import ConfigError


def refused(tmp_path: Path, text: str) -> ConfigError:
    path = tmp_path / "follow.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as raised:
        load_follow(path)
    assert str(path) in str(raised.value)
    assert raised.value.hint
    return raised.value


def test_the_example_loads() -> None:
    settings = load_follow(EXAMPLE_SETTINGS)
    assert settings.network == "mainnet"
    assert [spec.kind for spec in settings.specs] == [
        "core",
        "electrum",
        "mempool",
        "venue",
        "venue",
        "venue",
        "venue",
        "ercot",
    ]
    assert settings.specs[2].every_s == 60.0


def test_an_empty_file_is_the_defaults(tmp_path: Path) -> None:
    path = tmp_path / "follow.toml"
    path.write_text("", encoding="utf-8")
    assert load_follow(path).sources == ()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('network = "main"', ("line=1", "key=network", "mainnet")),
        ("\nsorces = []", ("line=2", "did you mean sources?")),
        ('sources = [\n  "kore:http://127.0.0.1:8332",\n]', ("sources[0]", "line=1", "did you mean core?")),
        ('sources = ["venue:kraken", "venue:kraken"]', ("sources[1]", "another name")),
        ("[pace]\ntips_s = 0.0", ("line=2", "key=pace.tips_s", "positive")),
        ("[pace]\ntips_s = -inf", ("line=2", "pace.tips_s")),
        ('[pace]\ntips_s = "30"', ("line=2", "plain number")),
        ("sources = 3", ("line=1", "sources")),
        ('ledger = "/var/ledger"', ("line=1", "key=ledger", "postgresql://user@host")),
        ('ledger = "postgresql://me:hunter2@db.site/l"', ("line=1", "key=ledger", "pgpass")),
        ('ledger = "postgresql://me@db.site/l?password=hunter2"', ("key=ledger", "WATTSHIFT_LEDGER")),
        ("from_genesis = 1", ("line=1", "true or false")),
        ("network = mainnet", ("line=1", "quotes")),
    ],
)
def test_mistakes_are_named_with_line_key_and_cure(tmp_path: Path, text: str, words: tuple[str, ...]) -> None:
    error = refused(tmp_path, text)
    for word in words:
        assert word in str(error)


def test_a_password_is_refused_and_not_shown(tmp_path: Path) -> None:
    for text in ("core:http://me:hunter2@127.0.0.1:8332", "core:http://127.0.0.1:8332?password=hunter2"):
        error = refused(tmp_path, f'sources = ["{text}"]')
        assert "password_file" in str(error)
        assert "hunter2" not in f"{error}{error!r}{error.context}{error.__cause__}{error.__context__}"
