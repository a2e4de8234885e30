"""Whether another evsed answers."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from daemon.control.presence import answers


def test_13_who_is_there(tmp_path: Path) -> None:
    """A listener, also one that does not accept; neither nothing, nor a file, nor the socket of a killed one."""
    path = tmp_path / "c.sock"
    assert not answers(path)
    (tmp_path / "file").write_text("")
    assert not answers(tmp_path / "file")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        assert not answers(path)
        listener.listen(0)
        assert all(answers(path) for _ in range(3))
    assert not answers(path)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root: only root may become another user")
def test_13_a_socket_that_may_not_be_opened_is_somebodys(tmp_path: Path) -> None:
    """A technician who starts a second evsed by hand, as himself, does not throw the station out."""
    path = tmp_path / "c.sock"
    for folder in (tmp_path, *tmp_path.parents[:-2]):
        folder.chmod(0o755)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        path.chmod(0o600)
        os.seteuid(65534)
        try:
            assert answers(path)
        finally:
            os.seteuid(0)
