"""Where the service listens, and whom it lets do what: decided once, before the first request."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import ip_address
from pathlib import Path

from wattshift.errors import ConfigError
from wattshift.sources.spec import check_private
from wattshift.store.home import Home
from wattshift.store.tokens import TokenFile

__all__ = ["Binding", "Limits", "Policy", "policy_of"]

_EVERYWHERE = frozenset({"0.0.0.0", "::"})  # noqa: S104  # to be told apart, not to be bound
_LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """Where the service listens.

    Args:
        host: the address; by default only this machine reaches it.
        port: the port; 0 for any that is free.
        tls_cert: file of the certificate and its chain, PEM.
        tls_key: file of its key, PEM, readable by its owner alone.
        plain_http: whether it may be reached from other machines without TLS.
        names: host names under which people reach it, beside its addresses and localhost.
        proxies: addresses of reverse proxies that speak TLS; their word on client and scheme is taken.
    """

    host: str = "127.0.0.1"
    port: int = 8550
    tls_cert: Path | None = None
    tls_key: Path | None = None
    plain_http: bool = False
    names: tuple[str, ...] = ()
    proxies: tuple[str, ...] = ()

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine reaches it."""
        return self.host == "localhost" or ip_address(self.host).is_loopback

    @property
    def is_tls(self) -> bool:
        """Whether it speaks TLS itself."""
        return self.tls_cert is not None

    def url(self, port: int) -> str:
        """Its address, as people type it.

        Args:
            port: the port that it got.
        """
        here = "localhost" if self.host in _EVERYWHERE else self.host
        host = self.names[0] if self.names else here
        shown = f"[{host}]" if ":" in host else host
        return f"{'https' if self.is_tls else 'http'}://{shown}:{port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much anybody may ask.

    Args:
        body_bytes: longest body of a request.
        url_bytes: longest path with its query.
        header_bytes: longest head of a request.
        n_headers: most lines in it.
        head_s: until the head is there [s].
        body_s: until the body is there [s].
        stall_s: until a receiver that takes nothing is given up [s].
        request_s: until an answer is sent whole [s]; streams of live values have no such end.
        token_burst: requests that a token may send at once.
        token_each_s: time in which it gains one more [s].
        local_burst: as `token_burst`, of whoever sits at the machine.
        local_each_s: likewise [s].
        stranger_burst: as `token_burst`, of an address that has shown no token.
        stranger_each_s: likewise [s].
        n_guesses: wrong tokens of one address within `guess_s`, before it is refused unseen.
        guess_s: for how long a wrong token counts [s].
        n_open: requests of one client at once.
        n_open_local: as `n_open`, of whoever sits at the machine.
        n_live: its streams of live values at once.
        n_live_local: as `n_live`, of whoever sits at the machine.
        n_open_total: requests of all at once.
        n_connections: connections at once.
    """

    body_bytes: int = 1 << 20
    url_bytes: int = 8 << 10
    header_bytes: int = 32 << 10
    n_headers: int = 100
    head_s: float = 10.0
    body_s: float = 10.0
    stall_s: float = 30.0
    request_s: float = 60.0
    token_burst: int = 200
    token_each_s: float = 0.02
    local_burst: int = 2_000
    local_each_s: float = 0.001
    stranger_burst: int = 60
    stranger_each_s: float = 0.2
    n_guesses: int = 10
    guess_s: float = 60.0
    n_open: int = 64
    n_open_local: int = 256
    n_live: int = 100
    n_live_local: int = 2_000
    n_open_total: int = 512
    n_connections: int = 4_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Who may do what.

    Args:
        names: what a request may call this host, beside an address where `takes_addresses`.
        takes_addresses: whether any IP address will do as the host: where others are to reach it. A name that
            an attacker points here (DNS rebinding) is still a name.
        is_tls: whether browsers speak TLS, to the service or to the proxy before it.
        needs_token: whether nobody goes without a token, even before there is one.
        tokens: where tokens are kept; None where there are none.
        open_paths: what everybody may see: nothing of the site.
        open_folder: likewise, all that begins so: what pages are made of.
        live_path: the stream of live values.
        limits: how much anybody may ask.
    """

    names: frozenset[str] = _LOCAL_NAMES
    takes_addresses: bool = False
    is_tls: bool = False
    needs_token: bool = False
    tokens: TokenFile | None = None
    open_paths: frozenset[str] = frozenset({"/health/live", "/health/ready", "/favicon.ico"})
    open_folder: str = "/static/"
    live_path: str = "/v1/live"
    limits: Limits = field(default_factory=Limits)


def policy_of(binding: Binding, home: Home, *, now: datetime) -> Policy:
    """The policy of a binding: safe, or refused.

    Args:
        binding: where the service listens.
        home: the store, beside whose data the tokens lie.
        now: the present, for tokens expire.

    Raises:
        ConfigError: if others would reach it without TLS or without a token, or a file of TLS is not private.
        StoreError: if the tokens cannot be read.
    """
    _check_host(binding.host)
    _check_tls(binding)
    tokens = TokenFile(home.tokens)
    live = [record for record in tokens.records() if now < record.expires_at]
    is_open = not binding.is_loopback or bool(binding.proxies)
    if not (binding.is_loopback or binding.is_tls or binding.plain_http):
        raise ConfigError(
            "whoever listens on the network could read and change what is sent without TLS",
            host=binding.host,
            hint="give --tls-cert and --tls-key; or leave --host out and let a proxy speak TLS; or add"
            " --plain-http if all who share that network may read everything, the tokens too",
        )
    if is_open and not live:
        raise ConfigError(
            "other machines would reach the service, and there is no token yet",
            host=binding.host,
            file=home.tokens,
            hint="make one: wattshift tokens new NAME --scope read",
        )
    return Policy(
        names=_LOCAL_NAMES | {binding.host.lower()} | {name.lower() for name in binding.names},
        takes_addresses=not binding.is_loopback,
        is_tls=binding.is_tls or bool(binding.proxies),
        needs_token=is_open,
        tokens=tokens,
    )


def _check_host(host: str) -> None:
    try:
        if host != "localhost":
            ip_address(host)
    except ValueError:
        raise ConfigError(
            "the service listens on an address of this machine, not on a name",
            host=host,
            hint="write 127.0.0.1, or the machine's own address; names by which people reach it go to --name",
        ) from None


def _check_tls(binding: Binding) -> None:
    if (binding.tls_cert is None) != (binding.tls_key is None):
        raise ConfigError(
            "TLS needs a certificate and its key", hint="give both --tls-cert and --tls-key, PEM files"
        )
    if binding.tls_key is not None:
        check_private(binding.tls_key)
