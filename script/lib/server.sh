# shellcheck shell=bash
# Starts and stops `nexus-crm serve` for the scripts, and waits until it is ready.
# Needs lib/common.sh. SERVER_PID is the running server's process id, or empty.

SERVER_PID=

# Host and port of an address such as 127.0.0.1:8000 or [::1]:8000.
addr_host() {
    local host=${1%:*}
    host=${host#[}
    printf '%s\n' "${host%]}"
}
addr_port() { printf '%s\n' "${1##*:}"; }
# Where to reach a server that listens on an address.
addr_url() {
    local host
    host=$(addr_host "$1")
    case "$host" in
        0.0.0.0 | ::) host=127.0.0.1 ;;
        *:*) host="[$host]" ;;
    esac
    printf 'http://%s:%s\n' "$host" "$(addr_port "$1")"
}

# True when something listens there.
port_taken() {
    local host
    host=$(addr_host "$1")
    case "$host" in 0.0.0.0 | ::) host=127.0.0.1 ;; esac
    (exec 3<>"/dev/tcp/$host/$(addr_port "$1")") 2>/dev/null
}

free_port() {
    node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close() })'
}

# Starts the server in the background: server_start BINARY ADDRESS [args…]
server_start() {
    local binary=$1
    export LEPTOS_SITE_ADDR=$2
    shift 2
    (cd "$ROOT" && exec "$binary" serve "$@") &
    SERVER_PID=$!
}

# Waits until it answers: server_wait ADDRESS SECONDS; 1 when it has ended or does not get ready.
server_wait() {
    local url deadline
    url=$(addr_url "$1")
    deadline=$(($(now) + $2))
    until curl -fs -o /dev/null --noproxy '*' -m 5 "$url/health/ready"; do
        kill -0 "$SERVER_PID" 2>/dev/null || return 1
        [ "$(now)" -lt "$deadline" ] || return 1
        sleep 0.1
    done
}

# Ends a child of ours: end_child PID SECONDS (then it is killed).
end_child() {
    local deadline
    kill -TERM "$1" 2>/dev/null || true
    deadline=$(($(now) + $2))
    while kill -0 "$1" 2>/dev/null; do
        if [ "$(now)" -ge "$deadline" ]; then
            kill -KILL "$1" 2>/dev/null || true
            break
        fi
        sleep 0.05
    done
    wait "$1" 2>/dev/null || true
}

server_stop() {
    [ -n "$SERVER_PID" ] || return 0
    end_child "$SERVER_PID" 20
    SERVER_PID=
}
