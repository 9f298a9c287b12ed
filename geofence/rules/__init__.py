"""One file per rule; geofence.rule lists them."""
