"""What the lessons teach, importable afterwards. Imports point down only::

    2  the whole      listing  batch  app  cli
    1  one step each  scrape sources  clean  backbone classify  ocr  specs tagger  index
                      price_tables prices
    0  foundations    errors  files  measure  pictures (the only opener)  money (the only reader of amounts)  plots

A lesson shows the functions that it is about in its cells, and a test holds them equal to those here. What runs,
checks, grades and publishes the course is :mod:`coursekit`; ``python -m coursekit.house`` draws both packages.
"""

import os

# NumPy's threads look busy for a while after each matrix product, in case another follows; on two cores that takes
# one from the network. Set before NumPy is loaded, or without effect.
os.environ.setdefault("OPENBLAS_THREAD_TIMEOUT", "4")

CLASSES = ("mobile_phone", "laptop", "tablet", "smartwatch", "headphones")
LEDGER_COLUMNS = [
    "query", "label", "url", "page", "title", "source", "licence", "status", "reason", "file", "sha256",
    "phash", "width", "height", "bytes", "time", "product_id",
]  # fmt: skip
PHOTO_COLUMNS = ["file", "label", "group", "source", "split", "sha256", "phash", "width", "height"]
SPEC_FIELDS = ["brand", "model", "ram_gb", "storage_gb", "screen_in", "price", "currency"]
