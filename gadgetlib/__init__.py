"""Helpers for the gadget recognition course: one small module for each step."""

import os

# NumPy's threads look busy for a while after each matrix product, in case another follows; on two cores that takes one from
# the network. Set before NumPy is loaded, or without effect.
os.environ.setdefault("OPENBLAS_THREAD_TIMEOUT", "4")

CLASSES = ("mobile_phone", "laptop", "tablet", "smartwatch", "headphones")
