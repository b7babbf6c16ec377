#!/usr/bin/env bash
# The demo: a simulated drive through the real sensor, a real link and a real survey, then the window.
# Without a display it leaves survey, report and exports in a folder and says where.
set -euo pipefail
cd "$(dirname "$0")/.."
. packaging/prerequisites.sh
prerequisites build window
say "Building PiWardrive (the first time takes about a quarter of an hour on two cores) …"
cargo build --release --locked --package pw_sensor --package pw_app
if [ -z "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ] && [ "$(uname)" != Darwin ]; then
    exec target/release/piwardrive demo --headless "$@"
fi
exec target/release/piwardrive demo "$@"
