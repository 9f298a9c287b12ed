"""The place for what should happen: routes, arrival estimates, replenishment. Pure; nothing is here yet."""
