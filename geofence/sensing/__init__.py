"""Judging what stands still: shelves, coolers and assets with sensors of their own. Pure, as the engine of positions is."""
