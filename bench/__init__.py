"""Benchmarks: every figure that the README and the lessons quote comes from here."""
