"""Rules that people write without code: an expression over facts, for how long, when, and about whom."""
