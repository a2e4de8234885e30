"""`evsectl certify` hands over to the suite, or says why it cannot."""

from __future__ import annotations

import pytest

from daemon.command_line import UsageError
from daemon.ctl.arguments import parse
from daemon.ctl.certify import certify


def test_words() -> None:
    """It is told against what, which product, and where to write."""
    line = parse(["certify", "--against", "ws://127.0.0.1:9000/ocpp", "--product=dual", "--out", "here"])
    assert line.options == {"--against": "ws://127.0.0.1:9000/ocpp", "--product": "dual", "--out": "here"}
    with pytest.raises(UsageError):
        parse(["certify", "--last", "3"])


def test_strange_place(capsys: pytest.CaptureFixture[str]) -> None:
    """What is neither `local` nor a ws:// URL is refused."""
    assert certify("https://somewhere", "chq-s-07sr", ".", "") == 2
    assert "--against" in capsys.readouterr().err


def test_strange_product(capsys: pytest.CaptureFixture[str]) -> None:
    """A product that there is not is refused by the suite."""
    assert certify("local", "no-such-product", ".", "") == 2
    assert "no-such-product" in capsys.readouterr().err
