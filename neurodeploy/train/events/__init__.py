"""Synapses that are met by few events: sums and gradients that touch only what the events reach."""
