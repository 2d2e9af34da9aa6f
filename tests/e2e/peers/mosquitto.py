"""A real MQTT broker, Mosquitto, in the version of this machine's Debian."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Self

from e2e.peers.child import Child, free_port
from e2e.peers.debian import libraries, unpacked
from e2e.peers.made import carry_out

USER = "wattshift"
PASSWORD = "kept-out-of-every-topic"  # noqa: S105  # that nothing repeats it is what the tests look for
_NEEDLESS = (
    "libc6|libgcc|gcc-|libcrypt1|lsb-base|sysvinit|adduser|passwd|debconf|perl|lib(pam|semanage|sepol|audit)"
)
"""The machine's own libc, and what scripts of a system-wide set-up call."""


class Mosquitto:
    """A broker with a folder and a port of its own; what it retains survives a good end, not a kill.

    Args:
        prefix: where its package is unpacked.
        folder: where it keeps what it retains.
        certificate: its certificate and key, if it is to speak TLS.
    """

    def __init__(self, prefix: Path, folder: Path, *, certificate: Path | None = None) -> None:
        self.port = free_port()
        self._prefix = prefix
        self._folder = folder
        self._certificate = certificate
        self._child: Child | None = None

    @staticmethod
    def install(peers: Path) -> Path:
        """Fetch the program; where it lies."""
        return unpacked(peers, "mosquitto", without=_NEEDLESS)

    @property
    def _environment(self) -> dict[str, str]:
        return {"LD_LIBRARY_PATH": libraries(self._prefix), "PATH": os.environ["PATH"]}

    @property
    def child(self) -> Child:
        """Its process."""
        assert self._child is not None, "start the broker first"
        return self._child

    def __enter__(self) -> Self:
        self._folder.mkdir(parents=True)
        passwords = self._folder / "passwords"
        program = self._prefix / "usr" / "bin" / "mosquitto_passwd"
        carry_out(program, "-b", "-c", passwords, USER, PASSWORD, env=self._environment)
        passwords.chmod(0o644)
        settings = (
            f"listener {self.port} 127.0.0.1\nallow_anonymous false\npassword_file {passwords}\n"
            f"user root\nlog_type all\n"
        )
        if self._certificate is not None:
            settings += f"certfile {self._certificate}\nkeyfile {self._certificate}\n"
        (self._folder / "mosquitto.conf").write_text(settings, encoding="utf-8")
        return self.start()

    def __exit__(self, *_: object) -> None:
        if self._child is not None:
            self._child.stop()

    def start(self) -> Self:
        """Start it, and wait until it listens."""
        words: list[str | Path] = [
            self._prefix / "usr" / "sbin" / "mosquitto",
            "-c",
            self._folder / "mosquitto.conf",
        ]
        self._child = Child(words, log=self._folder / "output.log", env=self._environment)
        self._child.until(self._listens, "MQTT broker")
        return self

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0
