"""The composition root: command line, settings, embedded services, demonstration."""
