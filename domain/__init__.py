"""The vocabulary every part of Beatwatch shares: pure records and enumerations, standard library only."""
