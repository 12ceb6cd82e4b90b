"""Helpers for the gadget recognition course: one small module for each step."""

CLASSES = ("mobile_phone", "laptop", "tablet", "smartwatch", "headphones")
