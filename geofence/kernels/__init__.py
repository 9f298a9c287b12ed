"""Compiled loops over arrays: numba and numpy only."""
