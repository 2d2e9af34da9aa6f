"""The peers themselves: what the other tests of this room rely on."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from subprocess import PIPE, Popen

import pytest

from e2e.peers.child import Child
from e2e.peers.debian import stanza
from e2e.peers.electrumx import ElectrumX, wheels_and_built
from e2e.peers.made import made
from e2e.peers.node import ANYONE_ELSE, FIRST_S, Node
from e2e.peers.postgres import Postgres


def test_a_node_keeps_the_time_it_is_told(node: Node) -> None:
    node.mine(20, spacing_s=300)
    times = [int.from_bytes(node.headers()[80 * n + 68 : 80 * n + 72], "little") for n in range(20)]
    assert times == [FIRST_S + 300 * n for n in range(1, 21)]


def test_a_node_reorganises(node: Node) -> None:
    mined = node.mine(5)
    node.rpc("invalidateblock", mined[3])
    others = node.mine(3, to=ANYONE_ELSE)
    assert node.rpc("getbestblockhash") == others[-1]
    node.rpc("reconsiderblock", mined[3])
    tips = {tip["hash"]: (tip["height"], tip["branchlen"], tip["status"]) for tip in node.rpc("getchaintips")}
    assert tips == {others[-1]: (6, 0, "active"), mined[4]: (5, 2, "valid-headers")} or tips == {
        others[-1]: (6, 0, "active"),
        mined[4]: (5, 2, "valid-fork"),
    }


def test_a_killed_node_comes_back(node: Node) -> None:
    node.mine(10)
    before, cookie = node.headers(), node.cookie_file.read_text()
    node.restart()
    assert node.headers() == before
    assert node.cookie_file.read_text() != cookie
    node.kill()
    assert node.start().headers(1, 10)[:80] == before[:80]


def test_the_signet_is_judged_by_a_node(signet: Node, signet_blocks: list[bytes]) -> None:
    assert signet.rpc("getblockcount") == len(signet_blocks) == 4060
    raw = signet.headers()
    assert raw == b"".join(block[:80] for block in signet_blocks)
    bits = [raw[80 * height - 8 : 80 * height - 4] for height in (1, 2015, 2016, 4031, 4032, 4060)]
    assert bits[0] == bits[1] != bits[2] == bits[3] != bits[4] == bits[5]


def test_an_electrum_server_starts(node: Node, electrumx_program: Path, tmp_path: Path) -> None:
    node.mine(30)
    with ElectrumX(electrumx_program, tmp_path / "electrumx", node) as server:
        server.child.until(lambda: "height: 30" in server.child.told().replace(",", ""), "indexed chain")


def test_a_database_survives_its_server(database: Postgres) -> None:
    database.query("CREATE TABLE kept AS SELECT 7 AS n")
    database.kill()
    database.start()
    assert database.query("SELECT n FROM kept") == [(7,)]
    assert database.query("SHOW fsync") == [("on",)]


# The tools


def test_no_peer_outlives_its_test(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from e2e.peers.child import Child;"
        "print(Child(['sleep', '600'], log=Path(sys.argv[1])).pid, flush=True); time.sleep(600)"
    )
    path = os.pathsep.join(filter(None, [str(Path(__file__).parents[1]), *sys.path]))
    parent = Popen(
        [sys.executable, "-c", code, tmp_path / "log"], stdout=PIPE, env={**os.environ, "PYTHONPATH": path}
    )
    assert parent.stdout
    pid = int(parent.stdout.readline())
    watch = Child(["sleep", "60"], log=tmp_path / "watch")
    watch.until(lambda: "sleep" in _stat(pid)[1], "start of the child")
    parent.kill()
    parent.wait()
    parent.stdout.close()
    watch.until(lambda: _stat(pid)[2] in "ZX", "end of the orphan")
    watch.stop(signal.SIGKILL)


def _stat(pid: int) -> list[str]:
    path = Path(f"/proc/{pid}/stat")
    return path.read_text().split() if path.exists() else ["", "", "X"]


def test_a_peer_that_dies_says_why(tmp_path: Path) -> None:
    child = Child(["sh", "-c", "echo no such luck; exit 3"], log=tmp_path / "log")
    with pytest.raises(RuntimeError, match=r"ended with 3:\nno such luck"):
        child.until(lambda: False, "answer")


def test_a_folder_is_made_once_and_whole(tmp_path: Path) -> None:
    def broken(part: Path) -> None:
        (part / "half").touch()
        raise RuntimeError("interrupted")

    def whole(part: Path) -> None:
        calls.append(part)
        (part / "whole").touch()

    target = tmp_path / "peers" / "it"
    calls: list[Path] = []
    with pytest.raises(RuntimeError, match="interrupted"):
        made(target, broken)
    assert not target.exists()
    for _ in range(2):
        assert made(target, whole) == target
    assert len(calls) == 1
    assert [path.name for path in target.iterdir()] == ["whole"]


STANZAS = """\
Types: deb
# a note
URIs: http://a.test/security
Suites: old-security
Signed-By: /k.gpg

Types: deb
URIs: http://a.test/debian
Suites: old old-updates
Components: main
Signed-By: /k.gpg
"""
LINES = """\
# deb http://no.test/debian old main
deb http://a.test/security old-security main
deb [arch=amd64 signed-by=/k.gpg] http://a.test/debian old main contrib
"""


@pytest.mark.parametrize(
    ("file", "text"), [("sources.list.d/debian.sources", STANZAS), ("sources.list", LINES)]
)
def test_the_machines_own_source_is_asked_for_another_release(tmp_path: Path, file: str, text: str) -> None:
    path = tmp_path / file
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    told = dict(line.split(": ") for line in stanza("new", tmp_path, own="old").splitlines())
    assert told == {
        "Types": "deb",
        "URIs": "http://a.test/debian",
        "Suites": "new",
        "Components": "main",
        "Signed-By": "/k.gpg",
    }
    with pytest.raises(RuntimeError, match="no source of apt"):
        stanza("new", tmp_path, own="older")


def test_wheels_come_before_what_they_build() -> None:
    wheels, built = wheels_and_built("a==1 \\\n    --hash=sha256:00\ne-x==2 \\\n    --hash=sha256:11\n")
    assert wheels.split() == ["a==1", "--hash=sha256:00"]
    assert built.split() == ["e-x==2", "--hash=sha256:11"]
