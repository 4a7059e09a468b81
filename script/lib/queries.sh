# shellcheck shell=bash
# sqlx's query data: what the query! macros learned about each statement, so that a build needs no database.
# Needs lib/common.sh, lib/postgres.sh and a running cluster.

# Checks every query! of the server against a database with all migrations, and writes what it learns into a folder:
# query_data FOLDER [arguments for clippy, such as -D warnings]
query_data() {
    local folder=$1
    shift
    mkdir -p "$folder"
    pg_scratch_database nexus_crm_queries
    # The macros write into SQLX_OFFLINE_DIR when they ask a database. A --cfg that is new each time makes the compiler expand
    # them anew although no source has changed; dependencies are not compiled again.
    (cd "$ROOT" && SQLX_OFFLINE=false SQLX_OFFLINE_DIR=$folder DATABASE_URL=$(pg_url owner nexus_crm_queries) \
        cargo clippy --features ssr --all-targets -- --cfg "query_data=\"$(now)-$$\"" "$@" </dev/null)
}

# 0 when the committed data are the same: query_data_same FOLDER
query_data_same() {
    if [ ! -d "$ROOT/.sqlx" ]; then
        [ -z "$(ls -A "$1")" ]
        return
    fi
    diff -rq "$ROOT/.sqlx" "$1" >&2
}
