"""A Debian 13 with systemd, booted for one scenario and thrown away, and the package that is installed there."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

PROJECT: Final = Path(__file__).parents[2]
ROOT: Final = Path(os.environ.get("EVSED_UNIT_ROOT", "/var/tmp/evsed-unit-root"))
"""Kept between runs; made anew when what it holds changes."""
WITHIN_S: Final = 240.0
PACKAGES: Final = (
    *("systemd", "systemd-sysv", "dbus", "init-system-helpers", "procps", "iproute2", "ca-certificates", "python3"),
    *("python3-cryptography", "python3-dotenv", "python3-httpcore", "python3-httpx", "python3-msgspec"),
    *("python3-rich", "python3-serial", "python3-smbus2", "python3-systemd", "python3-websockets"),
)
NEEDED: Final = ("mmdebstrap", "systemd-nspawn", "dpkg-buildpackage", "dh", "dh_python3", "apt-get")


def missing() -> str:
    """What this machine lacks for it; empty: nothing."""
    if os.geteuid() != 0:
        return "root"
    return ", ".join(program for program in NEEDED if shutil.which(program) is None)


def debian() -> Path:
    """The root folder of a minimal Debian 13 with systemd and the libraries that the package depends on."""
    mark = hashlib.sha256(" ".join(PACKAGES).encode()).hexdigest()[:16]
    ready = ROOT / ".ready"
    if ready.exists() and ready.read_text("ascii") == mark:
        return ROOT
    shutil.rmtree(ROOT, ignore_errors=True)
    mirror = _mirror()
    include = f"--include={','.join(PACKAGES)}"
    command = ["mmdebstrap", "--quiet", "--variant=minbase", include, "trixie", str(ROOT), f"deb {mirror} trixie main"]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    ready.write_text(mark, "ascii")
    return ROOT


def _mirror() -> str:
    """Where this machine's apt has Debian from."""
    command = ["apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE)", "Created-By: Packages"]
    for attempt in (1, 2):
        lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
        for line in lines:
            uri, _, release = line.partition(" ")
            if release in ("bookworm", "trixie"):
                return uri
        if attempt == 1:
            subprocess.run(["apt-get", "update", "-qq"], check=True)
    raise AssertionError("apt names no Debian mirror here")


def built(folder: Path, version: str = "") -> Path:
    """The package, made from a copy of this checkout; with another version where one is given."""
    source = folder / f"source{version}"
    listed = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        check=True, capture_output=True, cwd=PROJECT,
    ).stdout  # fmt: skip
    for name in listed.decode().split("\0"):
        if name and (PROJECT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(PROJECT / name, source / name)
    if version:
        for name, before in (("pyproject.toml", 'version = "0.1.0"'), ("daemon/__init__.py", '"0.1.0"')):
            text = (source / name).read_text("utf-8")
            assert before in text
            (source / name).write_text(text.replace(before, before.replace("0.1.0", version)), "utf-8")
        log = source / "debian/changelog"
        log.write_text(log.read_text("utf-8").replace("(0.1.0)", f"({version})", 1), "utf-8")
    command = ["dpkg-buildpackage", "-us", "-uc", "-b", "-d"]
    done = subprocess.run(command, cwd=source, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return next(folder.glob(f"evsed_{version or '*'}_all.deb"))


def play(scenario: str, packages: Path) -> tuple[int, str]:
    """Boot, play `tests.package.scenarios SCENARIO` as root, the packages in /packages; its status and its output."""
    with tempfile.TemporaryDirectory(prefix="evsed-unit-") as name:
        out = Path(name)
        job = out / "job"
        job.write_text(
            "#!/bin/sh\nexec > /run/out/log 2>&1\nip link set lo up\ncd /project\n"
            f"python3 -B -m tests.package.scenarios {scenario}\necho $? > /run/out/status\n",
            "ascii",
        )
        job.chmod(0o755)
        command = [
            *("systemd-nspawn", "--quiet", f"--directory={debian()}", "--register=no", "--keep-unit", "--ephemeral"),
            *("--private-network", f"--bind={out}:/run/out", f"--bind-ro={packages}:/packages"),
            *(f"--bind-ro={PROJECT}:/project", "--boot", "systemd.run=/run/out/job"),
            *("systemd.run_success_action=exit", "systemd.run_failure_action=exit"),
        ]
        with (out / "console").open("wb") as console:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=console, stderr=console)
            try:
                process.wait(WITHIN_S)
            except subprocess.TimeoutExpired:
                process.terminate()
                process.wait()
        log = (out / "log").read_text("utf-8", "replace") if (out / "log").exists() else ""
        if not (out / "status").exists():
            return 125, log + (out / "console").read_text("utf-8", "replace")[-3000:]
        return int((out / "status").read_text("ascii")), log
