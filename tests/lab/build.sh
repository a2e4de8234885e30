#!/bin/bash
# Builds the lab's machine: a Debian guest with systemd, the board's kernel modules and the libraries of evsed.
#   build.sh FOLDER
# Needs root and the packages of host-packages.txt; about 2 GB and three minutes. Finished steps are kept: remove FOLDER
# to begin anew. The Debian archive and the Python index are those that this machine uses (MIRROR names another).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
mkdir -p "${1:?usage: build.sh FOLDER}"; work=$(cd "$1" && pwd)
suite=trixie
mirror=${MIRROR:-$(apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages' |
    awk '$2 == "bookworm" || $2 == "trixie" { print $1; exit }')}
say() { printf '%s %s\n' "$(date +%T)" "$*"; }
done_already() { [ -e "$work/$1.done" ]; }
is_done() { touch "$work/$1.done"; }
mounted=
with_proc() { mount -t proc proc "$1/proc"; mounted=$1/proc; }
without_proc() { [ -z "$mounted" ] || umount "$mounted" || true; mounted=; }
trap without_proc EXIT

# compilers and kernel headers live in a root of their own, never in the guest
done_already build || {
    say "the build root ($suite from $mirror)"
    rm -rf "$work/build"
    mmdebstrap --quiet --variant=apt --include=gcc,make,libc6-dev,xz-utils,kmod,linux-headers-amd64,linux-source \
        --include=python3-dev,python3-venv,libsystemd-dev,pkg-config,swig,ca-certificates \
        "$suite" "$work/build" "deb $mirror $suite main"
    is_done build
}
kernel=$(basename "$(ls -d "$work"/build/lib/modules/*)")

done_already modules || {
    say "kernel modules for $kernel"
    at=$work/build/srv/modules
    rm -rf "$at"; cp -r "$here/kmod" "$at"
    tar -xf "$(ls "$work"/build/usr/src/linux-source-*.tar.xz)" -C "$at" --strip-components=1 --wildcards \
        '*/drivers/gpio/gpio-sim.c' '*/kernel/irq/irq_sim.c'
    mv "$at/drivers/gpio/gpio-sim.c" "$at/kernel/irq/irq_sim.c" "$at/"
    # as on Raspberry Pi OS: a line keeps its level when its owner dies
    sed -i -e '/^static void gpio_sim_free/i static bool persist;\nmodule_param(persist, bool, 0644);\n' \
        -e '/^static void gpio_sim_free/,/^}/ s/__assign_bit(offset, chip->value_map,/if (!persist) &/' "$at/gpio-sim.c"
    grep -q 'if (!persist) __assign_bit' "$at/gpio-sim.c"
    chroot "$work/build" make -s -C "/lib/modules/$kernel/build" M=/srv/modules modules
    is_done modules
}

done_already libraries || {
    say "the libraries of evsed, as wheels"
    cp -L /etc/resolv.conf "$work/build/etc/resolv.conf"
    cp -L /etc/ssl/certs/ca-certificates.crt "$work/build/etc/ssl/certs/ca-certificates.crt"
    python3 - "$top/pyproject.toml" > "$work/build/srv/requirements.txt" <<'P'
import sys, tomllib
project = tomllib.load(open(sys.argv[1], "rb"))["project"]
print(*project["dependencies"], *project["optional-dependencies"]["pi"], sep="\n")
P
    with_proc "$work/build"
    # lgpio has no wheel for this Python: PYPI=1 makes its sources bring their own C library
    PYPI=1 env -u PIP_FIND_LINKS chroot "$work/build" sh -c "python3 -m venv --clear /srv/venv && /srv/venv/bin/pip \
        wheel -q --cert /etc/ssl/certs/ca-certificates.crt -w /srv/wheels -r /srv/requirements.txt"
    without_proc
    is_done libraries
}

done_already root || {
    say "the guest's root"
    rm -rf "$work/root"
    mmdebstrap --quiet --variant=minbase --include="$(paste -sd, "$here/guest-packages.txt")" \
        --essential-hook='mkdir -p "$1/etc/initramfs-tools"' "$suite" "$work/root" "deb $mirror $suite main"
    is_done root
}

say "the guest"
root=$work/root
[ -d "$root/lib/modules/$kernel" ] || { echo "another kernel in the guest than $kernel: remove $work" >&2; exit 1; }
install -D -t "$root/lib/modules/$kernel/extra" "$work"/build/srv/modules/*.ko
depmod -b "$root" "$kernel"
rm -rf "$root/srv/wheels"; cp -r "$work/build/srv/wheels" "$root/srv/wheels"
chroot "$root" sh -ec 'python3 -m venv --clear /usr/lib/evsed
    /usr/lib/evsed/bin/pip install -q --disable-pip-version-check --no-index /srv/wheels/*.whl; rm -rf /srv/wheels
    for group in gpio i2c spi evsed-admin; do groupadd -f -r $group; done
    for user in evsed evsed-board evsed-job; do
        id -u $user >/dev/null 2>&1 || useradd -r -U -M -d /nonexistent -s /usr/sbin/nologin $user
    done'
cp -r "$here/guest/." "$root/"
[ -e "$work/id" ] || ssh-keygen -q -t ed25519 -N '' -C lab -f "$work/id"
install -D -m 600 "$work/id.pub" "$root/root/.ssh/authorized_keys"
echo lab > "$root/etc/hostname"
printf '/dev/vda / ext4 rw,noatime 0 1\n' > "$root/etc/fstab"
mkdir -p "$root/etc/systemd/system.conf.d"
printf '[Manager]\nRuntimeWatchdogSec=10s\n' > "$root/etc/systemd/system.conf.d/watchdog.conf"
printf 'virtio_pci\nvirtio_blk\next4\n' > "$root/etc/initramfs-tools/modules"
sed -i 's/^MODULES=.*/MODULES=list/; s/^COMPRESS=.*/COMPRESS=zstd/' "$root/etc/initramfs-tools/initramfs.conf"
with_proc "$root"
chroot "$root" update-initramfs -c -k "$kernel" >/dev/null
chroot "$root" systemctl -q enable systemd-networkd ssh lab-board
chroot "$root" systemctl -q mask systemd-networkd-wait-online.service apt-daily.timer apt-daily-upgrade.timer \
    dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service fstrim.timer systemd-timesyncd.service 2>/dev/null
without_proc
cp "$root/boot/vmlinuz-$kernel" "$work/vmlinuz"; cp "$root/boot/initrd.img-$kernel" "$work/initrd"
say "its disk"
rm -f "$work/base.img"; truncate -s 3G "$work/base.img"
mke2fs -q -t ext4 -L root -d "$root" "$work/base.img"
say "done: $work"
