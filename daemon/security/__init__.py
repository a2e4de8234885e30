"""Certificates, names and keys of the links to the Central System."""
