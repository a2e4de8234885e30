"""What each security profile sends, trusts and refuses to do without."""

from __future__ import annotations

import base64
import datetime
from pathlib import Path

import pytest

from daemon.csms.failure_causes import ConnectionFailed, no_answer, refused_upgrade
from daemon.csms.failure_codes import FailureCode as Code
from daemon.csms.link_security import Credentials, LinkSecurity, basic, password_bytes
from daemon.csms.tls_context import TlsSettings
from daemon.csms.tls_judgement import Moment
from tests.daemon.csms.handshake import HOST, server_context, shake
from tests.daemon.security.authority import signed, write

NOW = datetime.datetime.now(datetime.UTC).timestamp()
ROOT = signed("root", ca=True)


NO_TLS = TlsSettings()


def security(profile: int, tls: TlsSettings = NO_TLS, utc: float = NOW, key: bytes = b"k") -> LinkSecurity:
    return LinkSecurity(Credentials(profile, "CP1", key, tls), lambda: Moment(utc))


def test_the_vectors_of_the_specification() -> None:
    """J §6.2.2: the bytes of the key, never its hexadecimal text, never through UTF-8."""
    key = password_bytes("0001020304050607FFFFFFFFFFFFFFFFFFFFFFFF", "")
    assert basic("AL1000", key) == "Basic QUwxMDAwOgABAgMEBQYH////////////////"
    assert password_bytes("4F43415F4F4354545F61646D696E5F74657374", "") == b"OCA_OCTT_admin_test"
    assert base64.b64decode(basic("CP1", password_bytes("", "a word"))[6:]) == b"CP1:a word"


@pytest.mark.parametrize(("profile", "sends"), [(0, False), (1, True), (2, True), (3, False)])
def test_who_sends_basic(profile: int, sends: bool) -> None:
    """Profiles 1 and 2; in 3 the certificate speaks."""
    assert ("Authorization" in security(profile).headers()) is sends


@pytest.mark.parametrize(("profile", "scheme"), [(0, "wss"), (1, "wss"), (2, "ws"), (3, "ws")])
def test_never_with_less(profile: int, scheme: str) -> None:
    """Profile and scheme that do not fit: nothing is dialled."""
    with pytest.raises(ConnectionFailed) as caught:
        security(profile).context(scheme)
    assert caught.value.code == Code.TLS_NOT_SET_UP
    assert security(0).context("ws") is None and security(1).context("ws") is None


def test_profile_3_needs_a_certificate_that_is_valid(tmp_path: Path) -> None:
    """None, an expired one, one that is not valid yet: not offered to anybody."""
    roots = str(write(tmp_path / "roots.pem", ROOT.pem))
    own = signed("SN-1", ROOT)
    settings = TlsSettings(roots, str(write(tmp_path / "own.pem", own.key_pem, own.pem)))
    assert security(3, settings).context("wss") is not None
    for tls, utc, code in (
        (TlsSettings(roots), NOW, Code.TLS_CLIENT_FILES),
        (TlsSettings(roots, str(tmp_path / "none.pem")), NOW, Code.TLS_CLIENT_FILES),
        (settings, NOW + 11 * 86_400, Code.TLS_CLIENT_EXPIRED),
        (settings, 0.0, Code.TLS_CLIENT_EXPIRED),
    ):
        with pytest.raises(ConnectionFailed) as caught:
            security(3, tls, utc).context("wss")
        assert caught.value.code == code
    assert security(2, TlsSettings(roots, str(tmp_path / "none.pem"))).context("wss") is not None  # not read in 2


def test_the_gate(tmp_path: Path) -> None:
    """Without TLS there is nothing to judge; with it the name is."""
    roots = str(write(tmp_path / "roots.pem", ROOT.pem))
    gate = security(2, TlsSettings(roots))
    context = gate.context("wss")
    assert context is not None and gate.judge(None, HOST) is None
    ends = shake(context, server_context(tmp_path, signed(HOST, ROOT)))
    assert gate.judge(ends.client, HOST) is None
    failed = gate.judge(ends.client, "other.example")
    assert failed is not None and failed.code == Code.TLS_WRONG_NAME


def test_an_end_without_a_word() -> None:
    """After TLS it is most likely about the certificate; without TLS, and with an answer, it stays what it was."""
    silent, refused = no_answer(), refused_upgrade(401, "Unauthorized", "", "")
    assert security(3).explained(silent).code == Code.TLS_CLIENT_REFUSED
    assert "profile 3" in security(2).explained(silent).cause and security(2).explained(silent).code == silent.code
    assert security(1).explained(silent) is silent and security(3).explained(refused) is refused


def test_the_key_stays_out_of_a_traceback() -> None:
    """The text of the credentials shows profile and identity."""
    assert "5EC12E7" not in repr(Credentials(2, "CP1", b"5EC12E7"))
