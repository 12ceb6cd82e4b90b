"""Helpers for the gadget recognition course: one small module for each step."""

import os

# NumPy's threads look busy for a while after each matrix product, in case another follows; on two cores that takes one from
# the network. Set before NumPy is loaded, or without effect.
os.environ.setdefault("OPENBLAS_THREAD_TIMEOUT", "4")

CLASSES = ("mobile_phone", "laptop", "tablet", "smartwatch", "headphones")
LEDGER_COLUMNS = [
    "query", "label", "url", "page", "title", "source", "licence", "status", "reason", "file", "sha256",
    "phash", "width", "height", "bytes", "time", "product_id",
]  # fmt: skip
PHOTO_COLUMNS = ["file", "label", "group", "source", "split", "sha256", "phash", "width", "height"]
SPEC_FIELDS = ["brand", "model", "ram_gb", "storage_gb", "screen_in", "price", "currency"]
