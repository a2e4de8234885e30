"""Verdicts and identifiers."""

from __future__ import annotations

from ocpp16.state.id_tags import Verdict, same


def test_only_accepted_is_accepted() -> None:
    """§7.2: of all AuthorizationStatus only Accepted lets charge."""
    statuses = ("Accepted", "Blocked", "Expired", "Invalid", "ConcurrentTx")
    assert [Verdict(status, None, "x").accepted for status in statuses] == [True, False, False, False, False]


def test_identifiers_compare_without_case() -> None:
    """§7.28: an IdToken is case-insensitive."""
    assert same("04a2B9", "04A2b9") and not same("04A2B9", "04A2B")
