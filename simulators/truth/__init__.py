"""What really happened, read off the noise-free world; and how well conclusions agree with it."""
