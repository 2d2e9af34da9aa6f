from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from support.webclient import NOW
from wattshift.errors import ConfigError, Corrupt
from wattshift.store.home import Home
from wattshift.store.tokens import TokenFile
from wattshift.web.policy import Binding, policy_of
from wattshift.web.tls import tls_context

ELSEWHERE = ["0.0.0.0", "::", "192.168.1.5", "2001:db8::7"]  # noqa: S104  # what is refused here


@pytest.fixture
def key(tmp_path: Path) -> Path:
    path = tmp_path / "key.pem"
    path.touch(mode=0o600)
    return path


@pytest.fixture
def tls(key: Path) -> Binding:
    return Binding(host="192.168.1.5", tls_cert=key, tls_key=key)


def test_by_default_only_this_machine_reaches_it(home: Home) -> None:
    binding = Binding()
    assert (binding.host, binding.is_loopback, binding.url(8550)) == (
        "127.0.0.1",
        True,
        "http://127.0.0.1:8550",
    )
    policy = policy_of(binding, home, now=NOW)
    assert not policy.needs_token
    assert not policy.takes_addresses


@pytest.mark.parametrize("host", ELSEWHERE)
def test_others_reach_it_only_over_tls_or_as_was_said_plainly(
    home: Home, tokens: TokenFile, host: str
) -> None:
    tokens.make("wall", scopes=("read",), life_days=1, now=NOW)
    with pytest.raises(ConfigError, match="TLS") as caught:
        policy_of(Binding(host=host), home, now=NOW)
    assert "--plain-http" in str(caught.value.hint)
    policy = policy_of(Binding(host=host, plain_http=True), home, now=NOW)
    assert policy.needs_token
    assert policy.takes_addresses


def test_others_reach_it_only_with_a_token(home: Home, tokens: TokenFile, tls: Binding) -> None:
    for binding in (
        tls,
        replace(tls, host="127.0.0.1", proxies=("127.0.0.1",)),
        Binding(host="::", plain_http=True),
    ):
        with pytest.raises(ConfigError, match="no token") as caught:
            policy_of(binding, home, now=NOW)
        assert "wattshift tokens new" in str(caught.value.hint)
    tokens.make("wall", scopes=("read",), life_days=1, now=NOW)
    assert policy_of(tls, home, now=NOW).is_tls


def test_an_expired_token_is_none(home: Home, tokens: TokenFile, tls: Binding) -> None:
    tokens.make("wall", scopes=("read",), life_days=1, now=NOW)
    expires_at = tokens.records()[0].expires_at
    with pytest.raises(ConfigError, match="no token"):
        policy_of(tls, home, now=expires_at)


def test_behind_a_proxy_all_need_a_token_though_all_come_from_here(home: Home, tokens: TokenFile) -> None:
    tokens.make("wall", scopes=("read",), life_days=1, now=NOW)
    policy = policy_of(Binding(proxies=("127.0.0.1",), names=("Panel.Example.org",)), home, now=NOW)
    assert policy.needs_token
    assert policy.is_tls
    assert "panel.example.org" in policy.names


def test_a_half_of_tls_is_none(home: Home, key: Path) -> None:
    for half in (Binding(tls_cert=key), Binding(tls_key=key)):
        with pytest.raises(ConfigError, match="certificate and its key"):
            policy_of(half, home, now=NOW)


@pytest.mark.parametrize("mode", [0o604, 0o640, 0o644, 0o660, 0o602, 0o620, 0o666, 0o777])
def test_a_key_that_others_can_read_is_refused(home: Home, tls: Binding, key: Path, mode: int) -> None:
    key.chmod(mode)
    with pytest.raises(ConfigError, match="others"):
        policy_of(tls, home, now=NOW)


@pytest.mark.parametrize("host", ["example.org", "", "0x7f.1", "127.0.0.1:80"])
def test_a_host_is_an_address(home: Home, host: str) -> None:
    with pytest.raises(ConfigError, match="address"):
        policy_of(Binding(host=host), home, now=NOW)


def test_tokens_that_make_no_sense_stop_the_service(home: Home, tokens: TokenFile) -> None:
    home.folder.mkdir()
    tokens.path.write_text("[]", encoding="utf-8")
    with pytest.raises(Corrupt):
        policy_of(Binding(), home, now=NOW)


def test_the_url_is_the_one_that_people_type() -> None:
    assert Binding(host="::1").url(1) == "http://[::1]:1"
    assert Binding(host="::").url(1) == "http://localhost:1"
    assert (
        Binding(host="::1", names=("panel.example.org",), tls_cert=Path("x")).url(1)
        == "https://panel.example.org:1"
    )


def test_a_certificate_that_is_none_is_told(tmp_path: Path) -> None:
    nonsense = tmp_path / "nonsense.pem"
    nonsense.write_text("nothing", encoding="utf-8")
    for cert in (nonsense, tmp_path / "nowhere.pem"):
        with pytest.raises(ConfigError, match="of no use"):
            tls_context(cert, nonsense)
