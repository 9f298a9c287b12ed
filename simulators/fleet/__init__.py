"""What vans do, and what their trackers say about it."""
