"""The wire under HTTP: sockets that obey the deadline of the call they serve, and bodies that cannot swell.

A time limit on each read lets a server drip one byte at a time for hours, so here every read and write
gets no more than what is left of the whole call. Imports httpcore: to be imported only where it is needed.
"""

from __future__ import annotations

import ssl
import time
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

import httpcore

from wattshift.errors import ConfigError, Malformed
from wattshift.sources.http.address import is_loopback

__all__ = ["deadline", "inflate", "new_pool", "proxy_for"]

_CONNECTIONS = 4
_KEEP_S = 20.0
_END_S: ContextVar[float] = ContextVar("monotonic instant at which the present call ends")


@contextmanager
def deadline(limit_s: float) -> Iterator[None]:
    """Whatever this thread reads or writes inside ends within the limit [s]."""
    token = _END_S.set(time.monotonic() + limit_s)
    try:
        yield
    finally:
        _END_S.reset(token)


def proxy_for(scheme: str, host: str) -> str | None:
    """The proxy that the environment names for a host; this machine is never asked through one."""
    if is_loopback(host) or proxy_bypass(host):
        return None
    proxies = getproxies()
    return proxies.get(scheme) or proxies.get("all")


def new_pool(proxy: str | None) -> httpcore.ConnectionPool:
    """Connections that verify certificates, and a proxy before them where one is given.

    Raises:
        ConfigError: if the proxy does not speak HTTP.
    """
    if proxy is None:
        return httpcore.ConnectionPool(
            ssl_context=_tls(),
            max_connections=_CONNECTIONS,
            keepalive_expiry=_KEEP_S,
            network_backend=_Backend(),
        )
    parts = urlsplit(proxy)
    if parts.scheme not in {"http", "https"}:
        raise ConfigError(
            "the environment names a proxy that does not speak HTTP",
            scheme=parts.scheme,
            hint="let http_proxy and https_proxy start with http://, or put the host into no_proxy",
        )
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return httpcore.HTTPProxy(
        parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl(),
        proxy_auth=(user, password) if user else None,
        ssl_context=_tls(),
        max_connections=_CONNECTIONS,
        keepalive_expiry=_KEEP_S,
        network_backend=_Backend(),
    )


@cache
def _tls() -> ssl.SSLContext:
    """The authorities of the machine and of certifi; TLS 1.2 at least. Nothing turns the checks off."""
    context = httpcore.default_ssl_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def inflate(chunks: Iterable[bytes], *, encoding: str, max_bytes: int) -> bytes:
    """The body from its raw chunks, never holding more than `max_bytes` of it.

    Args:
        chunks: as they come.
        encoding: the Content-Encoding: empty, identity or gzip, for nothing else is asked for.
        max_bytes: the most, packed and unpacked alike.

    Raises:
        Malformed: if it is longer, packed in another way, or does not unpack.
    """
    if encoding in {"", "identity"}:
        return _capped(chunks, max_bytes)
    if encoding not in {"gzip", "x-gzip"}:
        raise Malformed("the answer is packed in a way that was not asked for", hint="use another source")
    unpacker = zlib.decompressobj(wbits=31)
    try:
        body = _capped(_unpacked(unpacker, _limited(chunks, max_bytes), max_bytes), max_bytes)
    except zlib.error as error:
        raise Malformed("the answer does not unpack", hint="ask again, or use another source") from error
    if not unpacker.eof or unpacker.unused_data:
        raise Malformed("the packed answer is cut or has a tail", hint="ask again, or use another source")
    return body


def _unpacked(unpacker: zlib._Decompress, chunks: Iterable[bytes], max_bytes: int) -> Iterator[bytes]:
    for chunk in chunks:
        yield unpacker.decompress(chunk, max_bytes + 1)


def _limited(chunks: Iterable[bytes], max_bytes: int) -> Iterator[bytes]:
    """The chunks as long as they do not add up to too much."""
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > max_bytes:
            raise Malformed(
                "the answer is too long",
                max_bytes=max_bytes,
                hint="use another source, or raise its limit if it honestly sends so much",
            )
        yield chunk


def _capped(chunks: Iterable[bytes], max_bytes: int) -> bytes:
    body = bytearray()  # a list would hold an object for each chunk, of which a server may send millions
    for chunk in _limited(chunks, max_bytes):
        body += chunk
    return bytes(body)


class _Backend(httpcore.SyncBackend):
    """Opens sockets that know the deadline."""

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        return _Stream(super().connect_tcp(host, port, _left_s(timeout), local_address, socket_options))


class _Stream(httpcore.NetworkStream):
    """A socket whose every step is bounded by the deadline."""

    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, _left_s(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, _left_s(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, _left_s(timeout)))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


def _left_s(timeout_s: float | None) -> float:
    """The lesser of a step's own limit and what is left of the call."""
    left_s = _END_S.get() - time.monotonic()
    if left_s <= 0.0:
        raise httpcore.ReadTimeout("the call's time is up")
    return left_s if timeout_s is None else min(left_s, timeout_s)
