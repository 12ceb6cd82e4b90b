"""Quantities in a text: memory and drives, screens, prices. Characters in, numbers with their places out.

`find_sizes` finds every amount of memory and gives it a role by its neighbours; `memory` then decides what is RAM and
what is storage. `screen_size` and `price` find the one diagonal and the one price that is asked. All of them read the
*plain* text: lower case, one character for each of the original, so that a place here is a place there.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from gadgetlib import gazetteer

# --- reading characters -------------------------------------------------------------------------------------------

# One character for one character, so that every position in the plain text is a position in the original.
PLAIN = str.maketrans(
    {
        **dict.fromkeys("“”„‟″〃＂", '"'),
        **dict.fromkeys("‘’‚‛′´`＇", "'"),
        **dict.fromkeys("‐‑‒–—―−－", "-"),
        **dict.fromkeys(
            "\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000", " "
        ),
        **dict.fromkeys("®™©\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\t\r\f\v", " "),
        **dict.fromkeys("，、", ","),
        **dict.fromkeys("（【［「『", "("),
        **dict.fromkeys("）】］」』", ")"),
        "：": ":",
        "；": ";",
        "／": "/",
        "｜": "|",
        "_": "|",
        "＋": "+",
        "×": "x",
        "＊": "*",
        "•": "|",
        "·": "|",
        "●": "|",
        "▪": "|",
        "…": ",",
        "\u2028": "\n",
        "\u2029": "\n",
        **{chr(0xFF10 + d): str(d) for d in range(10)},
        **{chr(0xFF21 + d): chr(65 + d) for d in range(26)},
        **{chr(0xFF41 + d): chr(97 + d) for d in range(26)},
    }
)
LOWER = str.maketrans({chr(65 + d): chr(97 + d) for d in range(26)} | {"Ä": "ä", "Ö": "ö", "Ü": "ü", "É": "é"})

# What describes a part of the gadget and must be mistaken neither for a name nor for a size.
_GEN = r"\d{1,2}(?:st|nd|rd|th)?[\s-]?gen(?:eration)?\b"
MASK = re.compile(
    rf"""
 (?P<cpu>
   \b(?:\d{{1,2}}(?:st|nd|rd|th)\s?gen(?:eration)?\.?\s+)?(?:intel\s+)?(?:core\s*[-]?\s*)?i[3579](?![a-z\d])
      (?:[\s-]+(?:processor\s+)?(?:\d{{4,5}}(?:[a-z]{{1,2}}\d?)?|\d{{3}}[a-z]{{1,2}}|n\d{{3}})(?!\s?[gt]b)\b)?(?:\s*\(?{_GEN}\)?)?(?:\s+vpro)?
  |\b(?:\d{{1,2}}(?:st|nd|rd|th)\s?gen(?:eration)?\.?\s+)?(?:intel\s+)?core\s*-?\s*(?:ultra\s*)?
      (?:(?:x?[3579])(?:[\s-]+(?:processor\s+)?(?:\(?series\s*\d\)?\s*)?\d{{3}}[a-z]{{0,2}}\b)?|m[357]?\b(?:-\d\w+)?|2\s?(?:duo|quad)(?:\s+[a-z]?\d{{4}})?|solo)
  |\b\d{{1,2}}(?:st|nd|rd|th)\s?gen(?:eration)?\.?\s+(?=intel|core|amd|ryzen|processor|cpu)
  |\b(?:amd\s+)?ryzen\b(?:\s*(?:ai|z\d))?(?:\s*max\+?)?(?:\s*-?\s*[3579]\b)?(?:\s*(?:hx|pro|ai))?(?:[\s-]*\d{{3,4}}[a-z]{{0,3}}\b(?!\s?[gt]b))?
  |\br[3579][\s-]\d{{4}}[a-z]{{0,2}}\b
  |\b(?:intel\s+)?(?:celeron|pentium|atom|xeon)\b(?:\s+(?:gold|silver|dual|quad|core|inside|processor))*(?:[\s-]*(?:[a-z]{{1,2}}\d?-?)?\d{{3,5}}[a-z]{{0,2}}\d?\b(?!\s?[gt]b))?
  |\b(?:amd\s+)?athlon\b(?:\s+(?:silver|gold|dual|core|ii|x2))*(?:\s*\d{{3,4}}[a-z]{{0,2}}\b)?
  |\b(?:amd\s+)?(?:a[4689]|a1[02]|e[12]|fx)-(?:series\s+)?\d{{4}}[a-z]?\b|\bamd\s+(?:a[4689]|a1[02]|e[12]|fx)\s\d{{4}}[a-z]?\b
  |\bn\d{{4}}\b|\bintel\s+(?:alder\s+lake\s+)?(?:processor\s+)?[nu]-?\d{{2,4}}\b
  |\b\d{{4,5}}(?:u|h|hs|hx|hq|hk|p|g[1-7]|hl|v)\b
  |\b(?:qualcomm\s+)?(?:snapdragon|sdm?\s?\d{{3}})\b(?:\s+x\s+(?:elite|plus)(?:\s+x1[\w-]*(?:\s\d{{2,3}}){{0,2}})?)?(?:\s*\d{{1,4}}[a-z]{{0,2}}\b\+?)?(?:\s*(?:plus|elite))?(?:\s*gen\.?\s*\d)?
  |\b(?:mediatek\s+)?(?:helio|dimensity|kompanio|mt)[\s-]*[a-z]?\d{{2,4}}[a-z]{{0,2}}\b|\bmediatek\b
  |\b(?:exynos|kirin|unisoc|tiger|spreadtrum|allwinner|rockchip)\s?\w?\d{{2,5}}\w{{0,2}}\b|\bgoogle\s+tensor(?:\s+g\d)?\b|\btensor(?:\s+g\d)\b
  |\b(?:apple\s+)?m[1-5]\b(?:\s(?:pro|max|ultra)\b)?(?=[\s-]*(?:chip|processor|cpu|\d{{1,2}}[\s-]core))|\bapple\s+m[1-5]\b(?:\s(?:pro|max|ultra)\b)?
  |\ba\d{{1,2}}x?\s+(?:bionic|fusion|pro\s+chip|chip)\b
  |\b(?:single|dual|quad|hexa|octa|deca|ten|\d{{1,2}})[\s-]?cores?\b(?!\s*(?:i\d|ultra|m\d|[3579]\b))(?:\s+processor)?|\bc(?:ore)?el\b
 )
 |(?P<gpu>
   \b(?:nvidia\s+)?(?:geforce\s+)?(?:rtx|gtx|mx)(?:\s*rtx)?[\s-]*a?\d{{3,4}}\s?(?:ti|super|max-q|ada|a)?\b
  |\b(?:nvidia|geforce)\b(?:\s+(?:geforce|gt|gtx|rtx|graphics|quadro))*(?:\s*\d{{3,4}}[a-z]{{0,2}}\b)?
  |\b(?:amd\s+)?radeon\b(?:\s+(?:rx|pro|vega|r\d|graphics|hd|x))*(?:\s*\d{{3,4}}[a-z]{{0,2}}\b(?!\s?[gt]b))?|\brx\s?\d{{3,4}}[a-z]{{0,2}}\b
  |\b(?:intel\s+)?(?:u?hd|iris)\s+(?:(?:xe|plus|pro)\s+)?graphics(?:\s+\d{{3,4}})?|\biris\s+xe\b|\barc\s+a\d{{3}}m?\b|\bquadro(?:\s+\w?\d{{3,4}}\w?)?
  |\brtx\b|\bgtx\b
 )
 |(?P<unit>
   \b\d{{1,2}}:\d{{2}}\b|(?<![\w.])\d{{1,4}}(?:[.,]\d)?\s?g\b(?=\s+(?:weight|gewicht|peso|poids|vikt))|\b(?:weight|weighs|gewicht|peso|poids|vikt)[:\s]*\d+(?:[.,]\d+)?\s?k?g\b
  |(?<![\w.])\d{{1,5}}(?:[.,]\d{{1,3}})?\s?(?:k?hz|[mg]hz|mah|mp|megapixels?|whr?s?|kg|kgs|lbs?|nits|ppi|dpi|fps|hrs?|hours?|days?|mins?|mbps|gbps|atm|ohms?|mt/s|months?|years?|cells?|users?|%)(?![a-z\d])
  |(?<![\w.])\d{{2}}(?:[.,]\d)?\s?mm\b
  |(?<![\w.])(?:\d{{3,4}}\s?[x*]\s?\d{{3,4}}|\d{{2,4}}\sx\s\d{{2,4}}(?![\w.]))(?:\s?(?:pixels?|px))?\b|\b\d{{3,4}}[pi]\b|(?<![\w.])\d(?:[.,]\d)?k\b(?!\s?(?:gb|/))
 )
 |(?P<conn>
   \bwi-?\s?fi(?:\s?[4567]e?\b)?|\b(?:bluetooth|bt)\s?-?v?\d(?:\.\d)?\b|\bbluetooth\b|\busb(?:-[ac])?\s?\d?(?:\.\d)?\b|\b802\.11\w*|\bip[x\d]\d\b|\bv\d\.\d\b|\b4g\s?(?:lte|volte|ready|network)\b|5g\s+(?:ready|network)\b|\bmil-std-?\w*
 )
 |(?P<os>
   \bandroid\s?v?\d{{1,2}}(?:\.\d)*\b|\bios\s?\d+\b|\bwin(?:dows)?\s?(?:xp|vista|7|8(?:\.1)?|10|11)\b(?:\s?(?:pro|home|education|s|h|p)\b)?|\bw1[01][hp]?\b
  |\bmac\s?os(?:\s?x)?(?:\s+(?:big\s+sur|high\s+sierra|sierra|mojave|catalina|monterey|ventura|sonoma|sequoia|el\s+capitan|yosemite))?|\bchrome\s?os\b|\bwindows\b
  |\b(?:ms|microsoft)?\s?office(?:\s+(?:home|and|student|&|h&s))*(?:\s+(?:20\d\d|365))?|\b(?:m|microsoft\s+|office\s*)365\b(?:\s+(?:personal|basic|family))?|\bgoogle\s+(?:play|fi|tv|drive|one|assistant|meet|fast\s+pair)\b|\bs\s+mode\b|\bgorilla\s+glass(?:\s+\w+)?\+?
  |\bamazon(?:\.\w\w\w?(?:\.\w\w)?|\s+(?:renewed|alexa|exclusive|prime))\b|\b(?:designed|tuned|powered|sound|audio)\s+by\b\s?\w*
 )""",
    re.X,
)

APPLE_CHIP = re.compile(r"\bm[1-5]\b(?:\s(?:pro|max|ultra)\b)?")

SHORT_CHIP = re.compile(r"\b(?:r[3579]|n[1-9]\d{1,2})\b(?=\s+\d{1,2}\s?gb\b)")

_SIZE = re.compile(
    r"""(?:(?<![\w.])(?<!\d,)|(?:(?<=\bssd)|(?<=\bhdd)|(?<=\bram)|(?<=\brom))(?=\d))(?:([24])(?:x|\sx\s))?(\d{1,4}(?:[.,]\d{1,2})?|[\dilosz|b]{1,4})\s?-?
 (gb|g8|tb|mb|mo|gig(?:s|abytes?)?|gigabytes?|terabytes?|go|to|гб|тб|g|t)(?=(?:s|(?:de)?ram|rom|ssd|hdd|m\.?2\w*|ddr\w*|emmc|lpddr\w*|arbeitsspeicher|speicher|memory|storage)?(?![\w/])|/(?!s\b)|_)""",
    re.X,
)
_PAIR = re.compile(
    r"(?<![\w.+])(?<!\d[,/])(\d{1,3})\s?(gb?)?\s?([+/|,])\s?(\d{1,4})\s?(gb|tb|g|t)?(?:(?![\w\"'.%+]|/\d|,\d)|(?=ssd|hdd|ram|rom|\.\s|\.$))"
)
_SPLIT = re.compile(
    r"(?<![\w.,+])(?<!\d/)(\d{1,2})\s?g?b?\s?[+/-]\s?(?:ssd|hdd|emmc)\s(\d{1,4})\s?(tb|gb|g)?(?![\w.,])"
)
_BARE = re.compile(
    r"(?<![\w.,/-])(?:(\d{1,4})[ ]?(ssd|hdd|nvme|emmc|rom|ram|ddr\d)\b|\b(ssd|hdd|nvme|ram)[\s:]{1,2}(\d{1,4})(?![\w.,%]|\s?(?:gb|tb|mb|mhz|g\b|x|ssd|hdd|nvme|emmc|rom|ram)))"
)
_DRIVE = r"(?:ssds?|hdd|emmc|ufs|nvme|rom|sshd|hybrid|flash|storage|hard\s?(?:disk|drive)|festplatte|almacenamiento|stockage|speicher(?:platz)?|intern(?:al|o|er|e)?\b|disco|dysk|disque|disk|drive|lagring|lagerung|tallennustila|pcie|m\.?2|sata|opslag|archiviazione|armazenamento)"
_MEMORY = r"(?:ram|lpddr\d?x?|s?dram|so-?dimm|ddr\d?[lx]?|arbeitsspeicher|unified(?:\s+memory)?|m[ée]moire\s+vive|memoria\s+ram|werkgeheugen|operativ\w*|mem[oó]ria\s+ram|system\s+memory|arbetsminne|pami[eę][cć]\s+ram)"
_FILL = r"(?:(?:of|de|di|the|on-?board|soldered|system|main|built-?in|ultra|super|fast|high|speed|solid|state|user|total|dual[\s-]channel|\d{4}\s?mhz|gen\s?\d(?:x\d)?|x\d|\d\.\d|2230|2280|2\.5)[\s,-]+)*"
_NEXT = r"(?![a-z])(?!\s*(?:[:|=\t])\s*[\w]?\d)"  # a label with a colon belongs to what follows it
_RAM_AFTER = re.compile(rf"[\s\-(]*{_FILL}(?:de)?{_MEMORY}{_NEXT}")
_DISK_AFTER = re.compile(rf"[\s\-(]*{_FILL}({_DRIVE}){_NEXT}")
_TWOFACED = r"(?:memory(?:\s+storage)?|mem[oó]ria|m[ée]moire|mem|minne|geheugen|pami[eę][cć]|pam[eě][tť])"
_WORD_AFTER = re.compile(rf"[\s\-(]*{_FILL}({_TWOFACED}){_NEXT}(?!\s*card)")
_OWN_VALUE = re.compile(r"(?: [^\W\d_]{3,14})?[ :]{1,3}\d+(?:[.,]\d+)? ?[gtm][bo]\b")
_RAM_BEFORE = re.compile(rf"(?:{_MEMORY}|system\s+memory)[\s:=(|\-]*(?:of|de|size|capacity|type)?[\s:=(|\-]*$")
_DISK_BEFORE = re.compile(
    rf"(?:{_DRIVE}|capacity|capacidad|kapazit[aä]t|internal\s+memory|memoria\s+interna)[\s:=(|\-]*(?:of|de|size|capacity)?[\s:=(|\-]*$"
)
_WORD_BEFORE = re.compile(rf"{_TWOFACED}[\s:=(|\-]*(?:of|de|size|capacity)?[\s:=(|\-]*$")
_NOT_AFTER = re.compile(
    r"[\s\-(]*(?:micro\s?-?sd|sd\s?-?card|sd\b|tf\b|memory\s+card|card\b|cloud|one\s?drive|google\s+(?:drive|one)|icloud|l[23]\b|(?:\w+\s)?cache|optane|usb\s+(?:drive|stick|flash)|pen\s?drive|data\b|internet|external|extern|expandable|expansion|virtual|extended|extra|turbo)"
)
_NOT_BEFORE = re.compile(
    r"(?:up\s?-?to|upto|expandable|expandible|expansion|erweiterbar|max\.|maximum|supports?|upgrad\w+(?:\s+to)?|bis\s+zu|hasta|jusqu'?\s?[aà]|fino\s+a|tot|micro\s?-?sd(?:\s?card)?|sd\s+card|memory\s+card|cache|cloud|virtual|no|without|ohne|sin|sans)[\s:(]*(?:to|up\s?to)?[\s:(]*$"
)
_BORROWED = re.compile(
    r"[\s*(]*(?:with|incl\w*|via|using)?\s*(?:ram\s*(?:plus|\+|expansion|boost)|virtual|extended|dynamic|memory\s+(?:fusion|extension|expansion))"
)
_VIDEO_AFTER = re.compile(
    r"[\s\-(]*(?:of\s+)?(?:gddr\d?x?|vram|graphics?\b|graph\b|grafik|video|dedicated|gpu|dgpu|vga)"
)
_CARD_AFTER = re.compile(r"[\s\-(]*(?:nvidia|geforce|rtx|gtx|radeon|mx\s?\d{3}|quadro|rx\s?\d{3,4}|amd\s+radeon)")

RAM_SIZES = gazetteer.RAM_SIZES
DISK_SIZES = gazetteer.DISK_SIZES
_SLIPS = str.maketrans("ilosz|b", "1105218")
_CUT = {28: 128, 56: 256}  # drives whose first digit was not read


@dataclass(slots=True)
class Size:
    start: int
    end: int
    gb: float
    role: str = ""  # ram, disk, video, no, or "" when the text does not say
    sure: float = 0.9
    drive: str = ""
    times: int = 1


def _amount(number: str, unit: str) -> float | None:
    """A size in GB; None when the characters are no believable size. Repairs the usual OCR slips (I6GB, 5I2GB)."""
    repaired = number
    if not number[0].isdigit() or not number.replace(".", "").replace(",", "").isdigit():
        if not any(c.isdigit() for c in number) and not (unit == "tb" and number in ("i", "l", "|")):
            return None
        repaired = number.translate(_SLIPS)
    try:
        value = float(repaired.replace(",", "."))
    except ValueError:
        return None
    first = unit[0]
    if first == "t" or unit == "тб":
        value = value * 1024 if value <= 32 else 0
    elif unit == "g8" and value not in (16, 32, 64, 128, 256, 512):
        return None  # "250 G8" is a laptop, not a size
    elif unit in ("mb", "mo"):
        value /= 1024
    if repaired != number and value not in RAM_SIZES and value not in DISK_SIZES:
        return None
    return value if 0 < value <= 32_768 else None


def find_sizes(low: str, plain: str, masks: list[tuple[int, int, str]]) -> list[Size]:
    """Every quantity of memory in the text, in order, with the role its neighbours give it."""
    found: list[Size] = []
    taken: list[tuple[int, int]] = []
    for m in _PAIR.finditer(low):
        a, b, unit, sign = int(m[1]), int(m[4]), m[5] or "", m[3]
        gb = b * 1024 if unit in ("tb", "t") else b
        if any(s <= m.start() < e for s, e, _ in masks) or low[max(0, m.start() - 7) : m.start()].strip() == "series":
            continue
        if (
            sign in "/+"
            and unit == "gb"
            and a in (32, 64, 128, 256, 512)
            and gb in (1, 2, 3, 4, 6, 8, 12, 16)
            and a >= 4 * gb
        ):
            found += [Size(m.start(1), m.end(2) if m[2] else m.end(1), a, "disk"), Size(m.start(4), m.end(), gb, "ram")]
            taken.append(m.span())
            continue  # the other way round: "64/3GB"
        if a not in RAM_SIZES or gb not in DISK_SIZES or gb <= a or gb < 8 or a > 64:
            continue
        if sign == "," and not (m[2] and unit):
            continue
        if sign == "+" and not m[2] and low[m.end(3) : m.end(3) + 1] == " " and low[m.start(3) - 1] != " ":
            continue  # "Note 10+ 256GB" is a name
        if _NOT_AFTER.match(low[m.end() : m.end() + 14]):
            continue
        if not unit and (a < 2 or sign == "|" or gb < 32 and not (a <= 4 and gb >= 4 * a)):
            continue
        if unit == "" and gb > 2048:
            continue
        if sign == "/" and gb <= 32 and gb / a <= 2:
            continue  # "8GB/16GB" offers two sizes of one thing
        after = low[m.end() : m.end() + 14]
        if re.match(r"\s*(?:mp|hz|mah|mhz)\b", after) or (gb <= 64 and _RAM_AFTER.match(after)):
            continue
        if sign == "+" and (
            _DISK_AFTER.match(low[m.end(1) : m.start(3)]) or (a >= 32 and gb < 512 and _DISK_AFTER.match(after))
        ):
            continue
        found += [Size(m.start(1), m.end(2) if m[2] else m.end(1), a, "ram"), Size(m.start(4), m.end(), gb, "disk")]
        taken.append(m.span())
    many_g = bool(re.search(r"(?<![\w.])(?:16|32|64|128|256|512)\s?g(?![\w])", low))  # this shop writes G for GB
    for m in _SIZE.finditer(low):
        if any(s <= m.start(2) < e for s, e in taken) or any(s <= m.start(2) < e for s, e, k in masks if k == "unit"):
            continue
        unit = m[3]
        if unit == "mo" and (plain[m.start(3)] != "M" or len(m[2]) < 3):
            continue
        if unit in ("go", "to") and (
            plain[m.start(3)] not in "GT"
            or m[2]
            not in ("1", "2", "3", "4", "6", "8", "12", "16", "18", "24", "32", "36", "48", "64", "96", "128", "256", "512", "500", "1,5")
        ):
            continue
        if unit == "to" and (int(m[2][0]) > 4 or len(m[2]) > 1 and m[2] != "1,5"):
            continue
        gb, begins = _amount(m[2], unit), m.start()
        if "," in m[2] and gb not in DISK_SIZES and (gb or 0) not in RAM_SIZES:
            gb, begins = _amount(m[2].split(",")[1], unit), m.start(2) + m[2].index(",") + 1  # "OnePlus 12,16GB RAM"
        if gb is None:
            continue
        if (
            unit == "g"
            and gb not in (16, 32, 64, 128, 256, 512)
            and not (
                gb in RAM_SIZES
                and (
                    re.match(
                        r"[\s\-+/|,]*(?:de\s+|di\s+)?(?:(?:system\s+)?mem[oó]r(?:y|ia)\b|ram\b|l?p?ddr|(?:\d{2,3}|[12])\s?[gt]\b)",
                        low[m.end() : m.end() + 18],
                    )
                    or gb in (6, 8, 12)
                    and many_g
                )
            )
        ):
            continue  # "5G" is a network
        if unit == "t" and not (
            re.match(r"\s*(?:ssd|hdd|nvme|b\b)", low[m.end() : m.end() + 6]) or gb <= 4096 and many_g
        ):
            continue
        if gb < 0.125 and not (_DISK_AFTER.match(low[m.end() : m.end() + 24]) or _DISK_BEFORE.search(low[max(0, m.start() - 40) : m.start()])):
            continue  # so few MB are a cache, unless they are called storage
        times = int(m[1]) if m[1] else 1
        found.append(Size(begins, m.end(), gb * times if times in (2, 4) else gb, times=times))
    for m in _SPLIT.finditer(low):  # "8/SSD 256", "4GB-SSD 32"
        a, gb = int(m[1]), int(m[2]) * (1024 if m[3] == "tb" or int(m[2]) <= 4 else 1)
        if a in RAM_SIZES and a <= 64 and gb in DISK_SIZES and gb > a:
            found = [x for x in found if not m.start() <= x.start < m.end()]
            found += [Size(m.start(1), m.end(1), a, "ram"), Size(m.start(2), m.end(), gb, "disk")]
    for m in _BARE.finditer(low):
        start, end = (m.start(1), m.end(1)) if m[1] else (m.start(4), m.end(4))
        gb, label = float(m[1] or m[4]), m[2] or m[3]
        if any(s.start <= start < s.end for s in found) or any(s <= start < e for s, e, _ in masks):
            continue
        if label in ("ram",) or label.startswith("ddr"):
            if gb in RAM_SIZES and gb <= 128:
                found.append(Size(start, end, gb, "ram", 0.7))
        elif gb in DISK_SIZES and gb >= 16 or gb in (1, 2) and label != "rom":
            found.append(Size(start, end, gb * 1024 if gb < 16 else gb, "disk", 0.7, drive=label))
    found.sort(key=lambda s: s.start)
    edge = 0  # labels before this position were used by an earlier size
    for i, size in enumerate(found):
        stop = found[i + 1].start if i + 1 < len(found) else len(low)
        after = low[size.end : min(stop, size.end + 48)]
        before = low[max(edge, size.start - 40) : size.start]
        edge = size.end
        if _NOT_BEFORE.search(before) and not re.search(r"from\s+up", before):
            size.role = "no"
        if before.endswith("(+") and after.startswith(")"):
            size.role = "no"  # "12GB (+8GB)": lent by the storage
        disk, ram = _DISK_AFTER.match(after), _RAM_AFTER.match(after)
        if disk and size.gb <= 32 and stop < len(low) and re.fullmatch(r"\s(?:ssd|hdd)\s", low[size.end : stop]):
            following = found[i + 1]
            if following.gb >= 120 and not _DISK_AFTER.match(low[following.end : following.end + 20]):
                disk = None  # "8GB SSD 256GB": the label belongs to what follows
        if ram and _BORROWED.match(low[size.end + ram.end() : size.end + ram.end() + 30]):
            size.role = "no"  # storage lent as memory is not memory
        word = None if disk or ram else _WORD_AFTER.match(after)
        label = disk or ram or word
        if label and "\n" in label[0] and _OWN_VALUE.match(low[size.end + label.end() : size.end + label.end() + 16]):
            disk = ram = word = None  # a label on the next line, with a size of its own
        if size.role in ("ram", "disk"):  # a pair, or a number with its label: already said
            best = ram if size.role == "ram" else disk
            if best:
                edge = size.end + best.end()
                size.drive = size.drive or (best[1] if size.role == "disk" else "")
            continue
        elsewhere = _NOT_AFTER.match(after)
        if elsewhere and not (elsewhere[0].strip(" -(").startswith("expand") and _DISK_BEFORE.search(before)):
            size.role = "no"  # but "ROM 128 GB Expandable" is what is built in
        if size.role == "no":
            edge = size.end + (ram or disk or word).end() if (ram or disk or word) else size.end
            continue
        video = _VIDEO_AFTER.match(after)
        if video and not ("\n" in video[0] and (_RAM_BEFORE.search(before) or _DISK_BEFORE.search(before))):
            size.role = "video"
            edge = size.end + video.end()
            continue
        p_ram, p_disk = _RAM_BEFORE.search(before), _DISK_BEFORE.search(before)
        p_word = None if p_ram or p_disk else _WORD_BEFORE.search(before)
        later = ram or disk or word
        if later and "\n" in after[: later.end()] and (p_ram or p_disk or p_word):
            ram = disk = word = None  # what stands before, on the same line, counts
        elif word and "\n" not in word[0]:
            p_ram, p_disk = (p if p and "\n" not in p[0] else None for p in (p_ram, p_disk))
        prefix = "ram" if p_ram and size.gb <= 192 else "disk" if p_disk else ""
        suffix = "ram" if ram else "disk" if disk else ""
        if prefix and suffix and prefix != suffix:
            mark = (p_ram or p_disk).end() - len((p_ram or p_disk)[0].rstrip())
            apart = "\n" in before[(p_ram or p_disk).start() :] or mark < 0
            together = "\n" not in after[: (ram or disk).end()]
            unlikely = prefix == "disk" and size.gb <= 32 or prefix == "ram" and size.gb > 96
            prefix = "" if apart and together or unlikely else prefix
        size.role = prefix or suffix
        if prefix and suffix == prefix or not prefix and suffix:
            edge = size.end + (ram or disk).end()
            size.drive = disk[1] if disk else ""
            if size.drive == "sshd" and size.gb <= 32:
                size.role = "no"  # the cache of a hybrid drive
        elif prefix == "disk":
            size.drive = p_disk[0]
        elif not prefix and (word or p_word):
            size.role = "word"
            edge = size.end + (word.end() if word and not p_word else 0)
        if not size.role or prefix and not suffix:
            touching = any(
                k == "gpu" and 0 <= size.start - e <= 2 and low[e : size.start].strip(" (-") == "" for _, e, k in masks
            )
            if size.gb <= 24 and not size.role and (touching or _CARD_AFTER.match(after)):
                size.role = "card"
    return found


def memory(low: str, sizes: list[Size], kind: str | None, masks: list) -> tuple[Size | None, list[Size]]:
    """RAM and storage among the sizes: what is labelled first, then what the kind of gadget makes likely."""
    small = kind not in ("laptop", "other")  # phones, tablets, watches: a lone size is storage
    told = any(s.role == "ram" for s in sizes)
    stored = any(s.role == "disk" for s in sizes)
    for s in sizes:
        if s.role == "word":  # "memory" is RAM beside a drive, and storage beside RAM
            said = any(o.role == "ram" and o.gb == s.gb for o in sizes)
            s.role = "ram" if said else "disk" if told and not stored or s.gb > 128 or small and s.gb > 24 else "ram"
    for s in sizes:
        if s.role == "disk" and s.gb in _CUT:
            s.gb, s.sure = _CUT[s.gb], 0.5
    if any(s.gb in DISK_SIZES for s in sizes if s.gb > 64):  # of "312 GB" and "512 GB" one is misread
        sizes = [s for s in sizes if s.gb <= 64 or s.gb in DISK_SIZES or s.role]
    ram = next((s for s in sizes if s.role == "ram" and s.gb in RAM_SIZES), None)
    disks = [s for s in sizes if s.role == "disk" and not 0.125 <= s.gb < 1]
    free = [s for s in sizes if s.role == "" and s.gb >= 0.25]
    cards = [s for s in sizes if s.role == "card"]
    if kind == "laptop" and ram is None and disks and not free:
        ram = _bare_ram(low, disks, masks, kind)  # "512 SSD 16, RTX 4060 8GB"
    if kind == "laptop" and ram is None and not disks and not free:
        for m in re.finditer(
            r"(?<![\w.,/-])(4|8|12|16|24|32|64)\s?[/ |]\s?(128|256|512|1000|1024)(?![\w.,\"'%-])", low
        ):
            if any(k in ("cpu", "gpu") and 0 <= m.start() - e <= 3 for _, e, k in masks):
                return (
                    Size(m.start(1), m.end(1), float(m[1]), "ram", 0.6),
                    [Size(m.start(2), m.end(2), float(m[2]), "disk", 0.6)],
                )
    if ram is None and cards and not (free and any(f.gb <= 64 for f in free)) and kind == "laptop":
        free.append(cards[0])
        free.sort(key=lambda s: s.start)
    distinct = sorted({s.gb for s in free})
    if kind == "laptop" and disks:
        disks = _beside(low, disks, [s for s in free if s.gb >= 128])
    if ram is not None and not disks and free:
        rest = [s for s in free if s.gb != ram.gb and (s.gb > ram.gb or s.gb >= 64) or s.gb >= 64]
        disks = rest if len({s.gb for s in rest}) == 1 else _joined(low, rest, kind) or []
    elif ram is None and disks and free:
        limit = 64 if not small else 24
        rest = [s for s in free if s.gb in RAM_SIZES and s.gb <= limit and s.gb < max(d.gb for d in disks)]
        ram = rest[0] if len({s.gb for s in rest}) == 1 or rest and not small else None
        if ram:
            ram.sure = 0.7
    elif ram is None and not disks and free:
        if len(distinct) == 1:
            lone = free[0]
            lone.sure = 0.7
            if small and lone.gb in (1.5, 3, 6, 10, 12, 18, 24):
                ram = lone  # nobody sells 6 GB of storage
            elif small or lone.gb > 64:
                disks = [lone]
            elif lone.gb in RAM_SIZES:
                ram = lone
        else:
            limit = 64 if not small else 24
            lows = [s for s in free if s.gb in RAM_SIZES and s.gb <= limit]
            highs = [s for s in free if s.gb > limit or s not in lows]
            if small and len(distinct) == 2 and not highs and distinct[1] >= 4 * distinct[0] and distinct[1] >= 8:
                lows, highs = [s for s in free if s.gb == distinct[0]], [s for s in free if s.gb == distinct[1]]
            if not small and not highs and len(distinct) == 2 and distinct[1] >= 16:
                lows, highs = [s for s in free if s.gb == distinct[0]], [s for s in free if s.gb == distinct[1]]
            if len({s.gb for s in lows}) == 1 or lows and not small:
                ram = lows[0]
            if len({s.gb for s in highs}) == 1:
                disks = highs
            elif highs:
                disks = _joined(low, highs, kind) or []
    if ram is None and kind in ("laptop", None):
        ram = _bare_ram(low, disks or sizes, masks, kind)
    if ram is not None and kind == "laptop" and not disks:
        bare = re.match(r"[\s/|,]{1,3}(128|256|512)(?![\w.,]|\s?(?:gb|tb|mhz))", low[ram.end : ram.end + 8])
        if bare:
            disks = [Size(ram.end + bare.start(1), ram.end + bare.end(1), float(bare[1]), "disk", 0.6)]
    return ram, _drives(low, disks)


def _bare_ram(low: str, near: list[Size], masks: list, kind: str | None) -> Size | None:
    """RAM written without a unit beside a drive or after the processor ("512 SSD 16", "i5 16 512")."""
    for s in near:
        tail = re.match(
            r"[\w\s.]{0,12}?[\s/|,]{1,3}(4|8|12|16|24|32|64)(?![\w\"'%-]|[.,]\d|\s?(?:inch|zoll|gb|tb|mb|core|mp|gen))",
            low[s.end : s.end + 20],
        )
        if tail and s.role == "disk" and re.fullmatch(rf"\s*(?:{_DRIVE})?[\s/|,]*", low[s.end : s.end + tail.start(1)]):
            return Size(s.end + tail.start(1), s.end + tail.end(1), float(tail[1]), "ram", 0.6)
        head = re.search(r"(?<![\w.,-])(4|8|12|16|24|32|64)[\s/|,]{1,3}$", low[max(0, s.start - 6) : s.start])
        if head and kind == "laptop" and s.role == "disk":
            at = max(0, s.start - 6) + head.start(1)
            if any(k == "cpu" and 0 <= at - e <= 3 for _, e, k in masks):
                return Size(at, at + len(head[1]), float(head[1]), "ram", 0.6)
    return None


def _beside(low: str, disks: list[Size], free: list[Size]) -> list[Size]:
    """With a drive whose kind is named, an unnamed one that touches it: "1TB 256GB SSD", "1TB + 512GB SSD"."""
    for s in free:
        if (
            len(disks) == 1
            and s.end <= disks[0].start
            and re.fullmatch(r"\s?[+/&]?\s?", low[s.end : disks[0].start])
            and s.gb != disks[0].gb
        ):
            s.drive, disks[0].drive = "hdd", disks[0].drive or "ssd"
            return [s, *disks]
    return disks


def _joined(low: str, sizes: list[Size], kind: str | None) -> list[Size] | None:
    """Several unlabelled drives, when a plus sign adds them up; None when they look like a choice."""
    for a, b in zip(sizes, sizes[1:]):
        between = low[a.end : b.start]
        if (re.fullmatch(r"[\s\w.]{0,8}\s?(?:\+|&)\s?", between) and a.gb >= 32) or (
            re.fullmatch(r"\s", between)
            and min(a.gb, b.gb) >= 128
            and a.gb != b.gb
            and len(sizes) == 2
            and kind == "laptop"
        ):
            a.drive, b.drive = "a", "b"
            return [a, b]
    return None


def _drives(low: str, disks: list[Size]) -> list[Size]:
    """Drives to be added up: an SSD and an HDD, or drives joined by a plus; the same drive said twice counts once."""
    named = [d for d in disks if d.drive]
    if len(named) > 1 and any(d.gb in {n.gb for n in named} for d in disks if not d.drive):
        disks = named  # "16GB/1TB ... 128GB SSD + 1TB HDD" says the terabyte twice
    kept: list[Size] = []
    for d in disks:
        spinning = bool(re.search(r"hdd|hard|festplatte|sshd|hybrid", d.drive)) or d.drive == "b"
        plus = kept and re.fullmatch(r"[^\d,|]{0,24}(?:\+|&|\band\b|\bund\b|\by\b)\s*", low[kept[-1].end : d.start])
        if (
            not kept
            or plus
            or all(spinning != bool(re.search(r"hdd|hard|festplatte|sshd|hybrid", k.drive)) for k in kept)
            and d.drive
            and (kept[0].drive)
            and (spinning or re.search(r"ssd|nvme|emmc|flash|m\.?2|pcie", d.drive))
        ):
            kept.append(d)
    return kept


# --- screens ------------------------------------------------------------------------------------------------------

_INCH = r"(?:-?\s?(?:inch(?:es|i)?|zoll|pulgadas?|pulg\b\.?|polegadas?|pol\b\.?|pouces?|pollici|tommer|tum\b|cal[iae]?\b|calowy|palců|tuumaa|дюйм\w*|インチ)|\s?(?:''|\")|in(?![\w-])|\s?-?in(?![\w-]|\s*\d))"
INCHES = re.compile(rf"(?<![\w.,$€£])(?<!\d/)(?P<n>\d{{1,2}}(?:[.,]\d{{1,2}})?)\s?{_INCH}")
SPACED_INCHES = re.compile(r"(?<![\w.,])(?P<a>1[0-8]|[4-9]) (?P<b>\d)\s?(?:\"|''|-?\s?inch|in\b)")
_LOST_POINT = re.compile(r"(?m)(?:^|\s)(1\d\d)(?:\"|'')(?!\w)")  # 127" of a tablet is 12.7"
CENTIMETRES = re.compile(r"(?<![\w.,])(?P<n>\d{2}(?:[.,]\d{1,2})?)\s?cm\b")
_DECIMAL = re.compile(
    r"(?<![\w.,$€£₹/:-])(?P<n>\d{1,2}[.,]\d{1,2})(?!\w|\.(?!\n|\Z)|,\d|\s?(?:ghz|kg|lbs?|mm|cm|mp|v\b|x\b|ft|hz|oz|%|/|tb|gb|mb|eur|usd|€|\$|k\b|hours?|hrs?|mah|stars?|\)?\s?out))"
)
_PANEL = re.compile(
    r"[\s\-_(]*(?:f?hd|fhd|uhd|qhd|wuxga|wqxga|wxga|oled|amoled|super|ips|lcd|led|retina|touch|display|screen|bildschirm|pantalla|écran|schermo|dot|2k|2\.\dk|4k|120|144|90hz)"
)
_BODY = re.compile(r"(?:display|screen|screen\s+size|bildschirm|pantalla|écran|diagonale?|size)[\s:(\-]*(?:of)?\s*$")
LAPTOP_INCHES = gazetteer.LAPTOP_INCHES
TABLET_INCHES = gazetteer.TABLET_INCHES


def screen_places(low: str) -> list[tuple[int, int]]:
    """Every place that speaks of inches or centimetres: no part of a name."""
    spaced = (m for m in SPACED_INCHES.finditer(low) if float(f"{m['a']}.{m['b']}") in LAPTOP_INCHES | TABLET_INCHES)
    return [m.span() for found in (INCHES.finditer(low), spaced, CENTIMETRES.finditer(low)) for m in found]


def screen_size(low: str, kind: str | None) -> tuple[float, int, int, float, str] | None:
    """The screen's diagonal: (inches, start, end, confidence, rule)."""
    best = None
    for m in SPACED_INCHES.finditer(low):
        value = float(f"{m['a']}.{m['b']}")
        usual = (
            value in LAPTOP_INCHES
            or kind in ("tablet", None)
            and value in TABLET_INCHES
            or (kind == "mobile_phone" and 4 <= value < 8)
        )
        if usual:
            return value, m.start(), m.end(), 0.8, "spaced inches"
    for m in INCHES.finditer(low):
        value = float(m["n"].replace(",", "."))
        if kind == "mobile_phone" and 40 <= value < 80 and m["n"].isdigit():
            value /= 10  # 51" of a phone is 5.1"
        if kind == "laptop" and value not in LAPTOP_INCHES and math.floor(value * 10) / 10 in LAPTOP_INCHES:
            value = math.floor(value * 10) / 10  # 15.35": the mark was read twice
        limit = (0.4, 3.0) if kind == "smartwatch" else (1.2, 19.0)
        if not limit[0] <= value <= limit[1]:
            continue
        around = low[m.end() : m.end() + 14]
        if re.match(r"\s*(?:strap|band|cable|driver|x\s*\d|wide|fit|wheel|stand|bag|sleeve)", around):
            continue
        if low[m.start() : m.end()].endswith("in") and re.match(
            r"\s*(?:1|one|the|a|stock|box|ear|black|good|new|great)\b", around
        ):
            continue
        return value, m.start(), m.end(), 0.95, "inches"
    for m in _LOST_POINT.finditer(low):
        value = float(m[1]) / 10
        if value in LAPTOP_INCHES or value in TABLET_INCHES and kind != "laptop":
            return value, m.start(), m.end(), 0.6, "inches, the point not read"
    for m in CENTIMETRES.finditer(low):
        value = round(float(m["n"].replace(",", ".")) / 2.54, 1)
        if 3 <= value <= 19 and ("." in m["n"] or "," in m["n"]):
            return value, m.start(), m.end(), 0.7, "centimetres"
    for m in _DECIMAL.finditer(low):
        value = float(m["n"].replace(",", "."))
        said = _PANEL.match(low[m.end() : m.end() + 16]) or _BODY.search(low[max(0, m.start() - 20) : m.start()])
        usual = (
            kind in ("laptop", None)
            and value in LAPTOP_INCHES
            and value > 11
            or kind == "tablet"
            and (value in TABLET_INCHES and value > 7.5)
        )
        if re.search(
            r"\b(?:android|bluetooth|bt|usb|version|ver|v|ios|wi-?fi|windows|os|hdmi|ufs|emmc|rating|rated)\s?$",
            low[max(0, m.start() - 10) : m.start()],
        ):
            continue
        if said and 1 <= value <= 19 or usual:
            return value, m.start(), m.end(), 0.85 if said else 0.7, "a decimal in the usual place"
    return best


# --- prices -------------------------------------------------------------------------------------------------------

CURRENCIES = gazetteer.CURRENCIES
_DEAR = frozenset(("EUR", "GBP", "USD", "CHF", "CAD", "AUD"))  # a gadget costs less than ten thousand of these
LARGEST = 0.75  # of the tallest print among prices: what is smaller is an old price, an accessory's, a rate
_SIGN = "|".join(re.escape(s) for s in sorted(CURRENCIES, key=len, reverse=True))
_SIGNS_FIRST = "|".join(
    re.escape(s)
    for s in sorted(CURRENCIES, key=len, reverse=True)
    if s not in ("ft", "kr", "tl", "lei", "dollars", "円", "元", "руб")
)
_NUMBER = r"(?<![^\n])\d{1,4}, \d\d(?=\s?(?:€|eur))|\d{1,3}(?:[.,']\d{2,3})+(?:[.,]\d{1,2})?(?!\d)|\d{1,3}(?: \d{3})+(?:[.,]\d{1,2})?(?!\d|\s?%)|\d{1,7}(?:[.,]\d{1,2})?(?![\d])"
_MONEY = re.compile(
    rf"(?:(?<![\w-])(?P<a>{_SIGNS_FIRST})\s?:?\s?(?P<n>{_NUMBER})(?![a-z]{{2}}(?<!eu)(?<!us)|[a-z]\d)(?P<x>[ ]?(?:eur|usd|gbp|inr|cad|aud|mxn|clp|cop|ars|sgd|hkd|nzd)\b(?![ ]?\d))?"
    rf"|(?<![\w.,-])(?P<m>{_NUMBER})(?:,-|\.-|,--|:-)?[ ]?(?P<b>{_SIGN})(?:(?P<c>(?<=€)\d\d)(?!\d)|(?!\w|[ ]?\d))"
    rf"|\bprice\s*[:=]?\s*(?P<k>{_NUMBER}))"
)
_MONEY_HINT = re.compile(
    rf"[$£€₹¥￥₽₩₺₫₱฿₦₪৳₴]|\d\s?(?:[,:]-\s?)?(?:{_SIGN})(?![a-z\d])|(?<!\w)(?:{_SIGNS_FIRST})\s?:?\s?\d|price\s*[:=]?\s*\d"
)
_PER_MONTH = re.compile(
    r"\*?\s*(?:(?:/|per|a|al|je|pro|par)\s?\.?\s?(?:mo(?:nth|n|nat|is)?|mth|m|mes)\b|p\.?\s?m\.?(?![a-z])|monthly|mensual\w*|monatlich|/\s?mo|x\s?\d{1,2}\b|emi\b(?!\s+(?:from|starts|at|options|available))|im\s+monat)"
)
_OLD = re.compile(r"was|were|prix\s+conseill|m\.?r\.?p|list|rrp|uvp|retail|antes|avant|prima|ancien|original|old|regular|msrp")
_LESS = re.compile(
    r"[\s*+]*(?:(?:instant|extra|flat|bank|additional)\s+)*(?:off\b|discount|cash\s?-?back|back\b|savings?|saved|rabatt|descuento|de\s+descuento|shipping|delivery|versand|coupon|voucher|gift|bonus|reward|exchange|store\s+credit|deposit|down\b|value\b|worth|d'achat|minimum)"
)
_ASIDE = re.compile(
    r"(?:\d{1,2}\s?x(?:\s?de)?|\d\s+(?:raten|pagos|cuotas|mensualidades|parcelas|rate)(?:\s+(?:à|a|zu|de|da))?|sparen|spara|economize|[ée]conomi\w+|risparmi\w*|oszcz\w+|\bde|emi|e\.m\.i\.?|instal\w+|save|saving[s]?|spare|ahorra|off|discount|cash\s?-?back|mrp|m\.r\.p\.?|was|were|list(?:\s+price)?|rrp|uvp|retail(?:\s+price)?|instead\s+of|statt|antes|avant|prima|ancien|original(?:ly|\s+price)?|old\s+price|regular(?:\s+price|ly)?|voucher|coupon|gift\s?card|prix\s+conseillé|exchange|bonus|worth|value(?:d)?(?:\s+at)?|shipping|versand|delivery|deposit|up\s?to|upto|reward|extra|flat|per\s+month|msrp|strike|protect(?:ion)?|warranty|orders?|orders\s+over|over|above|purchase[s]?)[\s:;\-.@]*(?:of|for|by|from|at|up\s?to|starts?(?:\s+(?:at|from))?|is|price)?[\s:\-.(@]*$"
)
_ASK = re.compile(
    r"\b(?:price|now|deal|only|sale|today|pay|preis|precio|prix|prezzo|cena|nur|jetzt|ahora|maintenant|buy\s?it\s?now|offer|our|special|for|at|from|ab)[\s:\-.(@]*(?:price|preis)?[\s:\-]*$"
)


DOLLAR_S = re.compile(r"(?<=watch )\$(?=\d(?![\d.,]))|\$(?=\d{1,2}\+? (?:fe|ultra|5g)\b)|(?<=galaxy[ \n])\$(?=\d{1,2}\b)|(?<=tab[ \n])\$(?=\d{1,2}\b)")  # "GALAXY $7" is an S7
SIX_B = re.compile(r"(?<![\w.,])((?:8|16|32|64|128|256|512))6b(?!\w)")  # "5126B" is 512GB
RUPEE = re.compile(r"(?<![\w%])%(?=\d{1,3}(?:,\d{2,3})+(?![\d%]))")  # how Tesseract reads the rupee sign: "%18,999"


def price(low: str, heights: Sequence[float] = ()) -> tuple[float, str | None, int, int, float] | None:
    """The asking price: (amount, ISO code or None, start, end, confidence). Rates and discounts are passed over.

    heights: of the print of each line of a picture's text; a shop prints the price that it asks largest.
    """
    if not _MONEY_HINT.search(low):
        return _lost_rupee(low)
    from price_parser import Price  # reads 1.199,00 and 1,199.00 and 1,19,900 alike

    offers, aside_only = [], []
    for m in _MONEY.finditer(low):
        number, sign = (m["n"] or m["m"] or m["k"]), (m["a"] or m["b"])
        start, end = m.start(), m.end()
        if (
            m["m"]
            and m["b"] in ("rs", "rs.", "s/", "s/.", "fr.", "ft", "rm", "rp", "tl", "try", "r$", "s$", "a$", "c$")
            and (re.match(r"\s?:?\s?\d", low[end : end + 4]) or len(number) < 3 or m["b"] == "ft" and len(number) < 5)
        ):
            continue
        if m["a"] and m["a"].isalpha() and "\n" in low[start : m.start("n")]:
            continue  # "269 EUR" ends one line, and "9.7 inch" begins the next
        if sign == "rs" and len(number) < 3 and m["a"] and start + 2 == m.start("n"):
            continue  # "RS4 Plus" is a watch
        before, after = low[max(0, start - 26) : start], low[end : end + 26].split("\n")[0]
        if _PER_MONTH.match(after) or _LESS.match(after) or re.match(r"\s*(?:gb|tb|mb|mah|%|mins?\b|hours?\b|hrs?\b|inch|zoll|pouces|pulgadas|polegadas)", after):
            continue
        if re.match(r"-\d\d(?!\d)", after):
            continue  # "$6-99": a line through the point, so it is the old price
        aside = _ASIDE.search(before)
        apart = aside is not None and "\n" in aside[0] and bool(_OLD.match(aside[0]))  # "Was" on the line above
        if (
            aside
            and not apart
            and not (re.search(r"(?:exchange|up\s?to|extra)", aside[0]) and _ASK.search(before) and "now" in before)
        ):
            continue
        number = re.sub(r"(?<=[.,]) (?=\d\d$)", "", number)  # "409, 90 €"
        if (parts := re.fullmatch(r"(\d{1,3}(?:\.\d{3})+)\.(\d\d)", number)):
            number = parts[1].replace(".", "") + "." + parts[2]  # "1.049.99": a comma read as a point
        amount = Price.fromstring(
            number.replace("'", " ").replace(" ", "\u00a0"), decimal_separator=_decimal(number)
        ).amount
        if amount is not None and m["c"]:
            amount += int(m["c"]) / type(amount)(100)  # 1081€50
        if amount is None or not 1 <= amount <= 100_000_000:
            continue
        code = CURRENCIES.get(sign) if sign else None
        if m["x"]:
            code = m["x"].strip().upper()
        if "\n" in low and code in _DEAR and re.fullmatch(r"\d{5,6}", number):
            amount /= 100  # nobody asks so much without a sign between the thousands: the point before the cents was not read
        asked = bool(_ASK.search(before))
        (aside_only if apart else offers).append((float(amount), code, start, end, asked))
    if heights:
        tall = [heights[min(low.count("\n", 0, o[2]), len(heights) - 1)] for o in offers + aside_only]
        large = [o for o, height in zip(offers + aside_only, tall) if height > LARGEST * max(tall)]
        offers = [o for o in offers if o in large] or large  # under "Was" stands what is asked, if it is the largest
    codes = {code for _, code, *_ in offers if code}
    if codes and not any(asked for *_, asked in offers) and (m := _NOW.search(low)):
        amount = Price.fromstring(m[1], decimal_separator=_decimal(m[1])).amount_float
        offers.insert(0, (amount, codes.pop(), m.start(1), m.end(1), True))
    if not offers:
        if len(aside_only) != 1:
            return _lost_rupee(low)
        return *aside_only[0][:4], 0.5  # "Was", an old price struck through and not read, the price below
    asked = [o for o in offers if o[4] and not re.search(r"\bfor\s*$", low[max(0, o[2] - 5) : o[2]])]
    chosen = (asked or offers)[0]
    for first, second in zip(offers, offers[1:]):
        # two prices side by side, the second lower: the first is crossed out
        if (
            first is chosen
            and (
                0 <= second[2] - first[3] <= 3
                or re.fullmatch(r"[^\w:]{0,6}\n(?:-?\d\d\s?%\n)?[^\w:]{0,4}", low[first[3] : second[2]])
            )
            and first[1] == second[1]
            and 0.25 * first[0] <= second[0] < first[0]
        ):
            chosen = second
    return *chosen[:4], 0.9 if len(offers) == 1 else 0.75


_NOW = re.compile(
    r"(?m)\b(?:now|jetzt|nur|only|ahora|maintenant|nu|teraz)\s(\d{1,3}(?:[.,]\d{3})+|\d{2,5}(?:[.,]\d\d)?)[.,]?\s?-?$"
)  # the sign not read
_BARE_PRICE = re.compile(r"(?m)^[^\w\n]{0,2}(\d{1,3}(?:,\d{2,3})+(?:\.\d\d)?)(?:/-)?$")


def _lost_rupee(low: str) -> tuple[float, str | None, int, int, float] | None:
    """A grouped number alone on its line of a picture: Tesseract knows $, € and £, and drops the rupee sign.

    "210,999" is no Indian grouping: the sign was taken for its first digit.
    """
    if low.count("\n") < 2:
        return None
    found = []
    for m in _BARE_PRICE.finditer(low):
        number, start = m[1], m.start(1)
        if re.match(r"\d{3},\d{3}(?!,)", number):
            number, start = number[1:], start + 1
        before = low[max(0, m.start() - 26) : m.start()]
        value = float(number.replace(",", ""))
        if value >= 300 and not (_ASIDE.search(before) and "\n" not in before[-1:]):
            found.append((value, "INR", start, start + len(number), 0.5))
    return min(found) if found else None


def _decimal(number: str) -> str:
    """Which sign is the decimal one: the last, when one or two digits follow it; a lone `1.199` is a thousand."""
    tail = re.search(r"([.,])(\d{1,2})$", number)
    return tail[1] if tail else "," if "." in number else "."


def size_in_gb(text: str) -> float | None:
    """One size, as a tagger marks it ("16 GB", "1TB", "512", "I6GB"), in GB; a bare number counts as GB."""
    low = text.translate(PLAIN).translate(LOWER)
    found = _SIZE.search(low)
    if found and (value := _amount(found[2], found[3])):
        return float(value)
    bare = re.search(r"\d{1,4}(?:[.,]\d{1,3})?", low)
    value = float(bare[0].replace(",", ".")) if bare else 0.0
    if bare and re.match(r"\s?t(?:b|o)?\b", low[bare.end() :]):
        value *= 1024
    return value or None


def price_in(text: str) -> tuple[float, str | None] | None:
    """One price with its currency, as a tagger marks it; None when there is none."""
    found = price(text.translate(PLAIN).translate(LOWER))
    return (found[0], found[1]) if found else None
