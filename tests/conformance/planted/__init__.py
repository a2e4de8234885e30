"""Whoever imports one of them has all defects."""

from __future__ import annotations

from tests.conformance.planted import defects, security_defects

__all__ = ["defects", "security_defects"]
