"""Rules that choose what an epoch learns, one file each, and what they are made of."""
