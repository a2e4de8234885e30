"""Secrets of `evsectl config set` come from the terminal or standard input, never from arguments."""

from __future__ import annotations

import io

import pytest

from daemon.command_line import UsageError
from daemon.ctl.secret_values import asked


def test_3_a_secret_among_the_arguments_is_refused() -> None:
    """The remedy is told, the secret is not."""
    with pytest.raises(UsageError, match="config set authorizationkey -") as refused:
        asked("authorizationkey", "0123456789abcdef")
    assert "0123456789abcdef" not in str(refused.value)
    assert asked("HeartbeatInterval", "9") == {"key": "HeartbeatInterval", "value": "9"}


def test_3_it_is_read_from_standard_input() -> None:
    """One line, without its end; an empty one is no value."""
    stdin = io.StringIO("0123456789abcdef\n")
    assert asked("AuthorizationKey", "-", stdin=stdin)["value"] == "0123456789abcdef"
    with pytest.raises(UsageError, match="no value"):
        asked("AuthorizationKey", "-", stdin=stdin)


def test_3_what_is_tried_can_be_asked_to_be_tried() -> None:
    """--trial with a key that changes no connection would promise what does not happen."""
    for key in ("csms.url", "securityprofile"):
        assert asked(key, "x", trial=True)["key"] == key
    with pytest.raises(UsageError, match="leave --trial out"):
        asked("HeartbeatInterval", "9", trial=True)
