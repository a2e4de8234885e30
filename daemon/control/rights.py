"""Who may do what at the control socket, as the kernel says it: look with masked card numbers, or see all and act.

Whoever may open the socket may look: its file is for its owner and two groups.  Members of `evsed-admin`, root and the
daemon's own user see card numbers and act.  Where that group does not exist, root and the daemon's own user remain.
"""

from __future__ import annotations

import grp
import os
import pwd
import socket
import struct
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

LOOK_GROUP, ADMIN_GROUP = "evsed", "evsed-admin"
MODE = 0o660
"""Of the socket: owner and groups may connect."""
MOST_BYTES = 1024
"""That Python's getsockopt takes: 256 groups."""

_SO_PEERGROUPS = 59  # asm-generic/socket.h; Python's socket has no name for it
_ACL = "system.posix_acl_access"
_READ_WRITE, _NOBODY, _NO_ID = 6, 0, 0xFFFFFFFF


class Peer(NamedTuple):
    """The user at the other end, with all groups."""

    uid: int
    groups: frozenset[int]


def peer_of(sock: socket.socket, most_bytes: int = MOST_BYTES) -> Peer:
    """The peer's credentials at the time of its connect (SO_PEERCRED, SO_PEERGROUPS).  Raises OSError."""
    _, uid, gid = struct.unpack("3i", sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i")))
    try:
        more = sock.getsockopt(socket.SOL_SOCKET, _SO_PEERGROUPS, most_bytes)
        groups = frozenset(struct.unpack(f"{len(more) // 4}I", more))
    except OSError:  # more groups than fit, or an old kernel
        groups = _listed_groups(uid, gid)
    return Peer(uid, groups | {gid})


def _listed_groups(uid: int, gid: int) -> frozenset[int]:
    """The groups that the system's lists give to a user; none for one who is not listed."""
    with suppress(KeyError):
        return frozenset(os.getgrouplist(pwd.getpwuid(uid).pw_name, gid))
    return frozenset()


def gid_of(group: str) -> int | None:
    """The number of a group; None: there is no such group."""
    try:
        return grp.getgrnam(group).gr_gid
    except KeyError:
        return None


def may_act(peer: Peer, admin_gid: int | None) -> bool:
    """Root, the daemon's own user, members of the group `evsed-admin`."""
    return peer.uid in (0, os.geteuid()) or (admin_gid is not None and admin_gid in peer.groups)


def admit_groups(path: Path, look_gid: int | None, admin_gid: int | None) -> None:
    """Give a new socket to the one group, and let the other one in as well (POSIX ACL), as far as we may."""
    with suppress(OSError):  # we are neither root nor a member
        if look_gid is not None:
            os.chown(path, -1, look_gid)
    with suppress(OSError):  # a file system without ACLs: who may act then needs both groups
        if admin_gid is not None:
            os.setxattr(path, _ACL, _acl(admin_gid))


def _acl(gid: int) -> bytes:
    """Owner, group and one more group may connect, others not (linux/posix_acl_xattr.h)."""
    user, group, named_group, mask, other = 1, 4, 8, 16, 32
    entries = (
        (user, _READ_WRITE, _NO_ID),
        (group, _READ_WRITE, _NO_ID),
        (named_group, _READ_WRITE, gid),
        (mask, _READ_WRITE, _NO_ID),
        (other, _NOBODY, _NO_ID),
    )
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)
