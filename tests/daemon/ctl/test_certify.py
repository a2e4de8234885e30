"""`evsectl certify` runs the conformance suite, or reports why it cannot."""

from __future__ import annotations

import pytest

from daemon.command_line import UsageError
from daemon.ctl.arguments import parse
from daemon.ctl.certify import certify


def test_options() -> None:
    """Judge, product and folder are options of certify alone."""
    line = parse(["certify", "--against", "ws://127.0.0.1:9000/ocpp", "--product=dual", "--out", "here"])
    assert line.options == {"--against": "ws://127.0.0.1:9000/ocpp", "--product": "dual", "--out": "here"}
    with pytest.raises(UsageError):
        parse(["certify", "--last", "3"])


def test_unknown_judge(capsys: pytest.CaptureFixture[str]) -> None:
    """Only `local` or a ws:// URL is allowed."""
    assert certify("https://somewhere", "chq-s-07sr", ".", "") == 2
    assert "--against" in capsys.readouterr().err


def test_unknown_product(capsys: pytest.CaptureFixture[str]) -> None:
    """The suite refuses a product that does not exist."""
    assert certify("local", "no-such-product", ".", "") == 2
    assert "no-such-product" in capsys.readouterr().err
