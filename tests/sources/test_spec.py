from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattshift.errors import ConfigError
from wattshift.sources.spec import EXAMPLES, KINDS, check_private, parse_spec, read_secret


@pytest.mark.parametrize("text", [*EXAMPLES, *(f"{name}:{kind.address}" for name, kind in KINDS.items())])
def test_every_example_is_one(text: str) -> None:
    spec = parse_spec(text)
    assert text.startswith(f"{spec.kind}:{spec.address}")
    assert spec.name


def test_a_node_in_full() -> None:
    spec = parse_spec(
        "core:http://127.0.0.1:8332?cookie=~/.bitcoin/.cookie&zmq=tcp://127.0.0.1:28332&every=15s&rest=no&name=mine"
    )
    assert (spec.kind, spec.address, spec.name) == ("core", "http://127.0.0.1:8332", "mine")
    assert spec.options["zmq"] == "tcp://127.0.0.1:28332"
    assert spec.path("cookie") == Path.home() / ".bitcoin" / ".cookie"
    assert (spec.every_s, spec.flag("rest", default=True)) == (15.0, False)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ("no kind of source", "core:http")),
        ("coer:http://127.0.0.1:8332", ("did you mean core?",)),
        ("http://127.0.0.1:8332", ("no kind of source",)),
        ("core:", ("needs an address", "core:http://127.0.0.1:8332")),
        ("core:http://127.0.0.1:8332?coookie=x", ("'coookie'", "did you mean cookie?")),
        ("venue:kraken?cookie=x", ("has no option 'cookie'",)),
        ("core:http://127.0.0.1:8332?every=often", ("every", "7d, 36h")),
        ("core:http://127.0.0.1:8332?cookie=", ("stands once and has a value",)),
        ("core:http://127.0.0.1:8332?cookie=a&cookie=b", ("stands once",)),
    ],
)
def test_mistakes_are_explained(text: str, words: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError) as raised:
        parse_spec(text)
    assert raised.value.hint
    for word in words:
        assert word in str(raised.value)


@pytest.mark.parametrize(
    "text",
    [
        "core:http://user:hunter2@127.0.0.1:8332",
        "core:http://127.0.0.1:8332?password=hunter2",
        "core:http://127.0.0.1:8332?rpcpassword=hunter2",
        "gpu:https://host/x.csv?token=hunter2",
        "electrum:ssl://me:hunter2@host:50002",
        "gridstatus:me:hunter2@ercot",
    ],
)
def test_a_secret_is_refused_and_repeated_nowhere(text: str) -> None:
    with pytest.raises(ConfigError) as raised:
        parse_spec(text)
    assert "hunter2" not in f"{raised.value}{raised.value!r}{raised.value.context}"


def test_a_flag_is_yes_or_no() -> None:
    with pytest.raises(ConfigError, match="yes or no"):
        parse_spec("core:http://h:1?rest=maybe").flag("rest")


@given(st.text())
def test_no_text_is_worse_than_an_error_that_teaches(text: str) -> None:
    kind, hint = None, None
    try:
        kind = parse_spec(text).kind
    except ConfigError as error:
        hint = error.hint
    assert kind in KINDS or hint


@pytest.mark.parametrize(
    ("mode", "is_private"),
    [
        (0o600, True),
        (0o400, True),
        (0o700, True),
        (0o640, False),
        (0o604, False),
        (0o660, False),
        (0o644, False),
        (0o666, False),
    ],
)
@pytest.mark.skipif(os.name == "nt", reason="Windows has no modes")
def test_a_secret_must_be_its_owners_alone(tmp_path: Path, mode: int, is_private: bool) -> None:
    path = tmp_path / "secret"
    path.write_text("hunter2\n", encoding="utf-8")
    path.chmod(mode)
    if is_private:
        assert read_secret(path) == "hunter2"
        return
    with pytest.raises(ConfigError, match="others can read") as raised:
        read_secret(path)
    assert f"chmod 600 {path}" in str(raised.value)
    assert "hunter2" not in str(raised.value)


def test_a_secret_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        check_private(tmp_path / "none")
    (tmp_path / "empty").touch(0o600)
    with pytest.raises(ConfigError, match="no secret in the file"):
        read_secret(tmp_path / "empty")
