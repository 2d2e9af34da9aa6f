from __future__ import annotations

from pathlib import Path

import pytest

from wattshift.chain.params import MAINNET, NETWORKS, REGTEST, Network
from wattshift.clock import SystemClock
from wattshift.errors import ConfigError
from wattshift.sources.registry import Connected, connect, local_node
from wattshift.sources.spec import parse_spec


def connected(text: str, network: Network = MAINNET) -> Connected:
    return connect(parse_spec(text), network, SystemClock())


@pytest.mark.parametrize(
    ("text", "provides"),
    [
        ("core:http://127.0.0.1:8332", ("headers", "block facts")),
        (
            "core:http://127.0.0.1:8332?zmq=tcp://127.0.0.1:28332",
            ("headers", "announcements", "block facts"),
        ),
        ("electrum:ssl://example.org:50002", ("headers", "announcements")),
        ("esplora:https://example.org/api", ("headers", "block facts")),
        ("mempool:https://example.org/api", ("headers", "block facts", "price")),
        ("venue:kraken", ("price", "daily closes")),
        ("ercot:rtm?location=HB_HOUSTON", ("grid_prices",)),
        ("gpu:https://example.org/prices.csv", ("gpu_prices",)),
        ("caiso:dam?location=TH_NP15_GEN-APND", ("grid_prices",)),
    ],
)
def test_what_each_kind_provides(text: str, provides: tuple[str, ...]) -> None:
    each = connected(text)
    assert each.provides == provides
    assert each.source.name == each.spec.name
    each.source.close()


def test_a_price_in_dollars_is_one_of_mainnet() -> None:
    assert connected("mempool:https://example.org/api", REGTEST).quotes is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("venue:mtgox", "there is no such venue"),
        ("ercot:rtm", "asked for a location"),
        ("core:http://example.org:8332", "plain http"),
        ("electrum:tcp://example.org:50001", "plain"),
        ("core:http://127.0.0.1:8332?user=u&password_env=NO_SUCH_VARIABLE", "environment"),
    ],
)
def test_what_cannot_be_built_is_explained(text: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words) as raised:
        connected(text)
    assert raised.value.hint


def test_a_password_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NODE_PASSWORD", "hunter2")
    each = connected("core:http://127.0.0.1:8332?user=u&password_env=NODE_PASSWORD")
    assert "hunter2" not in repr(each)


def test_an_open_cookie_is_refused(tmp_path: Path) -> None:
    cookie = tmp_path / ".cookie"
    cookie.write_text("__cookie__:hunter2", encoding="utf-8")
    cookie.chmod(0o644)
    with pytest.raises(ConfigError, match="others can read"):
        connected(f"core:http://127.0.0.1:8332?cookie={cookie}")


@pytest.mark.parametrize("network", NETWORKS.values(), ids=lambda network: network.name)
def test_the_node_of_this_machine_is_found_by_its_cookie(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, network: Network
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("APPDATA", raising=False)
    with pytest.raises(ConfigError) as raised:
        local_node(network)
    assert str(raised.value).count("--source") == 3
    folder = tmp_path / ".bitcoin" / ("" if network is MAINNET else network.name)
    folder.mkdir(parents=True)
    (folder / ".cookie").touch(0o600)
    spec = parse_spec(local_node(network))
    assert (spec.kind, spec.name, spec.path("cookie")) == ("core", "local node", folder / ".cookie")
