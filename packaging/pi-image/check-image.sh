#!/usr/bin/env bash
# Starts a copy of an image in an emulated machine and tries the sensor with the kernel's simulated
# radios: check-image.sh SENSOR.img KERNEL INITRD
#
# Needs root, qemu-system-aarch64, losetup, and the network (hostapd is put into the copy, for
# something to be heard). The image's kernel must have mac80211_hwsim, as Debian's has; KERNEL and INITRD
# are that kernel's. What it shows of drivers is what the kernel's own simulation does, no more.
set -euo pipefail

say() { printf '%s\n' "$*" >&2; }

[ $# -eq 3 ] || { say "Usage: check-image.sh SENSOR.img KERNEL INITRD"; exit 2; }
image=$1 kernel=$2 initrd=$3
[ "$(id -u)" -eq 0 ] || { say "Mounting an image needs root: sudo $0 $*"; exit 1; }
for tool in qemu-system-aarch64 losetup sfdisk awk chroot; do
    command -v "$tool" > /dev/null || { say "$tool is missing"; exit 1; }
done

work=$(mktemp -d)
mounted='' loop=''
leave() {
    [ -z "$mounted" ] || umount --recursive "$work/root"
    [ -z "$loop" ] || losetup --detach "$loop"
    rm -rf "$work"
}
trap leave EXIT

cp --sparse=always "$image" "$work/image"
read -r start size < <(sfdisk --dump "$work/image" | awk '
    /start=/ && ++count == 2 { gsub(/.*start=|size=|,/, ""); print $1, $2 }')
loop=$(losetup --find --show --offset $((start * 512)) --sizelimit $((size * 512)) "$work/image")
mkdir "$work/root"
mount "$loop" "$work/root"
mounted=yes
mount --bind "$(readlink -f /etc/resolv.conf)" "$work/root/etc/resolv.conf"
printf '#!/bin/sh\nexit 101\n' > "$work/root/usr/sbin/policy-rc.d"
chmod 755 "$work/root/usr/sbin/policy-rc.d"
chroot "$work/root" env DEBIAN_FRONTEND=noninteractive \
    apt-get install --yes --quiet --no-install-recommends hostapd iw > /dev/null
rm "$work/root/usr/sbin/policy-rc.d"
# The boot partition is not attached by its name here.
sed -i '/\/boot/d' "$work/root/etc/fstab" 2> /dev/null || true
cat > "$work/root/etc/systemd/system/trial.service" << 'UNIT'
[Unit]
After=multi-user.target piwardrive-sensor.service
[Service]
Type=oneshot
StandardOutput=journal+console
ExecStart=/bin/bash /root/trial.sh
ExecStopPost=/bin/systemctl poweroff
UNIT
ln -s ../trial.service "$work/root/etc/systemd/system/multi-user.target.wants/trial.service"
cat > "$work/root/root/trial.sh" << 'TRIAL'
state=/var/lib/piwardrive
check() { # what it says, command
    if bash -c "$2" > /dev/null 2>&1; then echo "TRIAL good: $1"; else echo "TRIAL BAD: $1"; piwardrive-sensor status; fi
}
within() { # seconds, command: true as soon as it is
    local until=$(($(date +%s) + $1))
    while ! bash -c "$2" > /dev/null 2>&1; do [ "$(date +%s)" -lt "$until" ] || return 1; sleep 0.2; done
}
status=(piwardrive-sensor status)
export -f within
heard() { "${status[@]}" | sed -n "s/^radio $1: .* \([0-9]*\) frames,.*/\1/p"; }
channels() { "${status[@]}" | sed -n "s/^radio $1: .* \([0-9]*\) channels.*/\1/p"; }
ap() { # tried again, as the last one may not be gone yet
    local said
    for _ in 1 2 3 4 5; do
        said=$(hostapd -P /tmp/ap.pid -B /tmp/ap.conf 2>&1) && return
        sleep 2
    done
    echo "TRIAL BAD: there is no access point: ${said//$'\n'/ | }"
}
printf '%s\n' interface=wlan0 driver=nl80211 ssid=simulated hw_mode=g channel=6 beacon_int=20 > /tmp/ap.conf

check "starts without a radio and waits for it" "within 20 'piwardrive-sensor status | grep -q \"not there at the start\"'"
check "system calls are filtered" "piwardrive-sensor status | grep -q 'confinement: system calls are filtered; the parser has no sockets'"
modprobe mac80211_hwsim radios=3
check "listens to a radio that is plugged in" "within 15 'piwardrive-sensor status | grep -q \"wlan1, listens\"'"
check "has it in monitor mode" "iw dev wlan1 info | grep -q 'type monitor'"
ap
sleep 15
one=$(channels 0)
check "hears an access point on channel 6 ($(heard 0) frames)" "[ '$(heard 0)' -gt 0 ]"
kill "$(cat /tmp/ap.pid)"; sleep 2; rmmod mac80211_hwsim
check "knows that a radio is gone" "within 10 'piwardrive-sensor status | grep -q \"wlan1, does not listen\"'"
modprobe mac80211_hwsim radios=3; back=$(date +%s%N)
check "listens again once it is back" "within 15 'piwardrive-sensor status | grep -q \"wlan1, listens\"'"
echo "TRIAL figure: $((($(date +%s%N) - back) / 1000000)) ms from plugged in to listening"
systemctl stop piwardrive-sensor
check "gives the radio back as it was" "iw dev wlan1 info | grep -q 'type managed'"
sed -i 's/^source = .*/source = ["wifi:wlan1", "wifi:wlan2"]/' /etc/piwardrive/sensor.toml
systemctl start piwardrive-sensor
sleep 5; ap; sleep 25
check "two radios share the plan ($one channels: $(channels 0) and $(channels 1))" "[ '$one' -eq $(($(channels 0) + $(channels 1))) ]"
check "hear the access point ($(heard 0) and $(heard 1) frames)" "[ $(($(heard 0) + $(heard 1))) -gt 0 ]"
check "sent nothing, says the sensor" "[ \$(piwardrive-sensor status | grep -c 'no frame was sent while listening') -eq 2 ]"
check "sent nothing, says the kernel" "[ \"\$(cat /sys/class/net/wlan[12]/statistics/tx_packets | sort -u)\" = 0 ]"
systemctl stop piwardrive-sensor
check "its journal is sound" "piwardrive-sensor journal verify --state $state | grep -q sound"
piwardrive-sensor journal dump --state $state | awk '
    /tune radio=/ { for (i = 1; i <= NF; i++) { split($i, p, "="); f[p[1]] = p[2] }
        split(substr(f["start"], 12), a, ":"); split(substr(f["end"], 12), b, ":")
        s = a[1] * 3600 + a[2] * 60 + a[3]; e = b[1] * 3600 + b[2] * 60 + b[3]
        if (f["radio"] in last && s - last[f["radio"]] < 1) { sum += s - last[f["radio"]]; n++ }
        last[f["radio"]] = e; stay += e - s; m++ }
    END { if (n) printf "TRIAL figure: %d stays of %.0f ms on average, %.1f ms between them\n", m, 1000 * stay / m, 1000 * sum / n }'
echo "TRIAL end"
TRIAL
umount --recursive "$work/root"
mounted=''
losetup --detach "$loop"
loop=''

say "Starting; this takes some minutes."
timeout 900 qemu-system-aarch64 -M virt -cpu cortex-a72 -smp 2 -m 1024 -nographic -no-reboot \
    -kernel "$kernel" -initrd "$initrd" -append "root=/dev/vda2 rw console=ttyAMA0 net.ifnames=0" \
    -drive "if=none,file=$work/image,format=raw,id=disk" -device virtio-blk-device,drive=disk \
    < /dev/null > "$work/console" 2>&1 || true
sed 's/\x1b\[[0-9;]*m//g' "$work/console" | tr -d '\r' | sed -n 's/.*TRIAL //p' > "$work/told"
cat "$work/told"
grep -q '^end$' "$work/told" || { say "The trial did not come to its end; the last lines of the console:"; tail -20 "$work/console" >&2; exit 1; }
! grep -q '^BAD' "$work/told" || exit 1
