"""The headers that tell browsers to trust nothing but this service's own files.

See the OWASP project on secure headers and https://www.w3.org/TR/CSP3/. There is no inline script or style
anywhere, so that a text that slips through as markup still runs nothing. No other site may read, frame or
embed anything (no CORS header is ever sent).
"""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["CONTENT_POLICY", "Header", "security_headers", "with_security"]

CONTENT_POLICY = (
    "default-src 'self'; script-src 'self'; script-src-attr 'none'; style-src 'self'; object-src 'none';"
    " base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
)
"""The Content-Security-Policy of every answer."""

_PERMISSIONS = ("camera", "display-capture", "geolocation", "microphone", "payment", "serial", "usb")
_SECURITY = {
    "content-security-policy": CONTENT_POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "permissions-policy": ", ".join(f"{each}=()" for each in _PERMISSIONS),
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "x-permitted-cross-domain-policies": "none",
}
_OVER_TLS = {"strict-transport-security": "max-age=31536000"}
_NEVER = frozenset({b"server", b"x-powered-by"})
_STORING = b"cache-control"

Header = tuple[bytes, bytes]


def security_headers(*, is_tls: bool) -> tuple[Header, ...]:
    """What every answer carries.

    Args:
        is_tls: whether the browser speaks TLS.
    """
    told = {**_SECURITY, **(_OVER_TLS if is_tls else {})}
    return tuple((name.encode(), value.encode()) for name, value in told.items())


def with_security(headers: Iterable[Header], security: tuple[Header, ...]) -> list[Header]:
    """The headers of an answer with those of security, which stand above what the answer says itself.

    Args:
        headers: the answer's own.
        security: what every answer carries.
    """
    taken = _NEVER.union(name for name, _ in security)
    kept = [(name, value) for name, value in headers if name.lower() not in taken]
    if not any(name.lower() == _STORING for name, _ in kept):
        kept.append((_STORING, b"no-store"))
    return [*kept, *security]
