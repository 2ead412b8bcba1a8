"""The fast simulator: the reference simulator's numbers, batched and compiled. The reference stays the specification."""
