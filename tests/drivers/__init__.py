"""Tests of the board: the reflex, the host, the board socket, the simulated world."""
