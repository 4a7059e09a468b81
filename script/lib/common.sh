# shellcheck shell=bash
# What every script shares: the project's folder, steps with their seconds, errors, the platform, root rights for apt.
#
# Environment: CI (anything but empty or "false": no colours), NO_COLOR.
# Runs on bash 3.2 (macOS) and later. Messages go to standard error, so that a command's output stays clean.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
export ROOT

# Settings of the caller that would send cargo's results elsewhere.
unset CARGO_BUILD_TARGET CARGO_TARGET_DIR CARGO_BUILD_TARGET_DIR CDPATH

if [ -t 2 ] && [ -z "${NO_COLOR:-}" ]; then
    C_STEP=$'\033[35m' C_BAD=$'\033[31m' C_DIM=$'\033[2m' C_OFF=$'\033[0m'
else
    C_STEP='' C_BAD='' C_DIM='' C_OFF=''
fi

# A line about a step: step TEXT
step() { printf '%s==>%s %s\n' "$C_STEP" "$C_OFF" "$*" >&2; }
# A line that belongs to the step before.
note() { printf '    %s%s%s\n' "$C_DIM" "$*" "$C_OFF" >&2; }
warn() { printf '%s==> warning:%s %s\n' "$C_BAD" "$C_OFF" "$*" >&2; }
die() {
    printf '%s==> error:%s %s\n' "$C_BAD" "$C_OFF" "$*" >&2
    exit 1
}

# A clock: started=$(now); step "Built ($(since "$started"))"
now() { date +%s; }
since() { printf '%s s' "$(($(date +%s) - $1))"; }

have() { command -v "$1" >/dev/null 2>&1; }
is_root() { [ "$(id -u)" = 0 ]; }
in_ci() { [ -n "${CI:-}" ] && [ "${CI:-}" != false ]; }

# linux or darwin
os() {
    case "$(uname -s)" in
        Linux) echo linux ;;
        Darwin) echo darwin ;;
        *) die "$(uname -s) is not supported: use Linux or macOS (on Windows: WSL)" ;;
    esac
}
# x64 or arm64
arch() {
    case "$(uname -m)" in
        x86_64 | amd64) echo x64 ;;
        aarch64 | arm64) echo arm64 ;;
        *) die "no prebuilt tools for the processor $(uname -m)" ;;
    esac
}

# True where apt-get can be run without a question.
can_apt() {
    have apt-get || return 1
    is_root || { have sudo && sudo -n true 2>/dev/null; }
}
as_root() {
    if is_root; then "$@"; else sudo -n "$@"; fi
}
# Installs Debian packages; a list of packages is fetched first when there is none, or when it is too old for the download.
apt_install() {
    local log
    log=$(mktemp "${TMPDIR:-/tmp}/nexus-crm-apt.XXXXXX")
    if as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends --no-upgrade "$@" </dev/null >"$log" 2>&1 ||
        { as_root apt-get update </dev/null >>"$log" 2>&1 &&
            as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends --no-upgrade "$@" </dev/null >>"$log" 2>&1; }; then
        rm -f "$log"
        return 0
    fi
    tail -n 5 "$log" >&2
    rm -f "$log"
    return 1
}

# A short name for a path (8 hex digits).
short_hash() { printf '%08x' "$(printf '%s' "$1" | cksum | cut -d ' ' -f 1)"; }

# N random bytes as hex.
random_hex() {
    if have openssl; then
        openssl rand -hex "$1"
    else
        od -An -N "$1" -tx1 /dev/urandom | tr -d ' \n'
    fi
}

# One setting of the .env file, without executing it: dotenv_get NAME [FILE]
dotenv_get() {
    local file=${2:-$ROOT/.env}
    [ -f "$file" ] || return 0
    sed -n -e "s/^[[:space:]]*\(export[[:space:]]\{1,\}\)\{0,1\}$1[[:space:]]*=[[:space:]]*//p" "$file" | tail -n 1 |
        sed -e 's/[[:space:]]\{1,\}#.*$//' -e 's/^#.*$//' -e 's/[[:space:]]*$//' -e 's/^"\(.*\)"$/\1/' -e "s/^'\(.*\)'\$/\1/"
}
