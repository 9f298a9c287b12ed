"""A believable distributor to try things with: products, shops, vans, drivers, beats and orders."""
