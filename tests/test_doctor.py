"""`gadget doctor` with faults injected: each is found, and the command that mends it is named."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from coursekit import doctor


@pytest.mark.slow
def test_a_sound_machine_is_told_so():
    findings = doctor.examine()
    assert [f.name for f in findings if not f.ok] == []
    text = doctor.render(findings)
    assert "All is well." in text and "torchvision" in text


def test_no_tesseract(monkeypatch):
    from gadgetlib import ocr

    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.setenv("GADGET_TESSERACT", "/nonexistent/tesseract")
    ocr.find_tesseract.cache_clear()
    finding = doctor.check_tesseract()
    ocr.find_tesseract.cache_clear()
    assert not finding.ok
    assert "tesseract" in finding.seen.lower() and "apt install tesseract-ocr" in finding.mend


def test_a_wrong_torch_pair(monkeypatch):
    real = doctor.metadata.version
    monkeypatch.setattr(doctor.metadata, "version", lambda name: "0.28.0" if name == "torchvision" else real(name))
    finding = doctor.check_torch()
    assert not finding.ok and "not a matching pair" in finding.seen and "requirements.lock" in finding.mend


def kernelspec(folder, argv):
    (folder / "kernels" / "python3").mkdir(parents=True)
    spec = {
        "argv": [*argv, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": "x",
        "language": "x",
    }
    (folder / "kernels" / "python3" / "kernel.json").write_text(json.dumps(spec))
    return folder


def test_no_kernel(monkeypatch):
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    def absent(self, name):
        raise NoSuchKernel(name)

    monkeypatch.setattr(KernelSpecManager, "get_kernel_spec", absent)
    finding = doctor.check_kernel()
    assert not finding.ok and "ipykernel install" in finding.mend


def test_the_kernel_of_a_removed_environment_is_named_with_its_file(tmp_path, monkeypatch):
    monkeypatch.setenv("JUPYTER_PATH", str(kernelspec(tmp_path, ["/gone/bin/python"])))
    finding = doctor.check_kernel()
    assert not finding.ok and f"{tmp_path}/kernels/python3/kernel.json starts /gone/bin/python" in finding.seen
    assert f"rm -r '{tmp_path}/kernels/python3'" in finding.mend


@pytest.mark.parametrize("answer", ["echo nonsense", "echo 'tesseract 3.04.01'", "exit 3", "sleep 0; kill -9 $$"])
def test_a_tesseract_that_answers_nonsense_is_a_failure_with_a_line_of_its_own(answer, tmp_path, monkeypatch):
    from gadgetlib import ocr

    command = tmp_path / "tesseract"
    command.write_text(f"#!/bin/sh\n{answer}\n")
    command.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setenv("GADGET_TESSERACT", str(command))
    clear = ocr.find_tesseract.cache_clear
    clear()
    monkeypatch.setattr(doctor, "CHECKS", (doctor.check_tesseract, doctor.check_disk))
    findings = doctor.examine()
    clear()
    assert [finding.ok for finding in findings] == [False, True]
    assert doctor.render(findings).startswith("FAIL  tesseract") and "apt install tesseract-ocr" in findings[0].mend


def test_a_wrong_tessdata_prefix_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("TESSDATA_PREFIX", str(tmp_path))
    finding = doctor.check_tesseract()
    assert not finding.ok and finding.seen == f"TESSDATA_PREFIX={tmp_path} has no eng.traineddata"
    assert finding.mend.startswith("unset TESSDATA_PREFIX")


def test_broken_data_is_named(monkeypatch, tmp_path):
    from coursekit import contracts

    monkeypatch.setattr(contracts, "data_dir", lambda: tmp_path)
    finding = doctor.check_data()
    assert not finding.ok and "data/catalogue.csv is not as it was shipped" in finding.seen


def test_a_full_disk_and_a_small_machine_are_named(monkeypatch):
    import psutil

    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda folder: SimpleNamespace(free=10**6))
    finding = doctor.check_disk()
    assert not finding.ok and finding.mend.startswith("make clean")
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(total=2 * 2**30))
    finding = doctor.check_machine()
    assert not finding.ok and "2 GB memory" in finding.seen and "needs 4 GB" in finding.mend


def test_missing_weights(monkeypatch):
    def absent(name):
        raise doctor.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(doctor.metadata, "version", absent)
    monkeypatch.setattr(doctor, "CHECKS", (doctor.check_packages,))
    (finding,) = doctor.examine()
    assert not finding.ok and "efficientnet" in finding.seen and "make course" in finding.mend


def test_a_check_that_breaks_is_a_finding(monkeypatch):
    def check_broken():
        raise RuntimeError("boom")

    monkeypatch.setattr(doctor, "CHECKS", (check_broken,))
    (finding,) = doctor.examine()
    assert not finding.ok and "boom" in finding.seen
    assert "1 of 1 checks failed" in doctor.render([finding])
