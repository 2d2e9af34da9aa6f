"""TLS as the service speaks it: 1.2 and 1.3, ciphers with forward secrecy only."""

from __future__ import annotations

import ssl
from pathlib import Path

from wattshift.errors import ConfigError

__all__ = ["tls_context"]

_CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"
"""For TLS 1.2; those of 1.3 are all sound."""


def tls_context(cert: Path, key: Path) -> ssl.SSLContext:
    """What speaks TLS with a certificate.

    Args:
        cert: the certificate and its chain, PEM.
        key: its key, PEM, without a password.

    Raises:
        ConfigError: if a file cannot be read, or the two do not belong together.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(_CIPHERS)
    context.set_alpn_protocols(["http/1.1"])

    def no_password() -> str:
        raise ConfigError(
            "the key of TLS wants a password", file=key, hint="keep it without one, in a file of mode 600"
        )

    try:
        context.load_cert_chain(cert, key, password=no_password)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(
            f"certificate and key are of no use: {error.strerror or error}",
            certificate=cert,
            key=key,
            hint="see that both are PEM files, can be read, and belong together",
        ) from None
    return context
