"""Measurements, both sides in one run: python -m benchmarks.NAME --json FILE."""
