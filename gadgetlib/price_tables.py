"""Price tables: read them, find out which column holds what, and turn free-text specs into numbers.

A *column map* is a plain dict. It names, for each standard field, the column (or columns) of a table that
hold it, plus ``currency``, ``group`` and ``drop``. ``data/price_presets.yaml`` holds some; :func:`guess_map`
makes one for a table that nobody described.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from gadgetlib.errors import CourseError
from gadgetlib.files import data_dir

# What a column map may name. `title` is the product's name, `details` a text of many specs; the rest are one each.
FIELDS = (
    "brand", "title", "kind", "year", "ram", "storage", "screen", "resolution", "width", "height", "refresh",
    "cpu", "gpu", "weight", "battery", "camera", "front_camera", "os", "details",
)  # fmt: skip
OTHER_KEYS = ("price", "currency", "group", "drop", "log_price", "match", "kind_of_table")
MISSING = {
    "",
    "nan",
    "none",
    "null",
    "n/a",
    "na",
    "-",
    "--",
    "?",
    "unknown",
    "not available",
    "not specified",
}


# ---------------------------------------------------------------- numbers in text


def number(value: Any) -> float:
    """The first number in a cell, decimal commas and thousands marks understood; NaN when there is none.

    ``"3,600mAh"`` -> 3600, ``"1.299,00 €"`` -> 1299, ``"15,6"`` -> 15.6, ``"₹48,900"`` -> 48900.
    """
    if value is None or isinstance(value, bool):
        return float("nan") if value is None else float(value)
    if isinstance(value, (int, float, np.number)):
        return float(value)
    match = re.search(r"-?\d[\d.,'’  ]*", str(value))
    if not match:
        return float("nan")
    digits = re.sub(r"[  '’](?=\d{3}(?!\d))", "", match.group()).split(" ")[0].split(" ")[0].rstrip(".,'’")
    digits = re.sub(r"['’]", "", digits)
    if "," in digits and "." in digits:  # the mark that comes last is the decimal one
        thousands = "," if digits.rfind(".") > digits.rfind(",") else "."
        digits = digits.replace(thousands, "").replace(",", ".")
    elif digits.count(",") > 1 or re.fullmatch(r"-?\d{1,3},\d{3}|-?\d{1,2},\d{2},\d{3}", digits):
        digits = digits.replace(",", "")
    elif digits.count(".") > 1:
        digits = digits.replace(".", "")
    try:
        return float(digits.replace(",", "."))
    except ValueError:
        return float("nan")


def numbers(column: pd.Series) -> pd.Series:
    """:func:`number` over a column."""
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        return column.astype(float)
    return column.map(number).astype(float)


def _decimal_commas(column: pd.Series) -> bool:
    """Whether the column writes 12,5 for twelve and a half (then 1.234 is a thousand and more)."""
    text = column.dropna().astype(str)
    return bool(
        text.str.contains(r"\d,\d{1,2}(?!\d)").mean() > 0.3
        and not text.str.contains(r"\.\d{1,2}(?!\d)").any()
    )


_SIZE = re.compile(r"(\d+(?:[.,]\d+)?)\s*(tb|gb|mb)\b", re.I)


def gigabytes(text: str) -> float:
    """The first size of a text in GB: ``"512MB"`` -> 0.5, ``"1 TB"`` -> 1024; a bare number is GB."""
    match = _SIZE.search(text)
    if not match:
        return number(text)
    value = float(match[1].replace(",", "."))
    return value * {"tb": 1024, "gb": 1, "mb": 1 / 1024}[match[2].lower()]


_DRIVE = re.compile(
    r"(\d+(?:[.,]\d+)?)\s*(tb|gb)?\s*(?:(?:pcie|nvme|m\.?2|sata|gen\s?\d|ufs[\d. ]*)\s*)*"
    r"(ssd|hdd|hard\s?(?:disk|drive)|flash|emmc|hybrid|sshd|optane|rom)?",
    re.I,
)


@lru_cache(maxsize=20_000)
def storage(text: str) -> dict[str, float]:
    """Parse ``"128GB SSD + 1TB HDD"`` into total, solid-state and spinning gigabytes."""
    solid = spinning = plain = 0.0
    for part in re.split(r"\+|&|,(?!\d)|\band\b", text):
        match = _DRIVE.search(part)
        if not match or not part.strip():
            continue
        size = float(match[1].replace(",", ".")) * (1024 if (match[2] or "gb").lower() == "tb" else 1)
        kind = (match[3] or "").lower()
        if kind.startswith(("hdd", "hard", "hybrid", "sshd")):
            spinning += size
        elif kind:
            solid += size
        else:
            plain += size
    total = solid + spinning + plain
    nan = float("nan")
    known = bool(solid or spinning)
    return {
        "storage_gb": total or nan,
        "ssd_gb": solid if known else nan,
        "hdd_gb": spinning if known else nan,
    }


# ---------------------------------------------------------------- chips

_INTEL_CLASS = {"3": 3.0, "5": 5.0, "7": 7.0, "9": 9.0}
_CPU_FAMILIES = (  # (pattern, family, rank on one rough ladder from 1 to 10)
    (r"core\s*ultra\s*([3579])", "core ultra", None),
    (r"\bcore\s*([3579])\b(?!\w)", "core", None),
    (r"(?:core\s*)?\bi([3579])\b", "core i", None),
    (r"core\s*m|\bm[357]-|\bm[357]\b.*intel|intel.*\bm[357]\b", "core m", 3.5),
    (r"xeon", "xeon", 8.5),
    (r"pentium", "pentium", 1.8),
    (r"celeron", "celeron", 1.2),
    (r"\batom\b|\bx[57]-z", "atom", 1.0),
    (r"\bintel\s*n\d{2,3}|processor\s*n\d{2,3}|\bn(?:100|200|95|97)\b", "intel n", 1.5),
    (r"threadripper", "threadripper", 10.0),
    (r"ryzen\s*(?:ai\s*)?(?:max\s*\+?\s*)?(?:ai\s*)?([3579])\b", "ryzen", None),
    (r"\bryzen", "ryzen", 5.0),
    (r"athlon", "athlon", 1.6),
    (r"\bfx\b", "fx", 4.0),
    (r"\ba(4|6|8|9|10|12)[- ]", "amd a", None),
    (r"\be[12]?-?(?:series|\d{4})", "amd e", 0.8),
    (r"snapdragon\s*x\s*elite", "snapdragon x elite", 7.5),
    (r"snapdragon\s*x", "snapdragon x", 6.0),
    (r"\bapple\s*m(\d)|\bm([1-5])\b(?:\s*(?:pro|max|ultra|chip|\d|/|$|\s))", "apple m", None),
)
_CPU_FAMILIES = tuple((re.compile(p, re.I), f, r) for p, f, r in _CPU_FAMILIES)
_SUFFIX_POWER = {  # rough watts class of a laptop chip by its letter
    "y": 5, "u": 15, "g": 15, "v": 17, "p": 28, "h": 45, "hs": 35, "hq": 45, "hk": 50, "hx": 55, "mq": 45, "m": 35,
    "e": 12, "n": 6, "s": 35, "k": 95, "c": 15, "qm": 45, "gre": 15,
}  # fmt: skip


@lru_cache(maxsize=20_000)
def cpu(text: str) -> dict[str, Any]:
    """Parse a laptop's processor: family, rank (1..10), generation, position in it, power letter, clock, cores.

    ``"Intel Core i5 7200U 2.5GHz"`` -> core i, 5, 7, 200, 15 W, 2.5. What is not said is NaN.
    """
    nan = float("nan")
    out: dict[str, Any] = {
        "cpu_family": "", "cpu_rank": nan, "cpu_gen": nan, "cpu_sku": nan, "cpu_watts": nan, "cpu_ghz": nan,
        "cpu_cores": nan,
    }  # fmt: skip
    if not text:
        return out
    low = re.sub(r"[®™]|\((?:r|tm)\)", " ", text.lower())
    if match := re.search(r"(\d(?:[.,]\d+)?)\s*ghz", low):
        out["cpu_ghz"] = float(match[1].replace(",", "."))
    words = {"dual": 2, "quad": 4, "hexa": 6, "octa": 8, "deca": 10}
    if match := re.search(r"\b(dual|quad|hexa|octa|deca)[ -]?core|\b(\d{1,2})[ -]cores?\b", low):
        out["cpu_cores"] = words.get(match[1]) or float(match[2])
    for pattern, family, rank in _CPU_FAMILIES:
        match = pattern.search(low)
        if not match:
            continue
        digit = next((g for g in match.groups() if g), "") if match.groups() else ""
        out["cpu_family"] = f"{family} {digit}".strip()
        if rank is None:
            rank = {
                "amd a": {"4": 1.0, "6": 1.4, "8": 1.8, "9": 1.8, "10": 2.4, "12": 2.8}.get(digit, 1.5)
            }.get(family)
            rank = rank if rank is not None else _INTEL_CLASS.get(digit, nan)
        out["cpu_rank"] = rank
        if family == "apple m":
            grade = re.search(r"\bm[1-5]\s*(pro|max|ultra)", low)
            out["cpu_gen"] = float(digit)
            out["cpu_rank"] = {"pro": 8.0, "max": 9.5, "ultra": 10.0}.get(grade[1] if grade else "", 6.5)
            out["cpu_watts"] = 20.0
            return out
        break
    _cpu_model(low, out)
    if match := re.search(r"\b(\d{1,2})(?:st|nd|rd|th)\s*gen", low):
        out["cpu_gen"] = float(match[1])
    return out


def _cpu_model(low: str, out: dict[str, Any]) -> None:
    """Fill generation, position and power letter from the part number."""
    family = out["cpu_family"]
    if family.startswith("core ultra"):
        match = re.search(r"\b([12])(\d)(\d)\s?(hx|h|u|v|k)\b", low)
        if match:
            out.update(cpu_gen=14.0 + float(match[1]), cpu_sku=float(match[2] + match[3]) * 10)
            out["cpu_watts"] = float(_SUFFIX_POWER[match[4]])
    elif family.startswith(("core i", "core m")):
        match = re.search(
            r"\b(?:i[3579][ -]?|m[357][ -]?)?(\d{1,2})(\d{2,3}|y\d\d)(hq|hk|hx|mq|qm|g\d|[uyhpkm])?\b", low
        )
        body = re.search(
            r"(?<![\d.])(1[0-4]\d{2,3}|[2-9]\d{3}|[5-9]y\d{2})\s?(hq|hk|hx|mq|qm|g[1-7]|[uyhpkme])?(?![\d.]|\s*(?:gb|x\d))",
            low,
        )
        if body and match:
            digits, letter = body[1], (body[2] or "")
            if "y" in digits:
                out.update(cpu_gen=float(digits[0]), cpu_sku=float(digits[2:]), cpu_watts=5.0)
                return
            long = digits[0] == "1" and (len(digits) == 5 or letter.startswith("g") or len(digits) == 4)
            gen, sku = (digits[:2], digits[2:]) if long else (digits[0], digits[1:])
            out.update(cpu_gen=float(gen), cpu_sku=float(sku) * (10 if len(sku) == 2 else 1))
            out["cpu_watts"] = float(
                _SUFFIX_POWER.get(letter[:1] if letter.startswith("g") else letter, np.nan)
            )
    elif family.startswith("ryzen"):
        body = re.search(r"(?<!\d)([1-9])(\d)(\d)(\d)\s?(hs|hx|h|u|x|c|g|e)?\b", low)
        if body:
            out.update(cpu_gen=float(body[1]), cpu_sku=float(body[2] + body[3] + body[4]))
            out["cpu_watts"] = float(_SUFFIX_POWER.get(body[5] or "", np.nan))
        elif match := re.search(r"\b(?:hx|h|pro)?\s*(3[3579]\d)\b", low):  # Ryzen AI 9 HX 370
            out.update(cpu_gen=10.0, cpu_sku=float(match[1]), cpu_watts=40.0)
    elif body := re.search(r"\b[nj]?(\d)(\d{3})[uyphe]?\b", low):
        out.update(cpu_gen=float(body[1]), cpu_sku=float(body[2]))


@lru_cache(maxsize=20_000)
def gpu(text: str) -> dict[str, Any]:
    """Parse a graphics chip: series, generation, class (50, 60, 70, 80, 90), a rough 0..10 power, its memory.

    A card named only by its memory (``"4GB Graph"``) still counts as dedicated.
    """
    nan = float("nan")
    out: dict[str, Any] = {
        "gpu_series": "",
        "gpu_gen": nan,
        "gpu_class": nan,
        "gpu_power": nan,
        "gpu_gb": nan,
        "gpu_dedicated": nan,
    }
    if not text:
        return out
    low = re.sub(r"[®™]|\((?:r|tm)\)", " ", text.lower())
    if match := re.search(
        r"\b(\d{1,2})\s*gb\s*(?:nvidia|amd|intel|geforce|radeon|rtx|gtx|graph|dedicated|gddr|gpu|arc)", low
    ):
        out.update(gpu_gb=float(match[1]), gpu_dedicated=1.0, gpu_series="dedicated")
    if match := re.search(r"\brtx\s*(?:pro\s*)?(?:a)?(\d)0?(\d)0\s*(ti|super)?", low):
        gen, klass = float(match[1]), float(match[2]) * 10
        if match := re.search(r"\brtx\s*(?:pro\s*)?(a?)([2-5])(0)?(\d)(\d)\s*(a|ti|super)?(?![\d])", low):
            gen, klass = float(match[2]), float(match[4]) * 10 if match[3] else 50.0
        base = {20: 2.4, 30: 3.0, 50: 3.6, 60: 5.0, 70: 6.4, 80: 8.0, 90: 9.4}.get(int(klass), 5.0)
        power = base + 0.9 * (gen - 3) + (0.5 if " ti" in low or "super" in low else 0)
        out.update(gpu_series="rtx", gpu_gen=gen, gpu_class=klass, gpu_power=power, gpu_dedicated=1.0)
    elif match := re.search(
        r"\bgtx\s*(1[06]|[4-9])(\d)(\d)\s*(ti|m|mx)?|\bgeforce\s*(1[06]|9)([56789])0\b", low
    ):
        gen = float(match[1] or match[5])
        klass = float((match[2] or match[6]) + "0")
        letter = match[4] or ""
        if letter == "mx":
            out.update(gpu_series="mx", gpu_gen=gen, gpu_class=klass, gpu_power=1.2, gpu_dedicated=1.0)
        else:
            power = {50: 2.2, 60: 3.4, 65: 2.4, 70: 4.4, 80: 5.8}.get(int(klass), 2.0)
            power += (
                {16: 0.4, 10: 0.0, 9: -0.5}.get(int(gen), -1.0)
                + (0.5 if letter == "ti" else 0)
                + ("sli" in low)
            )
            out.update(gpu_series="gtx", gpu_gen=gen, gpu_class=klass, gpu_power=power, gpu_dedicated=1.0)
    elif match := re.search(r"\bmx\s*(\d)(\d)0|\b(9|1)([1-5])0\s*mx?\b|geforce\s*(9)(\d)0", low):
        gen, klass = [float(g) for g in match.groups() if g][:2]
        out.update(
            gpu_series="mx", gpu_gen=gen, gpu_class=klass * 10, gpu_power=0.8 + 0.1 * klass, gpu_dedicated=1.0
        )
    elif match := re.search(
        r"quadro\s*(?:rtx\s*)?([mpt]?)(\d{3,4})|\b([at])(\d{3,4})\b(?=.*nvidia)|nvidia\s*([at])(\d{3,4})", low
    ):
        size = float(next(g for g in (match[2], match[4], match[6]) if g))
        out.update(gpu_series="quadro", gpu_class=size, gpu_power=1.0 + size / 1000 * 1.6, gpu_dedicated=1.0)
    elif "firepro" in low or "radeon pro" in low:
        size = number((re.search(r"\d{3,4}", low) or [""])[0])
        out.update(gpu_series="radeon pro", gpu_class=size, gpu_power=2.4, gpu_dedicated=1.0)
    elif match := re.search(r"radeon\s*rx\s*(\d)(\d)(\d)?0?(m|s|xt)?|radeon\s*rx\s*vega", low):
        size = number((re.search(r"rx\s*(\d{3,4})", low) or ["", ""])[1])
        power = (
            1.2 + (size % 100) / 30 if size < 1000 else 3.0 + (size % 1000) / 250 + (size // 1000 - 6) * 0.6
        )
        out.update(gpu_series="radeon rx", gpu_class=size, gpu_power=power, gpu_dedicated=1.0)
    elif match := re.search(r"radeon\s*(?:r([579])\s*)?m?(\d{3})|\br17m", low):
        out.update(gpu_series="radeon m", gpu_class=number(match[2]), gpu_power=0.9, gpu_dedicated=1.0)
    elif match := re.search(r"radeon\s*r([2-9])|\bamd\s*r([2-9])\b", low):
        out.update(
            gpu_series="radeon r", gpu_class=float(match[1] or match[2]), gpu_power=0.3, gpu_dedicated=0.0
        )
    elif "radeon" in low or "vega" in low:
        out.update(gpu_series="radeon", gpu_power=0.5, gpu_dedicated=0.0)
    elif match := re.search(r"\barc\b\s*(?:a(\d)(\d)0)?", low):
        out.update(gpu_series="arc", gpu_power=3.0 if match[1] else 0.9, gpu_dedicated=float(bool(match[1])))
    elif "iris" in low:
        power = 0.8 if "xe" in low or "pro" in low else 0.6
        out.update(
            gpu_series="iris",
            gpu_class=number((re.search(r"\d{3}", low) or [""])[0]),
            gpu_power=power,
            gpu_dedicated=0.0,
        )
    elif match := re.search(r"\bu?hd\b\D*(\d{3,4})?", low):
        out.update(
            gpu_series="uhd" if "uhd" in low else "hd",
            gpu_class=number(match[1]),
            gpu_power=0.3,
            gpu_dedicated=0.0,
        )
    elif re.search(r"apple|\bm[1-5]\b|core gpu", low):
        out.update(gpu_series="apple", gpu_power=2.0, gpu_dedicated=0.0)
    elif re.search(r"adreno|qualcomm|mali|arm\b", low):
        out.update(gpu_series="mobile", gpu_power=0.5, gpu_dedicated=0.0)
    elif re.search(r"nvidia|geforce|dedicated|rtx|gtx", low):
        out.update(gpu_series=out["gpu_series"] or "dedicated", gpu_dedicated=1.0)
    elif re.search(r"integrated|intel|shared", low):
        out.update(gpu_series="integrated", gpu_power=0.3, gpu_dedicated=0.0)
    return out


@lru_cache(maxsize=20_000)
def phone_chip(text: str) -> dict[str, Any]:
    """Parse a phone's chip: family (snapdragon 8, dimensity, helio g, exynos, apple a ...), tier 0..10, number.

    The tier is a rough ladder of today's makers' own ranks: Snapdragon 8 Gen 2 and Dimensity 9200 near the
    top, Helio G and Unisoc near the bottom. What it is worth in money is learned, not told.
    """
    nan = float("nan")
    out: dict[str, Any] = {"soc_family": "", "soc_tier": nan, "soc_gen": nan, "soc_number": nan}
    low = re.sub(r"[®™]|\((?:r|tm)\)", " ", text.lower())
    if not low.strip():
        return out
    if match := re.search(
        r"(?:snapdragon|qualcomm)\D*?\b([4678])(s|\+)?\s*(?:\+|plus)?\s*(?:\dg\s*)?(?:gen\s*(\d)|elite)", low
    ):
        series = float(match[1])
        gen = float(match[3] or 4)
        plus = 0.4 if "+" in match[0] or "plus" in match[0] else -0.4 if match[2] == "s" else 0.0
        tier = {4: 3.6, 6: 4.8, 7: 6.2, 8: 8.4}[int(series)] + 0.45 * gen + plus
        out.update(
            soc_family=f"snapdragon {int(series)}", soc_tier=tier, soc_gen=gen, soc_number=series * 100
        )
    elif match := re.search(r"(?:snapdragon|qualcomm|\bsdm?|\bmsm|\bsd)\D*?\s?(\d{3,4})", low):
        size = float(match[1])
        if size > 1000:  # MSM8953 and kin: factory codes
            out.update(soc_family="snapdragon msm", soc_tier=2.0 + (size - 8900) / 100, soc_number=size)
        else:
            tier = {2: 1.0, 4: 2.2, 6: 3.4, 7: 5.2, 8: 6.4}.get(int(size // 100), 3.0) + (size % 100) / 40
            out.update(soc_family=f"snapdragon {int(size // 100)}", soc_tier=tier, soc_number=size)
    elif match := re.search(r"dimensity\s*(\d{3,4})", low):
        size = float(match[1])
        tier = (
            4.2 + (size - 600) / 300 if size < 2000 else (size // 1000 - 6) * 1.6 + 4.4 + (size % 1000) / 400
        )
        out.update(soc_family=f"dimensity {int(size // 1000)}", soc_tier=tier, soc_number=size)
    elif (
        match := re.search(r"(?:helio\s*)?\b([apgx])\s?(\d{2,3})\b(?=.*)", low)
        if re.search(r"helio|mediatek|mtk", low)
        else None
    ):
        letter, size = match[1], float(match[2])
        tier = {"a": 0.8, "p": 1.6, "g": 2.0, "x": 3.0}[letter] + size / 80
        out.update(soc_family=f"helio {letter}", soc_tier=tier, soc_number=size)
    elif match := re.search(r"exynos\D*(\d{3,4})", low):
        size = float(match[1])
        tier = {1: 5.0, 2: 8.4, 7: 2.0, 8: 4.4, 9: 6.4}.get(int(str(int(size))[0]), 4.0)
        if size in (850, 880):
            tier = 2.4 if size == 850 else 4.0
        out.update(soc_family=f"exynos {int(str(int(size))[0])}", soc_tier=tier, soc_number=size)
    elif (
        match := re.search(r"\ba(\d{1,2})[xz]?\b\s*(?:bionic|pro|fusion|chip|$)?", low)
        if re.search(r"bionic|apple|fusion|\ba\d\d", low)
        else None
    ):
        out.update(soc_family="apple a", soc_tier=3.0 + float(match[1]) * 0.42, soc_number=float(match[1]))
    elif match := re.search(r"kirin\s*(\d{3,4})", low):
        size = float(match[1])
        out.update(
            soc_family="kirin",
            soc_tier={6: 2.5, 7: 4.0, 8: 5.4, 9: 7.4}.get(int(str(int(size))[0]), 5.0),
            soc_number=size,
        )
    elif match := re.search(r"tensor\s*g?(\d)?", low):
        out.update(
            soc_family="tensor", soc_tier=7.6 + 0.3 * float(match[1] or 1), soc_number=float(match[1] or 1)
        )
    elif match := re.search(r"(?:unisoc|spreadtrum|tiger|\bsc)\D*(\d{3,4})", low):
        out.update(
            soc_family="unisoc", soc_tier=1.2 if float(match[1]) > 999 else 2.0, soc_number=float(match[1])
        )
    elif re.search(r"mediatek|\bmt\s?k?\d", low):
        out.update(
            soc_family="mediatek", soc_tier=1.4, soc_number=number((re.search(r"\d{4}", low) or [""])[0])
        )
    elif match := re.search(r"\b(snapdragon|exynos|dimensity|bionic|helio|unisoc|kirin|tensor|tiger)\b", low):
        out.update(soc_family=match[1])
    return out


# ---------------------------------------------------------------- pictures, words


@lru_cache(maxsize=20_000)
def pixels(text: str) -> tuple[float, float]:
    """(long side, short side) of a resolution in a text; NaN when there is none."""
    match = re.search(r"(\d{3,4})\s*(?:p?x|[x×*]|by)\s*(\d{3,4})", text.lower())
    if match:
        a, b = float(match[1]), float(match[2])
        return max(a, b), min(a, b)
    for pattern, size in ((r"\b(4k|uhd)\b", (3840.0, 2160.0)), (r"\b(qhd|wqhd|2k)\b", (2560.0, 1440.0)),
                          (r"\b(fhd|full ?hd|1080p)\b", (1920.0, 1080.0)), (r"\b(hd|720p)\b", (1366.0, 768.0))):  # fmt: skip
        if re.search(pattern, text.lower()):
            return size
    return float("nan"), float("nan")


@lru_cache(maxsize=20_000)
def cameras(text: str) -> tuple[float, float, float]:
    """(main megapixels, number of cameras, sum of megapixels) of ``"48MP + 12MP + 12MP"``."""
    found = [float(x) for x in re.findall(r"(\d{1,3}(?:\.\d+)?)\s*(?:mp|m\b|megapixel)", text.lower())]
    if not found:
        value = number(text)
        return (value, float("nan"), value) if value == value else (value,) * 3
    return found[0], float(len(found)), sum(found)


WORDS = (  # words of a product's name that makers use to rank their own products
    "pro", "plus", "max", "ultra", "lite", "mini", "fe", "se", "fold", "flip", "neo", "prime", "power", "play", "note", "tab",
    "pad", "gaming", "slim", "air", "edge", "active", "5g", "4g", "oled", "2-in-1", "x360", "yoga", "flex", "chromebook",
    "touch", "studio", "classic", "sport", "wireless", "buds",
)  # fmt: skip


def words(title: str) -> list[str]:
    """The words of a product's name before the first bracket: lower case, ``+`` spelt out, sizes left out."""
    head = re.split(r"[(\[|]", title)[0].lower() if title else ""
    head = re.sub(r"(?<=\w)\+", " plus ", head)
    head = re.sub(r"\b\d+\s?(?:gb|tb|mb)\b|\blaptop\b|\bsmartphone\b|[^\w\s.+-]", " ", head)
    return [word for word in head.split() if word.strip(".-+")]


_PART_CODE = re.compile(
    r"^(?=.*\d)(?=.*[a-z])[a-z0-9]{3,}-[a-z0-9]{5,}$|^(?=(?:.*\d){3})(?=(?:.*[a-z]){3})[a-z0-9]{8,}$", re.I
)


_CHIP = re.compile(  # from here on a title tells what is inside
    r"(?i)(?<=\w)[\s,|/-]+(?:intel|core\s*i\d|core\s*ultra|ryzen|amd\b|celeron|pentium|athlon|snapdragon|mediatek|helio|dimensity)"
)


def model_key(title: str, brand: str = "") -> str:
    """The model a row belongs to: its name without brackets, capacities, colours in brackets and part codes.

    Two configurations, or two colours, of one model get one key: rows of one key must never stand on both
    sides of a split.
    """
    kept = []
    name = re.sub(r"[\u200e\u200f]", "", title)
    for word in words(_CHIP.split(name)[0]) or words(name):
        if match := re.match(r"^(\d{2}[a-z]{0,2}-[a-z]{2})\w*$", word):  # HP 15-fc0154AU: the line is 15-fc
            word = match[1]
        elif _PART_CODE.match(word):
            continue
        kept.append(word)
    name = " ".join(kept) or " ".join(words(title))
    brand = " ".join(words(brand)[:1])
    return name if not brand or name.startswith(brand) else f"{brand} {name}"


# ---------------------------------------------------------------- features


def _text(frame: pd.DataFrame, mapping: Mapping[str, Any], field: str) -> pd.Series:
    """The mapped columns of a field joined into one text; empty where nothing is said."""
    columns = mapping.get(field) or []
    columns = [columns] if isinstance(columns, str) else columns
    joined = pd.Series("", index=frame.index)
    for column in columns:
        if column in frame:
            part = frame[column]
            text = part.map(
                lambda v: "" if pd.isna(v) or str(v).strip().lower() in MISSING else str(v).strip()
            )
            joined = (joined + " " + text).str.strip()
    return joined


def mapped_columns(mapping: Mapping[str, Any]) -> set[str]:
    """Every column that a map names, whatever for."""
    found: set[str] = set()
    for key in (*FIELDS, "price", "currency_column", "group", "drop"):
        value = mapping.get(key) or []
        found |= {value} if isinstance(value, str) else set(value)
    return found


_YES = {"yes", "true", "y", "1", "1.0", "available"}
_NO = {"no", "false", "n", "0", "0.0", "not available"}


_IN_TEXT = {
    "screen": r"(?i)(\d{1,2}(?:\.\d+)?\s*-?\s?(?:inch|\"))",
    "battery": r"(?i)(\d{4,5}\s*mah)",
    "weight": r"(?i)(\d\.\d+\s*kg)",
    "refresh": r"(?i)(\d{2,3}\s*hz)",
    "camera": r"(?i)(\d+\s*mp(?:\s*\+\s*\d+\s*mp)*)",
    "front_camera": r"(?i)(\d+\s*mp)\s*(?:\([^)]*\)\s*)?front",
    "resolution": r"(?i)(\d{3,4}\s*[x×*]\s*\d{3,4}|full hd\+?|fhd\+?|qhd|\b4k\b|\bhd\+?)",
    "os": r"(?i)(windows\s*\d*|chrome|mac\s?os|android|\bios\b|dos|linux|ubuntu)",
}


def features(frame: pd.DataFrame, mapping: Mapping[str, Any]) -> pd.DataFrame:
    """Numbers and categories parsed from a table: one row in, one row out, nothing learned from other rows.

    Numeric columns are float (NaN = not said); category columns are str and start with ``c_``; ``text`` is
    the words of the row for a text model. Columns that the map does not name enter as they are
    (``n_...`` or ``c_...``), unless the map drops them.
    """
    get = {field: _text(frame, mapping, field) for field in FIELDS}
    title = get["title"].str.replace("[\u200e\u200f\u00a0]", " ", regex=True)
    inside = title.str.extract(r"[(\[|](.*)", expand=False).fillna("")
    details = get["details"].str.replace(r"[\[\]{}'\"]+", " | ", regex=True)
    inside = (inside + " | " + details).where(details != "", inside)
    for field, pattern in _IN_TEXT.items():  # a field without a column may be told among the details
        get[field] = get[field].where(get[field] != "", inside.str.extract(pattern, expand=False).fillna(""))
    out: dict[str, Any] = {}

    out["year"] = get["year"].map(
        lambda v: number(match[0]) if (match := re.search(r"\b(19|20)\d\d\b", v)) else number(v)
    )
    ram = get["ram"].where(
        get["ram"] != "", inside.str.extract(r"(?i)(\d+\s*[gm]b)\s*(?:l?p?ddr\w*|ram|/)", expand=False)
    )
    out["ram_gb"] = ram.fillna("").map(lambda v: gigabytes(v) if v else np.nan)
    told_drive = _drive_of(title).where(lambda v: v != "", _drive_of(details))
    drive = get["storage"].where(get["storage"] != "", told_drive)
    parts = drive.map(lambda v: storage(v) if v else {})
    told = told_drive.map(lambda v: storage(v) if v else {})
    for key in ("storage_gb", "ssd_gb", "hdd_gb"):
        out[key] = parts.map(lambda p, k=key: p.get(k, np.nan)).astype(float)
    out["title_storage_gb"] = told.map(lambda p: p.get("storage_gb", np.nan)).astype(float)
    out["screen_in"] = get["screen"].map(_inches)
    long, short = _sides(get)
    out["px_long"], out["px_short"] = long, short
    out["px_total"] = long * short / 1e6
    out["ppi"] = np.hypot(long, short) / out["screen_in"].where(out["screen_in"] > 0)
    display = (get["resolution"] + " " + inside).str.lower()
    for flag in ("touch", "ips", "retina", "oled", "amoled", "4k"):
        out[f"screen_{flag}"] = display.str.contains(flag, regex=False).astype(float)
    out["refresh_hz"] = get["refresh"].map(number)
    chip_text = (get["cpu"] + " " + inside).str.strip()
    out |= _unpack(chip_text.map(cpu))
    out |= _unpack(chip_text.map(phone_chip))
    card = get["gpu"].map(gpu)
    said = inside.map(gpu)
    card = pd.Series(
        [b if b["gpu_series"] and _better(b, a) else a for a, b in zip(card, said, strict=True)],
        index=frame.index,
    )
    out |= _unpack(card)
    out["weight_g"] = _grams(get["weight"])
    out["battery"] = get["battery"].map(number)
    for name, field in (("camera", "camera"), ("front", "front_camera")):
        seen = get[field].map(lambda v: cameras(v) if v else (np.nan,) * 3)
        for i, key in enumerate(("main", "count", "sum")):
            out[f"{name}_{key}"] = seen.map(lambda t, i=i: t[i]).astype(float)
    # the product's name: its line, its rank words, and the first number in it
    brand = get["brand"].map(lambda v: " ".join(words(v)[:1]))
    named = [[w for w in words(t) if w != b] for t, b in zip(title, brand, strict=True)]
    out["c_brand"] = [b or (words(t) or [""])[0] for b, t in zip(brand, title, strict=True)]
    out["c_line"] = [" ".join([b, *map(_stem, n[:1])]) for b, n in zip(out["c_brand"], named, strict=True)]
    out["c_line2"] = [" ".join([b, *map(_stem, n[:2])]) for b, n in zip(out["c_brand"], named, strict=True)]
    for word in WORDS:
        out[f"w_{word}"] = np.array([float(word in n) for n in named])
    out["name_number"] = [_first_number(n) for n in named]
    out["name_words"] = [float(len(n)) for n in named]
    for field in ("kind", "os"):
        out[f"c_{field}"] = get[field].str.lower().map(lambda v: re.sub(r"\s+", " ", v))
    out["text"] = [
        " ".join([b, *n, k, c, g]).lower()
        for b, n, k, c, g in zip(
            out["c_brand"], named, get["kind"], get["cpu"], get["gpu"] + " " + inside, strict=True
        )
    ]
    table = pd.DataFrame(out, index=frame.index)
    return pd.concat([table, _extras(frame, mapping)], axis=1)


def _drive_of(title: pd.Series) -> pd.Series:
    pattern = r"(?i)(\d+(?:\.\d+)?\s*[gt]b\s*(?:ssd|hdd|emmc|rom|storage|ufs)(?:\s*\+\s*\d+\s*[gt]b\s*(?:ssd|hdd))?)"
    plain = title.str.extract(r"(?i)(\d+\s*[gt]b)\)?\s*$|(?i:,\s*(\d+\s*[gt]b)\s*\))", expand=True)
    plain = plain[0].fillna(plain[1])
    return title.str.extract(pattern, expand=False).fillna(plain).fillna("")


def _inches(text: str) -> float:
    if match := re.search(r"(\d+(?:[.,]\d+)?)\s*(?:\"|”|''|-?\s?inch|in\b)", text.lower()):
        return float(match[1].replace(",", "."))
    if match := re.search(r"(\d+(?:[.,]\d+)?)\s*cm", text.lower()):
        return round(float(match[1].replace(",", ".")) / 2.54, 2)
    return number(text)


def _sides(get: Mapping[str, pd.Series]) -> tuple[pd.Series, pd.Series]:
    read = get["resolution"].map(lambda v: pixels(v) if v else (np.nan, np.nan))
    a, b = get["width"].map(number), get["height"].map(number)
    long = read.map(lambda t: t[0]).astype(float).fillna(np.fmax(a, b))
    short = read.map(lambda t: t[1]).astype(float).fillna(np.fmin(a, b))
    return long, short


def _grams(text: pd.Series) -> pd.Series:
    value = text.map(number)
    kilos = text.str.contains(r"\bkgs?\b|\d\s*kg", case=False) | (value < 8)
    pounds = text.str.contains(r"\blbs?\b|pound", case=False)
    return (value * np.where(pounds, 453.6, np.where(kilos, 1000, 1))).astype(float)


def _unpack(column: pd.Series) -> dict[str, list]:
    keys = list(column.iloc[0]) if len(column) else []
    table = {key: [row[key] for row in column] for key in keys}
    return {(f"c_{k}" if isinstance(v[0], str) else k): (v if isinstance(v[0], str) else np.array(v, float))
            for k, v in table.items()}  # fmt: skip


def _better(said: dict, told: dict) -> bool:
    """A card in the title beats the column when it says which one it is, or that there is one."""
    if not told["gpu_series"]:
        return True
    return said["gpu_dedicated"] == 1 and (
        said["gpu_power"] == said["gpu_power"] or told["gpu_power"] != told["gpu_power"]
    )


def _stem(word: str) -> str:
    """A model word without its number: ``x1504`` -> ``x``, ``s23`` -> ``s``; a bare number stays as ``#``."""
    return re.sub(r"\d.*$", "", word) or "#"


def _first_number(named: list[str]) -> float:
    for word in named:
        if match := re.search(r"\d+(?:\.\d+)?", word):
            return min(float(match[0]), 1e5)
    return float("nan")


def _extras(frame: pd.DataFrame, mapping: Mapping[str, Any]) -> pd.DataFrame:
    """The columns nobody named: as numbers where most cells hold one, else as categories if they repeat."""
    out: dict[str, Any] = {}
    taken = mapped_columns(mapping)
    forced = mapping.get("extras")  # a fitted model knows what each extra column was
    for column in frame.columns if forced is None else forced:
        if column in taken:
            continue
        kind = None if forced is None else forced[column]
        values = frame[column] if column in frame else pd.Series(np.nan, index=frame.index)
        kind = kind or kind_of(values)
        if kind == "number":
            out[f"n_{column}"] = numbers(values)
        elif kind == "flag":
            low = values.map(lambda v: str(v).strip().lower())
            out[f"n_{column}"] = low.map(lambda v: 1.0 if v in _YES else 0.0 if v in _NO else np.nan).astype(
                float
            )
        elif kind == "word":
            out[f"c_{column}"] = values.map(lambda v: "" if pd.isna(v) else str(v).strip().lower())
    return pd.DataFrame(out, index=frame.index)


def kind_of(values: pd.Series) -> str:
    """``number``, ``flag``, ``word`` or ``skip`` (an id, a constant, or nearly every cell different)."""
    known = values.dropna()
    if len(known) < max(3, 0.02 * len(values)) or known.nunique() < 2:
        return "skip"
    if set(known.map(lambda v: str(v).strip().lower())) <= _YES | _NO:
        return "flag"
    if pd.api.types.is_numeric_dtype(known):
        steps = np.diff(known.to_numpy(float))
        return "skip" if len(known) > 20 and known.is_unique and bool((steps == steps[0]).all()) else "number"
    text = known.astype(str)
    if text.str.match(r"^\D{0,4}\d[\d.,]*\s*\D{0,12}$").mean() > 0.8 and text.map(number).nunique() > 2:
        return "number"
    return "word" if known.nunique() <= max(20, 0.2 * len(known)) else "skip"


# ---------------------------------------------------------------- files and column maps


def read_csv(path: Path) -> tuple[pd.DataFrame, list[str]]:
    """A delimited file as a frame, whatever its encoding, delimiter and decimal mark, and what was noticed.

    Raises CourseError when the file is missing, empty or no table.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise CourseError(
            f"{path.name} cannot be read ({error.strerror}); check the path of the price table."
        ) from None
    notes = []
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
        notes.append(f"{path.name} is not UTF-8; it was read as latin-1.")
    if "\0" in text or not text.strip():
        raise CourseError(
            f"{path.name} is {'empty' if not text.strip() else 'not a text table'}; give a CSV file with a heading."
        )
    try:
        mark = csv.Sniffer().sniff(text.split("\n")[0], delimiters=",;\t|").delimiter
    except csv.Error:
        mark = ","
    try:
        frame = pd.read_csv(io.StringIO(text), sep=mark, skipinitialspace=True)
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise CourseError(
            f"{path.name} is not a regular table ({str(error).strip()}); mend that line and try again."
        ) from None
    frame.columns = [str(c).strip() for c in frame.columns]
    for column in frame.select_dtypes(exclude="number"):
        if _decimal_commas(frame[column]):
            frame[column] = frame[column].map(_point, na_action="ignore")
            notes.append(f"{column} writes decimal commas; they were read as such.")
    return frame, notes


def _point(cell: Any) -> Any:
    return re.sub(r"(?<=\d),(?=\d{1,2}(?!\d))", ".", re.sub(r"(?<=\d)\.(?=\d{3}(?!\d))", "", str(cell)))


@lru_cache(maxsize=1)
def presets() -> dict[str, dict[str, Any]]:
    """The column maps of ``data/price_presets.yaml`` by name."""
    import yaml

    return yaml.safe_load((data_dir() / "price_presets.yaml").read_text(encoding="utf-8"))


def choose_map(
    frame: pd.DataFrame, preset: str | Mapping[str, Any] | None, name: str = "table"
) -> tuple[dict[str, Any], list[str]]:
    """The column map for a frame, and a note that says where it came from.

    Raises CourseError: an unknown preset, a map that names absent columns, no price column.
    """
    notes = []
    if isinstance(preset, str):
        if preset not in presets():
            raise CourseError(
                f"There is no preset {preset!r} in data/price_presets.yaml; it has {', '.join(presets())}."
            )
        mapping = dict(presets()[preset])
    elif preset is not None:
        mapping = dict(preset)
    else:
        fitting = [n for n, m in presets().items() if mapped_columns(m) <= set(frame.columns)]
        if fitting:
            best = max(fitting, key=lambda n: len(mapped_columns(presets()[n])))
            mapping = dict(presets()[best])
            notes.append(f"The columns are those of the preset {best}.")
        else:
            mapping = guess_map(frame)
            listed = ", ".join(
                f"{k}: {v if isinstance(v, str) else ' + '.join(v)}"
                for k, v in mapping.items()
                if k in (*FIELDS, "price")
            )
            notes.append(f"No preset fits; guessed from names and contents: {listed or 'nothing'}.")
    absent = sorted(mapped_columns(mapping) - set(map(str, frame.columns)))
    if absent:
        raise CourseError(
            f"{name} has no column {', '.join(map(repr, absent))}; it has {', '.join(map(str, frame.columns))}."
        )
    if not mapping.get("price"):
        raise CourseError(
            f"{name} has no price column that can be recognised among {', '.join(map(str, frame.columns))}; "
            "name it in a column map, such as {'price': 'Cost'}."
        )
    if not mapping.get("currency"):
        mapping["currency"] = _currency_of(frame[mapping["price"]], str(mapping["price"]), name)
        if not mapping["currency"]:
            mapping["currency"] = "USD"
            notes.append(
                "The table does not say its currency: taken for USD; name it in the column map (currency: EUR)."
            )
    mapping["drop"] = list(mapping.get("drop") or [])
    return mapping, notes


_CODES = (
    "USD",
    "EUR",
    "INR",
    "GBP",
    "PKR",
    "CNY",
    "AED",
    "JPY",
    "CAD",
    "AUD",
    "BRL",
    "BDT",
    "KRW",
    "PLN",
    "RUB",
    "TRY",
)


def _currency_of(cells: pd.Series, column: str, name: str) -> str:
    from gadgetlib.pricing import sign_of

    if cells.dtype.kind not in "if":
        written = cells.dropna().astype(str).head(500).map(sign_of)
        if (written != "").mean() > 0.5:
            return str(written[written != ""].mode().iloc[0])
    for text in (column, name):
        for code in _CODES:
            if re.search(rf"(?<![a-z]){code}(?![a-z])", text, re.I):
                return code
        for word, code in (("euro", "EUR"), ("dollar", "USD"), ("rupee", "INR"), ("pound", "GBP")):
            if word in text.lower():
                return code
    return ""


# (field, what the column's name looks like, what its cells look like); the first that fits takes a column.
_NAME_HINTS = (
    (
        "price",
        r"^(?!.*(range|score|perform|discount|level|per[_ ]|categor|segment)).*(price|preis|prix|precio|cost|\bms?p\b|mrp|amount)",
        r"\d",
    ),
    ("width", r"res\w*[_ ]*width|width[_ ]*(px|pixel)|x[_ ]?res", r"^\d{3,4}"),
    ("height", r"res\w*[_ ]*height|height[_ ]*(px|pixel)|y[_ ]?res", r"^\d{3,4}"),
    ("resolution", r"resolution|pixels", r"\d{3,4}\s*(?:p?x|[x×*])|hd|\bp\b"),
    (
        "front_camera",
        r"^(?!.*(num|count)).*(front|selfie|secondary)[_ ]*cam|cam\w*[_ ]*(front|selfie)|front_?cam",
        r"\d",
    ),
    (
        "camera",
        r"^(?!.*(num|count|front)).*((rear|primary|back|main)[_ ]*cam|cam\w*[_ ]*(rear|back|main)|^camera|cam.*mp)",
        r"\d",
    ),
    ("refresh", r"refresh|\bhz\b", r"\d"),
    ("screen", r"inch|screen|display[_ ]*(size)?$|diagonal|^size", r"\d"),
    ("ram", r"\bram|^ram|ram[_ (]", r"\d"),
    (
        "storage",
        r"^(?!.*(type|slot|card|expand|extend)).*(storage|\brom\b|ssd|hdd|hard|disk|internal|memory)",
        r"\d",
    ),
    ("gpu", r"gpu|graphic|video[_ ]*card", r"\w"),
    ("cpu", r"cpu|processor|chip|\bsoc\b", r"[a-z]"),
    ("weight", r"weight|gewicht|poids", r"\d"),
    ("battery", r"batter|mah", r"\d"),
    ("os", r"^os\b|^os_|op\w*[_ ]*sys|operating", r"[a-z]"),
    ("year", r"year|^released?$|release[_ ]?date|launch(?!.*price)", r"\d{4}"),
    ("brand", r"brand|company|manufacturer|maker|marca|marque|vendor", r"[a-z]"),
    ("kind", r"type_?name|^type$|category|gadget_type|form", r"[a-z]"),
    ("title", r"title|product|model|name|laptop|phone|device", r"[a-z]"),
)
_SPECS = r"\d\s*gb|inch|\d\s*mah|\d\s*mp\b|processor"
_CELL_HINTS = (  # for a column whose name says nothing
    ("resolution", r"\d{3,4}\s*[x×]\s*\d{3,4}"),
    ("battery", r"\d{3,5}\s*mah"),
    ("cpu", r"core i[3579]|ryzen|snapdragon|dimensity|helio|celeron|bionic"),
    ("gpu", r"geforce|radeon|iris|rtx|gtx|uhd graphics"),
    ("storage", r"\d+\s*[gt]b\s*(?:ssd|hdd|rom|emmc)"),
    ("price", r"^\s*(?:₹|\$|€|£|rs\.?|usd|eur|inr)\s*\d|\d\s*(?:€|usd|eur|inr)\s*$"),
)


def guess_map(frame: pd.DataFrame) -> dict[str, Any]:
    """A column map from names and cell contents. What it could not tell is left out: see :func:`_extras`."""
    found: dict[str, Any] = {}
    texts = {c: frame[c].dropna().head(400).astype(str).str.lower() for c in frame.columns}
    left = [
        c for c in frame.columns if len(texts[c]) and not re.match(r"unnamed|^id$|^index$", str(c).lower())
    ]
    long = [
        c for c in left if texts[c].str.len().median() > 60 and texts[c].str.contains(_SPECS).mean() > 0.5
    ]
    blobs = [c for c in long if not re.search(r"title|name|model|product$|laptop|phone", _spaced(c))]
    if blobs:
        found["details"] = blobs if len(blobs) > 1 else blobs[0]
        left = [c for c in left if c not in blobs]
    for field, name, cell in _NAME_HINTS:
        fits = [
            c
            for c in left
            if re.search(name, _spaced(c))
            and texts[c].str.contains(cell).mean() > 0.5
            and _plausible(field, texts[c])
        ]
        if not fits:
            continue
        if field in ("storage", "resolution", "cpu", "gpu"):  # several columns may tell parts of it
            chosen = [c for c in fits if field != "storage" or _spelt_out(texts[c])] or fits[:1]
        elif field == "price":
            chosen = [min(fits, key=_price_rank)]
        elif field == "title":
            chosen = [max(fits, key=lambda c: frame[c].nunique())]
        else:
            chosen = fits[:1]
        found[field] = chosen if len(chosen) > 1 else chosen[0]
        left = [c for c in left if c not in chosen]
    for field, cell in _CELL_HINTS:
        fits = [c for c in left if field not in found and texts[c].str.contains(cell).mean() > 0.5]
        if fits:
            found[field] = fits[0]
            left.remove(fits[0])
    if "title" not in found:  # the wordiest column is the product's name
        wordy = [
            c
            for c in left
            if texts[c].str.contains("[a-z]{2}").mean() > 0.8 and frame[c].nunique() > 0.3 * len(frame)
        ]
        if wordy:
            found["title"] = max(wordy, key=lambda c: texts[c].str.len().mean())
    return found


def _price_rank(column: Any) -> tuple:
    """What is asked for today comes before what was printed on the box; dollars before other currencies."""
    name = _spaced(column)
    return (
        bool(re.search(r"mrp|original|old|list|before|cost|market", name)),
        not re.search(r"usd|usa", name),
        len(name),
    )


def _spaced(column: Any) -> str:
    """``ScreenSize_in`` -> ``screen size_in``, so that words can be told apart."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", str(column)).lower()


def _spelt_out(text: pd.Series) -> bool:
    return bool(text.str.contains(r"[gt]b").mean() > 0.5)


def _plausible(field: str, text: pd.Series) -> bool:
    """Whether the cells hold sizes of this field (a column called `screen` may hold its type)."""
    value = text.map(number)
    if field == "price":  # what its cells are worth is for read_prices to say
        return bool(value.notna().mean() > 0.4)
    middle = value.median()
    bounds = {"ram": (0.2, 130), "screen": (0.3, 110), "year": (1990, 2035), "refresh": (20, 500),
              "storage": (0.2, 9000), "battery": (5, 30_000), "weight": (0.2, 6000)}.get(field)  # fmt: skip
    if bounds is None:
        return True
    return bool(value.notna().mean() > 0.4 and bounds[0] <= middle <= bounds[1] and value.nunique() > 1)
