"""Who is there, by the kernel's word, and what he may: real users and groups where we may become them."""

from __future__ import annotations

import os
import socket
import stat
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from daemon.control import rights
from daemon.control.rights import Peer, admit_groups, gid_of, may_act, peer_of

ADMINS = 4242
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root: only root may become another user")
CONNECT = """
import os, socket, sys
os.setgroups([int(gid) for gid in sys.argv[2].split()]); os.setgid(5555); os.setuid(5555)
socket.socket(socket.AF_UNIX).connect(sys.argv[1])
"""


@pytest.mark.parametrize(
    ("peer", "admins", "allowed"),
    [
        (Peer(0, frozenset()), None, True),
        (Peer(os.geteuid(), frozenset()), ADMINS, True),
        (Peer(5555, frozenset({ADMINS})), ADMINS, True),
        (Peer(5555, frozenset({ADMINS})), None, False),
        (Peer(5555, frozenset({1, 2})), ADMINS, False),
    ],
)
def test_13_who_may_act(peer: Peer, admins: int | None, allowed: bool) -> None:
    """Root, ourselves, the group; without that group nobody else."""
    assert may_act(peer, admins) == allowed


def test_13_the_peer_with_its_groups() -> None:
    """The kernel tells user, group and supplementary groups."""
    ours, theirs = socket.socketpair(socket.AF_UNIX)
    with ours, theirs:
        assert peer_of(ours) == Peer(os.getuid(), frozenset({os.getgid(), *os.getgroups()}))


def test_13_without_the_kernels_list_the_systems_own_counts() -> None:
    """An old kernel, or more groups than fit: the groups of the user as they are listed."""
    ours, theirs = socket.socketpair(socket.AF_UNIX)
    with ours, theirs:
        assert os.getgid() in peer_of(ours, 2000).groups, "more than Python takes"


def test_13_a_user_whom_nobody_lists_has_no_more_groups() -> None:
    """A number without a name is no error."""
    assert rights._listed_groups(2_000_000_011, 7) == frozenset()


def test_13_groups_by_name() -> None:
    """A group that does not exist has no number."""
    assert gid_of("root") == 0 and gid_of("no-such-group-here") is None


@as_root
def test_13_the_socket_opens_for_both_groups_and_nobody_else() -> None:
    """Mode 0660, the group that may look, and the other group by an ACL."""
    looks = 4343
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as listening:
        os.chmod(folder, 0o755)
        path = Path(folder) / "c"
        listening.bind(str(path))
        os.chmod(path, rights.MODE)
        listening.listen()
        admit_groups(path, looks, ADMINS)
        assert stat.S_IMODE(path.stat().st_mode) == 0o660 and path.stat().st_gid == looks
        for groups, opens in ((str(looks), True), (str(ADMINS), True), ("77", False), ("", False)):
            done = subprocess.run([sys.executable, "-c", CONNECT, str(path), groups], check=False, capture_output=True)
            assert (done.returncode == 0) == opens, (groups, done.stderr)


def test_13_without_the_groups_the_socket_stays_ours(tmp_path: Path) -> None:
    """Where neither exists, or we may not give it away, that is no error."""
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "c"))
        admit_groups(tmp_path / "c", None, None)
        admit_groups(tmp_path / "not-there", 4343, ADMINS)
    assert len(rights._acl(7)) == 4 + 5 * struct.calcsize("<HHI")
