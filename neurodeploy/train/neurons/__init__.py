"""Layers of neurons over all timesteps: recursions in plain torch, compiled for the CPU, and in Triton for CUDA."""
