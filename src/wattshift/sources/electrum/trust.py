"""Whom a server must prove to be: a name that an authority vouches for, or the owner of one certificate.

Most public Electrum servers sign their own certificates. Such a one is known by its pin, the SHA-256 of the
certificate (DER): given by the operator, or kept from the first connection in a file that the operator names.
A pin identifies one certificate, whatever name and dates stand in it. Nothing else turns verification off,
and no byte is sent before the certificate has been seen.
"""

from __future__ import annotations

import re
import ssl
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from threading import Lock

from wattshift.errors import ConfigError, Malformed, Unavailable

__all__ = ["Trust"]

_PIN = re.compile("[0-9a-f]{64}")
_MAX_PIN_FILE = 1 << 10


class Trust:
    """How the certificate of one server is judged.

    Args:
        pin: SHA-256 of its certificate as 64 hexadecimal digits, with or without colons between.
        pin_file: holds that pin; written at the first connection if it does not exist yet.

    Raises:
        ConfigError: if both are given, or what is given holds no pin.
    """

    def __init__(self, *, pin: str | None = None, pin_file: Path | None = None) -> None:
        if pin is not None and pin_file is not None:
            raise ConfigError("a pin and a pin file exclude each other", hint="give one of the two")
        self._pin = None if pin is None else _read_pin(pin)
        self._pin_file = pin_file
        self._lock = Lock()
        if pin_file is not None:
            self._pin = _kept_pin(pin_file)

    def context(self) -> ssl.SSLContext:
        """TLS 1.2 at least; without a pin the machine's authorities must vouch for the host's name."""
        context = ssl.create_default_context()
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if self._pin is not None or self._pin_file is not None:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE  # `check` compares the pin instead
        return context

    def check(self, certificate: bytes) -> None:
        """Compare a certificate (DER) with the pin; at the first connection, keep its pin.

        Raises:
            Malformed: if it is another one.
            Unavailable: if its pin cannot be kept.
        """
        found = sha256(certificate).hexdigest()
        with self._lock:
            if self._pin is None and self._pin_file is not None:
                self._pin = _kept_pin(self._pin_file) or _keep_pin(self._pin_file, found)
        if self._pin not in {None, found}:
            raise Malformed(
                "the server shows another certificate than the pinned one",
                found=found,
                expected=self._pin,
                hint="someone may sit between; only if its operator confirms the change, pin the new one",
            )


def _read_pin(text: str) -> str:
    pin = text.strip().replace(":", "").lower()
    if not _PIN.fullmatch(pin):
        raise ConfigError("a pin is not the SHA-256 of a certificate", hint="write its 64 hexadecimal digits")
    return pin


def _kept_pin(path: Path) -> str | None:
    """The pin in a file; None where there is no file yet."""
    try:
        with path.open("rb") as file:
            return _read_pin(file.read(_MAX_PIN_FILE).decode("ascii", "replace"))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ConfigError(
            f"the pin file cannot be read: {error.strerror}", file=path, hint="mend its permissions"
        ) from error
    except ConfigError as error:
        error.context = {"file": path}
        error.hint = "delete it only if the server's operator confirms the certificate to be pinned anew"
        raise


def _keep_pin(path: Path, pin: str) -> str:
    """Write the pin where there is none yet, whole or not at all."""
    try:
        file = path.open("x", encoding="ascii")
    except OSError as error:
        raise _not_kept(path, error) from error
    try:
        with file:
            file.write(f"{pin}\n")
    except OSError as error:
        with suppress(OSError):
            path.unlink()
        raise _not_kept(path, error) from error
    return pin


def _not_kept(path: Path, error: OSError) -> Unavailable:
    return Unavailable(
        f"the server's pin cannot be kept: {error.strerror}", file=path, hint="make its folder writable"
    )
