"""Kaggle's data set download as ``kagglehub`` sees it: a version number, then an archive."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

from .tls import Replica


class Kaggle(Replica):
    """files: name in the archive -> bytes of the one data set ``handle``; any other answers 404."""

    hosts = ("api.kaggle.com", "www.kaggle.com")

    def __init__(self, folder: Path, handle: str, files: dict[str, bytes]) -> None:
        super().__init__(folder)
        self.handle = handle
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            for name, content in files.items():
                archive.writestr(name, content)
        self.archive = packed.getvalue()
        self.requests: list[str] = []

    def environment(self, folder: Path) -> dict[str, str]:
        """The environment that sends kagglehub here and nowhere else."""
        return {
            "HTTPS_PROXY": self.proxy, "https_proxy": self.proxy, "NO_PROXY": "", "no_proxy": "",
            "REQUESTS_CA_BUNDLE": self.authority, "KAGGLEHUB_CACHE": str(folder / "kagglehub"),
            "KAGGLE_CONFIG_DIR": str(folder / "no-key"), "HOME": str(folder),
        }  # fmt: skip

    def answer(self, host, method, target, body):
        service = target.rpartition("/")[2]
        self.requests.append(service)
        asked = json.loads(body or b"{}")
        if f"{asked.get('ownerSlug')}/{asked.get('datasetSlug')}" != self.handle:
            return 404, {"Content-Type": "application/json"}, b'{"code": 404, "message": "Not found"}'
        if service == "GetDataset":
            return 200, {"Content-Type": "application/json"}, json.dumps({"currentVersionNumber": 3}).encode()
        if service == "DownloadDataset":
            return 200, {"Content-Type": "application/zip"}, self.archive
        return 404, {"Content-Type": "application/json"}, b'{"code": 404, "message": "Not found"}'
