#!/usr/bin/env bash
# Installs the sensor's package into a Debian of its own, boots that under systemd in namespaces, and
# looks whether the service does what its unit promises. As root, on Debian or Ubuntu of amd64:
#   cargo xtask deb && sudo bash packaging/check-service.sh target/deb/piwardrive-sensor_*_amd64.deb
# The Debian is kept in target/service-check for the next time.
set -euo pipefail
cd "$(dirname "$0")/.."
package=${1:?the .deb file to check}
root=target/service-check
command -v debootstrap > /dev/null || { echo "needs debootstrap: apt-get install debootstrap" >&2; exit 1; }
if [ ! -e "$root/etc/debian_version" ]; then
    debootstrap --variant=minbase --include=systemd,systemd-sysv,dbus,libpcap0.8,procps bookworm "$root"
fi
root=$(realpath "$root")
cp "$package" "$root/root/sensor.deb"

# Everything mounted lives and ends with the namespace.
boot='mount --bind "$0" "$0"
mount -t proc proc "$0/proc"; mount --rbind /sys "$0/sys"
mount -t tmpfs tmpfs "$0/run"; mount -t tmpfs tmpfs "$0/tmp"
exec chroot "$0" /usr/bin/env -i container=other PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd'
unshare --fork --pid --mount --uts --ipc --net bash -c "$boot" "$root" &
outer=$!
init=
trap '[ -z "$init" ] || kill -KILL "$init"' EXIT
inside() {
    nsenter --target "$init" --mount --uts --ipc --net --pid -- \
        chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root DEBIAN_FRONTEND=noninteractive "$@"
}
value() { inside systemctl show --property "$1" --value piwardrive-sensor; }
# Waits until a property has a value.
until_is() {
    for _ in $(seq "${3:-30}"); do
        [ "$(value "$1")" = "$2" ] && return
        sleep 1
    done
    fail "$1 is $(value "$1"), not $2"
}
good() { echo "good: $*"; }
fail() {
    echo "BAD:  $*" >&2
    inside journalctl --unit piwardrive-sensor --no-pager --lines 20 >&2 || true
    exit 1
}

for _ in $(seq 30); do
    init=$(pgrep --parent "$outer" --exact systemd || true)
    [ -n "$init" ] && inside systemctl is-system-running --wait > /dev/null 2>&1 && break
    sleep 1
done
[ -n "$init" ] || { echo "systemd does not start here" >&2; exit 1; }

inside dpkg --purge piwardrive-sensor > /dev/null 2>&1 || true
inside dpkg --install /root/sensor.deb > /dev/null
inside sed -i 's/^source = .*/source = ["sim:demo"]/; s/^gps = .*/gps = "none"/' /etc/piwardrive/sensor.toml
inside systemctl reset-failed piwardrive-sensor
inside systemctl restart piwardrive-sensor
until_is ActiveState active
good "installed, starts and says that it is ready"

pid=$(value MainPID)
status=$(inside cat "/proc/$pid/status")
grep -q "^Uid:\s*0\s" <<< "$status" && fail "it runs as root"
grep -q "^CapEff:\s*0000000000003000$" <<< "$status" || fail "capabilities: $(grep ^Cap <<< "$status")"
grep -q "^CapBnd:\s*0000000000003000$" <<< "$status" || fail "bounds: $(grep ^Cap <<< "$status")"
grep -q "^NoNewPrivs:\s*1$" <<< "$status" || fail "it may gain privileges"
grep -q "^Seccomp:\s*2$" <<< "$status" || fail "system calls are not filtered"
inside journalctl --unit piwardrive-sensor --no-pager | grep -q "takes no filter" && fail "its own filter of system calls is refused"
good "its own user, CAP_NET_ADMIN and CAP_NET_RAW only, system calls filtered"
name=$(inside piwardrive-sensor status | head -n 1 | cut -d, -f1)

inside kill -KILL "$pid"
until_is NRestarts 1
until_is ActiveState active
good "killed: starts again"

inside kill -STOP "$(value MainPID)"
until_is NRestarts 2 90
until_is ActiveState active
good "hangs: the watchdog starts it again"

before=$(inside piwardrive-sensor journal info --state /var/lib/piwardrive | head -n 1)
inside dpkg --install /root/sensor.deb > /dev/null
until_is ActiveState active
[ "$(inside piwardrive-sensor status | head -n 1 | cut -d, -f1)" = "$name" ] || fail "an upgrade changed its key"
inside grep -q 'sim:demo' /etc/piwardrive/sensor.toml || fail "an upgrade changed its configuration"
inside piwardrive-sensor journal verify --state /var/lib/piwardrive | grep -q sound || fail "its journal is not sound"
good "an upgrade keeps key, configuration and journal (before it: ${before#*: })"

inside systemctl stop piwardrive-sensor
until_is Result success 5
inside dpkg --purge piwardrive-sensor > /dev/null
inside test ! -e /var/lib/piwardrive/identity.pem || fail "purging leaves the key"
good "stops in order; purging takes key and journal away"
