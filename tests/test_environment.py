"""environment.yml, pyproject.toml, the locks and the README name the same packages."""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
import tomllib

import pytest
import yaml

from gadgetlib.files import project_root

ROOT = project_root()
# conda-forge's name -> PyPI's name, each looked up among conda-forge's feedstocks; what is not there goes below pip
with (ROOT / "tests" / "conda_forge.csv").open(encoding="utf-8", newline="") as table:
    CONDA = {row["conda"]: row["pypi"] for row in csv.DictReader(table)}


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", re.split(r"[\s;\[=<>~!]", name.strip())[0]).lower()


def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def wanted() -> set[str]:
    found = project()
    return {canonical(d) for d in found["dependencies"] + found["optional-dependencies"]["test"]}


def environment() -> tuple[list[str], list[str]]:
    """What environment.yml takes from conda-forge, and what from PyPI."""
    entries = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    (below_pip,) = [entry["pip"] for entry in entries if isinstance(entry, dict)]
    return [one for one in entries if isinstance(one, str) and not one.startswith(("python=", "pip"))], below_pip


def name_of(entry: str) -> str:
    return re.split(r"[<>=]", entry)[0]


def test_conda_and_pip_install_the_same():
    conda, pip = environment()
    assert {name_of(entry) for entry in conda} == set(CONDA), "look it up among conda-forge's feedstocks"
    names = [CONDA[name_of(entry)] for entry in conda] + [canonical(entry) for entry in pip]
    assert sorted(names) == sorted(wanted())


def pins(lock: str) -> dict[str, str]:
    lines = (ROOT / lock).read_text().splitlines()
    return {canonical(line): line.split(";")[0].strip() for line in lines if "==" in line}


def test_conda_takes_the_same_majors_as_the_lock():
    locked = {name: line.partition("==")[2].partition(".")[0] for name, line in pins("requirements.lock").items()}
    pinned = re.findall(r"^([^<>=\n]+)=(\d+)$", "\n".join(environment()[0]), re.M)
    assert len(pinned) > 25
    assert {name: locked[CONDA[name]] for name, _ in pinned} == dict(pinned)


def test_conda_takes_no_version_that_the_project_calls_too_old():
    conda, pip = environment()
    entries = {CONDA[name_of(entry)]: entry for entry in conda} | {canonical(entry): entry for entry in pip}
    least = {canonical(d): found[1] for d in project()["dependencies"] if (found := re.search(r">=([\d.]+)", d))}
    assert len(least) >= 3
    for name, version in least.items():
        assert f">={version}" in entries[name] or entries[name].endswith(f"={version}"), entries[name]


def test_binder_and_the_dev_container_are_well_formed():
    assert os.access(ROOT / "postBuild", os.X_OK)
    subprocess.run(["bash", "-n", ROOT / "postBuild"], check=True)
    container = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text())
    dockerfile = (ROOT / ".devcontainer" / container["build"]["dockerfile"]).read_text()
    assert "FROM python:3.11" in dockerfile and container["postCreateCommand"] == "make doctor"
    assert "\ndoctor:" in (ROOT / "Makefile").read_text()


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-bench.lock", "requirements-site.lock"])
def test_everything_is_pinned_in_the_lock(lock):
    lines = [line for line in (ROOT / lock).read_text().splitlines() if line and not line.startswith("#")]
    assert all("==" in line for line in lines)
    assert not any("://" in line or line.startswith("-") for line in lines)
    assert wanted() <= {canonical(line) for line in lines}


@pytest.mark.parametrize("other", ["requirements-bench.lock", "requirements-site.lock"])
def test_the_locks_agree(other):
    small, large = pins("requirements.lock"), pins(other)
    assert {k: large.get(k) for k in small} == small


def test_torch_and_torchvision_are_a_matching_pair():
    from coursekit.doctor import TORCHVISION_LAG

    text = (ROOT / "requirements.lock").read_text()
    minor = {name: int(re.search(rf"^{name}==\d+\.(\d+)", text, re.M)[1]) for name in ("torch", "torchvision")}
    assert minor["torchvision"] - minor["torch"] == TORCHVISION_LAG


def test_the_readme_gives_a_reason_for_every_dependency():
    readme = (ROOT / "README.md").read_text().lower().replace("_", "-")
    table = readme.partition("## what it is built on")[2].partition("optional:")[0]
    named = [name for row in table.splitlines() if row.startswith("| `") for name in re.findall("`(.+?)`", row)]
    assert sorted(named) == sorted(wanted())
