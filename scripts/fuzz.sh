#!/usr/bin/env bash
# Feeds damaged files to everything that reads files, under AddressSanitizer, and says what came of it.
# Needs cargo-fuzz (`cargo install cargo-fuzz --locked`) and a C++ compiler.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
all=(config csv manifest search state safetensors pt)

usage() {
    cat <<TEXT
Usage: scripts/fuzz.sh [OPTIONS] [TARGET...]

Targets: ${all[*]} (default: all, one after another).

  --seconds N   how long each target is fuzzed (default: 600)
  --seeds DIR   more files to begin with, for each target in DIR/<target>/
  --build       only build

Exits with 1 if a target found something; the input lies in fuzz/artifacts/<target>. What targets learn is
kept in fuzz/corpus/<target>, where the next run begins.
TEXT
}

seconds=600 more='' build_only=
targets=()
while (($# > 0)); do
    case $1 in
        -h | --help) usage; exit 0 ;;
        --seconds) seconds=${2:?--seconds takes a number}; shift ;;
        --seeds) more=${2:?--seeds takes a folder}; shift ;;
        --build) build_only=yes ;;
        -*) usage >&2; exit 2 ;;
        *)
            [[ " ${all[*]} " == *" $1 "* ]] || { echo "unknown target $1; there are ${all[*]}" >&2; exit 2; }
            targets+=("$1")
            ;;
    esac
    shift
done
((${#targets[@]} > 0)) || targets=("${all[@]}")

# Sanitizers are for nightly compilers; this lets the stable one of the workspace have them.
export RUSTC_BOOTSTRAP=1
# Overflow is a finding too, hence -a: debug assertions.
options=(-a)
for target in "${targets[@]}"; do
    case $target in config | csv | manifest) ;; *) options=(-a --features policies) ;; esac
done
for target in "${targets[@]}"; do
    cargo fuzz build "${options[@]}" "$target"
done
[[ -z $build_only ]] || exit 0

# Files that readers read are made in memory where there is such a place.
scratch=$(mktemp -d -p "$([[ -w /dev/shm ]] && echo /dev/shm || echo "${TMPDIR:-/tmp}")")
trap 'rm -rf "$scratch"' EXIT
export TMPDIR=$scratch

found=0
summary=$scratch/summary
for target in "${targets[@]}"; do
    corpus=fuzz/corpus/$target made=$scratch/seeds_$target log=$scratch/$target.log
    mkdir -p "$corpus" "$made"
    folders=("$corpus" "$made")
    for folder in "fuzz/seeds/$target" ${more:+"$more/$target"}; do
        if [[ -d $folder ]]; then folders+=("$folder"); fi
    done
    # Looking for leaks needs ptrace, which containers often forbid.
    limits=(-rss_limit_mb=1024 -malloc_limit_mb=256 -timeout=10 -max_len=16384 -detect_leaks=0)
    code=0
    GR_FUZZ_SEEDS=$made cargo fuzz run "${options[@]}" "$target" "${folders[@]}" -- \
        "${limits[@]}" -max_total_time="$seconds" -print_final_stats=1 -verbosity=0 \
        >"$log" 2>&1 || code=$?
    stat() { sed -n "s/^stat::$1: *//p" "$log" | tail -n 1; }
    executions=$(stat number_of_executed_units)
    result="nothing found"
    if ((code != 0)); then
        found=1
        result="FOUND: $(grep -m 1 -E 'panicked at|ERROR: |SUMMARY: ' "$log" || echo "exit code $code")"
        tail -n 60 "$log" >&2
    fi
    printf '%-12s %6s s %12s executions %8s/s %6s MB  %s\n' "$target" "$seconds" "${executions:-0}" \
        "$(stat average_exec_per_sec)" "$(stat peak_rss_mb)" "$result" | tee -a "$summary"
done
echo
cat "$summary"
exit "$found"
