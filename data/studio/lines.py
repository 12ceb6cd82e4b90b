"""What a product's name states: the maker, where the line is only its own, and the model without what is no part of it.

The conventions are those of the data card: the size of a watch's case, the processor and the radio that stand behind a
name are printed with it and are not the model.
"""

import re

# Lines that one maker alone uses.
ONLY = {
    "Acer": ("Aspire", "Iconia", "Nitro", "Predator"),
    "Amazfit": ("Bip", "GTR", "GTS", "T-Rex"),
    "Amazon": ("Fire HD", "Fire Max", "Kindle Fire"),
    "Apple": ("AirPods", "EarPods", "MacBook", "iPad", "iPhone"),
    "ASUS": ("ROG", "TUF", "VivoBook", "ZenBook", "ZenFone", "ZenPad"),
    "Bose": ("QuietComfort", "SoundSport"),
    "boAt": ("Airdopes", "BassHeads", "Rockerz"),
    "Dell": ("Inspiron", "Latitude", "Precision", "Vostro", "XPS"),
    "Garmin": ("Epix", "Fenix", "Forerunner", "Venu", "Vivoactive", "Vivosmart"),
    "Google": ("Pixel", "Pixelbook"),
    "Honor": ("MagicBook",),
    "HP": ("EliteBook", "Envy", "Omen", "Pavilion", "ProBook", "Spectre", "Victus", "ZBook"),
    "Huawei": ("FreeBuds", "MateBook", "MatePad", "MediaPad", "Mate"),
    "Lenovo": ("IdeaPad", "LOQ", "Legion", "ThinkBook", "ThinkPad", "Yoga"),
    "Microsoft": ("Surface",),
    "Mobvoi": ("TicWatch",),
    "Motorola": ("Moto", "Razr"),
    "Noise": ("ColorFit",),
    "OPPO": ("Find X", "Reno"),
    "OnePlus": ("Nord",),
    "realme": ("narzo",),
    "Samsung": ("Galaxy",),
    "Sony": ("LinkBuds", "WF-1000XM", "WH-1000XM", "Xperia"),
    "Xiaomi": ("Redmi", "RedmiBook"),
}
_CHIP = re.compile(
    r"\s(?:M[1-5](?:\s(?:Pro|Max|Ultra))?|A1[4-9](?:\sPro)?)$", re.IGNORECASE
)  # of Apple's machines alone
_CASE = re.compile(r"\s\d\dmm\b", re.IGNORECASE)
_CASE_LAST = re.compile(_CASE.pattern + "$", re.IGNORECASE)
_RADIO = re.compile(r"\s(?:LTE|4G|Cellular)$", re.IGNORECASE)


def says_maker(brand: str, model: str) -> bool:
    """Whether the name alone gives its maker ("iPhone 13" is Apple's): a line of its own, digits may touch it."""
    return any(re.match(rf"{re.escape(line)}(?![a-z])", model, re.IGNORECASE) for line in ONLY.get(brand, ()))


def plain_model(brand: str, model: str) -> str:
    """The model by the conventions: "MacBook Pro 14" of "MacBook Pro 14 M3 Pro", "Watch SE (2020)" of "Watch SE 40mm
    (2020)"."""
    model = _CASE.sub("", _RADIO.sub("", model), count=1)
    return _CHIP.sub("", model) if brand == "Apple" else model


def stated(brand: str, shown: str) -> int:
    """How many characters of a printed name, from the left, state the model; what follows is chip, case or radio."""
    end = len(shown)
    for pattern in (_RADIO, _CASE_LAST, *((_CHIP,) if brand == "Apple" else ())):
        if found := pattern.search(shown[:end]):
            end = found.start()
    return end
