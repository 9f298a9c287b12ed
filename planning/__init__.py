"""What should happen: demand, stock-outs and what to order. Pure."""
