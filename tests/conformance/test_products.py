"""Product profiles: the PICS says what the profile says, and answers that contradict each other are refused."""

from __future__ import annotations

import pytest

from daemon.config.product_profile import contradictions
from ocpp16.product import Product
from tests.conformance import pics

SEED = Product()
REPORT = {
    "HFS-1": "no", "HFS-2": "yes", "HFS-3": "yes", "HFS-4": "no", "HFS-5": "yes", "HFS-6": "no", "HFS-7": "no",
    "HFS-10": "single", "C-01": "yes", "C-02": "yes", "C-03": "yes", "C-04": "yes", "C-05": "yes", "C-06.1": "yes",
    "C-06.2": "yes", "C-07": "yes", "C-08": "yes", "SC-1.1": "yes", "SC-1.2": "no", "R-1": "yes", "F-1": "yes",
    "SEC-1": "yes", "SEC-2": "yes", "SEC-3": "yes", "AQ-1": "no", "AQ-2": "no", "AQ-3": "no", "AQ-4": "no",
    "AQ-5": "no", "AQ-6": "yes", "AQ-7.1": "no", "AQ-7.2": "yes",
}  # fmt: skip
"""The reference product's answers; AQ-6 is ours."""
DECLARED = ["1", "20", "10", "0", "86400", "0", "86400", "10", "10", "10", "10", "100", "100", "10", "100",
            "HTTP,HTTPS,FTP,FTPS", "10000", "1", "10"]  # fmt: skip


def test_pics_of_the_reference_product() -> None:
    """The answers of the reference product are those of its test report."""
    rows = {row.id: row.answer for row in (*pics.hardware(SEED), *pics.optional(SEED), *pics.additional(SEED))}
    assert {name: rows[name] for name in REPORT} == REPORT


def test_limits_of_the_reference_product() -> None:
    """ORS-1 to ORS-19 are those of its test report."""
    assert [limit.declared for limit in pics.limits(SEED)] == DECLARED


def test_limits_follow_the_profiles() -> None:
    """A product without a profile declares no limits of it."""
    core = Product(profiles=("Core",), reserve_connector_zero=False, secure_firmware=False)
    ids = {limit.id for limit in pics.limits(core)}
    assert not ids & {"ORS-12", "ORS-13", "ORS-14", "ORS-15", "ORS-16", "ORS-19"}


@pytest.mark.parametrize(
    ("answers", "name"),
    [
        ({"dc": True}, "dc"),
        ({"ac": False}, "ac"),
        ({"iec61851": False}, "iec61851"),
        ({"lock_before_authorization": True}, "lock_before_authorization"),
        ({"selection_before_authorization": True}, "selection_before_authorization"),
        ({"readers": "none"}, "readers"),
        ({"links": ()}, "links"),
        ({"stops_after_power_loss": False}, "stops_after_power_loss"),
        ({"profiles": ("Core",), "secure_firmware": False}, "reserve_connector_zero"),
        ({"profiles": ("Core",), "reserve_connector_zero": False}, "secure_firmware"),
        ({"security_profiles": ()}, "secure_firmware"),
        ({"security_profiles": (1, 4)}, "security_profiles"),
        ({"rate_units": ()}, "rate_units"),
        ({"rate_units": ("Amps",)}, "rate_units"),
        ({"transfer_protocols": ()}, "transfer_protocols"),
        ({"transfer_protocols": ("HTTP", "HTTP")}, "transfer_protocols"),
        ({"send_local_list_max_length": 200}, "send_local_list_max_length"),
        ({"max_stack_level": -1}, "max_stack_level"),
        ({"certificate_store_max": 0}, "certificate_store_max"),
        ({"sample_interval_min_s": 90000}, "sample_interval_min_s"),
        ({"heartbeat_interval_min_s": -1}, "heartbeat_interval_min_s"),
        ({"keep_on_ev_disconnect": False, "stop_on_ev_disconnect": False}, "stop_on_ev_disconnect"),
        ({"offline_authorization": False}, "offline_unknown_ids"),
    ],
)
def test_contradictions_are_refused(answers: dict[str, object], name: str) -> None:
    """Answers that no station can have, or not together, are refused with the answer's name and the reason."""
    found = dict(contradictions(Product(**answers)))  # type: ignore[arg-type]
    assert found.get(name)


def test_the_reference_product_contradicts_itself_nowhere() -> None:
    """The built-in profile is accepted."""
    assert list(contradictions(SEED)) == []
