"""TLS: an authority or a pin must vouch for the server, and nothing is said to anybody else."""

from __future__ import annotations

import ssl
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from threading import Thread

import pytest

from support.electrumserver import CHAIN, TIP, FakeElectrum
from support.servers import LoopbackServer
from wattshift.chain.params import SIGNET
from wattshift.errors import ConfigError, Malformed, Unavailable
from wattshift.sources.electrum.peer import ElectrumLimits
from wattshift.sources.electrum.source import ElectrumSource
from wattshift.sources.electrum.trust import Trust

VECTORS = Path(__file__).parents[2] / "vectors" / "tls"
BAD = {
    "expired": "expired",
    "future": "not yet valid",
    "self": "self-signed",
    "unknown": "unable to get local issuer",
    "elsewhere": "IP address mismatch",
    "weak": "too weak",
}


@pytest.fixture(autouse=True)
def _trusting_the_test_authority(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(VECTORS / "authority.pem"))


def pin_of(name: str) -> str:
    text = (VECTORS / f"{name}.pem").read_text()
    end = "-----END CERTIFICATE-----\n"
    return sha256(ssl.PEM_cert_to_DER_cert(text[: text.index(end) + len(end)])).hexdigest()


def server_context(name: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("ALL:@SECLEVEL=0")  # else OpenSSL would not even offer what is weak
    context.load_cert_chain(VECTORS / f"{name}.pem")
    return context


@contextmanager
def serving(name: str) -> Iterator[tuple[FakeElectrum, LoopbackServer]]:
    fake = FakeElectrum(headers=CHAIN)
    with fake.serve(server_context(name)) as server:
        yield fake, server


def tip_height(server: LoopbackServer, *, pin: str | None = None, pin_file: Path | None = None) -> int:
    source = ElectrumSource(
        "fulcrum",
        f"ssl://{server.address}",
        network=SIGNET,
        pin=pin,
        pin_file=pin_file,
        limits=ElectrumLimits(max_attempts=1),
    )
    try:
        return source.tip(None).height
    finally:
        source.close()


def test_a_certificate_of_a_known_authority_is_accepted() -> None:
    with serving("good") as (_, server):
        assert tip_height(server) == TIP


@pytest.mark.parametrize(("name", "reason"), BAD.items())
def test_a_bad_certificate_is_refused_and_nothing_is_said(name: str, reason: str) -> None:
    with serving(name) as (fake, server):
        with pytest.raises(Malformed, match=reason) as caught:
            tip_height(server)
        assert caught.value.context["url"] == f"electrum+ssl://{server.address}"
        assert "pin" in (caught.value.hint or "")
        assert fake.asked == []


@pytest.mark.parametrize("name", ["self", "expired", "elsewhere"])
def test_the_right_pin_is_enough(name: str) -> None:
    pin = pin_of(name)
    colons = ":".join(pin[at : at + 2] for at in range(0, 64, 2)).upper()
    with serving(name) as (_, server):
        assert tip_height(server, pin=pin) == TIP
        assert tip_height(server, pin=f" {colons}\n") == TIP


@pytest.mark.parametrize("name", ["self", "good"])
def test_the_wrong_pin_is_refused_even_where_an_authority_vouches(name: str) -> None:
    with serving(name) as (fake, server):
        with pytest.raises(Malformed, match="another certificate") as caught:
            tip_height(server, pin=pin_of("unknown"))
        assert caught.value.context["found"] == pin_of(name)
        assert fake.asked == []


@pytest.mark.parametrize("pin", ["", "ab" * 31, "zz" * 32, "ab" * 33, "sha256/" + "ab" * 32])
def test_what_is_no_pin_is_refused(pin: str) -> None:
    with pytest.raises(ConfigError, match="not the SHA-256"):
        Trust(pin=pin)


# A pin that is kept from the first connection


def test_the_first_certificate_is_kept_and_another_one_refused(tmp_path: Path) -> None:
    pin_file = tmp_path / "fulcrum.pin"
    with serving("self") as (_, server):
        assert tip_height(server, pin_file=pin_file) == TIP
        assert pin_file.read_text() == pin_of("self") + "\n"
        assert tip_height(server, pin_file=pin_file) == TIP
    with serving("good") as (fake, server):
        with pytest.raises(Malformed, match="another certificate"):
            tip_height(server, pin_file=pin_file)
        assert fake.asked == []
    assert pin_file.read_text() == pin_of("self") + "\n"


def test_one_trust_keeps_one_pin_whoever_asks_first(tmp_path: Path) -> None:
    trust = Trust(pin_file=tmp_path / "pin")
    refused: list[bytes] = []

    def meet(certificate: bytes) -> None:
        try:
            trust.check(certificate)
        except Malformed:
            refused.append(certificate)

    threads = [Thread(target=meet, args=(bytes([number]),)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 19
    assert (tmp_path / "pin").read_text().strip() not in {sha256(each).hexdigest() for each in refused}


def test_a_pin_file_that_appeared_meanwhile_counts(tmp_path: Path) -> None:
    trust = Trust(pin_file=tmp_path / "pin")
    (tmp_path / "pin").write_text(sha256(b"one").hexdigest())
    with pytest.raises(Malformed):
        trust.check(b"another")
    trust.check(b"one")


@pytest.mark.parametrize("content", [b"", b"nonsense\n", b"\xff" * 64, b"a" * 10_000])
def test_a_spoiled_pin_file_is_told_and_not_written_over(tmp_path: Path, content: bytes) -> None:
    pin_file = tmp_path / "pin"
    pin_file.write_bytes(content)
    with pytest.raises(ConfigError, match="not the SHA-256") as caught:
        Trust(pin_file=pin_file)
    assert caught.value.context == {"file": pin_file}
    assert pin_file.read_bytes() == content


def test_a_pin_that_cannot_be_kept_is_not_trusted(tmp_path: Path) -> None:
    trust = Trust(pin_file=tmp_path / "no such folder" / "pin")
    for _ in range(2):
        with pytest.raises(Unavailable, match="cannot be kept"):
            trust.check(b"certificate")


def test_a_folder_is_no_pin_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        Trust(pin_file=tmp_path)


def test_a_pin_and_a_pin_file_exclude_each_other(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="exclude"):
        Trust(pin="ab" * 32, pin_file=tmp_path / "pin")


# The protocol itself


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
@pytest.mark.parametrize("pin", [None, pin_of("good")])
def test_old_tls_is_refused_with_a_pin_or_without(version: ssl.TLSVersion, pin: str | None) -> None:
    context = server_context("good")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = version
    with (
        FakeElectrum(headers=CHAIN).serve(context) as server,
        pytest.raises(Unavailable, match=r"(?i)protocol"),
    ):
        tip_height(server, pin=pin)


def test_tls_is_not_left_for_plain_tcp() -> None:
    fake = FakeElectrum(headers=CHAIN)
    with fake.serve() as server, pytest.raises(Unavailable):
        tip_height(server, pin=pin_of("good"))
    assert fake.asked == []
