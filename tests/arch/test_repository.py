"""What no file of the repository may hold: paths of one machine, hosts of package registries."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

TEXT = re.compile(r"|\.(cfg|css|csv|html|ini|j2|js|json|lock|md|py|sh|svg|toml|txt|typed|xml|ya?ml)")
# Put together here so that this file does not hold what it looks for.
HOMES = ("work", "root", "farm", "home", "Users")
MACHINE_PATH = re.compile(r"(?<![A-Za-z0-9._{}<>-])/(?:" + "|".join(HOMES) + r")/|[A-Z]:\\Users\\")
REGISTRIES = (
    ("pypi", "org"),
    ("pythonhosted", "org"),
    ("npmjs", "org"),
    ("yarnpkg", "com"),
    ("anaconda", "org"),
    ("crates", "io"),
    ("proxy", "golang", "org"),
)
REGISTRY = re.compile("|".join(re.escape(".".join(parts)) for parts in REGISTRIES))
LOCK_NAMES = re.compile(r"requirements[^/]*\.(?:lock|txt)|uv\.lock|pylock[^/]*\.toml|package-lock\.json")


def kept_files(repository: Path) -> list[Path]:
    """Files that git tracks or would track; without git, all that are not hidden."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        capture_output=True,
        text=True,
        check=False,
        cwd=repository,
    )
    if listed.returncode == 0:
        paths = [repository / name for name in listed.stdout.split("\0") if name]
    else:
        paths = [path for path in repository.rglob("*") if not hidden(path.relative_to(repository))]
    return [path for path in paths if path.is_file()]


def hidden(path: Path) -> bool:
    return any(part.startswith(".") or part == "__pycache__" for part in path.parts)


def lines_with(pattern: re.Pattern[str], paths: list[Path]) -> Iterator[str]:
    for path in paths:
        if TEXT.fullmatch(path.suffix):
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
                if pattern.search(line):
                    yield f"{path.name}:{number}: {line.strip()[:100]}"


@pytest.fixture(scope="module")
def kept(repository: Path) -> list[Path]:
    paths = kept_files(repository)
    assert len(paths) > 50
    return paths


def test_no_path_of_one_machine(kept: list[Path]) -> None:
    assert list(lines_with(MACHINE_PATH, kept)) == []


def test_no_host_of_a_package_registry(kept: list[Path]) -> None:
    assert list(lines_with(REGISTRY, kept)) == []


def test_lock_files_hold_no_addresses(kept: list[Path]) -> None:
    locks = [path for path in kept if LOCK_NAMES.fullmatch(path.name)]
    assert list(lines_with(re.compile("://"), locks)) == []


def test_planted_texts_are_found(tmp_path: Path) -> None:
    planted = tmp_path / "planted.md"
    slash = "/"
    planted.write_text(
        f"see {slash}home{slash}me\nget https:{slash}{slash}files.{'.'.join(REGISTRIES[1])}/x\n"
        f"docs{slash}work{slash}flow and https:{slash}{slash}example.org{slash}home{slash}\n",
        encoding="utf-8",
    )
    assert [line.split(":")[1] for line in lines_with(MACHINE_PATH, [planted])] == ["1"]
    assert [line.split(":")[1] for line in lines_with(REGISTRY, [planted])] == ["2"]
