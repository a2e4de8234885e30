"""The table of keys: what is allowed, and what is not."""

from __future__ import annotations

from typing import Any

import pytest

from daemon.config.keys import ENV, SECTIONS, env_name, from_text, ocpp_text, why_wrong

GOOD: dict[tuple[str, str], list[Any]] = {
    ("station", "id"): ["CP0001", "CP 7/1", "x" * 48],
    ("station", "vendor"): ["", "x" * 20],
    ("station", "iccid"): ["8" * 20],
    ("csms", "url"): [
        *("ws://h", "ws://h:80/p/", "wss://[::1]:8080/ocpp", "ws://10.0.0.1/a%20b"),
        *("ws://h/ws/{id}/", "ws://h/" + "x" * 2000),
    ],
    ("csms", "security_profile"): [0, 1, 2, 3],
    ("csms", "reconnect_max_s"): [1, 86400],
    ("csms", "authorization_key"): ["", "0123456789abcdefABCDEF0123456789", "0" * 40],
    ("csms", "password"): ["", "secret"],
    ("store", "dir"): ["/x"],
    ("board", "kind"): ["process", "simulated"],
    ("board", "connectors"): [1, 16],
    ("control", "socket"): ["/run/x.sock"],
    ("jobs", "socket"): ["", "/run/j"],
    ("hooks", "reboot"): [[], ["/sbin/reboot", "-f"]],
    ("transfers", "schemes"): [["https"], []],
    ("transfers", "allow_hosts"): [["a.example", "10.0.0.0/8", "2001:db8::1", "a-b.c."]],
    ("transfers", "allow_loopback"): [True, False],
}
BAD: dict[tuple[str, str], list[Any]] = {
    ("station", "id"): ["", "a:b", "x" * 49, "ä", "a\nb", 7],
    ("station", "vendor"): ["x" * 21, True],
    ("station", "product"): ["", "a\0b"],
    ("csms", "url"): [
        "",
        "http://h",
        "h",
        "ws://",
        "ws://u:p@h",
        "ws://h?q",
        "ws://h#f",
        "ws://h:99999",
        "ws://h:0",
        "ws://h/a b",
        "ws://h/" + "x" * 2048,
        "ws://{id}.h/x",
        "ws://h/{ID}",
        "ws://h/{id",
        "ws://h/{id}/{id}",
        "ws://h/x?id={id}",
        "ws://[::1",
    ],
    ("csms", "security_profile"): [-1, 4, True, "2"],
    ("csms", "authorization_key"): ["0" * 31, "0" * 33, "0" * 42, "g" * 32],
    ("csms", "password"): ["x" * 41],
    ("csms", "ca_file"): ["a\nb"],
    ("store", "dir"): [""],
    ("board", "kind"): ["gpio"],
    ("board", "socket"): ["", "/" + "x" * 107],
    ("board", "connectors"): [0, 17],
    ("hooks", "install"): [["reboot"], ["/x", "a\0"], "reboot", [1]],
    ("transfers", "schemes"): [["file"]],
    ("transfers", "allow_hosts"): [["-a"], ["a b"], ["a" * 64 + ".b"], [""]],
    ("transfers", "allow_loopback"): [1, "yes"],
}


@pytest.mark.parametrize(("place", "values"), GOOD.items())
def test_what_is_allowed_passes(place: tuple[str, str], values: list[Any]) -> None:
    """A value of the page is taken."""
    section, name = place
    for value in values:
        assert why_wrong(SECTIONS[section][name], value) is None, value


@pytest.mark.parametrize(("place", "values"), BAD.items())
def test_what_is_not_allowed_is_refused_with_a_reason(place: tuple[str, str], values: list[Any]) -> None:
    """A value outside of the page is refused, and the reason is a sentence."""
    section, name = place
    for value in values:
        reason = why_wrong(SECTIONS[section][name], value)
        assert reason and len(reason) > 5, value


def test_a_secret_is_not_in_its_reason() -> None:
    """A wrong key is not repeated in the message about it."""
    assert "deadbeef" not in str(why_wrong(SECTIONS["csms"]["authorization_key"], "deadbeef"))


def test_first_values_are_allowed_themselves() -> None:
    """What stands where nothing is said would pass its own check."""
    for section, keys in SECTIONS.items():
        for name, key in keys.items():
            assert key.first is None or why_wrong(key, key.first) is None, (section, name)


def test_names_in_the_environment() -> None:
    """The names of the page are known; lists have none."""
    assert ENV["EVSED_STATION_ID"] == ("station", "id")
    assert ENV["EVSED_CSMS_URL"] == ("csms", "url")
    assert ENV["EVSED_AUTHORIZATION_KEY"] == ("csms", "authorization_key")
    assert ENV["EVSED_CONTROL_SOCKET"] == ("control", "socket")
    assert env_name("hooks", "reboot") == ""


def test_text_of_the_environment_becomes_a_value() -> None:
    """Numbers and truths are read from text; what does not fit stays text."""
    assert from_text(SECTIONS["csms"]["security_profile"], "0") == 0
    assert from_text(SECTIONS["csms"]["allow_insecure"], "TRUE") is True
    assert from_text(SECTIONS["csms"]["allow_insecure"], "yes") == "yes"
    assert from_text(SECTIONS["csms"]["security_profile"], "two") == "two"
    assert from_text(SECTIONS["station"]["id"], "1") == "1"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (300, "300"),
        (True, "true"),
        ("5", "5"),
        ("", ""),
        ([], ""),
        (["A", "B"], "A,B"),
        ([1, True], "1,true"),
        (1.5, None),
        ([[1]], None),
        ([1.5], None),
        ({}, None),
    ],
)
def test_ocpp_values_become_text(value: Any, text: str | None) -> None:
    """Lists are comma-separated, booleans in lower case; what cannot be a value is none."""
    assert ocpp_text(value) == text
