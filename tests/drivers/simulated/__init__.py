"""Proofs of the simulated board and its world."""
