# Sourced by demo.sh and test.sh: installs what building and running needs, and says what.
# Usage: prerequisites build [window] [tests]

# Packages by purpose, Debian names: build needs libpcap's headers and a C compiler (for the
# cryptography library); window needs a software renderer only where there is no graphics driver.
debian_build=(gcc libpcap-dev pkg-config)
debian_window=(libxkbcommon-x11-0 libxcursor1 libxi6 libxrandr2 libvulkan1 libegl1 mesa-vulkan-drivers libgl1-mesa-dri fonts-dejavu-core)
debian_tests=(gpsd gpsd-clients gpsd-tools tshark tcpdump xvfb xauth poppler-utils iproute2 python3)
homebrew_build=(libpcap pkg-config)
homebrew_tests=(gpsd wireshark poppler)

say() { printf '%s\n' "$*" >&2; }

missing_debian() {
    local package
    for package in "$@"; do
        dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || printf '%s\n' "$package"
    done
}

install_debian() {
    local missing root=()
    mapfile -t missing < <(missing_debian "$@")
    [ ${#missing[@]} -gt 0 ] || return 0
    say "Installing with apt-get: ${missing[*]}"
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || { say "Not root and no sudo: install these packages, then run this again."; return 1; }
        root=(sudo)
    fi
    "${root[@]}" apt-get update -qq
    # gpsd must not start a service of its own on the machine, and tshark must not ask who may capture.
    "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

prerequisites() {
    command -v cargo >/dev/null || { say "cargo is missing: install Rust 1.95 or later from https://rustup.rs"; return 1; }
    local purpose packages=()
    if command -v apt-get >/dev/null; then
        for purpose in "$@"; do
            case $purpose in
                build) packages+=("${debian_build[@]}") ;;
                window) packages+=("${debian_window[@]}") ;;
                tests) packages+=("${debian_tests[@]}") ;;
            esac
        done
        install_debian "${packages[@]}"
    elif [ "$(uname)" = Darwin ]; then
        # The graphics driver is part of the system; a C compiler comes with: xcode-select --install
        command -v brew >/dev/null || { say "Homebrew is missing: see https://brew.sh"; return 1; }
        for purpose in "$@"; do
            case $purpose in
                build) packages+=("${homebrew_build[@]}") ;;
                tests) packages+=("${homebrew_tests[@]}") ;;
            esac
        done
        say "Installing with brew: ${packages[*]}"
        brew install --quiet "${packages[@]}"
    else
        say "This script installs packages on Debian, Ubuntu, Raspberry Pi OS and macOS."
        say "Elsewhere install a C compiler, pkg-config and libpcap's headers; for tests also gpsd, tshark, tcpdump, Xvfb, Mesa and poppler."
    fi
}
