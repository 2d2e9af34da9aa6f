"""The recipe of the container, read as text: what it is built from, and as whom it runs."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
RECIPE = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
STEPS = [line.split(maxsplit=1) for line in RECIPE.splitlines() if line and not line.startswith("#")]


def steps(word: str) -> list[str]:
    return [rest for found, rest in STEPS if found == word]


def last_stage() -> list[list[str]]:
    start = max(number for number, (word, _) in enumerate(STEPS) if word == "FROM")
    return STEPS[start:]


def test_it_is_not_root() -> None:
    users = [rest for word, rest in last_stage() if word == "USER"]
    assert len(users) == 1
    assert all(int(number) > 0 for number in users[0].split(":"))
    after = last_stage()[[word for word, _ in last_stage()].index("USER") :]
    assert not any(word in {"RUN", "COPY", "ADD"} for word, _ in after)


def test_packages_are_proved_by_their_hashes() -> None:
    commands = [part for rest in steps("RUN") for part in rest.split("&&")]
    fetching = [each for each in commands if re.search(r"pip (?:install|download|wheel)", each)]
    assert len(fetching) == 3
    assert all("--require-hashes" in each or "--no-index" in each for each in fetching), fetching
    assert not any(word == "ADD" for word, _ in STEPS)
    assert not re.search(r"https?://(?!127\.0\.0\.1)", RECIPE), "nothing else is fetched"


def test_it_takes_extras_that_there_are() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (extras,) = re.findall(r'"wattshift\[([a-z,]+)\]"', RECIPE)
    assert set(extras.split(",")) <= set(project["optional-dependencies"])
    assert "dev" not in extras
    assert f"FROM python:{project['requires-python'].removeprefix('>=')}-slim" in RECIPE


def test_all_that_is_copied_is_let_through() -> None:
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    allowed = {line.removeprefix("!") for line in ignored if line.startswith("!")}
    assert "*" in ignored
    copied = {name for rest in steps("COPY") if "--from" not in rest for name in rest.split()[:-1]}
    assert copied == allowed
    assert all((ROOT / name).exists() for name in copied)


def test_it_serves_within_the_container_and_says_when_it_is_ill() -> None:
    assert json.loads(steps("ENTRYPOINT")[-1]) == ["wattshift"]
    assert json.loads(steps("CMD")[-1])[0] == "serve"
    (check,) = steps("HEALTHCHECK")
    program = json.loads(check.partition("CMD")[2])
    assert program[:2] == ["python", "-c"]
    compile(program[2], "check", "exec")
    assert "/health/live" in program[2]
    assert steps("VOLUME") == ["/var/lib/wattshift"]
