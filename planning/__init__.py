"""What should happen: routes, arrival estimates, replenishment. Pure."""
