#!/usr/bin/env bash
# Makes the figures of docs/experiment.md, section 9, from nothing: trains what each needs, then draws it.
# The same command continues after an interruption and redraws what is there.
set -euo pipefail

usage() {
    cat <<'TEXT'
Usage: scripts/reproduce.sh [OPTIONS] [figure-1|figure-2|figure-3|figure-4|figure-5]...

Without a figure, all of them. Results and pictures go to results/reproduction (or -quick).

  --quick                   2 seeds and 2,500 updates: about 40 minutes for all on two cores; shows that
                            everything works, and figures without claims
  --updates N               instead of 20,000; results/published has 10,000
  --first-observation WHAT  stale, as in the published code (default), or fresh
  --results DIR             where everything goes
  --jobs N, --device D      handed on to gr-sweep and gr-search
  --dry-run                 only say what would be trained and how long it would take
TEXT
}

cd "$(dirname "${BASH_SOURCE[0]}")/.."
quick=false
meaning=stale
results=
updates=
dry_run=false
passed=()
figures=()
while (($#)); do
    case $1 in
        --quick) quick=true ;;
        --dry-run) dry_run=true ;;
        --first-observation) meaning=${2:?--first-observation needs stale or fresh}; shift ;;
        --updates) updates=${2:?--updates needs a number}; shift ;;
        --results) results=${2:?--results needs a folder}; shift ;;
        --jobs | --device) passed+=("$1" "${2:?$1 needs a value}"); shift ;;
        -h | --help) usage; exit 0 ;;
        figure-[1-5]) figures+=("$1") ;;
        *) echo "reproduce.sh: unknown argument \"$1\"" >&2; usage >&2; exit 2 ;;
    esac
    shift
done
((${#figures[@]})) || figures=(figure-1 figure-2 figure-3 figure-4 figure-5)

size=()
trials=32
levels=0.003,0.01,0.025,0.03,0.05,0.1,0.2,0.3,0.4,0.8
if $quick; then
    size=(--seeds 0..2)
    updates=${updates:-2500}
    trials=2
    levels=0.03,0.1
    results=${results:-results/reproduction-quick}
fi
results=${results:-results/reproduction}
updates=${updates:-20000}
size+=(--updates "$updates")
passed+=(--first-observation "$meaning")
if $dry_run; then passed+=(--dry-run); fi

# Folders of the two meanings lie apart: no figure may mix them.
folder() { echo "$results/$meaning/$1"; }

sweep() {
    local further=("${size[@]}")
    if $quick && [[ $1 == figure-4 ]]; then further+=(--oversight "$levels"); fi
    cargo run --release --quiet -p gr-sweep --bin gr-sweep -- --config "configs/figures/$1.toml" \
        --results "$(folder "$1")" "${further[@]}" "${passed[@]}"
}

search() {
    local further=()
    if $quick; then further=(--rerun-seeds 2); fi
    cargo run --release --quiet -p gr-sweep --bin gr-search -- \
        --space configs/searches/early_stopping.toml --oversight "$levels" --trials "$trials" \
        --seed 0 --updates "$updates" --results "$(folder search)" "${further[@]}" "${passed[@]}"
}

# draw FIGURE NAMES FOLDERS...
draw() {
    if $dry_run; then return; fi
    local folders=() name
    for name in "${@:3}"; do folders+=("$(folder "$name")"); done
    cargo run --release --quiet -p gr-figures -- "${folders[@]}" --only "$2" \
        --out "$(folder pictures)/$1"
}

for figure in "${figures[@]}"; do
    echo "== $figure" >&2
    case $figure in
        figure-1) sweep figure-1; draw figure-1 learning-curves,gaming-gap figure-1 ;;
        figure-2)
            sweep figure-1; sweep figure-2; sweep figure-2-privileged
            draw figure-2 final-returns,differences figure-1 figure-2 figure-2-privileged
            ;;
        figure-3) sweep figure-3; draw figure-3 early-stopping figure-3 ;;
        figure-4)
            sweep figure-1; sweep figure-2; sweep figure-4; search
            draw figure-4 oversight-levels figure-1 figure-2 figure-4 search
            ;;
        figure-5) sweep figure-5; draw figure-5 learning-curves,policy figure-5 ;;
    esac
done
