"""Debian packages with all they need, unpacked into a folder: no right of root, no change of the system.

A private state of `apt` is asked about a release of the archive that this machine itself uses, so that no
address is written here; the archive's own signatures prove what comes.
"""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Iterator
from pathlib import Path

from e2e.peers.made import ATTEMPTS, carry_out, made

_SETTINGS = """\
Dir::State "{home}";
Dir::State::lists "{home}/lists";
Dir::State::status "{home}/status";
Dir::Cache "{home}/cache";
Dir::Etc::sourcelist "/dev/null";
Dir::Etc::sourceparts "{home}/sources";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Debug::NoLocking "true";
APT::Sandbox::User "";
APT::Install-Recommends "false";
Acquire::Languages "none";
Acquire::Retries "5";
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Post-Invoke;
"""


def unpacked(peers: Path, package: str, *, suite: str = "", without: str = "(?!)") -> Path:
    """Where a package and its dependencies lie, as if that folder were `/`.

    Args:
        peers: the folder of all peers.
        package: its name.
        suite: a release of Debian; this machine's own unless told.
        without: a pattern of the names of packages that it can do without.
    """

    def make(part: Path) -> None:
        home = part / "apt"
        for archive in _downloaded(home, package, suite or own_suite()):
            if not re.match(without, archive.name):
                carry_out("dpkg-deb", "-x", archive, part)
        carry_out("rm", "-rf", home)

    return made(peers / f"{package}-{suite or own_suite()}", make)


def own_suite() -> str:
    """The code name of this machine's release."""
    release = platform.freedesktop_os_release()
    if release.get("ID") != "debian":
        raise RuntimeError(f"the peers come from Debian's archive, and this is {release.get('NAME')}")
    return release["VERSION_CODENAME"]


def loader(prefix: Path) -> list[str]:
    """The words that start a program of an unpacked release with the libraries of that release."""
    (found,) = {path.resolve() for path in prefix.glob("usr/lib*/ld-linux-*.so.*")}
    return [str(found), "--library-path", libraries(prefix)]


def libraries(prefix: Path) -> str:
    """The folders in which an unpacked release keeps its libraries, as a search path."""
    return os.pathsep.join(map(str, [*prefix.glob("usr/lib/*-linux-gnu"), *prefix.glob("lib/*-linux-gnu")]))


def _downloaded(home: Path, package: str, suite: str) -> list[Path]:
    for folder in ("sources", "lists/partial", "cache/archives/partial"):
        (home / folder).mkdir(parents=True)
    (home / "status").touch()
    (home / "sources" / "archive.sources").write_text(stanza(suite))
    settings = home / "apt.conf"
    settings.write_text(_SETTINGS.format(home=home))
    carry_out("apt-get", "-c", settings, "-qq", "update", attempts=ATTEMPTS)
    wanted = ("install", "--download-only", "--yes", package)
    carry_out("apt-get", "-c", settings, "-qq", *wanted, attempts=ATTEMPTS)
    return sorted((home / "cache" / "archives").glob("*.deb"))


def stanza(suite: str, folder: Path = Path("/etc/apt"), own: str = "") -> str:
    """The machine's own entry of Debian's archive, for another release.

    Raises:
        RuntimeError: if the machine has none.
    """
    own = own or own_suite()
    for fields in _entries(folder):
        if own in fields.get("Suites", "").split():
            told = {**fields, "Suites": suite, "Components": "main"}
            return "".join(f"{name}: {value}\n" for name, value in told.items())
    raise RuntimeError(f"no source of apt names the release {own}: the peers cannot be fetched")


def _entries(folder: Path) -> Iterator[dict[str, str]]:
    """The sources of apt, in either of the two ways to write them."""
    for path in sorted(folder.glob("sources.list.d/*.sources")):
        for block in re.split(r"\n\s*\n", path.read_text()):
            lines = [line for line in block.splitlines() if ":" in line and line[0] not in "# "]
            yield {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}
    line_of = re.compile(r"deb\s+(?:\[(?P<options>[^]]*)\]\s+)?(?P<address>\S+)\s+(?P<suite>\S+)\s")
    for path in [folder / "sources.list", *sorted(folder.glob("sources.list.d/*.list"))]:
        for found in map(line_of.match, path.read_text().splitlines() if path.exists() else []):
            if found:
                signed = re.search(r"signed-by=(\S+)", found["options"] or "")
                by = {"Signed-By": signed[1]} if signed else {}
                yield {"Types": "deb", "URIs": found["address"], "Suites": found["suite"], **by}
