"""The lab's virtual machine: started, asked, cut, its USB devices pulled and plugged."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

STARTS_WITHIN_S = 300.0
USB = {"meter": "usb-serial,chardev=meter", "reader": "usb-serial,chardev=reader", "keys": "usb-kbd"}
"""The plugs, in the order of their ports."""

CLOCK = ("-accel", "tcg,thread=single", "-icount", "shift=1,sleep=on")
"""The guest's clock runs by its instructions, 500 million a second: what else this host does is not measured."""


class LabFailed(AssertionError):
    """What was to be shown was not."""


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


class Machine:
    """One run of the machine in the folder that `build.sh` made; each `start(fresh=True)` takes a new disk."""

    def __init__(self, work: Path, run: Path, options: tuple[str, ...] = ()) -> None:
        """`run`: a folder for this run's disk and sockets; `options`: more of the emulator's."""
        self.work, self.run, self.options = work, run, options
        self.ssh_port, self.outside_port = free_port(), free_port()
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, central_port: int = 9, fresh: bool = True, smp: int = 2) -> None:
        """The guest reaches `central_port` of this host as 10.0.2.100:9000, and nothing else."""
        self.run.mkdir(parents=True, exist_ok=True)
        disk = self.run / "disk.qcow2"
        if fresh:
            disk.unlink(missing_ok=True)
            base = str((self.work / "base.img").resolve())
            image = ["qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", base, str(disk)]
            subprocess.run(image, check=True)
        net = (
            f"user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:{self.ssh_port}-:22"
            f",hostfwd=tcp:127.0.0.1:{self.outside_port}-:7000"
            f",guestfwd=tcp:10.0.2.100:9000-cmd:socat - TCP4:127.0.0.1:{central_port}"
        )
        words = [
            *(
                "setpriv",
                "--pdeathsig",
                "KILL",
                "qemu-system-x86_64",
                "-nodefaults",
                "-display",
                "none",
                "-machine",
                "pc",
                "-cpu",
                "Nehalem",
            ),
            *("-smp", str(smp), "-m", "1024", "-kernel", f"{self.work}/vmlinuz", "-initrd", f"{self.work}/initrd"),
            "-append",
            "console=ttyS0 root=/dev/vda rw quiet mitigations=off random.trust_cpu=on systemd.show_status=0",
            *("-drive", f"file={disk},if=none,id=disk,format=qcow2,cache=writeback"),
            *("-device", "virtio-blk-pci,drive=disk", "-netdev", net, "-device", "virtio-net-pci,netdev=net"),
            *("-object", "rng-random,id=random,filename=/dev/urandom", "-device", "virtio-rng-pci,rng=random"),
            *("-chardev", f"file,id=console,path={self.run}/console.log", "-serial", "chardev:console"),
            *("-chardev", f"socket,id=meter,path={self.run}/meter.sock,reconnect=1"),
            *("-chardev", f"socket,id=reader,path={self.run}/reader.sock,reconnect=1"),
            *("-device", "qemu-xhci,id=usb"),
            *("-device", "i6300esb", "-action", "watchdog=reset"),
            *("-qmp", f"unix:{self.run}/qmp.sock,server=on,wait=off"),
        ]
        for port, (name, device) in enumerate(USB.items(), 1):
            words += ["-device", f"{device},id={name},bus=usb.0,port={port}"]
        options = self.options or CLOCK
        with (self.run / "emulator.log").open("wb") as log:
            self.process = subprocess.Popen(
                [*words, *options], stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )

    def _ssh(self) -> list[str]:
        options = ("StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR", "ConnectTimeout=10")
        shared = ("BatchMode=yes", "ControlMaster=auto", f"ControlPath={self.run}/ssh.%p", "ControlPersist=60")
        flags = [word for option in (*options, *shared) for word in ("-o", option)]
        return ["ssh", "-p", str(self.ssh_port), "-i", str(self.work / "id"), *flags, "root@127.0.0.1"]

    async def command(self, command: str, stdin: bytes = b"", within_s: float = 120.0) -> tuple[int, str]:
        """Exit code and output of a shell command in the guest."""
        process = await asyncio.create_subprocess_exec(
            *self._ssh(),
            command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            out, _ = await asyncio.wait_for(process.communicate(stdin), within_s)
        except TimeoutError:
            process.kill()
            raise LabFailed(f"in the guest: {command!r} did not end within {within_s:g} s") from None
        return process.returncode or 0, out.decode(errors="replace")

    async def do(self, command: str, stdin: bytes = b"", within_s: float = 120.0) -> str:
        """Its output; LabFailed where it does not exit with 0."""
        code, out = await self.command(command, stdin, within_s)
        if code != 0:
            raise LabFailed(f"in the guest: {command!r}: exit {code}: {out[-3000:]}")
        return out

    async def wait(self, within_s: float = STARTS_WITHIN_S) -> None:
        """Until it answers; its clock is then this host's."""
        end = time.monotonic() + within_s
        while time.monotonic() < end:
            if self.process is None or self.process.poll() is not None:
                raise LabFailed(f"the emulator ended: {(self.run / 'emulator.log').read_text()}")
            with contextlib.suppress(LabFailed):
                code, _ = await self.command(f"date -u -s @{time.time():.3f}", within_s=15)
                if code == 0:
                    return
            await asyncio.sleep(0.5)
        raise LabFailed(f"the machine does not answer after {within_s:g} s; see {self.run}/console.log")

    async def outside(self, *words: str) -> Any:
        """One request to the world that is played in the guest."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.outside_port)
        try:
            writer.write(" ".join(words).encode() + b"\n")
            return json.loads(await asyncio.wait_for(reader.readline(), 10))
        finally:
            writer.close()

    def monitor(self, execute: str, **arguments: Any) -> Any:
        """One command to the emulator."""
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(10)
            line.connect(str(self.run / "qmp.sock"))
            file = line.makefile("rwb")
            file.readline()
            answer: dict[str, Any] = {}
            for command in ({"execute": "qmp_capabilities"}, {"execute": execute, "arguments": arguments}):
                file.write(json.dumps(command).encode() + b"\n")
                file.flush()
                answer = json.loads(file.readline())
                while "event" in answer:
                    answer = json.loads(file.readline())
            if "error" in answer:
                raise LabFailed(f"the emulator refused {execute}: {answer['error']}")
            return answer["return"]

    def unplug(self, name: str) -> None:
        """Pull one of `USB`."""
        self.monitor("device_del", id=name)

    def plug(self, name: str) -> None:
        """Put it back where it was."""
        driver, *settings = USB[name].split(",")
        more = dict(setting.split("=") for setting in settings)
        self.monitor("device_add", driver=driver, id=name, bus="usb.0", port=str(list(USB).index(name) + 1), **more)

    async def type(self, text: str) -> None:
        """At the USB keyboard, Enter at the end."""
        for letter in [*text.lower(), "ret"]:
            self.monitor("send-key", keys=[{"type": "qcode", "data": letter}], **{"hold-time": 20})
            await asyncio.sleep(0.06)

    def end(self) -> None:
        """The power fails."""
        subprocess.run([*self._ssh()[:-1], "-O", "exit", "root@127.0.0.1"], capture_output=True, check=False)
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def code_archive(top: Path, work: Path) -> bytes:
    """The checkout as the guest has it below /usr/lib/evsed/lib, compiled by the guest's own Python, units and all."""
    stage = work / "root/srv" / f"evsed.{os.getpid()}"
    stage.mkdir(parents=True)
    for folder in ("ocpp16", "drivers", "daemon", "etc", "systemd"):
        subprocess.run(["cp", "-r", str(top / folder), str(stage)], check=True)
    subprocess.run(["cp", "-r", str(top / "tests/lab/inside"), str(stage)], check=True)
    there = f"/srv/{stage.name}"
    compiled = f"compileall -q -f --invalidation-mode unchecked-hash -s {there} -p /usr/lib/evsed/lib {there}"
    subprocess.run(["chroot", str(work / "root"), "python3", "-m", *compiled.split()], check=True)
    scripts = stage / "bin"
    scripts.mkdir()
    import tomllib

    project = tomllib.loads((top / "pyproject.toml").read_text())["project"]
    for name, entry in {**project["scripts"], "safe": "drivers.safe:main"}.items():
        module, function = entry.split(":")
        lines = [
            "#!/usr/lib/evsed/bin/python",
            "import sys",
            f"from {module} import {function}",
            f"sys.exit({function}())",
        ]
        (scripts / name).write_text("\n".join(lines) + "\n")
        os.chmod(scripts / name, 0o755)
    archive = subprocess.run(["tar", "-C", str(stage), "-cf", "-", "."], check=True, capture_output=True).stdout
    shutil.rmtree(stage)
    return archive


INSTALL = """set -e
mkdir -p /usr/lib/evsed/lib /etc/evsed /etc/sysusers.d /etc/systemd/system/evsed-board.service.d
tar -C /usr/lib/evsed/lib -xf -
echo /usr/lib/evsed/lib > $(echo /usr/lib/evsed/lib/python3.*/site-packages)/evsed.pth
cp /usr/lib/evsed/lib/bin/* /usr/bin/
mkdir -p /usr/libexec/evsed
mv /usr/bin/safe /usr/libexec/evsed/safe
cp /usr/lib/evsed/lib/systemd/*.service /usr/lib/evsed/lib/systemd/*.socket /etc/systemd/system/
cp /usr/lib/evsed/lib/systemd/evsed.sysusers /etc/sysusers.d/evsed.conf
systemd-sysusers
cp /usr/lib/evsed/lib/systemd/evsed.tmpfiles /etc/tmpfiles.d/evsed.conf
systemd-tmpfiles --create /etc/tmpfiles.d/evsed.conf
cat > /etc/systemd/system/lab-outside.service <<U
[Service]
ExecStart=/usr/bin/python3 /usr/lib/evsed/lib/inside/outside.py
U
systemctl daemon-reload
"""


async def install(machine: Machine, archive: bytes) -> None:
    """Put the programs, the units and the world that is played into the running guest."""
    await machine.do(INSTALL, archive)
