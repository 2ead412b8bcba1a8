"""Train spiking networks, export them exactly, and say what they cost."""
