# Sourced by run.sh and test.sh: which Debian packages the project needs, and how they are installed.
# shellcheck shell=bash disable=SC2034

# To configure and build. The test library and Python are among them because one CMake run configures everything.
packages_build="build-essential cmake pkg-config python3 ca-certificates
    libevent-dev libcurl4-openssl-dev libssl-dev libjansson-dev libsqlite3-dev libconfuse-dev
    libsndfile1-dev libspeexdsp-dev libopus-dev libspandsp-dev libsrtp2-dev libsofia-sip-ua-dev libcmocka-dev"

# To run: Say speaks through it.
packages_run="espeak-ng"

# What the end-to-end tests call with: SIP by sipp and baresip.
packages_test="sip-tester baresip-core"
# The FreeClimb SDK runs on node. Where there is one, of Debian or not, it stays.
{ command -v node && command -v npm; } >/dev/null || packages_test="$packages_test nodejs npm"

# packages_install NAME...: installs those that are missing; says so on stderr. Needs root or sudo only then.
packages_install() {
    local missing=() name as_root=()
    for name in "$@"; do
        dpkg-query -W -f '${Status}' "$name" 2>/dev/null | grep -q '^install ok installed' || missing+=("$name")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    if ! command -v apt-get >/dev/null; then
        echo "These Debian packages, or what they are called here, are needed: ${missing[*]}" >&2
        return 1
    fi
    if [ "$(id -u)" -ne 0 ]; then
        if ! command -v sudo >/dev/null; then
            echo "Please install as root: apt-get install --no-install-recommends ${missing[*]}" >&2
            return 1
        fi
        as_root=(sudo)
    fi
    echo "Installing with apt-get: ${missing[*]}" >&2
    # "env" because sudo drops the variable otherwise.
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -qq >&2 || return 1
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2
}
