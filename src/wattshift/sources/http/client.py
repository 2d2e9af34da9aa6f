"""The one way in which sources speak HTTP: bounded, polite and suspicious.

Bounded: limits on connecting, on each read, on the whole call, and on the bytes, packed and unpacked.
Polite: a least interval between requests to a host, a pause where the host asks for one, jittered retries of
plain questions. Suspicious: certificates are always verified, plain HTTP stays on this machine unless it is
allowed, no redirect leaves the service that was asked, and no secret reaches an error or an origin.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import isfinite
from types import MappingProxyType
from typing import TYPE_CHECKING

from wattshift.clock import Clock, SystemClock
from wattshift.errors import ConfigError, InputError, Malformed, NoData, Rejected, SourceError, Unavailable
from wattshift.sources.http.address import Address, is_loopback
from wattshift.sources.http.pace import SHARED_PACE, Pace
from wattshift.sources.port import Fetched

if TYPE_CHECKING:
    import httpcore

__all__ = ["HttpClient", "HttpLimits"]

_NONE: Mapping[str, str] = MappingProxyType({})
_MAX_REDIRECTS = 3
_SYSTEM_CLOCK = SystemClock()
_USER_AGENT = "wattshift"
_LONGEST_DATE = 64
_OK = 200
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PAUSES = frozenset({429, 503})


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpLimits:
    """What one call may cost.

    Args:
        connect_s: longest time to connect [s].
        read_s: longest silence while reading or writing [s].
        total_s: longest time of a call, with all its attempts, redirects and waits [s].
        max_bytes: longest body, packed or unpacked.
        min_interval_s: least time between two requests to the host, whoever in this process asks [s].
        max_attempts: most requests for one GET; anything else is sent once.
        allow_plain_http: whether http without TLS may leave this machine.

    Raises:
        InputError: if a limit is not a positive number (the interval may be zero).
    """

    connect_s: float = 5.0
    read_s: float = 10.0
    total_s: float = 30.0
    max_bytes: int = 8 << 20
    min_interval_s: float = 1.0
    max_attempts: int = 3
    allow_plain_http: bool = False

    def __post_init__(self) -> None:
        positive = (self.connect_s, self.read_s, self.total_s, self.max_bytes, self.max_attempts)
        if not all(isfinite(each) for each in (*positive, self.min_interval_s)) or (
            min(positive) <= 0 or self.min_interval_s < 0
        ):
            raise InputError("a limit of HTTP is not a positive number", limits=self, hint="give one")


class HttpClient:
    """Asks one provider.

    Args:
        source: the name under which the source is configured, for errors and origins.
        upstream: who stands behind it.
        headers: sent with every request; never shown.
        clock: says when bytes arrived.
        pace: the turns at hosts; that of the process unless a test brings its own.
    """

    def __init__(
        self,
        *,
        source: str,
        upstream: str,
        limits: HttpLimits = HttpLimits(),
        headers: Mapping[str, str] = _NONE,
        clock: Clock = _SYSTEM_CLOCK,
        pace: Pace = SHARED_PACE,
    ) -> None:
        self._source = source
        self._upstream = upstream
        self._limits = limits
        self._headers = dict(headers)
        self._clock = clock
        self._pace = pace
        self._pools: dict[str | None, httpcore.ConnectionPool] = {}
        self._server_date_at: datetime | None = None

    @property
    def server_date_at(self) -> datetime | None:
        """The Date header of the last answer; None before there was one. Any server may lie about it."""
        return self._server_date_at

    def check(self, url: str) -> None:
        """See whether a URL may be asked at all, without asking.

        Raises:
            ConfigError: if it is none, or is plain http to another machine without leave.
        """
        self._address(url, _NONE)

    def get(self, url: str, *, params: Mapping[str, str] = _NONE) -> Fetched:
        """Ask, again where the trouble may pass.

        Raises:
            Unavailable: if there is no answer in time, a fault of the server, or the host wants a pause.
            Rejected: if the server refuses (401, 403, 429 and other 4xx) or redirects elsewhere.
            NoData: if there is no such thing (404).
            Malformed: if the answer is too long, empty by its status, or does not unpack.
            ConfigError: as `check`.
        """
        address = self._address(url, params)
        end_s = self._pace.now_s() + self._limits.total_s
        attempt = 1
        while True:
            self._take_turn(address, end_s)
            try:
                return self._follow(address, end_s)
            except Unavailable:
                left_s = end_s - self._pace.now_s()
                is_last = attempt == self._limits.max_attempts
                if is_last or not self._pace.back_off(attempt, patience_s=left_s):
                    raise
            attempt += 1

    def post(
        self, url: str, *, content: bytes, content_type: str, headers: Mapping[str, str] = _NONE
    ) -> Fetched:
        """Ask once with a body.

        Raises:
            SourceError, ConfigError: as `get`.
        """
        address = self._address(url, _NONE)
        end_s = self._pace.now_s() + self._limits.total_s
        self._take_turn(address, end_s)
        answer = self._ask(address, end_s, content=content, headers={"Content-Type": content_type, **headers})
        if isinstance(answer, str):
            raise self._elsewhere(address)
        return answer

    def close(self) -> None:
        """Let go of connections; a second call does nothing."""
        while self._pools:
            self._pools.popitem()[1].close()

    def _address(self, url: str, params: Mapping[str, str]) -> Address:
        address = Address.parse(url, params)
        if address.scheme == "http" and not (self._limits.allow_plain_http or is_loopback(address.host)):
            raise ConfigError(
                "plain http to another machine can be read and changed on its way",
                source=self._source,
                url=address.shown,
                hint="use https, or allow plain http for this source if the network between is yours",
            )
        return address

    def _take_turn(self, address: Address, end_s: float) -> None:
        patience_s = end_s - self._pace.now_s()
        self._pace.take_turn(
            address.authority,
            source=self._source,
            interval_s=self._limits.min_interval_s,
            patience_s=patience_s,
        )

    def _follow(self, address: Address, end_s: float) -> Fetched:
        """A GET, with redirects inside the same service."""
        for _ in range(_MAX_REDIRECTS + 1):
            answer = self._ask(address, end_s)
            if isinstance(answer, Fetched):
                return answer
            try:
                onward = address.redirected(answer)
            except ConfigError:
                break
            if onward.origin != address.origin:
                break
            address = onward
            self._take_turn(address, end_s)
        raise self._elsewhere(address)

    def _elsewhere(self, address: Address) -> Rejected:
        return Rejected(
            "the server sends us elsewhere",
            source=self._source,
            url=address.shown,
            hint="configure the final address, if you trust it",
        )

    def _ask(
        self,
        address: Address,
        end_s: float,
        *,
        content: bytes | None = None,
        headers: Mapping[str, str] = _NONE,
    ) -> Fetched | str:
        """One request: its answer, or the Location that it names."""
        import httpcore

        from wattshift.sources.http.wire import deadline

        sent = {"Accept-Encoding": "gzip", "User-Agent": _USER_AGENT, "Host": address.authority}
        if address.credentials:
            sent["Authorization"] = address.credentials
        sent |= self._headers | dict(headers)
        step = {"connect": self._limits.connect_s, "pool": self._limits.read_s}
        step |= {"read": self._limits.read_s, "write": self._limits.read_s}
        try:
            with (
                deadline(end_s - self._pace.now_s()),
                self._pool(address).stream(
                    "GET" if content is None else "POST",
                    address.url,
                    headers=list(sent.items()),
                    content=content,
                    extensions={"timeout": step},
                ) as response,
            ):
                return self._read(address, response)
        except SourceError as error:
            error.context = {"source": self._source, "url": address.shown, **error.context}
            raise
        except httpcore.TimeoutException as error:
            raise self._unavailable("there was no whole answer in time", address) from error
        except httpcore.NetworkError as error:
            raise self._unavailable(f"the connection failed: {str(error)[:200]}", address) from error
        except (httpcore.ProtocolError, httpcore.ProxyError) as error:
            raise self._unavailable("the connection ended in the middle of an answer", address) from error

    def _unavailable(self, message: str, address: Address) -> Unavailable:
        hint = "see that the address is right and that the service runs there, then ask again"
        return Unavailable(message, source=self._source, url=address.shown, hint=hint)

    def _pool(self, address: Address) -> httpcore.ConnectionPool:
        from wattshift.sources.http.wire import new_pool, proxy_for

        proxy = proxy_for(address.scheme, address.host)
        if proxy not in self._pools:
            self._pools[proxy] = new_pool(proxy)
        return self._pools[proxy]

    def _read(self, address: Address, response: httpcore.Response) -> Fetched | str:
        from wattshift.sources.http.wire import inflate

        headers = {name.decode("ascii").lower(): value.decode("latin-1") for name, value in response.headers}
        self._server_date_at = _instant(headers.get("date", ""))
        self._note(address, response.status, headers)
        if response.status in _REDIRECTS and "location" in headers:
            return headers["location"]
        if response.status != _OK:
            raise _refusal(response.status)
        content = inflate(
            response.iter_stream(),
            encoding=headers.get("content-encoding", "").strip().lower(),
            max_bytes=self._limits.max_bytes,
        )
        return Fetched.of(
            content,
            source=self._source,
            upstream=self._upstream,
            url=address.shown,
            fetched_at=self._clock.now(),
        )

    def _note(self, address: Address, status: int, headers: Mapping[str, str]) -> None:
        """Tell the pace whether the host answered or wants to be left alone."""
        if status in _PAUSES:
            wish_s = _retry_after_s(headers.get("retry-after", ""), self._clock.now())
            self._pace.refused(address.authority, wish_s)
        else:
            self._pace.answered(address.authority)


def _refusal(status: int) -> SourceError:
    """What a status other than 200 means."""
    if status == 404:
        return NoData("the source has no such thing", status=status, hint="ask for something that it has")
    if status in {401, 403}:
        return Rejected(
            "the source does not let us in", status=status, hint="check the user, password or key"
        )
    if status == 429:
        return Rejected("the source is asked too often", status=status, hint="give it a longer interval")
    if 400 <= status < 500:
        return Rejected(
            "the source refuses the question", status=status, hint="see what it accepts; it may have changed"
        )
    if status >= 500:
        return Unavailable("the source has a fault of its own", status=status, hint="ask again later")
    return Malformed("the answer is not a whole one", status=status, hint="use another source")


def _instant(http_date: str) -> datetime | None:
    """An HTTP date (RFC 9110, 5.6.7); None where there is none that can be read."""
    try:
        instant = parsedate_to_datetime(http_date[:_LONGEST_DATE])
        return instant.astimezone(UTC) if instant.tzinfo else instant.replace(tzinfo=UTC)
    except (ValueError, OverflowError, TypeError, IndexError):
        return None


def _retry_after_s(text: str, now: datetime) -> float | None:
    """How long a Retry-After header asks us to wait [s]; None where it says nothing readable."""
    if text.isascii() and text.isdigit():
        return float(text[:9])
    instant = _instant(text)
    return None if instant is None else max(0.0, (instant - now).total_seconds())
