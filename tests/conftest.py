"""Shared fixtures: a build folder of its own for a test, the offline switch, the browser; what runs beside what."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from gadgetlib.files import data_dir, project_root, shared_dir

# No test may fetch a model; whoever tries gets the library's own clear error at once.
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("GADGET_BUILD", str(project_root() / "build" / "test"))
# no sandbox and no GPU on test machines; nothing that the browser asks the web for of itself
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
SLOW = {"class_", "site"}  # fixtures that take a minute: a class that is graded, the site
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


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


@pytest.fixture(scope="module")
def browser() -> Iterator:
    """Headless Chromium. Where none is found the test skips, but with CI=true it fails."""
    sync_api = pytest.importorskip("playwright.sync_api")
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    with sync_api.sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        except sync_api.Error as error:
            without_browser(str(error).splitlines()[0])
        yield browser
        browser.close()


def without_browser(why: str) -> None:
    otherwise = f"no browser to test with: apt install chromium, or playwright install chromium ({why})"
    if os.environ.get("CI"):
        pytest.fail(otherwise)
    pytest.skip(otherwise)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """For tests/run, which runs two processes: what shares a folder or a fixture stays together, the longest first.

    The notebooks are one group, because each reads what an earlier one left; so is the chain of papermill's lessons.
    """
    notebooks = project_root() / "notebooks"

    def group(item: pytest.Item) -> str:
        return "notebooks" if item.path.is_relative_to(notebooks) else item.path.name

    first = {"notebooks": 0, "test_papermill.py": 1}
    items.sort(key=lambda item: first.get(group(item), 2))  # stable: within a group nothing changes places
    for item in items:
        item.add_marker(pytest.mark.xdist_group(group(item)))
        used = set(getattr(item, "fixturenames", ()))
        if "browser" in used:
            item.add_marker(pytest.mark.browser)
        if used & SLOW:
            item.add_marker(pytest.mark.slow)
