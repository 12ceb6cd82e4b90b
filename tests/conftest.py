"""Shared fixtures: a build folder of its own for a test, and the offline switch for all of them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gadgetlib.files import data_dir, project_root, shared_dir

# No test may fetch a model; whoever tries gets the library's own clear error at once.
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("GADGET_BUILD", str(project_root() / "build" / "test"))


@pytest.fixture
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty build folder that ends with the test."""
    folder = tmp_path / "build"
    monkeypatch.setenv("GADGET_BUILD", str(folder))
    return folder


@pytest.fixture
def shared() -> Path:
    """The folder of real photos, titles and prices; the test skips where it is absent."""
    folder = shared_dir()
    if folder is None:
        pytest.skip("the real photos, titles and prices (../shared) are not here")
    return folder


@pytest.fixture
def data() -> Path:
    return data_dir()
