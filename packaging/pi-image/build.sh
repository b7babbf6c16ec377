#!/usr/bin/env bash
# Makes an image for a Pi that starts as a sensor: build.sh BASE.img SENSOR.deb OUT.img
set -euo pipefail

say() { printf '%s\n' "$*" >&2; }

[ $# -eq 3 ] || { say "Usage: build.sh BASE.img SENSOR.deb OUT.img; see README.md beside it"; exit 2; }
base=$1 package=$2 out=$3
[ "$(id -u)" -eq 0 ] || { say "Mounting an image needs root: sudo $0 $*"; exit 1; }
for file in "$base" "$package"; do
    [ -f "$file" ] || { say "$file: no such file"; exit 1; }
done
[ ! -e "$out" ] || { say "$out exists already; nothing was changed"; exit 1; }
for tool in losetup sfdisk awk e2fsck resize2fs chroot dpkg-deb; do
    command -v "$tool" >/dev/null || { say "$tool is missing (packages util-linux, fdisk, gawk, e2fsprogs, coreutils, dpkg)"; exit 1; }
done
[ "$(dpkg-deb --field "$package" Architecture)" = arm64 ] || { say "$package is not for arm64"; exit 1; }
if [ "$(uname -m)" != aarch64 ] && [ ! -e /proc/sys/fs/binfmt_misc/qemu-aarch64 ]; then
    say "Programs for arm64 do not run here: install qemu-user-static and binfmt-support"
    exit 1
fi

mounted='' boot_loop='' root_loop=''
root=$(mktemp -d)
leave() {
    local status=$?
    [ -z "$mounted" ] || umount --recursive "$root"
    for loop in $boot_loop $root_loop; do losetup --detach "$loop"; done
    rmdir "$root"
    [ "$status" -eq 0 ] || { rm -f "$out"; say "No image was made."; }
    exit "$status"
}
trap leave EXIT

say "1 of 4: copying and adding 1 GiB"
cp --sparse=always "$base" "$out"
truncate --size=+1G "$out"
printf ', +\n' | sfdisk --quiet --no-reread -N 2 "$out"
# By their place in the file: not every kernel looks for partitions in a loop device.
partition() { # number: a loop device with this partition of the image
    local start size
    read -r start size < <(sfdisk --dump "$out" | awk -v number="$1" '
        /start=/ && ++count == number { gsub(/.*start=|size=|,/, ""); print $1, $2 }')
    losetup --find --show --offset $((start * 512)) --sizelimit $((size * 512)) "$out"
}
boot_loop=$(partition 1)
root_loop=$(partition 2)
e2fsck -f -p "$root_loop" || [ $? -le 1 ]
resize2fs "$root_loop"

say "2 of 4: installing gpsd and the sensor"
mount "$root_loop" "$root"
mounted=yes
mount "$boot_loop" "$root/boot/firmware"
for place in proc sys dev; do mount --rbind --make-rslave "/$place" "$root/$place"; done
# Services of the image must not start here.
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
chmod 755 "$root/usr/sbin/policy-rc.d"
cp "$package" "$root/tmp/piwardrive-sensor.deb"
mount --bind "$(readlink -f /etc/resolv.conf)" "$root/etc/resolv.conf"
chroot "$root" apt-get update
chroot "$root" env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends gpsd iw rfkill /tmp/piwardrive-sensor.deb
rm "$root/tmp/piwardrive-sensor.deb" "$root/usr/sbin/policy-rc.d"
chroot "$root" apt-get clean

say "3 of 4: receiver, radios, log"
cat >"$root/etc/default/gpsd" <<'GPSD'
# Written for the sensor: a u-blox receiver by its name, others as they are plugged in; -n: do not
# wait for a client, so that the first fix comes early.
DEVICES="/dev/gps-ublox"
GPSD_OPTIONS="-n"
USBAUTO="true"
GPSD
chroot "$root" systemctl enable gpsd.service
install -d "$root/etc/NetworkManager/conf.d" "$root/etc/systemd/journald.conf.d"
printf '%s\n' '[keyfile]' 'unmanaged-devices=interface-name:wlan1;interface-name:wlan2;interface-name:wlan3' \
    >"$root/etc/NetworkManager/conf.d/piwardrive.conf"
printf '%s\n' '[Journal]' 'Storage=volatile' 'RuntimeMaxUse=32M' >"$root/etc/systemd/journald.conf.d/piwardrive.conf"

say "4 of 4: closing"
umount --recursive "$root"
mounted=''
losetup --detach "$boot_loop" "$root_loop"
boot_loop='' root_loop=''
say "Wrote $out. Put it on a card with Raspberry Pi Imager (own image)."
