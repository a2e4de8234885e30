"""Tests of evsectl."""
