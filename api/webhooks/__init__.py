"""Telling other programs what happens: signed, tried again, and never inside our own network by accident."""
