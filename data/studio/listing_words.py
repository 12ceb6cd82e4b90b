"""What a listing picture says: the facts of one catalogue row, in the words of one (invented) shop.

Every fact that a reader could label is wrapped in `<i data-f="FIELD" data-v="VALUE">`, so that the browser that lays
the page out can also tell which characters of it are the brand, the RAM, the price. What counts as what:
quantities carry their unit ("8 GB", "15,6 Zoll"), the price its currency sign; old prices, instalments, discounts,
graphics memory and memory cards are printed without a mark, because they are not the field.
"""

import html
import random
import sys
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parent))
import lines as names  # noqa: E402

FIELDS = ("brand", "model", "ram_gb", "storage_gb", "screen_in", "price")

# Zero-width; keeps Chromium from breaking a line after a hyphen or slash. The measuring script takes it out again.
JOINER = "\u2060"

# Where some shops leave the maker out, because the line names it. More lines do (`lines.ONLY`); another entry here
# would draw other pages.
IMPLIED = {
    "Apple": ("iPhone", "iPad", "MacBook", "AirPods"),
    "Samsung": ("Galaxy",),
    "Xiaomi": ("Redmi",),
    "Google": ("Pixel",),
    "Lenovo": ("ThinkPad", "IdeaPad"),
    "ASUS": ("Vivobook", "VivoBook", "Zenbook", "ZenBook"),
    "Dell": ("Inspiron", "Latitude", "XPS", "Vostro"),
    "HP": ("Pavilion", "EliteBook", "ProBook", "Victus"),
    "Acer": ("Aspire", "Predator"),
    "Microsoft": ("Surface",),
    "Sony": ("Xperia",),
}

# Laptop graphics memory in GB: printed beside the card's name, and not the machine's RAM.
GPU_MEMORY = {
    "GTX 1650": 4,
    "RTX 2060": 6,
    "RTX 3050": 4,
    "RTX 3060": 6,
    "RTX 3070": 8,
    "RTX 4050": 6,
    "RTX 4060": 8,
    "RTX 4070": 8,
    "RTX 4080": 12,
    "RTX 4090": 16,
    "RTX 5060": 8,
    "RTX 5070": 8,
    "RTX 5080": 16,
    "RTX 5090": 24,
}


class Locale(NamedTuple):
    lang: str
    currency: str
    rate: float  # units of the currency to one US dollar, as in data/rates.csv
    weight: float  # share of the pictures


LOCALES = {
    "en-US": Locale("en", "USD", 1.0, 26),
    "en-IN": Locale("en", "INR", 83.39, 22),
    "en-GB": Locale("en", "GBP", 0.7909, 11),
    "en-CA": Locale("en", "CAD", 1.368, 4),
    "en-AU": Locale("en", "AUD", 1.499, 4),
    "en-AE": Locale("en", "AED", 3.6725, 3),
    "de-DE": Locale("de", "EUR", 0.9337, 9),
    "de-CH": Locale("de", "CHF", 0.8986, 2),
    "fr-FR": Locale("fr", "EUR", 0.9337, 7),
    "es-ES": Locale("es", "EUR", 0.9337, 4),
    "es-MX": Locale("es", "MXN", 18.3, 4),
    "pt-BR": Locale("pt", "BRL", 5.59, 5),
}

# Words of the spec table and of the page, by language. Order of columns: en, de, fr, es, pt.
LANGS = ("en", "de", "fr", "es", "pt")
_WORDS = {
    "brand": "Brand|Marke|Marque|Marca|Marca",
    "model": "Model|Modell|Modèle|Modelo|Modelo",
    "ram": "RAM|Arbeitsspeicher|Mémoire vive|Memoria RAM|Memória RAM",
    "storage": "Storage|Speicher|Stockage|Almacenamiento|Armazenamento",
    "screen": "Screen size|Bildschirm|Écran|Pantalla|Tela",
    "resolution": "Resolution|Auflösung|Définition|Resolución|Resolução",
    "chip": "Processor|Prozessor|Processeur|Procesador|Processador",
    "gpu": "Graphics|Grafik|Carte graphique|Gráficos|Placa de vídeo",
    "os": "Operating system|Betriebssystem|Système|Sistema operativo|Sistema operacional",
    "battery": "Battery|Akku|Batterie|Batería|Bateria",
    "camera": "Camera|Kamera|Appareil photo|Cámara|Câmera",
    "weight": "Weight|Gewicht|Poids|Peso|Peso",
    "colour": "Colour|Farbe|Couleur|Color|Cor",
    "refresh": "Refresh rate|Bildwiederholrate|Fréquence|Frecuencia|Taxa de atualização",
    "water": "Water resistance|Wasserschutz|Étanchéité|Resistencia al agua|Resistência à água",
    "year": "Year|Jahr|Année|Año|Ano",
    "condition": "Condition|Zustand|État|Estado|Estado",
    "new": "New|Neu|Neuf|Nuevo|Novo",
    "warranty": "Warranty|Garantie|Garantie|Garantía|Garantia",
    "months": "24 months|24 Monate|24 mois|24 meses|12 meses",
    "price": "Price|Preis|Prix|Precio|Preço",
    "our_price": "Our price|Unser Preis|Notre prix|Precio online|Por apenas",
    "now": "Now|Jetzt|Maintenant|Ahora|Por",
    "was": "Was|UVP|Prix conseillé|Antes|De",
    "save": "Save|Sie sparen|Économisez|Ahorra|Economize",
    "offer": "SALE|ANGEBOT|PROMO|OFERTA|OFERTA",
    "top": "Best seller|Bestseller|Meilleure vente|Más vendido|Mais vendido",
    "buy": "Add to cart|In den Warenkorb|Ajouter au panier|Añadir al carrito|Adicionar ao carrinho",
    "buy_now": "Buy now|Jetzt kaufen|Acheter|Comprar ahora|Comprar agora",
    "stock": "In stock|Auf Lager|En stock|En stock|Em estoque",
    "left": "Only 3 left|Nur noch 3 Stück|Plus que 3 en stock|Quedan 3 unidades|Restam 3 unidades",
    "delivery": "Free delivery tomorrow|Kostenlose Lieferung morgen|Livraison gratuite demain|Envío "
    "gratis mañana"
    "|Frete grátis amanhã",
    "returns": "30-day returns|30 Tage Rückgabe|Retour sous 30 jours|Devolución en 30 días|Devolução em 30 dias",
    "reviews": "reviews|Bewertungen|avis|opiniones|avaliações",
    "specs": "Specifications|Technische Daten|Caractéristiques|Especificaciones|Especificações",
    "about": "About this item|Produktinformationen|À propos|Acerca de este producto|Sobre este item",
    "search": "Search products|Produkte suchen|Rechercher|Buscar productos|Buscar produtos",
    "menu": "Home Deals Brands Help|Start Angebote Marken Hilfe|Accueil Offres Marques Aide"
    "|Inicio Ofertas Marcas Ayuda|Início Ofertas Marcas Ajuda",
    "seller": "Sold by|Verkauf durch|Vendu par|Vendido por|Vendido por",
    "from": "from|ab|dès|desde|a partir de",
    "month": "month|Monat|mois|mes|mês",
    "only": "Online only|Nur online|En ligne seulement|Solo en línea|Só no site",
    "week": "Deal of the week|Knaller der Woche|Offre de la semaine|Oferta de la semana|Oferta da semana",
    "until": "While stocks last|Solange der Vorrat reicht|Dans la limite des stocks|Hasta agotar existencias"
    "|Enquanto durarem os estoques",
    "fine": "Pictures may differ from the goods. Errors excepted.|Abbildung ähnlich. Irrtümer vorbehalten."
    "|Photos non contractuelles.|Imágenes ilustrativas. Salvo error u omisión."
    "|Imagens meramente ilustrativas.",
    "tax": "Price incl. VAT|inkl. MwSt., zzgl. Versand|TVA incluse|IVA incluido|Impostos inclusos",
    "this": "This model|Dieses Modell|Ce modèle|Este modelo|Este modelo",
    "others": "Others|Andere|Autres|Otros|Outros",
    "why": "Why choose it?|Warum dieses Modell?|Pourquoi le choisir ?|¿Por qué elegirlo?|Por que escolher?",
    "compare": "Compare|Vergleich|Comparer|Comparar|Comparar",
    "details": "Details|Details|Détails|Detalles|Detalhes",
    "display": "DISPLAY|DISPLAY|ÉCRAN|PANTALLA|TELA",
    "memory": "MEMORY|SPEICHER|MÉMOIRE|MEMORIA|MEMÓRIA",
    "perform": "PERFORMANCE|LEISTUNG|PERFORMANCE|RENDIMIENTO|DESEMPENHO",
    "design": "DESIGN|DESIGN|DESIGN|DISEÑO|DESIGN",
    "sound": "SOUND|SOUND|SON|SONIDO|SOM",
    "item": "Item no.|Art.-Nr.|Réf.|Ref.|Cód.",
    "similar": "Customers also bought|Kunden kauften auch|Achetés ensemble|También te puede interesar|Quem viu comprou",
    "anc": "Active noise cancelling|Aktive Geräuschunterdrückung|Réduction de bruit active"
    "|Cancelación activa de ruido|Cancelamento de ruído ativo",
    "wireless": "Wireless Bluetooth|Kabellos, Bluetooth|Sans fil, Bluetooth|Inalámbricos, Bluetooth|Sem fio, Bluetooth",
    "wired": "3.5 mm plug|3,5-mm-Klinke|Prise jack 3,5 mm|Conector de 3,5 mm|Conector P2 de 3,5 mm",
}
WORDS = {key: dict(zip(LANGS, value.split("|"))) for key, value in _WORDS.items()}
NOUN = {
    "mobile_phone": "smartphone|Smartphone|smartphone|celular|celular",
    "laptop": "laptop|Notebook|PC portable|portátil|notebook",
    "tablet": "tablet|Tablet|tablette|tableta|tablet",
    "smartwatch": "smartwatch|Smartwatch|montre connectée|reloj inteligente|relógio inteligente",
    "headphones": "headphones|Kopfhörer|casque|auriculares|fones de ouvido",
}
# Slogans are invented and say nothing that a specification could contradict.
SLOGANS = {
    "mobile_phone": "Made for every day|Night photos, simply good|Slim. Light. Yours.|Fast charging|Vivid "
    "colours"
    "|Big screen, small price|Dual SIM|Face unlock#Gemacht für jeden Tag|Schnell geladen"
    "|Brillante Farben|Dual-SIM#Pensé pour tous les jours|Charge rapide|Couleurs éclatantes"
    "|Double SIM#Hecho para cada día|Carga rápida|Colores vivos|Doble SIM"
    "#Feito para o dia a dia|Carregamento rápido|Cores vivas|Dual chip",
    "laptop": "Work anywhere|Backlit keyboard|Thin and light|Ready for class|Fast Wi-Fi|HD webcam|Quiet "
    "cooling"
    "|Numeric keypad#Arbeiten, wo du willst|Beleuchtete Tastatur|Dünn und leicht|Leise Lüfter"
    "#Travaillez partout|Clavier rétroéclairé|Fin et léger|Webcam HD"
    "#Trabaja donde quieras|Teclado retroiluminado|Delgado y ligero|Cámara web HD"
    "#Trabalhe em qualquer lugar|Teclado retroiluminado|Fino e leve|Webcam HD",
    "tablet": "Draw, read, play|Great for films|Kids mode|Stereo speakers|Light enough for one hand"
    "#Zeichnen, lesen, spielen|Ideal für Filme|Kindermodus|Stereo-Lautsprecher"
    "#Dessiner, lire, jouer|Idéale pour les films|Mode enfant#Dibuja, lee, juega|Ideal para películas"
    "|Modo infantil#Desenhe, leia, jogue|Ideal para filmes|Modo infantil",
    "smartwatch": "Heart rate all day|Sleep tracking|100+ workout modes|Calls on your wrist|Built-in "
    "GPS|Step counter"
    "|SpO2 24/7#Herzfrequenz rund um die Uhr|Schlafanalyse|Sportmodi|Anrufe am Handgelenk"
    "#Fréquence cardiaque|Suivi du sommeil|Modes sport|Appels au poignet"
    "#Ritmo cardíaco|Seguimiento del sueño|Modos deportivos|Llamadas en tu muñeca"
    "#Frequência cardíaca|Monitor de sono|Modos de treino|Chamadas no pulso",
    "headphones": "Deep bass|Clear calls|Soft ear cushions|Charges in its case|Foldable|Type-C charging"
    "|10 mins charge, hours of music|Sweat proof#Satter Bass|Klare Anrufe|Weiche Polster|Faltbar"
    "#Basses profondes|Appels clairs|Coussinets doux|Pliable#Graves profundos|Llamadas claras"
    "|Almohadillas suaves|Plegables#Graves profundos|Chamadas nítidas|Almofadas macias|Dobrável",
}
SHOPS = (
    "Nordlicht",
    "TechBazaar",
    "Voltino",
    "PixelHaus",
    "Gadgetry",
    "Mobilo",
    "ElektroMax",
    "Casa Digital",
    "Lumen & Co",
    "BrightCart",
    "Kiwi Store",
    "Sunrise Digital",
    "Numerik",
    "La Boutique Tech",
    "Loja Azul",
    "Orbit Electronics",
    "Blue Door",
    "DeskLab",
    "Handy Eck",
    "Fair Deal Mobiles",
)


class Line(NamedTuple):
    """One secondary fact or slogan: the name of a drawn icon, and its HTML."""

    icon: str
    html: str


def esc(text: str) -> str:
    """Text as HTML that never breaks inside a word."""
    text = html.escape(str(text), quote=False)
    for sign in "-/–":
        text = text.replace(sign, sign + JOINER)
    return text


def number(value) -> str:
    """A number as shops write it with a decimal point: 8, 15.6, 0.5."""
    return f"{float(value):.10g}"


def mark(field: str, text: str, value) -> str:
    """`text` as HTML, marked as `field` with its normalised `value`."""
    value = value if isinstance(value, str) else number(value)
    return f'<i data-f="{field}" data-v="{html.escape(value)}">{esc(text)}</i>'


def implied_brand(brand: str, model: str) -> bool:
    """Whether some shops leave the maker of this model out."""
    return any(model.lower().startswith(line.lower()) for line in IMPLIED.get(brand, ()))


def grouped(value: int, sign: str, indian: bool = False) -> str:
    """Thousands set apart by `sign`; in the Indian way (1,19,900) when asked."""
    text = f"{value:,}"
    if indian and value >= 100_000:
        head, tail = str(value)[:-3], str(value)[-3:]
        pairs = []
        while head:
            pairs.insert(0, head[-2:])
            head = head[:-2]
        text = ",".join(pairs + [tail])
    return text.replace(",", sign)


class Seller:
    """One shop's way of putting one catalogue row into words.

    `row` is a dict of strings from `catalogue.csv`; `states` names the fields that this picture may state. Choices
    that a shop makes once (locale, unit spacing, price format) are made here, so one picture is consistent.
    """

    def __init__(self, row: dict, rng: random.Random, states: set[str], locale: str | None = None):
        self.row, self.rng = row, rng
        names = list(LOCALES)
        drawn = rng.choices(names, [LOCALES[n].weight for n in names])[0]
        self.locale = locale or drawn
        self.lang, self.currency, self.rate, _ = LOCALES[self.locale]
        self.states = {f for f in states if f in ("brand", "model", "price") or row.get(f)}
        if not row.get("launch_price_usd"):
            self.states.discard("price")
        if self.locale == "en-US":
            self.comma = False
        else:
            self.comma = self.lang in ("de", "fr", "pt") or (self.locale == "es-ES" and rng.random() < 0.8)
        self.gap = rng.choice(["", " "]) if self.lang in ("en", "es", "pt") else " "
        self.go = self.lang == "fr" and rng.random() < 0.75  # French shops: 8 Go, 1 To
        self.inch = self._inch_style()
        self.shop = rng.choice(SHOPS)
        colours = [c for c in (row.get("colours") or "").split(";") if c]
        self.colour = rng.choice(colours) if colours else ""
        self.kind = row["gadget_type"]
        self._prices()

    # --- small words -------------------------------------------------------------------------------------------
    def word(self, key: str) -> str:
        return esc(WORDS[key][self.lang])

    def noun(self) -> str:
        return esc(NOUN[self.kind].split("|")[LANGS.index(self.lang)])

    def slogans(self) -> list[str]:
        return SLOGANS[self.kind].split("#")[LANGS.index(self.lang)].split("|")

    def decimal(self, value) -> str:
        text = number(value)
        return text.replace(".", ",") if self.comma else text

    # --- the fields ----------------------------------------------------------------------------------------------
    def brand(self, upper: bool = False) -> str:
        if "brand" not in self.states:
            return ""
        name = self.row["brand"]
        return mark("brand", name.upper() if upper else name, name)

    def model(self, upper: bool = False) -> str:
        if "model" not in self.states:
            return ""
        name = shown = self.row["model"]
        if shown.endswith(")") and self.rng.random() < 0.4:  # MacBook Air 13 (2013) -> ... 2013
            shown = shown.replace("(", "").replace(")", "")
        end = names.stated(self.row["brand"], shown)
        shown = shown.upper() if upper else shown
        return mark("model", shown[:end], names.plain_model(self.row["brand"], name)) + esc(shown[end:])

    def name(self, upper: bool = False) -> str:
        return " ".join(p for p in (self.brand(upper), self.model(upper)) if p)

    def size(self, gb: float) -> tuple[str, float]:
        """Gigabytes as this shop prints them, and the value by the convention 1 TB = 1024 GB."""
        if gb < 1:
            mb = round(gb * 1024)
            return f"{mb}{self.gap}{'Mo' if self.go else 'MB'}", mb / 1024
        if gb >= 1024 and gb % 256 == 0:
            return f"{self.decimal(gb / 1024)}{self.gap}{'To' if self.go else 'TB'}", gb
        return f"{number(gb)}{self.gap}{'Go' if self.go else 'GB'}", gb

    def ram(self, bare: bool = False) -> str:
        """The RAM with a word that says so ("8 GB RAM"), or the bare quantity."""
        if "ram_gb" not in self.states:
            return ""
        text, value = self.size(float(self.row["ram_gb"]))
        size = mark("ram_gb", text, value)
        if bare:
            return size
        forms = {
            "en": ["{} RAM", "{} RAM", "RAM {}", "{} Memory"],
            "de": ["{} RAM", "{} Arbeitsspeicher", "{} RAM"],
            "fr": ["{} de RAM", "RAM {}", "{} RAM"],
            "es": ["{} RAM", "{} de RAM", "Memoria {} RAM"],
            "pt": ["{} RAM", "{} de RAM", "Memória RAM {}"],
        }[self.lang]
        if self.kind == "laptop" and value >= 4:
            year = int(float(self.row.get("year") or 2020))
            kind = "DDR5" if year >= 2023 else "DDR4" if year >= 2016 else "DDR3"
            forms = forms + [f"{{}} {kind}", f"{{}} {kind} RAM"]
        return self.rng.choice(forms).replace("{}", size)

    def storage(self, bare: bool = False) -> str:
        if "storage_gb" not in self.states:
            return ""
        gb = float(self.row["storage_gb"])
        text, value = self.size(gb)
        size = mark("storage_gb", text, value)
        if bare and gb <= 1024:
            return size
        disk = next((d for d in (1024, 1000, 2048) if gb - d in (128, 256, 512)), 0)
        if self.kind == "laptop" and disk:  # a disk beside the SSD: the field is their sum
            first, second = self.size(gb - disk)[0], self.size(disk)[0]
            return mark("storage_gb", f"{first} SSD + {second} HDD", gb)
        if self.kind == "laptop":
            year = int(float(self.row.get("year") or 2020))
            old_disk = gb in (160, 250, 320, 500, 640, 750) or (gb >= 1000 and year <= 2017)
            kind = "HDD" if old_disk else "eMMC" if gb <= 64 else "SSD"
            forms = [f"{{}} {kind}", f"{{}} {kind}", f"{kind} {{}}"]
            if kind == "SSD" and gb >= 256 and year >= 2016:
                forms += ["{} PCIe NVMe SSD", "{} M.2 SSD", "{} NVMe SSD"]
        else:
            forms = {
                "en": ["{}", "{} ROM", "{} storage", "{} Internal Storage"],
                "de": ["{}", "{} Speicher", "{} interner Speicher"],
                "fr": ["{}", "{} de stockage", "{} ROM"],
                "es": ["{}", "{} de almacenamiento", "{} ROM", "{} internos"],
                "pt": ["{}", "{} de armazenamento", "{} ROM"],
            }[self.lang]
        return self.rng.choice(forms).replace("{}", size)

    def pair(self) -> str:
        """RAM and storage written as one, as phone shops do: 8GB/256GB, 8+256, 8 GB RAM | 256 GB."""
        if not {"ram_gb", "storage_gb"} <= self.states:
            return self.storage() or self.ram()
        ram, storage = float(self.row["ram_gb"]), float(self.row["storage_gb"])
        if ram < 1 or storage >= 1024 or self.kind == "laptop":
            return f"{self.ram()}{self.rng.choice([', ', ' | ', ' + ', ' / '])}{self.storage()}"
        form = self.rng.randrange(6)
        bare = mark("ram_gb", number(ram), ram)
        if form == 0:
            return f"{self.ram(True)}/{JOINER}{self.storage(True)}"
        if form == 1:
            return f"{bare}+{JOINER}{self.storage(True)}"
        if form == 2:
            return f"{self.ram(True)} + {self.storage(True)}"
        if form == 3:
            return f"{self.ram(True)} RAM | {self.storage(True)}{self.rng.choice(['', ' ROM'])}"
        if form == 4:
            return f"{bare}/{JOINER}{self.storage(True)}"
        return f"{self.ram(True)} RAM, {self.storage(True)}"

    def _inch_style(self) -> str:
        words = {
            "en": ['"', "”", "-inch", " inch", "''", " inches"],
            "de": [" Zoll", '"', "”", "-Zoll"],
            "fr": ['"', " pouces", "″"],
            "es": ['"', "”", " pulgadas", "''"],
            "pt": ['"', " polegadas", "”"],
        }
        return self.rng.choice(words[self.lang] + ['"', "”"])

    def screen(self, mark_only: bool = False) -> str:
        if "screen_in" not in self.states:
            return ""
        inches = float(self.row["screen_in"])
        style = '"' if mark_only and len(self.inch) > 2 else self.inch
        shown = mark("screen_in", self.decimal(inches) + style, inches)
        if not mark_only and self.locale in ("en-IN", "de-DE") and self.rng.random() < 0.3:
            unit = "Zoll" if self.lang == "de" else "inch"
            shown = f"{self.decimal(round(inches * 2.54, 2 if inches < 13 else 1))} cm ("
            shown += mark("screen_in", f"{self.decimal(inches)} {unit}", inches) + ")"
        return shown

    def sharpness(self) -> str:
        """A name for the resolution, as printed on stickers."""
        res = self.row.get("resolution") or ""
        try:
            wide, high = sorted((int(p) for p in res.lower().split("x")), reverse=True)
        except ValueError:
            return ""
        if self.kind == "laptop":
            names = {
                (1366, 768): "HD",
                (1920, 1080): "Full HD",
                (1920, 1200): "WUXGA",
                (2560, 1440): "QHD",
                (2560, 1600): "WQXGA",
                (2880, 1800): "2.8K",
                (3840, 2160): "4K UHD",
                (2880, 1920): "3K",
            }
            return names.get((wide, high), f"{wide} x {high}")
        names = {720: "HD+", 1080: "FHD+", 1440: "QHD+"} if self.kind == "mobile_phone" else {}
        return names.get(high, f"{wide} x {high}")

    def screen_line(self) -> str:
        size = self.screen()
        if not size:
            return ""
        extra = [
            self.sharpness() if self.kind in ("laptop", "mobile_phone", "tablet") else "",
            f"{number(self.row['refresh_hz'])}{self.gap}Hz" if self.row.get("refresh_hz") else "",
        ]
        extra = [esc(e) for e in extra if e and self.rng.random() < 0.6]
        return " ".join([size] + extra + ([self.word("screen").split()[0]] if self.rng.random() < 0.25 else []))

    # --- prices ----------------------------------------------------------------------------------------------------
    def _prices(self):
        """The asking price, the old one and an instalment, rounded as shops in this country round them."""
        rng = self.rng
        self.asking = None
        if "price" not in self.states:
            return
        age = max(0, 2025 - int(float(self.row.get("year") or 2022)))
        usd = float(self.row["launch_price_usd"]) * max(0.35, 0.93**age) * rng.uniform(0.82, 1.08)
        raw = usd * self.rate
        if self.currency == "INR":
            step = 1000 if raw > 20_000 else 500 if raw > 5_000 else 100
            self.asking = max(step, round(raw / step) * step) - rng.choice([1, 1, 1, 10])
        elif self.currency in ("MXN", "AED"):
            step = 100 if raw > 1500 else 50
            self.asking = max(step, round(raw / step) * step) - 1
        else:
            step = 50 if raw > 600 else 10 if raw > 60 else 5
            whole = max(step, round(raw / step) * step) - 1
            cents = rng.choice([0, 0, 99, 99, 99, 90, 95, 50] if raw < 2500 else [0, 0, 99])
            if self.currency == "CHF":
                cents = rng.choice([0, 0, 90, 95])
            self.asking = whole + cents / 100
        self.old = None
        if rng.random() < 0.55:
            self.off = rng.choice([5, 8, 10, 12, 15, 18, 20, 22, 25, 28, 30, 33, 35, 40, 45])
            old = self.asking / (1 - self.off / 100)
            self.old = float(round(old / 10) * 10 - 1) if old > 60 else round(old) + 0.99
            self.off = round(100 * (1 - self.asking / self.old))
            if self.off < 1:
                self.old = None
        self.form = rng.random()
        self.cents = rng.random() < 0.5 or self.asking % 1 > 0

    def money(self, value: float) -> str:
        """`value` in the shop's one price format."""
        whole, cents = int(value), round(value % 1 * 100)
        if cents == 100:
            whole, cents = whole + 1, 0
        f, cur = self.form, self.currency
        if cur in ("EUR", "BRL"):
            sep = "." if cur == "BRL" or self.locale != "fr-FR" else " "
            tail = f",{cents:02d}" if self.cents else ""
            if cur == "EUR" and not cents and f < 0.3 and self.lang == "de":
                tail = ",–" if f < 0.15 else ",-"
            body = grouped(whole, sep) + tail
            if cur == "BRL":
                return f"R$ {body}" if f < 0.7 else f"R${body}"
            if self.locale == "fr-FR" and f < 0.15 and cents:
                return f"{whole}€{cents:02d}"
            return body + (" €" if f < 0.6 else "€" if f < 0.72 else " EUR") if f < 0.85 else f"€ {body}"
        if cur == "CHF":
            body = grouped(whole, "'") + (f".{cents:02d}" if cents else ".–")
            return f"CHF {body}" if f < 0.8 or not cents else f"{body} CHF"
        body = grouped(whole, ",", cur == "INR") + (f".{cents:02d}" if self.cents else "")
        if cur == "INR":
            forms = ["₹{}", "₹{}", "₹ {}", "Rs. {}", "Rs {}", "Rs.{}", "₹{}/-", "INR {}"]
        elif cur == "USD":
            forms = ["${}", "${}", "${}", "${}", "US${}", "USD {}", "$ {}", "{} USD"]
        elif cur == "GBP":
            forms = ["£{}", "£{}", "£{}", "£{}", "£ {}", "GBP {}"]
        elif cur == "CAD":
            forms = ["C${}", "CA${}", "CAD {}", "${} CAD"]
        elif cur == "AUD":
            forms = ["A${}", "AU${}", "AUD {}", "${} AUD"]
        elif cur == "MXN":
            forms = ["${} MXN", "MX${}", "MXN {}", "$ {} MXN"]
        else:
            forms = ["AED {}", "AED {}", "{} AED"]
        form = forms[int(f * len(forms))]
        if form.endswith("/-"):
            body = body.split(".")[0]
        return form.format(body)

    def price(self, small_cents: bool = False) -> str:
        """The asking price, marked; with raised cents on price stickers when asked."""
        if self.asking is None:
            return ""
        text = self.money(self.asking)
        shown = mark("price", text, self.asking)
        cut = max(text.rfind("."), text.rfind(","))
        if small_cents and cut > 0 and text[cut + 1 : cut + 3].isdigit() and not text[cut + 3 : cut + 4].isdigit():
            head, cents, rest = text[:cut], text[cut : cut + 3], text[cut + 3 :]
            shown = (
                f'<i data-f="price" data-v="{number(self.asking)}">{esc(head)}<sup>{esc(cents)}</sup>{esc(rest)}</i>'
            )
        return shown

    def old_price(self) -> str:
        """The struck-out price with the word before it: a trap, never marked."""
        if self.asking is None or self.old is None:
            return ""
        text = f"<s>{esc(self.money(self.old))}</s>"
        if self.locale == "en-IN":
            return f"{self.rng.choice(['M.R.P.:', 'MRP', 'MRP:'])} {text}"
        return f"{self.word('was')} {text}" if self.rng.random() < 0.5 else text

    def saving(self) -> str:
        """The discount as a share or as an amount: also a trap."""
        if self.asking is None or self.old is None:
            return ""
        if self.rng.random() < 0.7:
            return esc(
                self.rng.choice([f"-{self.off}%", f"{self.off}% off" if self.lang == "en" else f"-{self.off} %"])
            )
        return f"{self.word('save')} {esc(self.money(float(round(self.old - self.asking))))}"

    def instalment(self) -> str:
        """A monthly rate: a trap. Empty for cheap goods."""
        if self.asking is None or self.asking / self.rate < 80:
            return ""
        months = self.rng.choice([6, 10, 12, 18, 24])
        form, cents = self.form, self.cents
        rate = self.asking / months
        self.cents = self.currency not in ("INR", "MXN", "AED")
        text = self.money(round(rate, 2) if self.cents else float(round(rate)))
        self.form, self.cents = form, cents
        if self.locale == "en-IN":
            return esc(
                self.rng.choice([f"No Cost EMI from {text}/month", f"EMI starts at {text}/m", f"EMI {text} x {months}"])
            )
        forms = {
            "en": [f"or {text}/month for {months} months", f"{months} x {text}"],
            "de": [f"oder {text} im Monat", f"{months} Raten à {text}"],
            "fr": [f"ou {months} x {text}", f"dès {text}/mois"],
            "es": [f"o {months} pagos de {text}", f"{months} meses sin intereses de {text}"],
            "pt": [f"ou {months}x de {text} sem juros", f"em até {months}x de {text}"],
        }
        return esc(self.rng.choice(forms[self.lang]))

    def bank_offer(self) -> str:
        """Cashback and exchange lines: amounts that are not the price."""
        if self.asking is None:
            return ""
        amount = esc(self.money(float(max(5, round(self.asking * 0.05 / 5) * 5))))
        forms = {
            "en": ["{} cashback on cards", "Up to {} off on exchange", "Extra {} off with coupon"],
            "de": ["{} Cashback sichern", "{} Gutschein dazu"],
            "fr": ["{} remboursés", "Bon d'achat de {}"],
            "es": ["{} de reembolso", "Cupón de {}"],
            "pt": ["{} de cashback", "Cupom de {}"],
        }
        return self.rng.choice(forms[self.lang]).replace("{}", amount)

    # --- secondary facts ---------------------------------------------------------------------------------------------
    def chip(self) -> str:
        """The processor as printed, sometimes with its marks."""
        name = self.row.get("chip") or ""
        if self.kind == "headphones":
            return ""
        if self.rng.random() < 0.3:
            for plain, marked in (
                ("Intel ", "Intel® "),
                ("Core ", "Core™ "),
                ("Ryzen ", "Ryzen™ "),
                ("Snapdragon ", "Snapdragon® "),
            ):
                name = name.replace(plain, marked, 1)
        return esc(name)

    def gpu(self, memory: bool = True) -> str:
        """The graphics card, with its own memory beside it (not RAM) when that is known and asked for."""
        name = self.row.get("gpu") or ""
        if self.kind != "laptop" or not name:
            return ""
        for key, gb in GPU_MEMORY.items():
            if memory and name.endswith(key) and self.rng.random() < 0.6:
                return esc(f"{name} {gb}{self.gap}GB" + self.rng.choice(["", " GDDR6"]))
        return esc(name)

    def facts(self) -> list[tuple[str, str, str]]:
        """Secondary facts from the catalogue: (key of its label, icon, HTML of the value), shuffled."""
        row, out = self.row, []
        if self.chip():
            out.append(("chip", "chip", self.chip()))
        if self.gpu():
            out.append(("gpu", "card", self.gpu()))
        if row.get("os"):
            out.append(("os", "star", esc(row["os"])))
        if row.get("battery_mah") and self.kind != "headphones":
            mah = int(float(row["battery_mah"]))
            shown = grouped(mah, "." if self.comma else ",") if self.rng.random() < 0.3 and mah > 999 else str(mah)
            out.append(("battery", "battery", f"{shown}{self.gap}mAh"))
        elif row.get("battery_wh"):
            out.append(("battery", "battery", f"{self.decimal(row['battery_wh'])}{self.gap}Wh"))
        if row.get("camera_mp") and self.kind in ("mobile_phone", "tablet"):
            out.append(("camera", "camera", f"{self.decimal(row['camera_mp'])}{self.gap}MP"))
        if row.get("refresh_hz") and float(row["refresh_hz"]) > 60:
            out.append(("refresh", "screen", f"{number(row['refresh_hz'])}{self.gap}Hz"))
        if row.get("water_resistance"):
            out.append(("water", "drop", esc(row["water_resistance"])))
        if row.get("weight_g"):
            grams = float(row["weight_g"])
            out.append(
                (
                    "weight",
                    "star",
                    f"{self.decimal(round(grams / 1000, 2))} kg" if grams >= 900 else f"{self.decimal(grams)} g",
                )
            )
        if row.get("resolution") and self.kind != "headphones":
            out.append(
                ("resolution", "screen", esc(row["resolution"].lower().replace("x", self.rng.choice([" x ", "x"]))))
            )
        self.rng.shuffle(out)
        return out

    def sound(self) -> list[str]:
        """What headphones say instead of sizes."""
        if self.kind != "headphones":
            return []
        out = [self.word("wireless") if self.row.get("wireless") == "1" else self.word("wired")]
        if self.row.get("noise_cancelling") == "1":
            out.append(self.word("anc"))
        return out

    def lines(self, count: int) -> list[Line]:
        """`count` short lines for bullets and icon rows: the stated fields first, then facts and slogans, mixed."""
        fields = []
        both = {"ram_gb", "storage_gb"} <= self.states
        if both and self.kind != "laptop" and self.rng.random() < 0.45:
            fields.append(Line("memory", self.pair()))
        else:
            fields += [Line("memory", self.ram()), Line("disk", self.storage())]
        fields.append(Line("screen", self.screen_line()))
        rest = [Line(icon, self.labelled(key, value)) for key, icon, value in self.facts()]
        rest = [Line("sound", text) for text in self.sound()] + rest[:3]
        rest += [Line("star", esc(s)) for s in self.rng.sample(self.slogans(), min(3, len(self.slogans())))]
        fields = [f for f in fields if f.html]
        rest = rest[: max(0, count - len(fields))]
        out = fields + rest
        if self.rng.random() < 0.6:
            self.rng.shuffle(out)
        return out

    def labelled(self, key: str, value: str) -> str:
        """A fact with the word that makes it clear outside a table: "5000 mAh Battery"."""
        if key in ("chip", "gpu", "os", "resolution"):
            return value
        label = self.word(key)
        return (
            f"{label}: {value}"
            if self.rng.random() < 0.3
            else f"{value} {label.lower()}"
            if self.lang == "en"
            else f"{label} {value}"
        )

    def rows(self, count: int) -> list[tuple[str, str]]:
        """`count` rows of a spec table: (label, value) as HTML; the stated fields are all among them."""
        must = [
            ("brand", self.brand()),
            ("model", self.model()),
            ("ram", self.ram(self.rng.random() < 0.6)),
            ("storage", self.storage(self.rng.random() < 0.4)),
            ("screen", self.screen()),
        ]
        must = [(self.word(k), v) for k, v in must if v]
        more = [(self.word(k), v) for k, _, v in self.facts()]
        if self.colour:
            more.append((self.word("colour"), esc(self.colour)))
        more += [(self.word("warranty"), self.word("months")), (self.word("condition"), self.word("new"))]
        more += [(self.word("about").split()[0], s) for s in self.sound()[:1]]
        if self.rng.random() < 0.5:
            self.rng.shuffle(must)
        return must + more[: max(1, count - len(must))]

    def title(self) -> str:
        """One long shop title, in one of the styles of marketplaces in several countries."""
        rng, colour = self.rng, esc(self.colour)
        name, noun = self.name(), self.noun()
        ram, storage, screen = self.ram(), self.storage(), self.screen()
        if self.kind in ("headphones", "smartwatch"):
            panel = "display" if self.lang == "en" else self.word("screen").split()[0]
            extra = [e for e in self.sound() + [screen and f"{screen} {panel}"] if e]
            parts = [f"{name} {noun}" if rng.random() < 0.6 else name, *extra[:2], colour]
            if storage and rng.random() < 0.5:
                parts.insert(1, storage)
            sep = rng.choice([", ", " | ", " - "])
            return sep.join(p for p in parts if p)
        if self.kind == "laptop":
            cpu = self.chip()
            form = rng.randrange(5)
            if form == 0:
                return f"{name} {noun} " + ", ".join(p for p in (screen, cpu, ram, storage, colour) if p)
            if form == 1:
                return " | ".join(p for p in (name, cpu, self.ram(True), storage, screen) if p)
            if form == 2:
                inner = "/".join(p for p in (self.ram(), storage, esc(self.row.get("os", ""))) if p)
                return f"{name} {cpu} - ({inner}) {colour} {screen}"
            if form == 3:
                return f"{name} - " + " - ".join(p for p in (screen, cpu, ram, storage) if p)
            return f"{name} ({cpu}) " + " ".join(p for p in (ram, storage, screen, colour) if p)
        form = rng.randrange(5)
        if form == 0 and storage:
            tail = f" ({self.ram(True)} RAM)" if ram else ""
            return f"{name} ({colour + ', ' if colour else ''}{self.storage(True)}){tail}"
        if form == 1:
            return f"{name} {self.pair()} {colour}"
        if form == 2:
            return f"{name} {noun}, " + ", ".join(p for p in (screen, ram, storage, colour) if p)
        if form == 3:
            return " - ".join(p for p in (name, self.pair(), screen, colour) if p)
        return f"{name} {self.storage(True)} {colour} {noun}".replace("  ", " ")

    def code(self) -> str:
        """An article number of this shop: noise."""
        return f"{self.word('item')} {self.rng.randrange(10**6, 10**7)}"

    def ean(self) -> str:
        """Thirteen digits from the range kept for in-store use, with a right check digit."""
        digits = [2, *(self.rng.randrange(10) for _ in range(11))]
        check = -sum(d * (3 if i % 2 else 1) for i, d in enumerate(digits)) % 10
        return "".join(map(str, digits + [check]))
