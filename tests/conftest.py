"""What every test shares: how far hypothesis searches.  No fixtures that hide a story."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# The same examples on every machine and in every run: a proof that fails once must fail again.
settings.register_profile(
    "evsed", deadline=None, derandomize=True, max_examples=60, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("evsed")
