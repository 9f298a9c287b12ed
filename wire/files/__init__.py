"""The file formats that the tools agree on: tracks, trips, zones, events, truth."""
