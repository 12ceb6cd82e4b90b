"""Write `data/texts.jsonl`: product titles and descriptions with the exact span of every stated fact.

    python data/studio/texts.py              # the same bytes on every machine

Every text is made by one of some sixty imaginary shops (words and habits in `words.yaml`). Two thirds of them
write in one of the styles below, in the manner of shops of a dozen countries. The others are drawn from a seed:
language, currency, order of fields, separators, units, brackets and case are fixed habits of the shop, so that a
tagger can be tested on shops whose habits it never saw.

Labels are BRAND, MODEL, RAM, STORAGE, SCREEN and PRICE. A span covers a number with its unit or currency. Its
value is the brand in its usual spelling, the model's words, a number (GB or inches), or [amount, ISO code]. Facts
that are no such field (graphics memory, discounts, monthly rates, memory cards, codes) stand in the texts unmarked.
A seventh of the products are invented, so that names alone cannot be learned by heart; they have no `sku`.
"""

from __future__ import annotations

import csv
import json
import os
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import yaml

sys.path.insert(0, str(Path(__file__).resolve().parent))
from build_catalogue import later, slug, split_of  # noqa: E402
from lines import says_maker  # noqa: E402

DATA = Path(__file__).resolve().parents[1]
W = yaml.safe_load((Path(__file__).resolve().parent / "words.yaml").read_text(encoding="utf-8"))
RATES, IMPLIES = W["rates"], W["implies"]
SEED = 20240
COUNT = 9000
NBSP, THIN = "\u00a0", "\u202f"

# ------------------------------------------------------------------------------------------ rich text
# A rich text is a list of (text, label, value); label is None where nothing is marked.
Rich = list[tuple[str, str | None, object]]


def t(text: str) -> Rich:
    """Unmarked text."""
    return [(text, None, None)] if text else []


def m(text: str, label: str, value) -> Rich:
    """Marked text."""
    return [(text, label, value)]


def cat(*pieces: Rich | str) -> Rich:
    """Pieces one after the other."""
    return [part for piece in pieces for part in (t(piece) if isinstance(piece, str) else piece)]


def join(separator: str, *pieces: Rich | str) -> Rich:
    """The pieces that are not empty, with the separator between them."""
    out: Rich = []
    for piece in pieces:
        piece = cat(piece)
        out = [*out, *(t(separator) if out else []), *piece] if piece else out
    return out


def flat(rich: Rich) -> tuple[str, list[list]]:
    """The plain text and its spans as [start, end, label, value]."""
    text, spans = "", []
    for piece, label, value in rich:
        if label:
            spans.append([len(text), len(text) + len(piece), label, value])
        text += piece
    return text, spans


def cased(rich: Rich, case: str) -> Rich:
    """The same text in capitals ("upper") or small letters ("lower"); letters that would change in number stay."""

    def safe(text: str) -> str:
        return "".join(new if len(new := getattr(c, case)()) == 1 else c for c in text)

    return [(safe(text), label, value) for text, label, value in rich] if case else rich


def fill(pattern: str, rng: Random, **given) -> str:
    """A pattern of words.yaml: {a|b} is a choice, {2-9} a number, {AA} two capitals, {name} a given value."""

    def one(match: re.Match) -> str:
        what = match[1]
        if what in given:
            return str(given[what]() if callable(given[what]) else given[what])
        if bounds := re.fullmatch(r"(\d+)-(\d+)", what):
            return str(rng.randint(int(bounds[1]), int(bounds[2])))
        if re.fullmatch("A+", what):
            return "".join(rng.choice("ABCDEFGHJKLMNPQRSTUVWXYZ") for _ in what)
        return rng.choice(what.split("|"))

    return re.sub(r"\{([^{}]*)\}", one, pattern)


def amount_of(text: str) -> float:
    """The number in a written price: a point or comma before the last two digits starts the cents, and so does a
    euro sign between digits (`499€99`); every other mark groups thousands."""
    digits = re.sub(r"\D", "", text)
    return int(digits) / 100 if re.search(r"\d[.,€]\d\d(?=\D*$)", text) else float(digits)


def tidy(value: float) -> int | float:
    """128.0 -> 128."""
    return int(value) if value == int(value) else value


# ------------------------------------------------------------------------------------------ products


@dataclass
class Item:
    """What a text is about: a catalogued variant, or an invented product (no sku)."""

    kind: str
    brand: str
    model: str
    product_id: str
    price: float
    sku: str = ""
    ram: float | None = None
    drives: list[tuple[float, str]] = field(default_factory=list)  # (GB; SSD, HDD, eMMC, or "" where it is flash)
    screen: float | None = None
    chip: str = ""
    gpu: str = ""
    os: str = ""
    colour: str = "Black"
    battery: str = ""
    camera: str = ""
    refresh: str = ""
    year: str = ""


def drives(total: float | None, kind: str, year: int, rng: Random) -> list[tuple[float, str]]:
    """A laptop's storage as its drives: 1152 GB is an SSD of 128 and a disk of 1024."""
    if not total:
        return []
    if kind != "laptop":
        return [(total, "")]
    for small in (128, 256, 512):
        if total in (small + 1024, small + 1000):
            return [(float(small), "SSD"), (1024.0, "HDD")]
    if total in (320, 500, 750) or (total >= 1000 and year < 2017):
        return [(total, "HDD")]
    return [(total, rng.choice(["eMMC", "eMMC", "SSD"]) if total <= 64 else "SSD")]


def catalogued(rows: dict[str, list[list[dict]]], rng: Random) -> Item:
    """A variant of the catalogue: classes in fixed proportion, products evenly."""
    kind = rng.choices(("mobile_phone", "laptop", "tablet", "smartwatch", "headphones"), (34, 33, 13, 8, 12))[0]
    row = rng.choice(rng.choice(rows[kind]))
    ram, storage, screen, price = (
        float(row[name]) if row[name] else None for name in ("ram_gb", "storage_gb", "screen_in", "launch_price_usd")
    )
    return Item(
        kind, row["brand"], row["model"], row["product_id"], price or rng.choice([19, 29, 49, 89, 149]), row["sku"],
        ram,
        drives(storage, kind, int(row["year"]), rng), screen, row["chip"], row["gpu"], row["os"],
        rng.choice((row["colours"] or "Black;White;Silver").split(";")), row["battery_mah"], row["camera_mp"],
        row["refresh_hz"], row["year"],
    )  # fmt: skip


def invented(rng: Random) -> Item:
    """A product that does not exist, named the way its class names things; its facts go together."""
    kind = rng.choices(("mobile_phone", "laptop", "tablet", "smartwatch", "headphones"), (34, 36, 12, 8, 10))[0]
    words, year = W["invented"][kind], rng.randint(2014, 2025)

    def word() -> str:
        return "".join(rng.choice(W["syllables"]) for _ in range(rng.randint(2, 3))).capitalize()

    brand = rng.choice(words["brands"]) if rng.random() < 0.7 else rng.choice([word(), word(), word().upper()])
    given = {"W": word, "N": lambda: rng.randint(2, 99), "T": lambda: rng.choice(W["invented"]["suffixes"])}
    model = fill(rng.choice(words["names"]), rng, **given)
    item = Item(kind, brand, model, "", rng.choice([15, 25, 40, 70, 120, 200, 300]), year=str(year))
    item.colour, item.chip = rng.choice(W["invented"]["colours"]), rng.choice(words["chips"])
    item.battery, item.camera = (
        str(rng.choice([3000, 4000, 4500, 5000, 6000])),
        str(rng.choice([8, 13, 48, 50, 64, 108])),
    )
    item.refresh = str(rng.choice([60, 90, 120]))
    if kind == "laptop":
        line = fill(rng.choice(words["lines"].get(brand, words["lines"]["other"])), rng, **given)
        item.model, item.gpu, item.os = f"{line} {model}".strip(), rng.choice(words["gpus"]), "Windows"
        item.ram, item.screen = (
            rng.choice([4, 4, 8, 8, 8, 16, 16, 24, 32, 64]),
            rng.choice([11.6, 13.3, 14, 14, 15.6, 15.6, 16, 17.3]),
        )
        item.drives = drives(rng.choice([128, 256, 256, 512, 512, 1024, 2048]), kind, year, rng)
        if rng.random() < 0.25:
            item.drives = [(rng.choice([128, 256, 512]), "SSD"), (rng.choice([500, 1024, 1024, 2048]), "HDD")]
        item.price = 150 + 22 * item.ram + 0.5 * item.drives[0][0]
    elif kind in ("mobile_phone", "tablet"):
        item.ram, item.os = rng.choice([0.5, 1, 2, 3, 4, 4, 6, 8, 8, 12, 16]), "Android"
        item.drives = [(rng.choice([s for s in (8, 16, 32, 64, 128, 256, 512) if s >= 8 * item.ram]), "")]
        sizes = [7, 8, 8.7, 10.1, 10.4, 11, 12.1] if kind == "tablet" else [round(rng.uniform(4.5, 6.95), 2)]
        item.screen, item.price = rng.choice(sizes), 40 + 25 * item.ram + 0.6 * item.drives[0][0]
    elif kind == "smartwatch":
        item.screen = rng.choice([1.1, 1.28, 1.39, 1.43, 1.69, 1.83, 1.96])
    item.product_id = "invented-" + slug(f"{item.brand} {item.model}")
    return item


# ------------------------------------------------------------------------------------------ fields


@dataclass
class Habits:
    """How a shop writes."""

    language: str = "en"
    currency: str = "USD"
    gap: tuple[str, ...] = ("", " ")  # between number and unit
    unit: tuple[str, ...] = ("GB",)
    inch: tuple[str, ...] = ('"',)
    comma: float = 0.0  # how often a decimal comma
    brand_case: str = "usual"  # usual, upper, lower
    ram_word: float = 0.5
    rom_word: float = 0.3
    spaced: bool = False  # a size may be written `13 3"`


class Fields:
    """Renders the fields of one item in a shop's habits; every method draws one way to write it."""

    def __init__(self, item: Item, habits: Habits, rng: Random):
        self.item, self.h, self.rng = item, habits, rng
        self.words = W["words"][habits.language]
        self.apple_chip, self.extra = "", ""
        self.names = self._names()

    def some(self, chance: float) -> bool:
        return self.rng.random() < chance

    def word(self, what: str) -> str:
        return self.rng.choice(self.words[what])

    def any(self, what: str) -> str:
        return self.rng.choice(W[what])

    def thing(self) -> str:
        return self.word(self.item.kind)

    # -- brand and model

    @property
    def implied(self) -> bool:
        """Whether the model's line tells the brand."""
        return IMPLIES.get(self.names[0].split()[0]) == self.item.brand

    def brand(self, omit: float = 0.0) -> Rich:
        """The maker; left out with chance `omit` where the model's line tells it."""
        name, rng = self.item.brand, self.rng
        if self.implied and rng.random() < omit:
            return []
        text = {"upper": name.upper(), "lower": name.lower()}.get(self.h.brand_case, name)
        if name == "HP" and self.some(0.05):
            text = rng.choice(["Hewlett-Packard", "Hewlett Packard", "hp"])
        elif self.some(0.08):
            text = rng.choice([name.upper(), name.lower(), name.capitalize()])
        return m(text, "BRAND", name)

    def _names(self) -> list[str]:
        """The model as this text writes it: in one piece, or in two where the number comes later."""
        rng, model, kind, brand = self.rng, self.item.model, self.item.kind, self.item.brand
        if brand == "Apple" and (found := re.search(r"\s(M[1-5](?: Pro| Max| Ultra)?|A1[4-9](?: Pro)?)$", model)):
            model, self.apple_chip = model[: found.start()], found[1]  # a chip is not part of the model
        if found := re.search(r"\s\d\dmm\b", model):
            model, self.extra = model.replace(found[0], "", 1), found[0].strip()
        if found := re.search(r"\s(LTE|4G)$", model):
            model, self.extra = model[: found.start()], found[1]  # nor is a radio
        if model.endswith(" Cellular"):
            model, self.extra = model[:-9], f"{self.extra} GPS + Cellular".strip()
        if (found := re.search(r"\s\(?(20[012]\d)\)?$", model)) and found[1] == self.item.year:
            bare, year = model[: found.start()], found[1]
            model = rng.choice(
                [bare, f"{bare} ({year})", f"{bare} {year}", f"{year} {bare}" if kind == "laptop" else bare]
            )
        if kind in ("mobile_phone", "tablet"):
            if model.endswith(" 5G") and self.some(0.35):
                model = model[:-3]
            if self.some(0.14):
                self.extra = self.extra or rng.choice(W["radios"][kind])
        if "+" in model and self.some(0.6):
            model = model.replace("+", rng.choice([" Plus", " plus"]), 1)
        if self.some(0.4):
            model = re.sub(r"\b(Note|Flip|Fold|Watch|Buds|Tab)(\d)", r"\1 \2", model)
        elif self.some(0.1):
            model = re.sub(r"\b(Note|Edge|Pad|Buds|Watch) (\d)", r"\1\2", model)
        if found := re.search(r" \(?(\d\d?)(?:st|nd|rd|th) [Gg]en(?:eration)?\)?", model):
            n = found[1]
            nth = n + {"1": "st", "2": "nd", "3": "rd"}.get(n, "th")
            shapes = [f" ({nth} Gen)", f" {nth} Gen", f" ({nth} generation)", f" {nth} Generation"]
            local = {"de": [f" ({n}. Generation)", f" {n}. Gen"], "es": [f" ({n}ª Gen)"], "fr": [f" ({n}e génération)"]}
            model = model.replace(found[0], rng.choice(shapes + local.get(self.h.language, [])))
        return self._laptop_names(model) if kind == "laptop" else [model]

    def _laptop_names(self, model: str) -> list[str]:
        rng, brand = self.rng, self.item.brand
        if brand == "Apple" and self.some(0.5):
            model = re.sub(rf" {int(self.item.screen or 0)}(?= |$)", "", model, count=1)
        if self.some(0.15):
            model = re.sub(r"\b(\d{3}) (G\d)\b", r"\1\2", model)
        *line, number = model.split(" ")
        if not (line and re.search(r"\d{3}|\d-\w", number)) or re.fullmatch(r"\(?20\d\d\)?", number):
            return [model]
        if brand in ("ASUS", "Acer") and "-" not in number[-5:] and self.some(0.3):
            number += fill("-{A}{A}{11-999}{WS|T|W|TS|R|}", rng)
        if self.some(0.18):
            return [" ".join(line)]
        return [" ".join(line), number] if self.some(0.4) else [" ".join([*line, number])]

    def model(self, whole: bool = True) -> Rich:
        """The model's line and name; with `whole` the number that some shops put later follows at once."""
        return self._model(" ".join(self.names) if whole else self.names[0])

    def number_part(self) -> Rich:
        """The laptop number that some shops put behind the specs; empty when there is none."""
        return self._model(self.names[1]) if len(self.names) > 1 else []

    def _model(self, text: str) -> Rich:
        plain = text if text.startswith("Phone (") else re.sub(r"[()]", " ", text)
        return m(text, "MODEL", re.sub(r"\s+", " ", plain).strip())

    def name(self, omit: float = 0.0) -> Rich:
        """Brand, model and the unmarked words that often follow (`Wi-Fi`, `44mm`, `LTE`)."""
        item, bare = self.item, re.sub(r" (1[1-7]|20\d\d|\(20\d\d\))|^20\d\d ", "", self.names[0])
        if item.brand == "Apple" and bare.startswith("MacBook") and item.screen and self.some(0.25):
            size = int(item.screen)  # as Apple writes it: MacBook Air (13-inch, 2017)
            inside = join(
                ", ",
                m(self.rng.choice([f"{size}-inch", f"{size} inch", f'{size}"']), "SCREEN", size),
                m(item.year, "MODEL", item.year) if self.some(0.7) else "",
                self.apple_chip,
            )
            return cat(join(" ", self.brand(omit), self._model(bare)), " (", inside, ")")
        twice = "HP " if item.brand == "HP" and self.some(0.03) else ""
        return join(" ", cat(twice, self.brand(omit)), self.model(), self.extra, self.feature(0.12))

    # -- numbers

    def size(self, gigabytes: float, label: str, unit: bool = True) -> Rich:
        """A capacity as the shop writes it, number and unit in one span."""
        rng, gap, name = self.rng, self.rng.choice(self.h.gap), self.rng.choice(self.h.unit)
        mega, tera = (name.translate(str.maketrans("Gg", pair)) for pair in ("Mm", "Tt"))
        if not unit:
            text = f"{gigabytes:g}"
        elif gigabytes < 1:
            text = f"{gigabytes * 1024:g}{gap}{mega}"
        elif label == "RAM" and gigabytes <= 8 and rng.random() < 0.012:
            text = f"{gigabytes * 1024:g}{gap}MB"
        elif gigabytes >= 1024 and gigabytes % 1024 == 0 and rng.random() < 0.94:
            text = f"{gigabytes / 1024:g}{gap}{tera}"
        else:
            text = f"{gigabytes:g}{gap}{name}"
        return m(text, label, tidy(gigabytes))

    def _worded(self, core: Rich, word: str) -> Rich:
        """`8 GB RAM`, `RAM: 8 GB`, `8 Go de RAM`."""
        if word.startswith(("de ", "di ")):
            return cat(core, " ", word)
        if self.some(0.72):
            return cat(core, "-" if self.some(0.08) else " ", word)
        return cat(word, self.rng.choice([" ", ": "]), core)

    def ram(self, word: float | None = None, unit: bool = True) -> Rich:
        """`8 GB`, `8GB RAM`, `RAM: 8 GB`, `8 GB DDR4`, `16GB (2x8GB)`; empty when unknown."""
        if not self.item.ram:
            return []
        core, laptop = self.size(self.item.ram, "RAM", unit), self.item.kind == "laptop"
        if not self.some(self.h.ram_word if word is None else word):
            return core
        if laptop and self.some(0.35):
            return cat(core, " ", self.any("memory_kinds"))
        if laptop and self.item.ram >= 8 and self.some(0.06):
            return cat(core, f" (2x{self.item.ram / 2:g}GB)")
        return self._worded(core, self.word("ram"))

    def storage(self, word: float | None = None, unit: bool = True) -> Rich:
        """`256GB`, `512 GB SSD`, `256GB SSD + 1TB HDD`; every drive is a span of its own."""
        rng, disks, shown = self.rng, self.item.drives, []
        for gigabytes, kind in disks:
            core = self.size(gigabytes, "STORAGE", unit)
            if kind and (len(disks) > 1 or self.some(0.9)):
                style = f" {kind}"
                if kind == "SSD":
                    style = rng.choice([" SSD", " SSD", " NVMe SSD", " PCIe SSD", " M.2 SSD", "SSD", " SSD NVMe"])
                elif kind == "HDD" and self.some(0.15):
                    style = " HDD 7200rpm"
                core = cat(f"{kind} ", core) if self.some(0.12) else cat(core, style)
            shown.append(core)
        if len(shown) > 1:
            if self.some(0.3):
                shown.reverse()
            return join(rng.choice([" + ", " + ", "+", " & ", " / ", ", ", " and "]), *shown)
        if not shown or disks[0][1] or not self.some(self.h.rom_word if word is None else word):
            return shown[0] if shown else []
        return self._worded(shown[0], self.word("rom"))

    def memory(self) -> Rich:
        """RAM and storage in one expression: `8GB/256GB`, `8/256GB`, `8+128`, `8GB RAM, 256GB`."""
        item, rng = self.item, self.rng
        if not (item.ram and item.drives):
            return join(" ", self.ram(), self.storage())
        bar = rng.choice(["/", "/", "/", " / ", "+", " + ", "|", " | ", ", ", " ", "-"])
        if item.ram >= 1 and bar.strip() in ("/", "+") and self.some(0.4) and len(item.drives) == 1:
            return cat(self.ram(0, unit=False), bar.strip(), self.storage(0, unit=self.some(0.6)))
        if item.kind == "laptop" and self.some(0.12):
            return cat(self.ram(0), bar, self.storage(unit=False))
        if self.some(0.3):
            return cat(self.ram(0), bar, self.storage(0))
        return cat(self.ram(), bar, self.storage())

    def screen(self, word: float = 0.3) -> Rich:
        """`6.1"`, `15,6 Zoll`, `39.62 cm (15.6 inch)`, `13 3"`; empty when there is no screen."""
        if not self.item.screen:
            return []
        rng, value = self.rng, self.item.screen
        number = f"{value:.1f}" if value == int(value) and self.some(0.25) else f"{value:g}"
        if self.some(self.h.comma):
            number = number.replace(".", ",")
        mark = rng.choice(self.h.inch)
        if self.h.spaced and mark == '"' and re.fullmatch(r"1\d\.\d", number) and self.some(0.15):
            number = number.replace(".", " ")
        gap = "" if not mark[0].isalpha() else rng.choice([" ", " ", "", "-"] if mark.isascii() else [" "])
        core = m(f"{number}{gap}{mark}", "SCREEN", tidy(value))
        if self.h.currency == "INR" and self.some(0.45):
            after = rng.choice([")", ") Display", ") HD+ Display", ") Full HD+ Display", ") FHD Display"])
            return cat(f"{value * 2.54:.2f} cm (", core, after)
        if self.some(0.35):
            panel = self.any("panels")
            core = cat(core, " ", panel) if self.some(0.6) else cat(panel, " ", core)
        return self._worded(core, self.word("screen")) if self.some(word) else core

    # -- price

    def amount(self) -> float:
        """An asking price in the shop's currency that ends the way prices there end."""
        rng, currency = self.rng, self.h.currency
        value = max(self.item.price * rng.uniform(0.3, 1.15) * RATES[currency], 5 * RATES[currency] ** 0.9)
        if currency in ("INR", "JPY"):
            step = 1000 if value > 20000 else 100
            return max(step, round(value / step) * step) - rng.choice(
                [1, 1, 10, 0, 5] if currency == "INR" else [0, 20]
            )
        if currency == "SEK":
            return max(100, round(value / 100) * 100) - rng.choice([10, 0, 1])
        if self.some(0.25):
            return max(1, round(value / 10) * 10 - rng.choice([0, 1]))
        if self.some(0.2):
            return round(value, 2)
        return max(1, round(value)) - rng.choice([0.01, 0.01, 0.05, 0.1, 0.5, 1, 0]) or 1

    def money(self, value: float) -> str:
        """The amount written the way shops with this currency do."""
        rng, currency = self.rng, self.h.currency
        whole = value == int(value) and self.some(0.75) or currency == "JPY"
        if currency == "INR" and self.some(0.85):
            whole, value = True, round(value)
        plain = f"{value:.0f}" if whole else f"{value:.2f}"
        us = f"{value:,.0f}" if whole else f"{value:,.2f}"  # 1,299.00
        us = plain if self.some(0.2) else us
        eu = us.translate(str.maketrans(",.", ".,"))  # 1.299,00
        spaced = us.replace(",", rng.choice([" ", NBSP, THIN])).replace(".", ",")  # 1 299,00
        gap = rng.choice([" ", "", NBSP])
        n, dot, cents = plain.partition(".")
        lakh = re.sub(r"(?<=\d)(?=(\d\d)+$)", ",", n[:-3]) + "," + n[-3:] if len(n) > 3 else n  # 1,29,900
        swiss = us.replace(",", rng.choice(["'", "’"]))
        shapes = {
            "USD": ["$" + us, "$" + us, "$" + us, f"US ${us}", f"USD {us}", f"{us} USD", f"$ {us}", f"US${us}"],
            "EUR": [f"{eu}{gap}€", f"{eu}{gap}€", f"€ {eu}", f"EUR {eu}", f"{eu} EUR",
            f"{n},-{gap}€" if whole else f"{eu} Euro"],
            "GBP": ["£" + us, "£" + us, f"£ {us}", f"GBP {us}", f"{us} GBP"],
            "INR": [f"₹{lakh}{dot}{cents}", "₹" + lakh, f"Rs. {lakh}{dot}{cents}", f"Rs {lakh}", f"Rs.{n}/-",
            f"INR {lakh}", f"₹ {lakh}"],
            "BRL": [f"R$ {eu}", f"R${eu}", f"R${NBSP}{eu}"],
            "CHF": [f"CHF {swiss}", f"Fr. {swiss}", f"CHF{swiss}", f"{swiss} CHF",
            f"CHF {n}.–" if whole else f"SFr. {swiss}"],
            "PLN": [f"{spaced} zł", f"{spaced}{NBSP}zł", f"{spaced} PLN", f"{eu} zł"],
            "SEK": [f"{spaced} kr", f"{spaced}{NBSP}kr", f"{n}:- kr" if whole else f"{spaced} kr", f"{spaced} SEK",
            f"SEK {spaced}"],
            "CAD": [f"CA${us}", f"C${us}", f"${us} CAD", f"CAD {us}", f"CA ${us}"],
            "AUD": [f"AU${us}", f"A${us}", f"${us} AUD", f"AUD {us}", f"AU ${us}"],
            "MXN": [f"${us} MXN", f"MXN ${us}", f"MX${us}", f"MXN {us}"],
            "AED": [f"AED {us}", f"AED{us}", f"{us} AED", f"Dhs. {us}"],
            "JPY": ["¥" + us, f"JPY {us}", f"{us}円", f"¥ {us}"],
        }[currency]  # fmt: skip
        if currency == "EUR" and self.h.language == "fr":
            shapes = [
                f"{spaced}{gap}€",
                f"{spaced}{gap}€",
                f"{eu}{gap}€",
                f"{n}€{cents}" if cents else f"{n}€",
                f"{spaced} EUR",
            ]
        elif currency == "EUR" and self.h.language == "en":
            shapes = ["€" + us, f"EUR {us}", f"€ {us}"]
        return rng.choice(shapes)

    def price(self, traps: float = 0.25) -> Rich:
        """The asking price, sometimes among amounts that are not it (old price, saving, monthly rate)."""
        rng, text = self.rng, self.money(self.amount())
        value = amount_of(text)
        core = m(text, "PRICE", [tidy(value), self.h.currency])
        if self.some(0.06):
            core = cat(
                rng.choice(["From ", "from ", "ab ", "à partir de ", "desde ", ""]), core, rng.choice(["*", "", ""])
            )
        if not self.some(traps):
            return core
        old, saved = (self.money(float(round(value * rng.uniform(*span)))) for span in ((1.1, 1.6), (0.05, 0.3)))
        rate = self.money(round(value / rng.choice([10, 12, 24]), 2))
        english = self.h.language == "en"
        was = rng.choice(
            ["was ", "Was ", "RRP ", "MRP ", "List: ", "M.R.P.: "]
            if english
            else ["UVP ", "statt ", "antes ", "~ ", "PVP "]
        )
        return rng.choice(
            [
                cat(was, old, rng.choice([" ", " now ", ", "] if english else [" ", ", "]), core),
                cat(
                    core,
                    rng.choice([" (was ", " (MRP ", " instead of "] if english else [" (", " statt "]),
                    old,
                    rng.choice([")", ""]),
                ),
                cat(
                    core,
                    rng.choice([" or ", " / "]),
                    rate,
                    rng.choice(["/month", " per month", "/mo", " x 12", "/m", " EMI"]),
                ),
                cat(core, rng.choice([", save ", " - You save ", " | "]), saved, rng.choice([" off", "", " cashback"])),
                cat(core, fill(" {-|(|}{3-60}% {off|OFF|discount|}", rng)),
            ]
        )

    # -- what is not a field

    def colour(self) -> str:
        name = self.item.colour
        table = W["colours"].get(self.h.language, {})
        return table.get(name, table.get(name.split()[-1], name) if self.some(0.4) else name)

    def cpu(self) -> str:
        """The processor in one of the ways it is written; empty for a class that has none worth naming."""
        rng, chip, apple = self.rng, self.item.chip, self.apple_chip
        if self.item.kind in ("smartwatch", "headphones") or not chip:
            return ""
        if apple:
            return fill(f"{{{apple}|Apple {apple}|Apple {apple} chip|{apple} Chip|Apple {apple} 8-Core}}", rng)
        if intel := re.fullmatch(r"Intel Core (i\d)-(\d{4,5})(\w*)", chip):
            core, digits, tail = intel.groups()
            gen = digits[:2] if digits[0] == "1" else digits[0]
            nth = gen + {"2": "nd", "3": "rd"}.get(gen, "th")
            shapes = [chip, "{c}-{n}", "Core {c}-{n}", "Intel® Core™ {c}-{n}", "{c} {n}", "Core {c} {g} Gen",
            "Intel {c}", "{C} {n}",
                      "Intel Core {c} {g} Gen {n}", "{g} Gen Intel Core {c}-{n}", "Intel Core {c} ({G}. Gen)",
                      "{c}-{n} {1.6|2.4|2.8}GHz"]  # fmt: skip
            return fill(rng.choice(shapes), rng, c=core, C=core.upper(), n=digits + tail, g=nth, G=gen)
        if chip.startswith("AMD Ryzen"):
            shapes = [
                chip,
                chip[4:],
                "{f} {Quad|Hexa|Octa} Core",
                "{l} {Quad|Hexa|Octa} Core {n}",
                "AMD {l} {Quad|Hexa|Octa} Core {n}",
                "R{r}",
                "{f} (up to 4.3 GHz)",
            ]
            *line, model = chip[4:].split(" ")
            return fill(rng.choice(shapes), rng, f=chip, l=" ".join(line), n=model, r=chip[10:].replace(" ", "-"))
        if self.item.kind != "laptop":
            return rng.choice(
                [chip, f"{chip} Octa-Core", "Octa Core", f"Qualcomm {chip}" if chip.startswith("Snap") else chip]
            )
        if found := re.fullmatch(r"(.*(?:Celeron|Pentium|Athlon)(?: \D+)?) (\S+)", chip):
            return fill(
                rng.choice([chip, "{l} Dual Core", "{l} {Dual|Quad} Core {n}", chip.replace("Intel ", "")]),
                rng,
                l=found[1],
                n=found[2],
            )
        return rng.choice([chip, chip.replace("Intel ", "")])

    def gpu(self) -> str:
        """The graphics with its memory: the trap next to RAM."""
        name = self.item.gpu
        if not name or self.item.kind != "laptop":
            return ""
        if not re.search("GeForce|Radeon RX|Quadro", name):
            shapes = [
                name,
                name.replace("Intel ", ""),
                "Integrated Graphics",
                "{128|512} MB Graphics",
                "{1|2} GB shared graphics",
            ]
            return fill(self.rng.choice(shapes), self.rng)
        shapes = ["{f} {g}GB", "{s} {g}GB", "{g} GB Graphics/{f}", "{f} ({g} GB GDDR6)", "{s}", "{s} {g}G", "{g}GB {s}",
        "{f} {g} GB VRAM", "{f}", "{g} GB Graphics",
                  "{g} GB Graphics", "{f}/{g} GB Graphics", "VRAM {g}GB", "{s} with {g}GB", "dedicated graphics {g} GB",
                  "GPU {s} {g} GB"]  # fmt: skip
        short = name.replace("NVIDIA ", "").replace("GeForce ", "")
        return fill(self.rng.choice(shapes), self.rng, f=name, s=short, g=self.rng.choice([2, 4, 4, 6, 8]))

    def system(self) -> str:
        name = self.item.os
        if name == "Windows":
            return self.any("systems")
        if name in ("Android", "Wear OS") and self.some(0.6):
            return f"{name} {self.rng.randint(8, 15)}"
        return {"ChromeOS": "Chrome OS"}.get(name, name)

    def code(self) -> str:
        """A factory or order code: not part of the model."""
        codes, brand, laptop = W["codes"], self.item.brand, self.item.kind == "laptop"
        own = (
            brand
            if brand == "Apple" or (brand in codes and laptop == (brand != "Samsung"))
            else "laptop"
            if laptop
            else "other"
        )
        return fill(self.rng.choice(codes[own]), self.rng)

    def feature(self, chance: float = 0.2) -> str:
        """Words that often stand right behind a name and are no part of it (`TouchScreen`, `2-in-1`)."""
        return self.any("laptop_words") if self.item.kind == "laptop" and self.some(chance) else ""

    def noise(self, most: int = 1) -> list[str]:
        """Up to `most` of a seller's words; words about SIM cards only for phones."""
        words = [*self.words["noise"], "★★★", "🔥", "✅"]
        if self.item.kind != "mobile_phone":
            words = [w for w in words if not re.search(r"SIM|Chip|Unlocked|Simlock|débloqué|libre|olåst|Contract", w)]
        return self.rng.sample(words, self.rng.randint(0, most))

    def bullets(self) -> list[Rich]:
        """Lines of a feature list; every one either a field or something that may look like one."""
        rng, item = self.rng, self.item
        fields = [self.memory()] if self.some(0.4) else [self.ram(0.9), self.storage(0.8)]
        known = {"battery": item.battery, "camera": item.camera, "refresh": item.refresh}
        lines = [p for p in W["traps"][item.kind] if all(known[k] for k in known if f"{{{k}}}" in p)]
        lines = [fill(p, rng, **known) for p in lines] + [
            x for x in (self.cpu(), self.gpu(), self.system(), self.colour()) if x
        ]
        mixed = [
            self.screen(0.6),
            *fields,
            *(t(line) for line in rng.sample(lines, min(len(lines), rng.randint(1, 5)))),
        ]
        mixed = [line for line in mixed if line]
        rng.shuffle(mixed)
        return mixed


# ------------------------------------------------------------------------------------------ styles


def maybe(f: Fields, chance: float, *parts: Rich | str) -> list[Rich | str]:
    """Those of the parts that are not empty, each kept with this chance."""
    return [part for part in parts if part and f.some(chance)]


def bazario(f: Fields) -> Rich:
    """India: colour and storage in brackets, specs of laptops behind a dash, the number last."""
    rng, kind = f.rng, f.item.kind
    if kind == "laptop":
        inside = join("/", f.ram(0.05), f.storage(), f.system(), f.gpu() if f.some(0.5) else "")
        end = rng.choice(["Thin and Light Laptop", "Laptop", "Gaming Laptop", "Notebook", ""])
        rich = join(
            " ", f.brand(), f.model(whole=False), f.feature(), f.cpu(), cat("- (", inside, ")"), f.number_part(), end
        )
    elif kind in ("mobile_phone", "tablet"):
        rich = cat(f.brand(), " ", f.model(), " (", join(", ", f.colour(), f.storage(0)), ")")
        if f.item.ram and f.some(0.6):
            rich = cat(rich, rng.choice(["  ", " ", NBSP * 2]), "(", f.size(f.item.ram, "RAM"), " RAM)")
    else:
        end = f.thing() if kind == "smartwatch" else rng.choice(["Bluetooth Headset", "with Mic", f.thing()])
        rich = join(
            " ",
            f.brand(),
            f.model(),
            end,
            f"({f.colour()}, {rng.choice(['True Wireless', 'Free Size', 'On the Ear'])})",
        )
    if f.some(0.35):
        rich = join(rng.choice(["\n", " | ", " "]), rich, *f.bullets()[:4])
    return join(rng.choice(["\n", "  ", " - "]), rich, f.price(0.6)) if f.some(0.3) else rich


def rivermart(f: Fields) -> Rich:
    """United States: one long title, commas, the model at the front or at the very end."""
    rng = f.rng
    late = f.item.kind == "laptop" and f.some(0.35)
    name = f.brand() if late else f.name(0.05)
    head = join(" ", name, f"({f.item.year} Model)" if f.some(0.08) else "", f.thing() if f.some(0.6) else "")
    parts = [
        *maybe(f, 0.65, f.screen(0.5), f.cpu(), f.colour()),
        f.ram(0.9),
        f.storage(0.7),
        *maybe(f, 0.35, f.system(), f.gpu()),
        *f.noise(2),
    ]
    rng.shuffle(parts)
    code = f"({f.code()})" if f.some(0.15) else ""
    rich = join(rng.choice([", ", ", ", " - ", " | "]), head, *parts, f.model() if late else "", code)
    if f.some(0.12):
        rich = cat(rng.choice(["Rivermart.com : ", "Rivermart: "]), rich)
    return cat(rich, rng.choice(["\n", " ", " : "]), f.price()) if f.some(0.2) else rich


def auction(f: Fields) -> Rich:
    """An auction site: no commas, conditions, codes, one capacity only, a size written `13 3"`."""
    rng = f.rng
    lone = f.ram(0.3) if f.item.kind == "laptop" and f.some(0.3) else f.storage(0.1)
    parts = [*maybe(f, 0.6, f.cpu()), f.memory() if f.some(0.7) else lone, *maybe(f, 0.5, f.screen(0), f.colour())]
    parts += maybe(f, 0.3, f.system(), f.code(), f.gpu())
    if f.some(0.4):
        rng.shuffle(parts)
    start = rng.choice(["", "", "NEW", "Lot of 1", "!!", "100%"])
    rich = join(rng.choice([" ", " ", " ", " - ", " / "]), start, f.name(0.15), *parts, f.any("conditions"))
    if f.some(0.15):
        rich = cat(rich, rng.choice([" | auctionbay", " for sale online | auctionbay", " - auctionbay"]))
    return cat(rich, " ", f.price(0.2)) if f.some(0.2) else rich


def technikhaus(f: Fields) -> Rich:
    """Germany, Switzerland, Italy: everything after the name in brackets."""
    rng = f.rng
    name = join(" ", f.name(0.05), f.thing() if f.some(0.6) else "")
    inside = maybe(f, 0.85, f.screen(0.2), f.cpu(), f.ram(0.7), f.storage(0.5)) + maybe(f, 0.4, f.gpu(), f.system())
    rich = (
        cat(name, " (", join(", ", *inside), ")") if inside and f.some(0.6) else join(", ", name, *inside, f.colour())
    )
    if f.some(0.5):
        rich = join(rng.choice([" - ", ", ", " "]), rich, f.colour(), *f.noise(1))
    return join(rng.choice(["\n", " ", " – "]), rich, f.price(0.4)) if f.some(0.4) else rich


def tienda(f: Fields) -> Rich:
    """France, Spain, Mexico, Brazil: the kind first, then name and features, price last."""
    rng = f.rng
    name = join(" ", f.thing() if f.some(0.75) else "", f.name(0.05))
    memory = [f.memory()] if f.some(0.5) else [f.ram(0.9), f.storage(0.6)]
    parts = [
        *maybe(f, 0.85, *memory),
        *maybe(f, 0.7, f.screen(0.3)),
        *maybe(f, 0.45, f.cpu(), f.colour()),
        *maybe(f, 0.2, f.gpu()),
    ]
    if f.some(0.4):
        rng.shuffle(parts)
    rich = join(rng.choice([" - ", " - ", ", ", " ", " | "]), name, *parts, *f.noise(2))
    return join(rng.choice(["\n", " ", " - ", " : "]), rich, f.price(0.4)) if f.some(0.4) else rich


def refurbo(f: Fields) -> Rich:
    """Second hand: short, capacity, colour, grade."""
    rng = f.rng
    name = join(" ", rng.choice(["", "", "Refurbished", "Renewed", "Pre-owned"]), f.name(0.3))
    lock = rng.choice(["Unlocked", "SIM-free", "", "Network Unlocked"]) if f.item.kind == "mobile_phone" else ""
    grade = rng.choice(["Good", "Excellent", "Very good", "Fair", "Grade B", "Grade A+", "Mint", ""])
    parts = [f.storage(0.05), *maybe(f, 0.4, f.ram(0.5)), *maybe(f, 0.8, f.colour()), lock, grade]
    rich = join(rng.choice([" - ", " ", ", "]), name, *parts)
    return cat(rich, rng.choice(["\n", " ", " – ", " from "]), f.price(0.4)) if f.some(0.5) else rich


def direct(f: Fields) -> Rich:
    """An export shop: `8+128`, praise, everything in one row."""
    rng = f.rng
    start = rng.choice(
        ["Global Version", "Original", "New", "2023 New", "World Premiere", "", "[In Stock]", "Hot Sale"]
    )
    lines = [
        f"{f.item.battery}mAh" if f.item.battery else "",
        f"{f.item.camera}MP Camera" if f.item.camera else "",
        "NFC",
        "Global ROM",
    ]
    parts = maybe(f, 0.7, f.memory(), f.screen(0.5), f.cpu(), f.thing(), *lines, fill("{33|67|120}W Fast Charge", rng))
    rng.shuffle(parts)
    return join(" ", start, f.name(0.2), *parts)


def quote(f: Fields) -> Rich:
    """Business offers: strokes, order codes, net prices."""
    rng = f.rng
    bar = rng.choice([" | ", " | ", "|", " / ", "; ", " · "])
    storage = f.storage(unit=f.some(0.7)) if f.item.kind == "laptop" else f.storage(0.2)
    parts = maybe(f, 0.85, f.cpu(), f.ram(0.3), storage, f.screen(0.1)) + maybe(f, 0.45, f.gpu(), f.system())
    code = rng.choice(["", "P/N ", "EAN 0", "Art. "]) + f.code() if f.some(0.5) else ""
    return join(bar, f.name(0.05), *parts, code, f.price(0.1) if f.some(0.5) else "")


def classified(f: Fields) -> Rich:
    """Small ads and product blurbs: sentences in eight languages."""
    made = {
        "name": lambda: f.name(0.3),
        "storage": lambda: f.storage(0.4),
        "ram": lambda: f.ram(0.8),
        "screen": lambda: f.screen(0),
        "price": lambda: f.price(0),
        "colour": f.colour,
        "cpu": f.cpu,
        "n": lambda: str(f.rng.randint(80, 99)),
        "year": lambda: f.item.year,
        "other": lambda: f.money(float(round(f.item.price * RATES[f.h.currency] * 1.2))),
    }
    pieces = [
        (p, made[p[1:-1]]() if p[0] == "{" else p)
        for p in re.split(r"(\{\w+\})", f.rng.choice(W["prose"][f.h.language]))
        if p
    ]
    if all(piece for _, piece in pieces):
        return cat(*(piece for _, piece in pieces))
    return join(f.rng.choice([" ", ", "]), f.name(0.1), f.storage(0.3), f.price(0))  # a watch has no RAM to talk about


def sheet(f: Fields) -> Rich:
    """A specification sheet: a key and a value a line."""
    rng, keys = f.rng, W["keys"][f.h.language]
    colon = rng.choice([": ", ":", " : ", "  ", " | ", "\t", " = ", "\n"])
    price = f.price(0.1) if f.some(0.5) else []
    values = [
        f.brand(),
        f.model(),
        f.ram(0.1),
        f.storage(0),
        f.screen(0),
        price,
        t(f.cpu()),
        t(f.colour()),
        t(f.system()),
    ]
    lines = [cat(key, colon, value) for key, value in zip(keys, values, strict=True) if value and f.some(0.9)]
    if f.some(0.4):
        rest = lines[2:]
        rng.shuffle(rest)
        lines = lines[:2] + rest
    if gpu := f.gpu():
        lines.append(cat(rng.choice(["Graphics", "GPU", "Grafik", "Video"]), colon, gpu))
    return join(rng.choice(["\n", "\n", "; ", " | ", "  "]), *lines)


def label(f: Fields) -> Rich:
    """A box or shelf label as a camera reads it: lines, capitals, codes."""
    rng = f.rng
    memory = f.memory() if f.some(0.6) else join("\n", f.ram(0.7), f.storage(0.5))
    lines = [
        f.brand(),
        join(" ", f.model(), f.extra),
        memory,
        *maybe(f, 0.6, f.screen(0.3), f.price(0.4)),
        *maybe(f, 0.4, f.colour().upper(), f.cpu()),
    ]
    lines += [fill(x, rng, code=f.code) for x in rng.sample(W["label_lines"], rng.randint(0, 3))]
    if f.some(0.3):
        rest = lines[2:]
        rng.shuffle(rest)
        lines = lines[:2] + rest
    return join("\n", *lines)


def banner(f: Fields) -> Rich:
    """A poster: a slogan, the name, bullets, the price."""
    rng, mark = f.rng, f.rng.choice(["", "• ", "- ", "✓ ", "* ", "+ ", "» "])
    name = f.name(0.2) if f.some(0.6) else join("\n", f.brand(0.2), f.model())
    price = join(" ", f.word("price") if f.some(0.4) else "", f.price(0.4)) if f.some(0.75) else []
    end = rng.choice(["", "T&C apply", "Shop now", "While stocks last", "FREE DELIVERY", "0% EMI"])
    body = [f.any("slogans"), name, f.thing() if f.some(0.3) else "", *(cat(mark, line) for line in f.bullets()), end]
    body.insert(0 if f.some(0.2) else len(body) - 1, price)
    return join("\n", *body)


def page(f: Fields) -> Rich:
    """The text of a product page: crumbs, title, rating, price, bullets, buttons."""
    rng, mark = f.rng, f.rng.choice(["• ", "- ", "", "* "])
    title = join(" ", f.name(), join(", ", f.memory(), f.screen(0.3) if f.some(0.5) else "", f.colour()))
    crumbs = rng.choice([f"Home > Electronics > {f.thing()}", "Back to results", "", ""])
    rating = fill(rng.choice(["", "{4.2|4.5|3.9} ({12-999} ratings)", "In stock"]), rng)
    lines = [cat(mark, line) for line in f.bullets()[: rng.randint(1, 4)]]
    return join(
        "\n", crumbs, title, rating, f.price(0.5), *lines, rng.choice(["Add to basket", "Add to Cart", "Buy now", ""])
    )


def listlike(f: Fields) -> Rich:
    """A plain description: the name, then features with one separator."""
    bar = f.rng.choice(["; ", ", ", " • ", " | ", "\n- ", "\n* ", " / ", ". "])
    return join(
        bar, join(" ", f.name(0.1), f.thing() if f.some(0.4) else ""), *f.bullets(), f.price(0.2) if f.some(0.3) else ""
    )


# ------------------------------------------------------------------------------------------ shops


@dataclass
class Shop:
    """An imaginary shop: a way to write, its habits, how often it comes."""

    name: str
    style: str
    write: Callable[[Fields], Rich]
    habits: Habits
    weight: float = 1.0


INCHES = ('"', '"', " inch", "-inch", "''", "”", " inches", "in", " in", "″", " Inch", "inch")
PLACES = [("en", code) for code in ("USD", "GBP", "INR", "CAD", "AUD", "AED", "JPY", "EUR")] + [
    ("de", "EUR"), ("de", "CHF"), ("fr", "EUR"), ("es", "EUR"), ("es", "MXN"), ("it", "EUR"), ("pt", "BRL"),
    ("pl", "PLN"),
    ("sv", "SEK"),
]  # fmt: skip


def drawn(name: str) -> Shop:
    """A shop whose habits come from its name alone."""
    rng = Random(f"shop:{name}")
    language, currency = rng.choice(PLACES)
    order = rng.sample(
        ["memory", "screen", "cpu", "colour", "system", "gpu", "code", "noise", "thing"], rng.randint(3, 8)
    )
    if "memory" not in order:
        order.insert(rng.randint(0, len(order)), "memory")
    apart, separator = (
        rng.random() < 0.45,
        rng.choice([" ", ", ", " - ", " | ", "/", " / ", "; ", " · ", " – ", ",", "_", " • "]),
    )
    bracket, bracketed = (
        rng.choice(["", "", "()", "[]", "()"]),
        set(rng.sample(order, rng.randint(1, min(3, len(order))))),
    )
    first, priced, drop = (
        rng.choice(["name", "name", "name", "thing", "memory"]),
        rng.random() < 0.5,
        rng.uniform(0.05, 0.3),
    )
    tail, omit = (
        rng.choice(["", "", "", " ...", f" - {name.capitalize()}", f" | {name.capitalize()}.com"]),
        rng.choice([0, 0.05, 0.3]),
    )
    case = rng.choice(["", "", "", "", "upper", "lower"])
    english = language == "en"
    habits = Habits(
        language,
        currency,
        (rng.choice(["", " "]),) if rng.random() < 0.7 else ("", " "),
        ("Go",) if language == "fr" and rng.random() < 0.7 else (rng.choice(["GB", "GB", "GB", "Gb", "G", "gb"]),),
        tuple(rng.sample(INCHES if english else W["words"][language]["inch"], 2)),
        0.0 if english else rng.choice([0, 0.9, 1]),
        rng.choice(["usual", "usual", "upper", "lower"]),
        rng.random(),
        rng.random() * 0.8,
    )

    def write(f: Fields) -> Rich:
        made = {
            "memory": lambda: join(separator, f.ram(), f.storage()) if apart else f.memory(),
            "noise": lambda: " ".join(f.noise(2)),
        }
        kept = [part for part in order if part == "memory" or not f.some(drop)]
        pieces = [(part, made.get(part, lambda part=part: getattr(f, part)())()) for part in kept]
        pieces = [cat(bracket[:1], p, bracket[1:]) if p and part in bracketed else cat(p) for part, p in pieces]
        named = f.name(omit)
        if first == "memory":
            rich = join(separator, *pieces[:1], named, *pieces[1:])
        else:
            rich = join(separator, join(" ", f.thing() if first == "thing" else "", named), *pieces)
        if priced and f.some(0.6):
            rich = cat(rich, f.rng.choice([separator, " ", "\n"]), f.price(0.2))
        return cased(cat(rich, tail if f.some(0.7) else ""), case)

    return Shop(name, "drawn", write, habits, 0.9)


def shops() -> list[Shop]:
    """The shops of words.yaml, then the drawn ones."""
    out = []
    for entry in W["shops"]:
        entry = dict(entry)
        name, style, weight = entry.pop("name"), entry.pop("style"), entry.pop("weight", 1.0)
        habits = Habits(**{key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()})
        out.append(Shop(name, style, globals()[style], habits, weight))
    return out + [drawn(name) for name in W["drawn_shops"]]


SHOPS = shops()

# ------------------------------------------------------------------------------------------ assembly


def nothing(rng: Random) -> dict:
    """A text that offers no gadget: accessories, parts, notices, plain talk."""
    if rng.random() < 0.6:
        text, style = fill(rng.choice(W["accessories"]), rng, device=rng.choice(W["devices"])), "accessory"
        text += rng.choice(["", "", "", " - NEW", ", Black", " (2 Pack)", " | Free shipping", " Original"])
    else:
        lines = [fill(line, rng) for line in rng.sample(W["plain"], rng.randint(1, 3))]
        text, style = rng.choice(["\n", " ", " | "]).join(lines), "nothing"
    return {"text": text, "spans": [], "specs": {}, "sku": "", "product_id": "", "gadget_type": "other", "style": style,
            "shop": "sundries", "split": split_of(slug(text))}  # fmt: skip


CONFUSED = dict(zip("0O1lSBieo", "O0l1581c0", strict=True))


def misread(text: str, spans: list[list], rng: Random) -> str:
    """Swap a few letters outside the marked spans the way a reader of pictures does; the length stays."""
    marked = {i for start, end, *_ in spans for i in range(start, end)}
    return "".join(
        CONFUSED[c] if c in CONFUSED and i not in marked and rng.random() < 0.04 else c for i, c in enumerate(text)
    )


def shortened(text: str, spans: list[list], rng: Random) -> tuple[str, list[list]]:
    """A title cut at a limit with dots, as result lists show it; never where a total of two drives would lose one."""
    limit = rng.randint(45, 110)
    kept = [span for span in spans if span[1] <= limit]
    drives_before, drives_after = (sum(span[2] == "STORAGE" for span in group) for group in (spans, kept))
    if len(text) <= limit + 3 or not kept or drives_before != drives_after:
        return text, spans
    if any(start < limit < end for start, end, *_ in spans):
        limit = kept[-1][1]
    return text[:limit].rstrip() + "...", kept


def specs_of(spans: list[list], f: Fields) -> dict:
    """The facts that the spans state. Drives add up; of two sizes of a screen the more exact one holds."""
    values: dict[str, list] = {}
    for _, _, tag, value in spans:
        values.setdefault(tag, []).append(value)
    specs: dict = {}
    if "BRAND" in values or ("MODEL" in values and (f.implied or says_maker(f.item.brand, f.names[0]))):
        specs["brand"] = f.item.brand
    if models := list(dict.fromkeys(values.get("MODEL", []))):
        specs["model"] = " ".join(a for a in models if not any(a != b and a in b for b in models))
    if "RAM" in values:
        specs["ram_gb"] = values["RAM"][0]
    if "STORAGE" in values:
        specs["storage_gb"] = tidy(sum(gigabytes for gigabytes, _ in f.item.drives))
    if "SCREEN" in values:
        specs["screen_in"] = max(values["SCREEN"], key=lambda v: v != int(v))
    if "PRICE" in values:
        specs["price"], specs["currency"] = values["PRICE"][0]
    return specs


def make(index: int, rows: dict[str, list[list[dict]]]) -> dict:
    """The text number `index`: a function of the seed, the index and the catalogue only."""
    rng = Random(f"texts:{SEED}:{index}")
    if rng.random() < 0.05:
        return nothing(rng)
    shop = rng.choices(SHOPS, [s.weight for s in SHOPS])[0]
    item = invented(rng) if rng.random() < 0.15 else catalogued(rows, rng)
    f = Fields(item, shop.habits, rng)
    rich = shop.write(f)
    if rng.random() < 0.04:
        rich = cased(rich, rng.choice(["upper", "lower"]))
    text, spans = flat(rich)
    if "\n" not in text and rng.random() < 0.06:
        text, spans = shortened(text, spans, rng)
    if shop.style in ("label", "banner", "page", "sheet") and rng.random() < 0.25:
        text = misread(text, spans, rng)
    lead = len(text) - len(text.lstrip())
    text, spans = text.strip(), [[s - lead, e - lead, *rest] for s, e, *rest in spans]
    return {"text": text, "spans": spans, "specs": specs_of(spans, f), "sku": item.sku, "product_id": item.product_id,
            "gadget_type": item.kind, "style": shop.style, "shop": shop.name,
            "split": split_of(item.product_id)}  # fmt: skip


def runs(text: str) -> list[str]:
    """Letter runs and digit runs, sorted: how two models are compared."""
    return sorted(re.findall(r"[^\W\d_]+|\d+", text.lower()))


def faults(row: dict) -> list[str]:
    """What is wrong with a row: spans out of range, overlapping, or not saying their value."""
    out, last = [], 0
    for start, end, tag, value in row["spans"]:
        piece = row["text"][start:end]
        if not (last <= start < end <= len(row["text"])) or piece != piece.strip():
            out.append(f"span {start}-{end} overlaps, is out of range or has loose blanks: {piece!r}")
        last = end
        if tag == "MODEL" and runs(piece) != runs(value):
            out.append(f"model {piece!r} is not {value!r}")
        if tag == "BRAND" and value.lower() not in (piece.lower(), "hp" if piece.lower()[:7] == "hewlett" else ""):
            out.append(f"brand {piece!r} is not {value!r}")
        if tag in ("RAM", "STORAGE", "SCREEN"):
            number = re.match(r"\d+ \d(?=\")|[\d.,]+", piece)
            amount = float(number[0].translate(str.maketrans(", ", ".."))) if number else -1
            if tag != "SCREEN":
                amount *= {"t": 1024, "m": 1 / 1024}.get(re.sub(r"[^A-Za-z]", "", piece)[:1].lower(), 1)
            if abs(amount - value) > 1e-9:
                out.append(f"{tag} {piece!r} is not {value}")
        if tag == "PRICE" and abs(amount_of(piece) - value[0]) > 1e-6:
            out.append(f"price {piece!r} is not {value}")
    return out


def load() -> dict[str, list[list[dict]]]:
    """Catalogue rows by class and product, without those that came later."""
    products: dict[str, list[dict]] = {}
    passed_over = later()
    with (DATA / "catalogue.csv").open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            if row["product_id"] not in passed_over:
                products.setdefault(row["product_id"], []).append(row)
    rows: dict[str, list[list[dict]]] = {}
    for variants in products.values():
        rows.setdefault(variants[0]["gadget_type"], []).append(variants)
    return rows


def build(count: int = COUNT) -> list[dict]:
    """`count` different texts in a fixed order; AssertionError when a span does not say its value."""
    rows, seen, out, index = load(), set(), [], -1
    while len(out) < count:
        row = make(index := index + 1, rows)
        if row["text"] in seen or len(row["text"]) > 700:
            continue
        if wrong := faults(row):
            raise AssertionError(f"text {index} ({row['shop']}): {wrong[0]}\n{row['text']}")
        seen.add(row["text"])
        out.append(row)
    return out


def main() -> int:
    texts = build()
    body = "".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n" for row in texts)
    path = DATA / "texts.jsonl"
    beside = path.with_name(path.name + ".part")
    beside.write_text(body, encoding="utf-8")
    os.replace(beside, path)
    spans = sum(len(row["spans"]) for row in texts)
    print(
        f"{len(texts)} texts of {len({row['shop'] for row in texts})} shops, {spans} spans, "
        f"{len(body.encode()) / 1e6:.2f} MB"
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
