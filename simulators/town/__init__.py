"""Streets, and the places along them."""
