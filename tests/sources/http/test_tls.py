"""Bad certificates are refused, all of them, and nothing can turn that off."""

from __future__ import annotations

import re
import ssl
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.servers import LoopbackServer, Reply, http
from wattshift.errors import Unavailable
from wattshift.sources.http import wire
from wattshift.sources.http.client import HttpClient, HttpLimits

VECTORS = Path(__file__).parents[2] / "vectors" / "tls"
SOURCES = Path(wire.__file__).parents[1]
LIMITS = HttpLimits(min_interval_s=0.0, max_attempts=1)
SWITCHED_OFF = re.compile(
    "CERT_NONE|CERT_OPTIONAL|check_hostname *= *False|_create_unverified|verify *= *False"
)


@pytest.fixture(autouse=True)
def _trusting_the_test_authority(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("SSL_CERT_FILE", str(VECTORS / "authority.pem"))
    wire._tls.cache_clear()
    yield
    wire._tls.cache_clear()


def server_context(name: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("ALL:@SECLEVEL=0")  # else OpenSSL would not even offer what is weak
    context.load_cert_chain(VECTORS / f"{name}.pem")
    return context


def ask(context: ssl.SSLContext) -> bytes:
    with LoopbackServer(http(lambda _: Reply(body=b"in")), context) as server:
        client = HttpClient(source="tls", upstream="test", limits=LIMITS)
        try:
            return client.get(server.url).content
        finally:
            client.close()


def test_a_good_certificate_is_accepted() -> None:
    assert ask(server_context("good")) == b"in"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("expired", "expired"),
        ("future", "not yet valid"),
        ("self", "self-signed"),
        ("unknown", "unable to get local issuer"),
        ("elsewhere", "IP address mismatch"),
        ("weak", "too weak"),
    ],
)
def test_a_bad_certificate_is_refused_for_its_own_fault(name: str, reason: str) -> None:
    with pytest.raises(Unavailable, match=reason):
        ask(server_context(name))


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
def test_old_tls_is_refused(version: ssl.TLSVersion) -> None:
    context = server_context("good")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = version
    with pytest.raises(Unavailable, match=r"(?i)protocol"):
        ask(context)


def test_https_is_not_left_for_http() -> None:
    with LoopbackServer(http(lambda _: Reply(body=b"in"))) as server:
        client = HttpClient(source="tls", upstream="test", limits=LIMITS)
        with pytest.raises(Unavailable):
            client.get(server.url.replace("http:", "https:"))
        client.close()


def test_no_line_of_any_source_turns_verification_off() -> None:
    found = {
        f"{path.relative_to(SOURCES)}: {line.strip()}"
        for path in SOURCES.rglob("*.py")
        for line in path.read_text(encoding="utf-8").splitlines()
        if SWITCHED_OFF.search(line)
    }
    assert {each.split(":")[0] for each in found} <= {"electrum/trust.py"}, "which compares a pin instead"
    assert SWITCHED_OFF.search("context.verify_mode = ssl.CERT_NONE")
