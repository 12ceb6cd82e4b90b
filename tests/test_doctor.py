"""`gadget doctor` with faults injected: each is found, and the command that mends it is named."""

from __future__ import annotations

from coursekit import doctor


def test_a_sound_machine_is_told_so():
    findings = doctor.examine()
    assert [f.name for f in findings if not (f.ok or f.optional)] == []
    text = doctor.render(findings)
    assert "All is well." in text and "torchvision" in text


def test_no_tesseract(monkeypatch):
    from gadgetlib import ocr

    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.setenv("GADGET_TESSERACT", "/nonexistent/tesseract")
    if hasattr(ocr.find_tesseract, "cache_clear"):
        ocr.find_tesseract.cache_clear()
    finding = doctor.check_tesseract()
    if hasattr(ocr.find_tesseract, "cache_clear"):
        ocr.find_tesseract.cache_clear()
    assert not finding.ok
    assert "tesseract" in finding.seen.lower() and "apt install tesseract-ocr" in finding.mend


def test_a_wrong_torch_pair(monkeypatch):
    real = doctor.metadata.version
    monkeypatch.setattr(doctor.metadata, "version", lambda name: "0.28.0" if name == "torchvision" else real(name))
    finding = doctor.check_torch()
    assert not finding.ok and "not a matching pair" in finding.seen and "requirements.lock" in finding.mend


def test_no_kernel(monkeypatch):
    from jupyter_client.kernelspec import KernelSpecManager

    monkeypatch.setattr(KernelSpecManager, "find_kernel_specs", lambda self: {})
    finding = doctor.check_kernel()
    assert not finding.ok and "ipykernel install" in finding.mend


def test_missing_weights(monkeypatch):
    def absent(name):
        raise doctor.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(doctor.metadata, "version", absent)
    finding = doctor.check_weights()
    assert not finding.ok and "make course" in finding.mend


def test_a_check_that_breaks_is_a_finding(monkeypatch):
    def check_broken():
        raise RuntimeError("boom")

    monkeypatch.setattr(doctor, "CHECKS", (check_broken,))
    (finding,) = doctor.examine()
    assert not finding.ok and "boom" in finding.seen
    assert "1 of 1 checks failed" in doctor.render([finding])
