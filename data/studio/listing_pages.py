"""The layouts of listing pictures: HTML and CSS for one picture each, filled by a `listing_words.Seller`.

A layout is a function `(seller, look, art, rng) -> Page`. Elements whose text must be read on one line carry
`data-row`; overlays that must not count as covering a word have `pointer-events: none`.
"""

import base64
import random
from typing import NamedTuple

from listing_words import Seller, esc

HEAD_FONTS = [
    "League Spartan",
    "Manrope",
    "Play",
    "Roboto Condensed",
    "Open Sans",
    "Lato",
    "Inter Display",
    "URW Gothic",
    "Dosis",
    "Karla",
    "Cabin",
    "Jura",
    "Comfortaa",
    "Quicksand",
    "Oxygen-Sans",
    "Liberation Sans Narrow",
    "DejaVu Sans",
    "Arimo",
    "Nimbus Sans Narrow",
    "Noto Sans Display",
    "Carlito",
    "Cantarell",
    "Roboto",
    "Noto Serif Display",
    "URW Bookman",
    "C059",
    "EB Garamond",
    "Junction",
]
BODY_FONTS = [
    "Roboto",
    "Open Sans",
    "Lato",
    "Inter",
    "Arimo",
    "Liberation Sans",
    "Noto Sans",
    "DejaVu Sans",
    "Carlito",
    "Cabin",
    "Karla",
    "Manrope",
    "Oxygen-Sans",
    "Cantarell",
    "Nimbus Sans",
    "Tinos",
    "Noto Serif",
]
MONO_FONTS = ["OCR B", "Fira Code", "Cousine", "DejaVu Sans Mono", "Liberation Mono"]

# background, second background, ink, accent, ink on the accent
LIGHT = [
    ("#ffffff", "#f2f4f7", "#1b1f24", "#d7263d", "#fff"),
    ("#ffffff", "#e9f1ff", "#10233f", "#1769e0", "#fff"),
    ("#fffdf5", "#ffe9a8", "#3a2a05", "#e07a00", "#fff"),
    ("#f4fbf6", "#c9eed6", "#0d3320", "#0f8a4b", "#fff"),
    ("#fafafa", "#dcdcdc", "#222222", "#111111", "#fff"),
    ("#fff5fb", "#ffd3ea", "#40122d", "#c2187a", "#fff"),
    ("#eef7fb", "#b9e0f2", "#0b2f40", "#00708f", "#fff"),
    ("#ffffff", "#fff200", "#111111", "#e30613", "#fff"),
    ("#f7f4ff", "#d9ceff", "#25164f", "#6a3df0", "#fff"),
    ("#fdf6ee", "#e8d3bb", "#3d2b1c", "#8a5a2b", "#fff"),
    ("#ffffff", "#ffffff", "#333333", "#ffd400", "#111"),
    ("#f0f0ea", "#c8d0b8", "#2b3320", "#5c7a1f", "#fff"),
]
DARK = [
    ("#0b0d12", "#1b2436", "#f2f5fa", "#76d100", "#0b0d12"),
    ("#101010", "#3a0d12", "#ffffff", "#ff2d3d", "#fff"),
    ("#0a1030", "#27348b", "#eef2ff", "#ffcc00", "#1a1400"),
    ("#16072b", "#4a148c", "#f5eaff", "#00e5ff", "#00222a"),
    ("#06201c", "#0c5a4a", "#e8fff8", "#ff9f1c", "#1f1200"),
    ("#1c1c1e", "#2c2c2e", "#f5f5f7", "#0a84ff", "#fff"),
    ("#3b0a1a", "#8c1c3a", "#fff0f3", "#ffd6e0", "#3b0a1a"),
    ("#111b24", "#37474f", "#eceff1", "#ff7043", "#fff"),
]

ICONS = {
    "chip": '<rect x="6" y="6" width="12" height="12" rx="2"/><path d="M9 2v4M15 2v4M9 18v4M15 18v4M2 '
    "9h4M2 15h4M18 9h4"
    'M18 15h4"/>',
    "memory": '<rect x="2" y="7" width="20" height="10"/><path d="M6 10v4M10 10v4M14 10v4M18 10v4M5 17v3M19 17v3"/>',
    "disk": '<rect x="4" y="3" width="16" height="18" rx="2"/><circle cx="12" cy="10" r="4"/><path d="M8 18h8"/>',
    "screen": '<rect x="2" y="4" width="20" height="13" rx="1"/><path d="M8 21h8M12 17v4"/>',
    "battery": '<rect x="2" y="7" width="17" height="10" rx="2"/><path d="M22 10v4M6 10v4M10 10v4"/>',
    "camera": '<rect x="2" y="6" width="20" height="14" rx="2"/><circle cx="12" cy="13" r="4"/><path '
    'd="M8 6l2-3h4l2 3"/>',
    "card": '<rect x="2" y="6" width="20" height="12" rx="1"/><circle cx="9" cy="12" r="3"/><circle '
    'cx="16" cy="12" r="3"/>',
    "drop": '<path d="M12 2c4 6 7 9 7 13a7 7 0 0 1-14 0c0-4 3-7 7-13z"/>',
    "sound": '<path d="M4 14v-2a8 8 0 0 1 16 0v2"/><rect x="2" y="13" width="5" height="8" rx="2"/>'
    '<rect x="17" y="13" width="5" height="8" rx="2"/>',
    "star": '<path d="M12 2l3 7h7l-6 5 2 8-6-5-6 5 2-8-6-5h7z"/>',
}


class Look(NamedTuple):
    """Fonts, colours and corner radius of one picture."""

    head: str
    body: str
    mono: str
    bg: str
    bg2: str
    ink: str
    accent: str
    on: str
    dark: bool
    radius: int
    weight: int
    ground: str


class Page(NamedTuple):
    """One page to render: its layout, HTML, size in CSS pixels, and how it reaches the shopper."""

    layout: str
    html: str
    width: int
    height: int
    camera: str  # "screen": saved from a site; "label": a thing in a shop, so always photographed
    dark: bool = False
    trim: bool = False  # cut the empty part below the last element


def make_look(rng: random.Random, dark: bool | None = None) -> Look:
    dark = rng.random() < 0.3 if dark is None else dark
    bg, bg2, ink, accent, on = rng.choice(DARK if dark else LIGHT)
    angle = rng.choice([0, 45, 90, 135, 160, 200, 315])
    ground = rng.choice(
        [
            bg,
            f"linear-gradient({angle}deg,{bg},{bg2})",
            f"linear-gradient({angle}deg,{bg} 55%,{bg2} 55%)",
            f"radial-gradient(circle at {rng.randint(20, 80)}% {rng.randint(20, 80)}%,{bg2},{bg} 75%)",
        ]
    )
    return Look(
        rng.choice(HEAD_FONTS),
        rng.choice(BODY_FONTS),
        rng.choice(MONO_FONTS),
        bg,
        bg2,
        ink,
        accent,
        on,
        dark,
        rng.choice([0, 0, 4, 8, 14, 24]),
        rng.choice([600, 700, 700, 800, 900]),
        ground,
    )


def icon(name: str, size: int, colour: str) -> str:
    return (
        f'<svg width="{size}" height="{size}" viewBox="0 0 24 24" fill="none" stroke="{colour}" '
        f'stroke-width="1.8" '
        f'style="flex:none">{ICONS[name]}</svg>'
    )


def stars(size: int, colour: str = "#f5a623") -> str:
    one = f'<svg width="{size}" height="{size}" viewBox="0 0 24 24" fill="{colour}">{ICONS["star"]}</svg>'
    return f'<span style="display:inline-flex;flex:none">{one * 5}</span>'


def burst(points: int) -> str:
    """A star-shaped clip path."""
    import math

    path = []
    for k in range(2 * points):
        r = 50 if k % 2 == 0 else 43
        a = math.pi * k / points
        path.append(f"{50 + r * math.sin(a):.1f}% {50 - r * math.cos(a):.1f}%")
    return f"polygon({','.join(path)})"


class Art:
    """The product's picture: a photo from the studio when there is one, else a plain drawing of such a device.

    `photos` is a list of (JPEG bytes, width, height, border brightness 0..255).
    """

    def __init__(self, row: dict, photos: list[tuple[bytes, int, int, float]], rng: random.Random, dark: bool):
        self.row, self.photos, self.rng, self.dark = row, photos, rng, dark
        self.own = random.Random(row["product_id"])  # one product, one look

    def picture(self, width: int, height: int, style: str = "", plain: bool = False) -> str:
        """An element of at most `width` x `height` CSS pixels. `plain` asks for a photo on a white ground, if any."""
        if not self.photos:
            return (
                f'<div style="width:{width}px;height:{height}px;position:relative;flex:none;{style}">'
                f"{self.drawn(width, height)}</div>"
            )
        white = [p for p in self.photos if p[3] > 225]
        data, w, h, border = self.rng.choice(white if white and (plain or self.rng.random() < 0.55) else self.photos)
        scale = min(width / w, height / h)
        blend = "mix-blend-mode:multiply;" if border > 225 and (not self.dark or "#fff" in style) else ""
        uri = base64.b64encode(data).decode()
        return (
            f'<div style="width:{width}px;height:{height}px;flex:none;display:flex;align-items:center;'
            f'justify-content:center;position:relative;{style}"><img src="data:image/jpeg;base64,{uri}" '
            f'style="width:{w * scale:.0f}px;height:{h * scale:.0f}px;{blend}"></div>'
        )

    def wallpaper(self) -> str:
        a, b, c = (f"hsl({self.own.randrange(360)} {self.own.randint(40, 80)}% {light}%)" for light in (22, 40, 62))
        return f"linear-gradient({self.own.randrange(360)}deg,{a},{b} 60%,{c})"

    def body_colour(self) -> str:
        return self.own.choice(["#202226", "#c9ccd1", "#3a4250", "#8d9299", "#1d2b44", "#d9c7b0", "#5a6b5c"])

    def drawn(self, width: int, height: int, inner: str = "") -> str:
        """A drawing of the device, `inner` laid over its screen (white text on a dark wallpaper)."""
        kind, body, wall = self.row["gadget_type"], self.body_colour(), self.wallpaper()
        box = "position:absolute;box-sizing:border-box;"
        shade = "box-shadow:0 8px 24px #0005;"
        if kind == "laptop":
            w = min(width, int(height * 1.45))
            h = int(w * 0.6)
            x, y = (width - w) // 2, (height - int(h * 1.14)) // 2
            return (
                f'<div style="{box}left:{x + w * 0.08:.0f}px;top:{y}px;width:{w * 0.84:.0f}px;height:{h}px;'
                f"background:{wall};border:{max(6, w // 60)}px solid #15171a;"
                f"border-bottom-width:{max(10, w // 35)}px;"
                f'border-radius:10px 10px 2px 2px;color:#fff">{inner}</div>'
                f'<div style="{box}left:{x}px;top:{y + h}px;width:{w}px;height:{int(h * 0.09)}px;'
                f"background:{body};"
                f'clip-path:polygon(8% 0,92% 0,100% 100%,0 100%)"></div>'
                f'<div style="{box}left:{x}px;top:{y + int(h * 1.09)}px;width:{w}px;height:{int(h * 0.04)}px;'
                f'background:{body};filter:brightness(.7);border-radius:0 0 10px 10px"></div>'
            )
        if kind in ("mobile_phone", "tablet"):
            ratio = 0.48 if kind == "mobile_phone" else 1.4
            h = min(height, int(width / ratio))
            w = int(h * ratio)
            x, y = (width - w) // 2, (height - h) // 2
            return (
                f'<div style="{box}left:{x}px;top:{y}px;width:{w}px;height:{h}px;background:{wall};'
                f"{shade}color:#fff;"
                f"border:{max(5, h // 60)}px solid #17181b;outline:3px solid {body};"
                f'border-radius:{h // (18 if kind == "mobile_phone" else 30)}px">{inner}</div>'
            )
        if kind == "smartwatch":
            side = min(int(width * 0.8), int(height * 0.55))
            x, y = (width - side) // 2, (height - side) // 2
            radius = "50%" if self.row.get("form") == "round" else f"{side // 5}px"
            strap = f"left:{x + side * 0.2:.0f}px;width:{side * 0.6:.0f}px;background:{body};"
            return (
                f'<div style="{box}{strap}top:{y - int(side * 0.38)}px;height:{int(side * 1.76)}px;'
                f'border-radius:16px"></div><div style="{box}left:{x}px;top:{y}px;width:{side}px;'
                f"height:{side}px;"
                f"background:{wall};border:{side // 22}px solid #1a1b1e;border-radius:{radius};"
                f'{shade}color:#fff">'
                f"{inner}</div>"
            )
        side = min(width, height)
        if self.row.get("form", "").startswith("tws"):
            shape = (
                f'<rect x="22" y="40" width="56" height="42" rx="18" fill="{body}"/><path d="M22 56h56" '
                f'stroke="#0004" '
                f'stroke-width="1.5"/><circle cx="36" cy="30" r="9" fill="{body}"/><rect x="33" y="30" '
                f'width="5" '
                f'height="20" rx="2.5" fill="{body}"/><circle cx="64" cy="30" r="9" fill="{body}"/>'
                f'<rect x="62" y="30" width="5" height="20" rx="2.5" fill="{body}"/>'
            )
        else:
            shape = (
                f'<path d="M18 62V50a32 32 0 0 1 64 0v12" fill="none" stroke="{body}" stroke-width="7"/>'
                f'<rect x="9" y="52" width="19" height="34" rx="9" fill="#222"/>'
                f'<rect x="72" y="52" width="19" height="34" rx="9" fill="#222"/>'
                f'<rect x="22" y="54" width="9" height="30" rx="4" fill="{body}"/>'
                f'<rect x="69" y="54" width="9" height="30" rx="4" fill="{body}"/>'
            )
        return (
            f'<svg width="{side}" height="{side}" viewBox="0 0 100 100" style="position:absolute;'
            f'left:{(width - side) // 2}px;top:{(height - side) // 2}px">{shape}</svg>'
        )


def document(look: Look, width: int, height: int, body: str, ground: str | None = None, extra: str = "") -> str:
    """A whole page. The driver sets `--size` to the largest text that fits; all font sizes are in rem."""
    return f"""<!doctype html><html><head><meta charset="utf-8"><style>
html{{font-size:calc(16px*var(--size,1))}}
body{{margin:0;width:{width}px;height:{height}px;overflow:hidden;position:relative;background:{ground or look.ground};
color:{look.ink};font-family:'{look.body}','Noto Sans',sans-serif;line-height:1.25;font-size:1.35rem}}
i{{font-style:inherit}} i:not([data-f=brand],[data-f=model]){{white-space:nowrap}}
sup{{font-size:.5em;vertical-align:.75em;line-height:0}} s{{text-decoration-thickness:.09em}}
.h{{font-family:'{look.head}','Noto Sans',sans-serif;font-weight:{look.weight};line-height:1.12}}
.abs{{position:absolute}} .col{{display:flex;flex-direction:column}} .row{{display:flex;align-items:center}}
.pill{{display:block;width:fit-content;white-space:nowrap}}
.dot{{flex:none;width:.55em;height:.55em;background:{look.accent};margin-top:.38em;margin-right:.6em}}
{extra}</style></head><body>{body}</body></html>"""


def bullets(lines, look: Look, size: float, mark: str = "dot", gap: int = 12) -> str:
    """A bulleted list whose marks are drawn, not typed."""
    out = []
    for line in lines:
        sign = (
            icon(line.icon, int(size * 20), look.accent)
            if mark == "icon"
            else f'<span class="dot" style="border-radius:{"50%" if mark == "dot" else "0"}"></span>'
        )
        out.append(
            f'<div style="display:flex;align-items:flex-start;margin-bottom:{gap}px">{sign}'
            f'<div style="{"margin-left:12px" if mark == "icon" else ""}">{line.html}</div></div>'
        )
    return f'<div style="font-size:{size}rem">{"".join(out)}</div>'


def price_block(s: Seller, look: Look, size: float, align: str = "left", colour: str | None = None) -> str:
    """Price with its traps around it: struck-out price, discount, instalment."""
    main = s.price(small_cents=s.rng.random() < 0.3)
    if not main:
        return ""
    traps = [t for t in (s.old_price(), s.saving()) if t]
    above = f'<div style="font-size:{max(1.05, size * 0.4)}rem;opacity:.8">{traps[0]}</div>' if traps else ""
    below = ""
    if len(traps) > 1 and s.rng.random() < 0.7:
        below += (
            f'<div class="pill" style="font-size:{max(1.05, size * 0.38)}rem;background:{look.accent};'
            f'color:{look.on};padding:2px 10px;{"margin:4px auto" if align == "center" else "margin:4px 0"}">'
            f"{traps[1]}</div>"
        )
    if s.rng.random() < 0.45 and s.instalment():
        below += f'<div style="font-size:1.05rem">{s.instalment()}</div>'
    prefix = f"{s.word('now')} " if traps and s.rng.random() < 0.25 else ""
    return (
        f'<div style="text-align:{align}">{above}<div class="h" style="font-size:{size}rem;'
        f"white-space:nowrap;"
        f'color:{colour or look.accent}">{prefix}{main}</div>{below}</div>'
    )


def sticker(text: str, look: Look, rng: random.Random, where: str, size: float = 1.3) -> str:
    """A coloured, slightly turned sticker."""
    colour, ink = rng.choice([(look.accent, look.on), ("#e30613", "#fff"), ("#ffd400", "#111"), ("#0b8457", "#fff")])
    shape = rng.choice(
        [
            "border-radius:50%;aspect-ratio:1;display:flex;align-items:center;padding:12px;",
            "padding:8px 18px;",
            f"border-radius:{look.radius}px;padding:8px 16px;",
        ]
    )
    return (
        f'<div class="abs h" style="{where};background:{colour};color:{ink};font-size:{size}rem;'
        f"text-align:center;"
        f'white-space:nowrap;{shape}transform:rotate({rng.choice([-12, -8, -5, 4, 7, 10])}deg)">'
        f'<div style="width:100%">{text}</div></div>'
    )


def badge(s: Seller, rng: random.Random) -> str:
    """A generic processor sticker: the words of the chip's name on a coloured tile, one to a line."""
    chip = (s.row.get("chip") or "").split()
    if not chip or s.kind not in ("laptop", "mobile_phone", "tablet"):
        return ""
    maker = chip[0].lower()
    colours = {
        "intel": ["#0068b5", "#00a3e0"],
        "amd": ["#1a1a1a", "#3a3a3c"],
        "apple": ["#111"],
        "snapdragon": ["#b0102a"],
        "qualcomm": ["#b0102a"],
    }.get(maker, ["#37474f", "#004d40"])
    words = [w.upper() if rng.random() < 0.3 and w.isalpha() else w for w in chip[:4]]
    if maker == "intel" and rng.random() < 0.6:
        words[0] = "intel"
    size = "".join(
        f'<div style="font-size:{1.1 if k % 2 == 0 else 1.45}rem">{esc(w)}</div>' for k, w in enumerate(words)
    )
    return (
        f'<div class="h" style="background:{rng.choice(colours)};color:#fff;padding:10px 12px;'
        f"width:fit-content;"
        f'border-radius:{rng.choice([0, 4, 10])}px;text-align:left">{size}</div>'
    )


def gpu_badge(s: Seller, rng: random.Random) -> str:
    words = (s.row.get("gpu") or "").split()
    if len(words) < 2 or s.kind != "laptop":
        return ""
    colour = {"nvidia": "#3f8f00", "amd": "#c8102e", "intel": "#0068b5"}.get(words[0].lower(), "#444")
    return (
        f'<div class="h" style="background:#0d0d0d;color:#fff;width:fit-content"><div '
        f'style="background:{colour};'
        f'padding:3px 12px;font-size:1.05rem">{esc(words[0].upper())}</div><div style="padding:4px 12px 8px;'
        f'font-size:1.3rem">{esc(" ".join(words[1:]))}</div></div>'
    )


# --- layouts ---------------------------------------------------------------------------------------------------------
def banner(s: Seller, look: Look, art: Art, rng: random.Random) -> Page:
    """Bullets beside the product photo, headline above, price below."""
    w, h = rng.choice([(1000, 640), (1000, 720), (960, 800)])
    half = w // 2
    upper = rng.random() < 0.35
    head = f'<div class="h" style="font-size:{rng.choice([2.4, 2.8, 3.2])}rem">{s.name(upper) or s.noun()}</div>'
    if s.brand() and s.model() and rng.random() < 0.4:
        head = (
            f'<div class="h" style="font-size:1.7rem;color:{look.accent}">{s.brand(upper)}</div>'
            f'<div class="h" style="font-size:2.8rem">{s.model(upper)}</div>'
        )
    marks = rng.choice(["dot", "square", "icon"])
    listed = bullets(s.lines(rng.randint(3, 6)), look, rng.choice([1.4, 1.6]), marks)
    text = (
        f'<div class="col" style="width:{half - 50}px;justify-content:center;height:{h - 60}px">{head}'
        f'<div style="height:20px"></div>{listed}'
        f'<div style="height:10px"></div>{price_block(s, look, rng.choice([2.6, 3.2]))}</div>'
    )
    photo = art.picture(half - 20, h - 80, f"border-radius:{look.radius}px;overflow:hidden;")
    parts = [text, photo] if rng.random() < 0.6 else [photo, text]
    extra = (
        sticker(
            s.word(rng.choice(["offer", "top", "only"])),
            look,
            rng,
            f"{'right' if parts[0] is text else 'left'}:24px;top:24px",
        )
        if rng.random() < 0.5
        else ""
    )
    shop = (
        f'<div class="abs" style="right:24px;bottom:12px;font-size:1.1rem;opacity:.75">{esc(s.shop)}</div>'
        if rng.random() < 0.4
        else ""
    )
    body = f'<div class="row" style="padding:30px 24px;gap:20px;height:{h - 60}px">{"".join(parts)}</div>{extra}{shop}'
    return Page("banner", document(look, w, h, body), w, h, "screen", look.dark)


def hero(s: Seller, look: Look, art: Art, rng: random.Random) -> Page:
    """The photo fills a white square; pills and chip badges stand on and around it."""
    w = h = rng.choice([900, 1000])
    look = look._replace(ground=rng.choice(["#fff", "#fff", "#f4f4f6", look.ground]))
    if look.dark and look.ground != "#fff" and look.ground != "#f4f4f6":
        ink = look.ink
    else:
        ink = "#2b2b2b"
        look = look._replace(ink=ink)
    top = 130
    photo = (
        f'<div class="abs" style="left:{w * 0.14:.0f}px;top:{top}px">{art.picture(int(w * 0.72), int(h * 0.6))}</div>'
    )
    style = rng.choice(
        [
            f"background:#3b3b3d;color:#fff;border-radius:{look.radius}px",
            f"background:{look.accent};color:{look.on};border-radius:{look.radius}px",
            "background:#111;color:#fff;border-radius:30px",
            f"background:linear-gradient(90deg,{look.accent},#222);color:#fff;border-radius:6px",
        ]
    )
    pills = [p for p in (s.ram(), s.storage(), s.screen_line()) if p]
    if s.kind in ("headphones", "smartwatch"):
        pills += [line.html for line in s.lines(3) if line.html not in pills][:2]
    facts = [s.labelled(k, v) for k, _, v in s.facts() if not any(v in p for p in pills)][:2]
    below = rng.random() < 0.4
    body = photo
    if s.screen() and s.kind in ("laptop", "tablet") and rng.random() < 0.45:  # the size across the screen
        line = "stroke:#fff;stroke-width:3;filter:drop-shadow(0 0 2px #000)"
        body += (
            f'<svg class="abs" style="left:{w * 0.27:.0f}px;top:{top + h * 0.12:.0f}px;'
            f'pointer-events:none" width="{w * 0.45:.0f}" '
            f'height="{h * 0.33:.0f}"><line x1="0" y1="0" x2="38%" y2="38%" style="{line}"/>'
            f'<line x1="62%" y1="62%" x2="100%" y2="100%" style="{line}"/></svg><div class="abs h" data-over="1" '
            f'style="left:0;width:{w}px;'
            f"top:{top + h * 0.25:.0f}px;text-align:center;font-size:2.6rem;color:#fff;"
            f'text-shadow:0 0 3px #000,0 0 6px #000,0 0 10px #000a">{s.screen(True)}</div>'
        )
        pills = [p for p in pills if 'data-f="screen_in"' not in p]
    if not below:
        side = rng.choice(["left", "right"])
        column = "".join(
            f'<div class="pill" style="{style};padding:8px 18px;margin-bottom:16px;font-size:1.5rem;'
            f'{"margin-left:auto" if side == "right" else ""}">{p}</div>'
            for p in (pills + facts)[:5]
        )
        body += f'<div class="abs" style="{side}:28px;top:{rng.choice([180, 260, 330])}px">{column}</div>'
        other = "right" if side == "left" else "left"
        tiles = badge(s, rng) + ('<div style="height:10px"></div>' + gpu_badge(s, rng) if rng.random() < 0.6 else "")
        body += f'<div class="abs" style="{other}:28px;top:{rng.choice([150, 240, 420])}px">{tiles}</div>'
    else:
        cells = "".join(
            f'<div style="text-align:center;max-width:{w // 3 - 40}px">{icon("memory", 44, ink)}'
            f'<div class="h" style="font-size:1.6rem">{p}</div></div>'
            for p in (pills + facts)[:3]
        )
        body += (
            f'<div class="abs row" style="left:0;width:{w}px;bottom:40px;justify-content:space-evenly;'
            f'align-items:flex-start">{cells}</div>'
        )
        body += f'<div class="abs" style="right:28px;top:{rng.choice([150, 300])}px">{badge(s, rng)}</div>'
    if s.name() and rng.random() < 0.8:
        body = (
            f'<div class="abs h" style="left:30px;right:30px;top:36px;font-size:{rng.choice([2.2, 2.6])}rem;'
            f'text-align:{rng.choice(["left", "center"])}">{s.name(rng.random() < 0.3)}</div>'
        ) + body
    elif s.brand():
        body += (
            f'<div class="abs h" style="left:30px;bottom:{30 if not below else 170}px;'
            f'font-size:2.2rem">{s.brand()}</div>'
        )
    if s.price() and not below:
        body += f'<div class="abs" style="right:36px;bottom:36px">{price_block(s, look, 2.6, "right")}</div>'
    return Page("hero", document(look, w, h, body, look.ground), w, h, "screen", look.dark)


def on_screen(s: Seller, look: Look, art: Art, rng: random.Random) -> Page:
    """The text stands on the device's own screen, over its wallpaper."""
    w, h = rng.choice([(900, 900), (1000, 760)])
    kind = s.kind
    big = {"laptop": 2.6, "tablet": 3.0, "mobile_phone": 1.9, "smartwatch": 1.5}[kind]
    name = s.name(rng.random() < 0.3)
    lines = [p for p in (s.screen_line(), s.pair()) if p] + [s.labelled(k, v) for k, _, v in s.facts()[:1]]
    shadow = "text-shadow:0 2px 6px #000a;"
    if kind == "laptop":
        inner = (
            f'<div class="abs h" style="left:28px;right:28px;top:26px;font-size:{big}rem;{shadow}">'
            f"{name}</div>"
            f'<div class="abs" style="left:28px;right:28px;bottom:20px;{shadow}">'
            + "".join(f'<div style="font-size:1.5rem">{x}</div>' for x in lines)
            + "</div>"
        )
    elif kind == "smartwatch":
        inner = (
            f'<div class="abs h" style="left:16%;right:16%;top:30%;font-size:{big}rem;text-align:center;'
            f'{shadow}">'
            f"{s.model() or s.brand()}</div>"
        )
    else:
        inner = (
            f'<div style="padding:{60 if kind == "mobile_phone" else 36}px 16px;text-align:'
            f'{"center" if kind == "mobile_phone" else "left"}"><div class="h" style="font-size:{big}rem;'
            f'{shadow}">'
            f'{name}</div><div style="height:26px"></div>'
            + "".join(f'<div style="font-size:1.45rem;margin-bottom:14px;{shadow}">{x}</div>' for x in lines)
            + "</div>"
        )
    pw, ph = w - 120, h - 200
    body = f'<div class="abs" style="left:60px;top:50px;width:{pw}px;height:{ph}px">{art.drawn(pw, ph, inner)}</div>'
    foot = [p for p in ((s.brand(),) if kind == "smartwatch" and s.model() else ()) if p] + [
        esc(x) for x in rng.sample(s.slogans(), 2)
    ]
    if kind == "smartwatch" and s.screen():
        foot.append(s.screen_line())
    price = s.price()
    body += (
        f'<div class="abs row" style="left:30px;right:30px;bottom:34px;justify-content:space-between;'
        f'gap:30px">'
        f'<div style="font-size:1.35rem">{"".join(f"<div>{x}</div>" for x in foot)}</div>'
        f"{price_block(s, look, 2.4, 'right') if price else ''}</div>"
    )
    if rng.random() < 0.3:
        body += sticker(s.word(rng.choice(["new", "offer"])), look, rng, "left:20px;top:20px")
    return Page("on_screen", document(look, w, h, body), w, h, "screen", look.dark)


def price_badge(s: Seller, look: Look, art: Art, rng: random.Random) -> Page:
    """A huge price on a burst or disc over the photo; a short title."""
    w = h = 900
    shape = rng.choice(
        [f"clip-path:{burst(rng.randint(14, 24))}", "border-radius:50%", f"border-radius:{look.radius}px"]
    )
    colour, ink = rng.choice([("#e30613", "#fff"), ("#ffd400", "#111"), (look.accent, look.on), ("#111", "#fff")])
    turn = rng.choice([0, -8, -5, 6, 9])
    old, off = s.old_price(), s.saving()
    inner = (
        f'<div style="font-size:1.35rem">{old or s.word("now")}</div>'
        f'<div class="h" style="font-size:{rng.choice([2.7, 3.1])}rem;white-space:nowrap">'
        f"{s.price(rng.random() < 0.5)}</div>"
        f'<div style="font-size:1.25rem">{off}</div>'
    )
    side, other = rng.choice([("left", "right"), ("right", "left")])
    price = (
        (
            f'<div class="abs" data-box="18" style="{side}:30px;bottom:60px;width:330px;height:330px;'
            f"background:{colour};color:{ink};"
            f"display:flex;align-items:center;justify-content:center;text-align:center;{shape};"
            f'transform:rotate({turn}deg)">'
            f"<div>{inner}</div></div>"
        )
        if s.price()
        else ""
    )
    text = s.title() if rng.random() < 0.4 else s.name(rng.random() < 0.4) or s.noun()
    lines = [
        p
        for p in (
            s.pair() if s.kind != "laptop" else s.ram(),
            s.storage() if s.kind == "laptop" else "",
            s.screen_line(),
        )
        if p
    ]
    if text != s.name() and 'data-f="ram' in text:
        lines = [esc(x) for x in rng.sample(s.slogans(), 2)]
    body = (
        f'<div class="abs h" style="left:40px;right:40px;top:36px;'
        f'font-size:{2.7 if len(text) < 260 else 1.9}rem">{text}</div>'
        f'<div class="abs" style="{other}:30px;top:215px">{art.picture(560, 480)}</div>'
        f'<div class="abs" style="{other}:40px;bottom:46px;text-align:{other};font-size:1.6rem;'
        f'max-width:480px">' + "".join(f"<div>{x}</div>" for x in lines) + f"</div>{price}"
    )
    if rng.random() < 0.5:
        body += (
            f'<div class="abs" style="left:0;right:0;bottom:0;background:{look.accent};color:{look.on};'
            f"padding:5px 30px;"
            f'font-size:1.1rem">{s.word(rng.choice(["until", "only", "week"]))}</div>'
        )
    return Page("price_badge", document(look, w, h, body), w, h, "screen", look.dark)


def spec_sheet(s: Seller, look: Look, art: Art, rng: random.Random) -> Page:
    """A table of specifications, striped or ruled, sometimes with a small photo."""
    w, h = rng.choice([(820, 1000), (900, 900), (1000, 860)])
    with_photo = rng.random() < 0.6
    count = rng.randint(6, 9) if not with_photo else rng.randint(5, 7)
    style = rng.choice(["stripe", "rule", "grid"])
    rows = []
    for k, (label, value) in enumerate(s.rows(count)):
        back = f"background:{look.bg2 if look.dark else '#0000000d'};" if style == "stripe" and k % 2 else ""
        line = "border-bottom:1px solid #8886;" if style != "stripe" else ""
        cell = "border:1px solid #8888;" if style == "grid" else line
        rows.append(
            f'<tr data-row="1" style="{back}"><td style="padding:9px 14px;{cell}width:38%;font-weight:'
            f'{rng.choice([400, 700])};opacity:.85">{label}</td><td style="padding:9px 14px;{cell}">'
            f"{value}</td></tr>"
        )
    table = (
        f'<table style="border-collapse:collapse;width:100%;font-size:{rng.choice([1.3, 1.45])}rem">'
        f"{''.join(rows)}</table>"
    )
    head = f'<div class="h" style="font-size:2.2rem;margin-bottom:12px">{s.name() or s.word("specs")}</div>'
    if rng.random() < 0.5:
        head += f'<div style="font-size:1.5rem;color:{look.accent};margin-bottom:12px">{s.word("specs")}</div>'
    if with_photo:
        head = (
            f'<div class="row" style="justify-content:space-between;gap:20px"><div '
            f'style="max-width:{w - 330}px">{head}'
            f"{price_block(s, look, 2.2)}</div>{art.picture(220, 220, plain=True)}</div>"
        )
    elif s.price():
        table += f'<div style="height:16px"></div>{price_block(s, look, 2.4)}'
    ground = look.ground if "55%" not in look.ground else look.bg
    body = f'<div style="padding:30px 36px">{head}{table}</div>'
    return Page("spec_sheet", document(look, w, h, body, ground), w, h, "screen", look.dark, True)


def barcode(digits: str, width: int, height: int) -> str:
    """Bars that look like a barcode (they encode nothing)."""
    rng = random.Random(digits)
    bars, x = [], 0.0
    while x < width - 8:
        thick = rng.choice([2, 2, 3, 4, 6])
        bars.append(f'<rect x="{x:.0f}" y="0" width="{thick}" height="{height}"/>')
        x += thick + rng.choice([2, 2, 3, 5])
    return f'<svg width="{width}" height="{height}" fill="#111">{"".join(bars)}</svg>'


def box_label(s: Seller, look: Look, art: Art, rng: random.Random) -> Page:
    """The sticker on the carton: model, sizes, barcodes, small print."""
    w, h = rng.choice([(1000, 640), (900, 700)])
    brown = rng.choice(["#b98d5a", "#c9a16d", "#e9e6df", "#2a2a2c", "#d8d8d8"])
    mono = f"font-family:'{look.mono}',monospace;"
    rows = s.rows(rng.randint(4, 6))
    if s.colour and rng.random() < 0.6:
        rows.append((s.word("colour"), esc(s.colour)))
    table = "".join(
        f'<div data-row="1" class="row" style="gap:14px"><div style="width:190px">{k}:</div><div>{v}</div></div>'
        for k, v in dict(rows).items()
    )
    serial = "".join(rng.choice("ABCDEFGHJKLMNPRSTUVWXYZ0123456789") for _ in range(11))
    ean = s.ean()
    imei = "".join(str(rng.randrange(10)) for _ in range(15))
    lower = (
        f'<div class="row" style="gap:40px;align-items:flex-end;margin-top:14px">'
        f'<div>{barcode(ean, 300, 70)}<div style="{mono}font-size:1.2rem">{ean}</div></div>'
        f'<div style="{mono}font-size:1.15rem"><div>S/N: {serial}</div>'
        + (f"<div>IMEI: {imei}</div>" if s.kind == "mobile_phone" else f"<div>P/N: {s.code().split()[-1]}</div>")
        + "</div></div>"
    )
    fine = f'<div style="font-size:1.05rem;margin-top:12px;max-width:{w - 150}px">{s.word("fine")}</div>'
    title = f'<div class="h" style="font-size:2.4rem;margin-bottom:10px">{s.name(rng.random() < 0.4) or s.noun()}</div>'
    label = (
        f'<div data-box="8" style="position:absolute;left:40px;top:40px;width:{w - 80}px;'
        f"height:{h - 80}px;background:#fbfbf8;"
        f"color:#151515;box-sizing:border-box;padding:22px 28px;border-radius:{look.radius}px;"
        f'{mono if rng.random() < 0.3 else ""}">{title}<div style="font-size:1.3rem">{table}</div>'
        f"{lower}{fine}</div>"
    )
    return Page("box_label", document(look, w, h, label, brown), w, h, "label")


def shelf_label(s: Seller, look: Look, art: Art, rng: random.Random) -> Page:
    """The price tag on the shelf's edge, below the goods."""
    w, h = 1000, 680
    strip = rng.choice(["#c8ccd0", "#3a3f45", "#e7d9c0", "#7c1420"])
    paper, ink = rng.choice(
        [
            ("#fffef8", "#111"),
            ("#fff36b", "#111"),
            ("#ffffff", "#0b2a5b"),
            ("#101418", "#f4f4f4"),
            ("#e30613", "#ffffff"),
        ]
    )
    price = s.price(rng.random() < 0.4) or s.word("stock")
    old, off, per = s.old_price(), s.saving(), s.instalment()
    specs = [p for p in (s.screen_line(), s.ram(), s.storage()) if p]
    if not specs:
        specs = [line.html for line in s.lines(2)]
    left = (
        f'<div style="width:500px"><div class="h" style="font-size:2.1rem">'
        f"{s.name(rng.random() < 0.4) or s.noun()}</div>"
        + "".join(f'<div style="font-size:1.45rem">{x}</div>' for x in specs)
        + f'<div style="font-size:1.1rem;margin-top:10px">{s.code()}</div>'
        + f'<div style="margin-top:6px">{barcode(s.ean(), 200, 40) if ink == "#111" else ""}</div></div>'
    )
    right = (
        f'<div style="flex:1;text-align:right"><div style="font-size:1.35rem">{old}</div>'
        f'<div class="h" style="font-size:{3.2 if len(s.price()) else 2}rem;white-space:nowrap">{price}</div>'
        + (f'<div style="font-size:1.35rem">{off}</div>' if rng.random() < 0.6 else "")
        + (f'<div style="font-size:1.15rem">{per}</div>' if per and rng.random() < 0.6 else "")
        + f'<div style="font-size:1.05rem;margin-top:8px">{s.word("tax")}</div></div>'
    )
    body = (
        f'<div class="abs" style="left:0;top:0;width:{w}px;height:260px;'
        f'background:linear-gradient(#55585c,#b9bcc0)"></div>'
        f'<div class="abs" style="left:{rng.choice([120, 380, 600])}px;top:10px">'
        f"{art.picture(300, 250, '')}</div>"
        f'<div class="abs" style="left:0;top:260px;width:{w}px;height:{h - 260}px;background:{strip}"></div>'
        f'<div class="abs row" data-box="8" style="left:50px;top:290px;width:{w - 100}px;height:340px;'
        f"box-sizing:border-box;"
        f"padding:20px 28px;gap:20px;background:{paper};color:{ink};border-radius:{look.radius // 2}px;"
        f'box-shadow:0 4px 10px #0006">{left}{right}</div>'
    )
    return Page("shelf_label", document(look, w, h, body, "#777"), w, h, "label")


def page_desktop(s: Seller, look: Look, art: Art, rng: random.Random) -> Page:
    """A product page in a desktop browser."""
    w, h = rng.choice([(1000, 760), (1000, 860)])
    bg, ink = ("#15171b", "#eceef1") if look.dark else ("#ffffff", "#1c1e21")
    bar = rng.choice([look.accent, "#131a22", "#ffffff", look.bg2])
    bar_ink = {look.accent: look.on, "#131a22": "#fff", "#ffffff": "#222"}.get(bar, look.ink)
    menu = "".join(f"<div>{esc(m)}</div>" for m in s.word("menu").split())
    top = (
        f'<div class="row" data-row="1" style="background:{bar};color:{bar_ink};height:56px;padding:0 '
        f"22px;gap:26px;font-size:1.15rem;"
        f'border-bottom:1px solid #8884"><div class="h" style="font-size:1.5rem">{esc(s.shop)}</div>'
        f'<div style="background:#fff;color:#777;border:1px solid #bbb;padding:5px 14px;width:230px;'
        f'font-size:1.05rem">'
        f"{s.word('search')}</div>{menu}</div>"
    )
    rate = rng.choice(["4.1", "4.3", "4.5", "4.7"])
    rate = rate.replace(".", ",") if s.comma else rate
    reviews = (
        f'<div class="row" data-row="1" style="gap:10px;font-size:1.15rem;margin:8px 0">{stars(20)}<div>'
        f"{rate}</div>"
        f"<div>({rng.randrange(12, 4000)} {s.word('reviews')})</div></div>"
    )
    chips = ""
    if s.storage() and s.kind in ("mobile_phone", "tablet") and rng.random() < 0.35:
        chosen = float(s.row["storage_gb"])
        sizes = sorted({chosen, chosen * 2, max(16.0, chosen / 2)})
        cells = "".join(
            f'<div style="border:2px solid {look.accent if x == chosen else "#9999"};padding:4px 12px">'
            f"{s.storage(True) if x == chosen else esc(s.size(x)[0])}</div>"
            for x in sizes
            if x <= 1024
        )
        chips = f'<div class="row" data-row="1" style="gap:12px;font-size:1.15rem;margin:10px 0">{cells}</div>'
    listed = bullets(s.lines(rng.randint(3, 5)), look, 1.2, "dot", 7)
    offers = [o for o in (s.bank_offer(),) if o and rng.random() < 0.6]
    extra = "".join(
        f'<div style="font-size:1.1rem;color:{"#6cc070" if look.dark else "#1b7a33"}">{o}</div>' for o in offers
    )
    button = (
        f'<div class="pill" style="background:{look.accent};color:{look.on};padding:10px 24px;'
        f"border-radius:{look.radius}px;"
        f'font-size:1.2rem;margin-top:10px">{s.word(rng.choice(["buy", "buy_now"]))}</div>'
    )
    stock = f'<div style="font-size:1.1rem;margin-top:8px">{s.word(rng.choice(["stock", "left", "delivery"]))}</div>'
    asked = price_block(s, look, 2.2, colour=ink if rng.random() < 0.5 else None)
    right = (
        f'<div style="width:520px"><div style="font-size:{rng.choice([1.5, 1.7])}rem;line-height:1.25;'
        f"font-weight:"
        f'{rng.choice([400, 600, 700])}">{s.title()}</div>{reviews}{asked}'
        f'{extra}{chips}<div style="height:10px"></div>{listed}{stock}{button}</div>'
    )
    photo = (
        f'<div style="width:400px">{art.picture(400, 420, "background:#fff;border:1px solid #8883;", plain=True)}</div>'
    )
    body = f'{top}<div style="display:flex;gap:24px;padding:24px 24px">{photo}{right}</div>'
    return Page("page_desktop", document(look._replace(ink=ink), w, h, body, bg), w, h, "screen", look.dark, True)


def page_phone(s: Seller, look: Look, art: Art, rng: random.Random) -> Page:
    """The same on a phone: tall, status bar on top, button below."""
    w, h = rng.choice([(520, 1000), (560, 1000)])
    bg, ink = ("#000", "#f2f2f2") if look.dark else ("#ffffff", "#1a1a1a")
    clock = f"{rng.randrange(7, 23)}:{rng.randrange(10, 60)}"
    status = (
        f'<div class="row" data-row="1" style="height:38px;padding:0 22px;justify-content:space-between;'
        f'font-size:1.1rem">'
        f"<div>{clock}</div><div>{rng.choice(['5G', '4G', 'LTE'])}</div></div>"
    )
    bar = f'<div class="h" style="font-size:1.4rem;padding:8px 22px;border-bottom:1px solid #8884">{esc(s.shop)}</div>'
    listed = bullets(s.lines(rng.randint(2, 4)), look, 1.15, "dot", 5)
    offer = s.bank_offer() if rng.random() < 0.4 else ""
    body = (
        f'{status}{bar}<div style="padding:10px 22px">{art.picture(w - 44, 300, "background:#fff;", plain=True)}'
        f'<div style="font-size:1.35rem;margin-top:12px;line-height:1.25">{s.title()}</div>'
        f'<div class="row" data-row="1" style="gap:8px;font-size:1.1rem;margin:6px 0">{stars(18)}<div>'
        f"{rng.randrange(20, 9000)} {s.word('reviews')}</div></div>{price_block(s, look, 2.0, colour=ink)}"
        f'<div style="font-size:1.1rem;color:#2f9e4f">{offer}</div><div style="height:8px"></div>'
        f"{listed}</div>"
        f'<div class="abs" style="left:22px;right:22px;bottom:18px;background:{look.accent};'
        f"color:{look.on};text-align:center;"
        f'padding:12px;border-radius:{look.radius}px;font-size:1.25rem">{s.word("buy")}</div>'
    )
    return Page("page_phone", document(look._replace(ink=ink), w, h, body, bg), w, h, "screen", look.dark)


def market_card(s: Seller, look: Look, art: Art, rng: random.Random) -> Page:
    """One card of a marketplace's result list: wide or tall."""
    wide = rng.random() < 0.5
    w, h = (1000, 460) if wide else (620, 860)
    bg, ink = ("#1e1f22", "#ececec") if look.dark else ("#fff", "#202124")
    tag = (
        (
            f'<div class="pill" style="background:{look.accent};color:{look.on};padding:3px 12px;'
            f"font-size:1.1rem;"
            f'margin-bottom:8px">{s.word(rng.choice(["top", "offer", "new"]))}</div>'
        )
        if rng.random() < 0.6
        else ""
    )
    lines = s.lines(rng.randint(2, 4)) if rng.random() < 0.7 else []
    text = (
        f'{tag}<div style="font-size:1.45rem;line-height:1.28">{s.title()}</div>'
        f'<div class="row" data-row="1" style="gap:8px;margin:8px 0;font-size:1.1rem">{stars(20)}<div>'
        f"{rng.randrange(9, 20000)}</div></div>{price_block(s, look, 2.1, colour=ink if rng.random() < 0.6 else None)}"
        f'<div style="height:8px"></div>{bullets(lines, look, 1.15, "dot", 5)}'
        f'<div style="font-size:1.1rem;opacity:.85">{s.word("seller")} '
        f"{esc(rng.choice([s.shop, s.shop + ' Outlet']))}</div>"
        + (f'<div style="font-size:1.1rem;color:#2f9e4f">{s.word("delivery")}</div>' if rng.random() < 0.6 else "")
    )
    if wide:
        body = (
            f'<div style="display:flex;gap:26px;padding:26px">'
            f"{art.picture(360, 400, 'background:#fff;', plain=True)}"
            f'<div style="width:560px">{text}</div></div>'
        )
    else:
        picture = art.picture(w - 52, 330, "background:#fff;", plain=True)
        body = f'<div style="padding:22px 26px">{picture}<div style="height:12px"></div>{text}</div>'
    return Page("market_card", document(look._replace(ink=ink), w, h, body, bg), w, h, "screen", look.dark, True)


ACCESSORIES = {
    "en": ["USB-C cable", "Phone stand", "Laptop sleeve", "Wireless mouse", "Desk lamp", "Cleaning kit"],
    "de": ["USB-C-Kabel", "Handyhalter", "Notebooktasche", "Funkmaus", "Schreibtischlampe", "Reinigungsset"],
    "fr": ["Câble USB-C", "Support", "Housse", "Souris sans fil", "Lampe de bureau", "Kit de nettoyage"],
    "es": ["Cable USB-C", "Soporte", "Funda", "Ratón inalámbrico", "Lámpara", "Kit de limpieza"],
    "pt": ["Cabo USB-C", "Suporte", "Capa", "Mouse sem fio", "Luminária", "Kit de limpeza"],
}


def flyer(s: Seller, look: Look, art: Art, rng: random.Random) -> Page:
    """A leaflet's page: the gadget large, accessories with prices of their own around it."""
    w, h = 900, 1000
    names = rng.sample(ACCESSORIES[s.lang], 3)
    cells = []
    for name in names:
        price = ""
        if s.price():
            value = max(4, round(rng.uniform(6, 30) * s.rate)) + (0.99 if s.cents else 0)
            price = f'<div class="h" style="font-size:1.5rem;color:{look.accent}">{esc(s.money(value))}</div>'
        shape = rng.choice(
            ["border-radius:50%", "border-radius:8px", "clip-path:polygon(10% 0,90% 0,100% 100%,0 100%)"]
        )
        cells.append(
            f'<div data-box="4" style="flex:1;background:#fff;color:#222;padding:12px 14px;'
            f'border-radius:{look.radius}px">'
            f'<div style="width:90px;height:70px;margin:0 auto 6px;background:#c9ced6;{shape}"></div>'
            f'<div style="font-size:1.15rem">{esc(name)}</div>{price}</div>'
        )
    banner_ = (
        f'<div class="h" style="background:{look.accent};color:{look.on};font-size:2.4rem;padding:14px 34px">'
        f"{s.word('week')}</div>"
    )
    lines = bullets(s.lines(rng.randint(3, 4)), look._replace(accent="#555"), 1.35, "square", 8)
    asked = price_block(s, look._replace(accent="#c40d1c", on="#fff"), 3.0, "right", "#c40d1c")
    main = (
        f'<div data-box="8" style="margin:20px 26px;background:#fff;color:#1d1d1d;'
        f"border-radius:{look.radius}px;padding:20px 24px;"
        f'height:510px;position:relative"><div class="h" style="font-size:2.3rem;margin-bottom:10px">'
        f"{s.name(rng.random() < 0.3) or s.noun()}</div>"
        f'<div style="display:flex;gap:20px">{art.picture(400, 330, plain=True)}<div style="width:360px">'
        f"{lines}</div></div>"
        f'<div class="abs" style="right:26px;bottom:20px">{asked}</div></div>'
    )
    foot = f'<div style="padding:14px 28px;font-size:1.05rem">{s.word("until")} · {s.word("fine")}</div>'
    body = (
        f'{banner_}{main}<div class="row" style="gap:16px;padding:0 26px;align-items:stretch">'
        f"{''.join(cells)}</div>{foot}"
    )
    return Page("flyer", document(look, w, h, body), w, h, "screen", look.dark)


def gaming_ad(s: Seller, look: Look, art: Art, rng: random.Random) -> Page:
    """Dark, loud, huge type; badges of chip and graphics card."""
    w, h = rng.choice([(1000, 700), (900, 900)])
    look = look._replace(
        head=rng.choice(
            ["Play", "League Spartan", "Roboto Condensed", "Jura", "Nimbus Sans Narrow", "Open Sans Condensed"]
        )
    )
    slant = rng.choice(["italic", "normal"])
    head = (
        f'<div class="h" style="font-size:{rng.choice([3.4, 4.0])}rem;font-style:{slant};text-shadow:0 0 '
        f'18px {look.accent}88">'
        f"{s.name(True) or esc('GAME ON')}</div>"
    )
    lines = [s.gpu(), s.chip(), s.ram(), s.storage(), s.screen_line()]
    lines = [x.replace("Hz", "Hz") for x in lines if x]
    listed = "".join(
        f'<div style="border-left:5px solid {look.accent};padding:2px 14px;margin-bottom:12px;'
        f'font-size:1.5rem">{x}</div>'
        for x in lines
    )
    tiles = (
        f'<div class="row" style="gap:12px;align-items:flex-end">{badge(s, rng)}{gpu_badge(s, rng)}</div>'
        if rng.random() < 0.7
        else ""
    )
    tall = h == 900
    body = (
        f'<div class="abs" style="left:36px;right:36px;top:30px">{head}</div>'
        f'<div class="abs" style="right:30px;top:{250 if tall else 200}px">'
        f"{art.picture(460, 420, 'border-radius:12px;overflow:hidden;')}</div>"
        f'<div class="abs" style="left:36px;top:{260 if tall else 210}px;width:430px">{listed}{tiles}</div>'
        f'<div class="abs" style="right:40px;bottom:26px">{price_block(s, look, 3.0, "right")}</div>'
    )
    ground = f"linear-gradient({rng.choice([110, 150, 200])}deg,{look.bg},{look.bg2})"
    return Page("gaming_ad", document(look, w, h, body, ground), w, h, "screen", True)


DASH = '<div style="width:22px;height:3px;background:currentColor"></div>'  # drawn, so that it is no word


def compare_card(s: Seller, look: Look, art: Art, rng: random.Random) -> Page:
    """This model beside unnamed others: only secondary facts are compared, so the sizes stay this model's."""
    w, h = 960, 900
    must = [("ram", s.ram(True)), ("storage", s.storage(True)), ("screen", s.screen())]
    rows = [(s.word(k), v, DASH) for k, v in must if v]
    for key, _, value in s.facts()[:3]:
        other = DASH
        if key == "refresh":
            other = "60 Hz"
        rows.append((s.word(key), value, other))
    rows.append(
        (
            s.word("warranty"),
            s.word("months"),
            esc(s.word("months").replace("24", "12").replace("12 ", "6 ", 1)) if rng.random() < 0.3 else DASH,
        )
    )
    cells = "".join(
        f'<tr data-row="1"><td style="padding:10px 12px;width:30%">{a}</td><td style="padding:10px 12px;'
        f"font-weight:700;"
        f'background:{look.accent}22">{b}</td><td style="padding:10px 12px;width:20%;opacity:.75">{c}</td>'
        f"</tr>"
        for a, b, c in rows
    )
    head = (
        f'<div class="row" style="gap:26px">{art.picture(280, 260, plain=True)}<div style="width:560px">'
        f'<div class="h" '
        f'style="font-size:2.2rem">{s.name() or s.noun()}</div><div style="height:10px"></div>'
        f"{price_block(s, look, 2.3)}</div></div>"
    )
    ground = look.ground if "55%" not in look.ground else look.bg
    body = (
        f'<div style="padding:26px 34px"><div style="font-size:1.5rem;color:{look.accent}">'
        f"{s.word('why')}</div>{head}"
        f'<table style="border-collapse:collapse;width:100%;font-size:1.3rem;margin-top:16px"><tr '
        f'data-row="1"><td></td>'
        f'<td style="padding:8px 12px;background:{look.accent};color:{look.on}">{s.word("this")}</td>'
        f'<td style="padding:8px 12px">{s.word("others")}</td></tr>{cells}</table></div>'
    )
    return Page("compare_card", document(look, w, h, body, ground), w, h, "screen", look.dark, True)


def feature_card(s: Seller, look: Look, art: Art, rng: random.Random) -> Page:
    """One topic in large letters, the photo cut at the edge, few words: states one or two fields at most."""
    w = h = 900
    ram, storage = s.ram(), s.storage()
    if storage.endswith("</i>"):  # a bare size below "MEMORY" could be either
        storage += f" {s.word('storage')}"
    topics = [("memory", [ram, storage]), ("display", [s.screen_line()]), ("perform", [s.chip(), s.gpu(), ram])]
    topics = [(k, [v for v in vs if v]) for k, vs in topics]
    topics = [t for t in topics if t[1]] or [
        ("sound" if s.kind == "headphones" else "design", s.sound() or [esc(x) for x in rng.sample(s.slogans(), 2)])
    ]
    key, values = rng.choice(topics)
    slant = rng.choice(["italic", "normal"])
    side = rng.choice(["left", "right"])
    block = (
        f"background:{look.accent};color:{look.on};clip-path:polygon(0 0,100% 0,84% 100%,0 100%);"
        if side == "left" and rng.random() < 0.5
        else ""
    )
    ink = look.on if block else look.ink
    listed = "".join(
        f'<div class="row" style="gap:18px;margin-bottom:34px;align-items:flex-start">'
        f"{icon({'memory': 'memory', 'display': 'screen', 'perform': 'chip'}.get(key, 'star'), 54, ink)}"
        f'<div style="font-size:1.7rem;font-style:{slant};line-height:1.3">{v}</div></div>'
        for v in values
    )
    small = s.name() if rng.random() < 0.6 else s.brand()
    body = (
        f'<div class="abs" style="{"right" if side == "left" else "left"}:-20px;top:300px">'
        f"{art.picture(500, 500)}</div>"
        f'<div class="abs" style="{side}:0;top:0;width:480px;height:{h}px;box-sizing:border-box;'
        f'padding:40px 70px 40px 40px;{block}">'
        f'<div class="h" style="font-size:3rem;font-style:{slant};letter-spacing:.03em">{s.word(key)}</div>'
        f'<div style="height:60px"></div>{listed}<div style="font-size:1.3rem">{small}</div></div>'
    )
    ground = look.ground if "55%" not in look.ground else look.bg
    return Page("feature_card", document(look, w, h, body, ground), w, h, "screen", look.dark)


LAYOUTS = {
    "banner": (banner, 13),
    "hero": (hero, 19),
    "on_screen": (on_screen, 10),
    "price_badge": (price_badge, 9),
    "spec_sheet": (spec_sheet, 9),
    "box_label": (box_label, 8),
    "shelf_label": (shelf_label, 9),
    "page_desktop": (page_desktop, 10),
    "page_phone": (page_phone, 8),
    "market_card": (market_card, 7),
    "flyer": (flyer, 6),
    "gaming_ad": (gaming_ad, 60),
    "compare_card": (compare_card, 5),
    "feature_card": (feature_card, 7),
}


def fits(layout: str, row: dict) -> bool:
    """Whether this layout suits this product."""
    if layout == "gaming_ad":
        return row["gadget_type"] == "laptop" and row["brand"] != "Apple" and float(row.get("gpu_tier") or 0) >= 2
    if layout == "on_screen":
        return row["gadget_type"] != "headphones"
    return True
