"""Proofs of the board: the reflex, the seam, the simulated world."""
