#!/usr/bin/env bash
# Installs what is missing for Beatwatch, and is quick when nothing is:
#   deploy/setup.sh         what every command needs: mosquitto, .venv from uv.lock, the pages' scripts from their lock
#   deploy/setup.sh tests   also what tests can use: a browser, a C tool chain, MQTT clients (left out without root; tests then name it)
set -euo pipefail
cd "$(dirname "$0")/.."

fail() { echo "setup: $*" >&2; exit 1; }

install_packages() { # PACKAGE... : from apt, as root or through sudo
    command -v apt-get >/dev/null || fail "$* missing and there is no apt-get here; install it with your package manager"
    local become=()
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || fail "$* missing and you are not root; as root run: apt-get install $*"
        sudo -n true 2>/dev/null || [ -t 0 ] || fail "$* missing; run: sudo apt-get install $*"
        become=(sudo)
    fi
    echo "setup: installing $* with apt" >&2
    { "${become[@]}" apt-get update -qq && "${become[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "$@"; } >/dev/null ||
        fail "apt could not install $*; run: sudo apt-get install $*"
}

python=${PYTHON:-python3}
command -v "$python" >/dev/null || fail "python3 is missing; run: sudo apt-get install python3 python3-venv"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    fail "Python 3.11 or newer is needed and $python is $("$python" -V 2>&1); name a newer one with PYTHON=..."

if [ -z "${MQTT_URL:-}" ] && ! PATH="$PATH:/usr/sbin:/usr/local/sbin" command -v mosquitto >/dev/null; then
    install_packages mosquitto
fi

if ! .venv/bin/python -c '' 2>/dev/null; then
    "$python" -c 'import ensurepip' 2>/dev/null || install_packages python3-venv
    "$python" -m venv --clear .venv
fi
stamp=.venv/.installed
if ! cmp -s uv.lock "$stamp"; then
    if ! .venv/bin/uv --version >/dev/null 2>&1; then
        uv_version=$(sed -n 's/.*"uv==\(.*\)".*/\1/p' pyproject.toml)
        echo "setup: installing uv $uv_version" >&2
        .venv/bin/python -m pip install --quiet --disable-pip-version-check "uv==$uv_version"
    fi
    echo "setup: installing the locked dependencies into .venv" >&2
    VIRTUAL_ENV="$PWD/.venv" UV_PYTHON_DOWNLOADS=never .venv/bin/uv sync --frozen --quiet --python .venv/bin/python
    cp uv.lock "$stamp"
fi
.venv/bin/python -m api.assets

# Machine code of the geofence, so that nobody's first judgement waits for it; made again when a kernel changed.
kernels=$(cat geofence/kernels/*.py geofence/engine.py | cksum)
if [ "$(cat .venv/.kernels 2>/dev/null)" != "$kernels" ]; then
    echo "setup: compiling the geofence's kernels, a minute or so" >&2
    .venv/bin/python -m geofence && echo "$kernels" >.venv/.kernels
fi

if [ "${1:-}" = tests ]; then
    missing=()
    command -v chromium >/dev/null || missing+=(chromium)
    for package in gcc make libcmocka-dev libmosquitto-dev libssl-dev mosquitto-clients; do
        dpkg -s "$package" >/dev/null 2>&1 || missing+=("$package")
    done
    if [ ${#missing[@]} -gt 0 ]; then
        if [ "$(id -u)" -eq 0 ]; then install_packages "${missing[@]}"
        else echo "setup: not root, so tests that need these are skipped: ${missing[*]}" >&2; fi
    fi
fi
