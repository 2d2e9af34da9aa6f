"""Webhooks: one POST of JSON to a guarded address, signed where there is a secret. No redirect is followed.

A proxy that the environment names is not used: it would resolve the name itself, behind the guard's back.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from wattshift.clock import Clock, to_unix
from wattshift.delivery.guard import Resolve, resolve_host, safe_address
from wattshift.delivery.message import Message
from wattshift.delivery.signing import SIGNATURE_HEADER, signature
from wattshift.errors import ConfigError, Rejected, SourceError, Unavailable
from wattshift.sources.http.address import Address, is_loopback

__all__ = ["WebhookChannel"]

_TOTAL_S = 15.0
_STEP_S = 5.0
_PASSING = frozenset({408, 425, 429})


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookChannel:
    """A receiver of JSON.

    Args:
        name: how it is called; errors name it and never its URL, which may hold a secret.
        url: where it listens.
        secret: what signs the messages; None for unsigned ones.
        allow_private: whether it may be on this machine or in a private network.
        allow_plain_http: whether http without TLS may leave this machine.
        clock: tells the instant that is signed.
        resolve: what knows names.

    Raises:
        ConfigError: if the URL is none, or is plain http to another machine without leave.
    """

    name: str
    url: str = field(repr=False)
    clock: Clock = field(repr=False)
    secret: str | None = field(default=None, repr=False)
    allow_private: bool = False
    allow_plain_http: bool = False
    resolve: Resolve = field(default=resolve_host, repr=False)

    def __post_init__(self) -> None:
        address = Address.parse(self.url)
        if address.scheme == "http" and not (self.allow_plain_http or is_loopback(address.host)):
            raise ConfigError(
                "plain http to another machine can be read and changed on its way",
                channel=self.name,
                hint="use https, or set allow_plain_http = true if the network between is yours",
            )

    def send(self, message: Message) -> None:
        """Post it, as `Channel.send` says."""
        address = Address.parse(self.url)
        pinned = safe_address(
            address.host, address.port, allow_private=self.allow_private, resolve=self.resolve
        )
        body = json.dumps({"key": message.key, **message.payload}, sort_keys=True).encode()
        try:
            status = _post(address, pinned, body, self._headers(address, message, body))
        except SourceError as error:
            error.context = {"channel": self.name}
            raise
        if not 200 <= status < 300:
            kind = Unavailable if status >= 500 or status in _PASSING else Rejected
            raise kind(
                "the receiver did not take the message",
                channel=self.name,
                status=status,
                hint="look at the receiver; the message is sent again later",
            )

    def _headers(self, address: Address, message: Message, body: bytes) -> dict[str, str]:
        headers = {
            "Host": address.authority,
            "User-Agent": "wattshift",
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
            "Idempotency-Key": message.key,
        }
        if address.credentials:
            headers["Authorization"] = address.credentials
        if self.secret is not None:
            at_s = int(to_unix(self.clock.now()))
            headers[SIGNATURE_HEADER] = signature(self.secret, body, at_s=at_s)
        return headers


def _post(address: Address, pinned: str, body: bytes, headers: dict[str, str]) -> int:
    """The status that the receiver answers with; its body is not read.

    Raises:
        Unavailable: if there is none in time.
    """
    import httpcore

    from wattshift.sources.http.wire import deadline, new_pool

    host = f"[{pinned}]" if ":" in pinned else pinned
    steps = dict.fromkeys(("connect", "read", "write", "pool"), _STEP_S)
    try:
        with (
            new_pool(None) as pool,
            deadline(_TOTAL_S),
            pool.stream(
                "POST",
                f"{address.scheme}://{host}:{address.port}{address.target}",
                headers=list(headers.items()),
                content=body,
                # The certificate is that of the name, the connection goes to the address.
                extensions={"timeout": steps, "sni_hostname": address.host},
            ) as response,
        ):
            return int(response.status)
    except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError) as error:
        raise Unavailable(
            f"the message did not arrive: {type(error).__name__}",
            hint="look at the receiver and at the network; the message is sent again later",
        ) from None
