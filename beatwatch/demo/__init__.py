"""The demonstration: the real servers and services, with simulated vans as their devices."""
