"""Zones as arrays and a grid, so that most look-ups test no edge."""
