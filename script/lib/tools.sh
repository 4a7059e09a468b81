# shellcheck shell=bash
# Installs what is missing to build, test and measure; each function is quick when nothing is.
# Needs lib/common.sh.
#
# Environment: CHROMIUM_PATH (the browser for the tests).

CARGO_LEPTOS_VERSION=0.3.10
CARGO_DENY_VERSION=0.20.2
case ":$PATH:" in *":$HOME/.cargo/bin:"*) ;; *) [ ! -d "$HOME/.cargo/bin" ] || PATH=$PATH:$HOME/.cargo/bin ;; esac

need_cc() {
    if have cc || have gcc || have clang; then return 0; fi
    if can_apt; then
        step "Installing a C compiler with apt-get"
        apt_install build-essential && return 0
    fi
    die "no C compiler: install one (Debian: apt-get install build-essential; macOS: xcode-select --install)"
}

need_curl() {
    have curl && return 0
    if can_apt; then
        step "Installing curl with apt-get"
        apt_install curl ca-certificates && return 0
    fi
    die "curl is missing: install it"
}

# Rust with the WASM target; "need_rust checks" adds rustfmt and clippy.
need_rust() {
    local target=wasm32-unknown-unknown libdir component package
    have cargo || die "Rust is missing: install it from https://rustup.rs and run this again"
    libdir=$(cd "$ROOT" && rustc --print target-libdir --target "$target" 2>/dev/null) || libdir=
    if [ -z "$libdir" ] || [ -z "$(ls "$libdir" 2>/dev/null)" ]; then
        have rustup || die "Rust's target $target is missing, and there is no rustup to add it with"
        step "Adding Rust's target $target"
        (cd "$ROOT" && rustup target add "$target") >&2 || die "rustup could not add the target $target"
    fi
    [ "${1:-}" = checks ] || return 0
    for component in fmt clippy; do
        (cd "$ROOT" && cargo "$component" --version) >/dev/null 2>&1 && continue
        have rustup || die "cargo $component is missing, and there is no rustup to add it with"
        step "Adding cargo $component"
        package=$component
        [ "$component" = clippy ] || package=rustfmt
        (cd "$ROOT" && rustup component add "$package") >&2 || die "rustup could not add $component"
    done
}

# The npm packages of package-lock.json; installed anew only when that file has changed.
need_npm_packages() {
    local stamp=$ROOT/node_modules/.nexus-crm-stamp wanted started
    if ! have node || ! have npm; then die "Node.js with npm is missing: install it (https://nodejs.org) and run this again"; fi
    [ -f "$ROOT/package.json" ] || die "package.json is missing"
    wanted=$(cd "$ROOT" && cat package.json package-lock.json 2>/dev/null | cksum)
    if [ "$(cat "$stamp" 2>/dev/null || true)" = "$wanted" ]; then return 0; fi
    started=$(now)
    step "Installing the npm packages"
    # Not "npm ci": it insists on every platform's optional binaries in the lock file, which npm itself leaves out (npm/cli#4828).
    # The versions are those of the lock file all the same, and the file is left as it is.
    (cd "$ROOT" && PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm install --no-save --no-audit --no-fund --no-update-notifier --loglevel error \
        </dev/null >&2) || die "npm install failed"
    mkdir -p "$ROOT/node_modules"
    printf '%s\n' "$wanted" >"$stamp"
    step "npm packages installed ($(since "$started"))"
}

need_cargo_leptos() {
    local found started
    if found=$(cargo leptos --version 2>/dev/null); then
        case "$found" in
            *" $CARGO_LEPTOS_VERSION") ;;
            *" 0.3."*) note "using $found (tried with $CARGO_LEPTOS_VERSION)" ;;
            *) warn "$found may not fit: this project is built with cargo-leptos $CARGO_LEPTOS_VERSION" ;;
        esac
        return 0
    fi
    cargo_tool cargo-leptos "$CARGO_LEPTOS_VERSION" "about 10 minutes" --features no_downloads
}

need_cargo_deny() {
    if cargo deny --version >/dev/null 2>&1; then return 0; fi
    cargo_tool cargo-deny "$CARGO_DENY_VERSION" "about 6 minutes"
}

# The command must be of the very version of the crate, whose output it works on.
need_wasm_bindgen() {
    local version
    version=$(awk '$0 == "name = \"wasm-bindgen\"" { getline; gsub(/[^0-9.]/, ""); print; exit }' "$ROOT/Cargo.lock")
    [ -n "$version" ] || die "Cargo.lock does not name wasm-bindgen"
    if [ "$(wasm-bindgen --version 2>/dev/null || true)" = "wasm-bindgen $version" ]; then return 0; fi
    cargo_tool wasm-bindgen-cli "$version" "about 3 minutes"
}

# Installs a command of the registry, prebuilt if that can be had: cargo_tool CRATE VERSION TIME [arguments for cargo install]
cargo_tool() {
    local crate=$1 version=$2 time=$3 started
    shift 3
    need_cc
    started=$(now)
    if have cargo-binstall; then
        step "Installing $crate $version, prebuilt"
        if cargo binstall --no-confirm --force --version "$version" "$crate" </dev/null >&2; then
            step "$crate installed ($(since "$started"))"
            return 0
        fi
    fi
    step "Building $crate $version from source: $time, once for this machine"
    export CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 CARGO_PROFILE_RELEASE_OPT_LEVEL=1 CARGO_PROFILE_RELEASE_DEBUG=0
    # The authors' own lock file first; where a release that it names cannot be had (yanked, not mirrored), the newest that fit.
    cargo install "$crate" --version "$version" --locked --force "$@" </dev/null >&2 ||
        cargo install "$crate" --version "$version" --force "$@" </dev/null >&2 || die "$crate could not be built"
    unset CARGO_PROFILE_RELEASE_LTO CARGO_PROFILE_RELEASE_CODEGEN_UNITS CARGO_PROFILE_RELEASE_OPT_LEVEL CARGO_PROFILE_RELEASE_DEBUG
    step "$crate installed ($(since "$started"))"
}

# Sets and exports CHROMIUM_PATH.
need_chromium() {
    local name
    if [ -n "${CHROMIUM_PATH:-}" ]; then
        [ -x "$CHROMIUM_PATH" ] || die "CHROMIUM_PATH=$CHROMIUM_PATH cannot be run"
        export CHROMIUM_PATH
        return 0
    fi
    find_chromium() {
        for name in chromium chromium-browser google-chrome-stable google-chrome chrome; do
            if have "$name"; then
                command -v "$name"
                return 0
            fi
        done
        for name in "/Applications/Chromium.app/Contents/MacOS/Chromium" "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" \
            "$HOME/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"; do
            if [ -x "$name" ]; then
                printf '%s\n' "$name"
                return 0
            fi
        done
        return 1
    }
    if ! CHROMIUM_PATH=$(find_chromium); then
        if can_apt; then
            step "Installing Chromium with apt-get"
            apt_install chromium || true
        fi
        CHROMIUM_PATH=$(find_chromium) || die "no Chromium for the browser tests: install Chromium or Chrome, or set CHROMIUM_PATH"
    fi
    export CHROMIUM_PATH
}

# wrk, for the bench; returns 1 where it cannot be had.
need_wrk() {
    have wrk && return 0
    if can_apt; then
        step "Installing wrk with apt-get"
        apt_install wrk && have wrk && return 0
    elif have brew; then
        step "Installing wrk with Homebrew"
        brew install --quiet wrk </dev/null >&2 && have wrk && return 0
    fi
    return 1
}

# python3 that can make a virtual environment.
need_python() {
    if have python3 && python3 -c 'import venv, ensurepip' >/dev/null 2>&1; then return 0; fi
    if can_apt; then
        step "Installing Python with apt-get"
        apt_install python3 python3-venv && return 0
    fi
    die "python3 with venv is missing: install it (Debian: apt-get install python3-venv)"
}

# cargo-leptos, from the committed query data, never from a database that happens to be set: leptos_build release|debug [args…]
leptos_build() {
    local kind=$1
    shift
    [ "$kind" = debug ] || set -- --release --precompress "$@"
    (cd "$ROOT" && env -u DATABASE_URL SQLX_OFFLINE=true cargo leptos build "$@" </dev/null >&2)
}
