#!/usr/bin/env bash
# Measures how long the commands take in a results folder of many finished runs, and how much memory.
# Needs GNU time (Debian and Ubuntu: `apt-get install time`).
set -euo pipefail

usage() {
    cat <<'TEXT'
Usage: scripts/load_test.sh [RUNS [FOLDER]]

RUNS is 100000 if not given, FOLDER a new one among temporary files that is removed in the end.
TEXT
}

cd "$(dirname "${BASH_SOURCE[0]}")/.."
case ${1:-} in -h | --help) usage; exit 0 ;; esac
runs=${1:-100000}
folder=${2:-}
if [[ -z $folder ]]; then
    folder=$(mktemp -d)
    trap 'rm -rf "$folder"' EXIT
fi

cargo build --release --quiet --workspace --examples --bins
target=${CARGO_TARGET_DIR:-target}/release
cat >"$folder/config.toml" <<TOML
methods = ["filtering"]
oversight = 0.3
seeds = "0..$runs"
updates = 20
[environment]
rows = 3
cols = 3
envs = 24
[network]
hidden = 16
value_channels = 3
value_hidden = [8, 4]
TOML
sweep=$folder/sweep
if [[ ! -e $sweep/plans ]]; then
    SECONDS=0
    "$target/examples/finished_sweep" "$folder/config.toml" "$sweep"
    echo "$runs runs made in $SECONDS s: $(du -sh "$sweep" | cut -f1)"
fi

# measure NAME COMMAND...
measure() {
    local code=0
    /usr/bin/time --format='%e s, %M kB' --output="$folder/time" "${@:2}" >"$folder/output" \
        2>"$folder/errors" || code=$?
    echo "$1: $(tail -n 1 "$folder/time"), exit code $code"
}

measure "status" "$target/gr-sweep" status "$sweep"
measure "merge" "$target/gr-sweep" merge "$sweep"

rm "$(find "$sweep" -maxdepth 1 -name 'run_*.toml' -print -quit)"
command=("$target/gr-sweep" --config "$folder/config.toml" --results "$sweep" --device cpu)
started=$(date +%s.%N)
/usr/bin/time --format='%e s, %M kB' --output="$folder/time" "${command[@]}" >"$folder/output" \
    2>"$folder/errors" &
until grep -q "runs to train" "$folder/errors" 2>/dev/null; do sleep 0.02; done
echo "continuing: training starts after $(echo "$(date +%s.%N) - $started" | bc) s"
wait
echo "continuing, with the check of every file and the summary: $(tail -n 1 "$folder/time")"
measure "nothing to do" "${command[@]}"
