"""The daemon `evsed`: carries events into the contract machine and its steps out, in one order; decides nothing."""

__version__ = "0.1.0"
