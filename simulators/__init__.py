"""Towns, vans, shelves, faults and incidents with their ground truth."""
