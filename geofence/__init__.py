"""The engine: zones, stops, visits, routes and the rules over them. Pure but for the worker."""
