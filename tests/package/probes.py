"""What a unit must not be able to do, tried from inside of it: `python3 probes.py UNIT`; what succeeds is told."""

from __future__ import annotations

import ctypes
import mmap
import os
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

LIBC = ctypes.CDLL(None, use_errno=True)


def opened(path: str, flags: int = os.O_RDONLY) -> Callable[[], object]:
    return lambda: os.close(os.open(path, flags))


def written(path: str) -> Callable[[], object]:
    def probe() -> None:
        target = Path(path) / f"probe-{os.getpid()}" if Path(path).is_dir() else Path(path)
        with target.open("ab") as file:
            file.write(b"")
        if target.name.startswith("probe-"):
            target.unlink()

    return probe


def called(name: str, *arguments: object) -> Callable[[], object]:
    def probe() -> None:
        if getattr(LIBC, name)(*arguments) < 0:
            raise OSError(ctypes.get_errno(), name)

    return probe


def made_socket(family: int, kind: int = socket.SOCK_STREAM, protocol: int = 0) -> Callable[[], object]:
    return lambda: socket.socket(family, kind, protocol).close()


def executed(folder: str) -> Callable[[], object]:
    def probe() -> None:
        path = Path(folder) / f"probe-{os.getpid()}"
        path.write_bytes(Path("/usr/bin/true").read_bytes())
        try:
            path.chmod(0o700)
            subprocess.run([str(path)], check=True)
        finally:
            path.unlink()

    return probe


def shared_code() -> None:
    mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)


def kill_init() -> None:
    os.kill(1, 0)


def look_at_init() -> None:
    Path("/proc/1/status").read_bytes()


def connected() -> None:
    with socket.create_connection(("127.0.0.1", 1), 1.0):
        pass


def to_the_network() -> None:
    """Refused at once by nobody listening counts as reached."""
    try:
        connected()
    except ConnectionRefusedError:
        return


def listened() -> None:
    with socket.socket(socket.AF_INET) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.listen()


def raised_priority() -> None:
    os.nice(-5)


def more_files() -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (65536, 65536))


def clock_set() -> None:
    time.clock_settime(time.CLOCK_REALTIME, time.time())


COMMON: dict[str, Callable[[], object]] = {
    "write /etc": written("/etc"),
    "write /usr": written("/usr"),
    "write /usr/lib/evsed": written("/usr/lib/evsed"),
    "write /etc/evsed": written("/etc/evsed"),
    "write /": written("/"),
    "write /boot": written("/boot"),
    "write /var": written("/var"),
    "write /var/log": written("/var/log"),
    "read /root": lambda: os.listdir("/root"),
    "read /home": lambda: [os.listdir(path) for path in ("/home/.", "/root/.")],
    "read /etc/shadow": opened("/etc/shadow"),
    "open /dev/mem": opened("/dev/mem"),
    "open /dev/kmsg": opened("/dev/kmsg"),
    "open /dev/sda": opened("/dev/sda"),
    "open /dev/gpiomem": opened("/dev/gpiomem"),
    "open /dev/tty1": opened("/dev/tty1", os.O_RDWR),
    "make a device": lambda: os.mknod(f"/tmp/probe-{os.getpid()}", 0o600 | 0o020000, os.makedev(1, 1)),
    "read kernel log": called("klogctl", 3, None, 0),
    "write sysctl": written("/proc/sys/kernel/hostname"),
    "write sysrq": written("/proc/sysrq-trigger"),
    "write cgroups": lambda: os.mkdir(f"/sys/fs/cgroup/probe-{os.getpid()}"),
    "write /sys": written("/sys/kernel/uevent_helper"),
    "process of init": look_at_init,
    "signal to init": kill_init,
    "ptrace": called("ptrace", 16, 1, 0, 0),
    "mount": called("mount", b"none", b"/tmp", b"tmpfs", 0, None),
    "umount": called("umount", b"/tmp"),
    "pivot": called("chroot", b"/tmp"),
    "new user namespace": called("unshare", 0x10000000),
    "new network namespace": called("unshare", 0x40000000),
    "new mount namespace": called("unshare", 0x00020000),
    "become root": lambda: os.setuid(0),
    "give a file away": lambda: os.chown("/tmp", 0, 0),
    "set-user-id file": lambda: _set_user_id(),
    "set the clock": clock_set,
    "set the host name": called("sethostname", b"x", 1),
    "load a module": called("syscall", 175, 0, 0, b""),
    "reboot": called("reboot", 0x89ABCDEF),
    "swap": called("swapoff", b"/none"),
    "priority": raised_priority,
    "more open files": more_files,
    "packet socket": made_socket(socket.AF_PACKET, socket.SOCK_RAW),
    "raw socket": made_socket(socket.AF_INET, socket.SOCK_RAW, 1),
    "netlink socket": made_socket(socket.AF_NETLINK, socket.SOCK_RAW),
    "bluetooth socket": made_socket(31, socket.SOCK_RAW, 1),
    "vsock socket": made_socket(40),
    "key ring": called("syscall", 250, 0, -1, 0, 0, 0),
    "bpf": called("syscall", 321, 0, None, 0),
    "perf events": called("syscall", 298, None, 0, -1, -1, 0),
    "personality": called("personality", 0x0040000),
    "systemd's private socket": lambda: _to("/run/systemd/private"),
}
"""What none of them may.  Numbers of system calls are those of x86-64."""
NO_PROGRAMS: dict[str, Callable[[], object]] = {
    "writable code": shared_code,
    "execute in /tmp": executed("/tmp"),
    "execute in /dev/shm": executed("/dev/shm"),
    "execute in /var/tmp": executed("/var/tmp"),
    "execute beside the sockets": executed("/run/evsed"),
}
OF: dict[str, dict[str, Callable[[], object]]] = {
    "evsed": {
        **NO_PROGRAMS,
        "execute in the state": executed("/var/lib/evsed"),
        "the board's state": lambda: os.listdir("/var/lib/evsed-board"),
        "listen to the network": listened,
        "real time": lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1)),
    },
    "evsed-board": {
        **NO_PROGRAMS,
        "execute in the state": executed("/var/lib/evsed-board"),
        "execute in its run folder": executed("/run/evsed-board"),
        "the station's state": lambda: os.listdir("/var/lib/evsed/transfers"),
        "the station's secrets": opened("/etc/evsed/evsed.env"),
        "network": made_socket(socket.AF_INET),
        "network, version 6": made_socket(socket.AF_INET6),
    },
    "evsed-job": {
        "the station's secrets": opened("/etc/evsed/evsed.env"),
        "the station's store": opened("/var/lib/evsed/store.db", os.O_RDWR),
        "write beside the transfers": written("/var/lib/evsed"),
        "the control socket": lambda: _to("/run/evsed/control.sock"),
        "the board socket": lambda: _to("/run/evsed/board.sock"),
        "real time": lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1)),
    },
}
UNPROVED = {"listen to the network"}
"""Not refused where the kernel has no BPF filter for binds: told, not judged."""


def _to(path: str) -> None:
    with socket.socket(socket.AF_UNIX) as sock:
        sock.connect(path)


def _set_user_id() -> None:
    path = Path(f"/tmp/probe-{os.getpid()}")
    path.write_bytes(b"")
    try:
        path.chmod(0o4755)
    finally:
        path.unlink()


def main(unit: str) -> None:
    """Each in a process of its own, since one may be killed for it."""
    probes = {**COMMON, **OF[unit]}
    refused = 0
    for name, probe in probes.items():
        child = os.fork()
        if child == 0:
            signal.alarm(5)
            try:
                probe()
            except (OSError, subprocess.SubprocessError, PermissionError, ValueError):
                os._exit(1)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if status == 0 and name not in UNPROVED:
            print(f"probe LET {name}", flush=True)
        else:
            refused += status != 0
    print(f"probe done: {refused} of {len(probes)} refused", flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
