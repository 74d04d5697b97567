#!/usr/bin/env bash
# Draws the pictures and the page of results/published anew from the runs there, in seconds.
set -euo pipefail

case ${1:-} in
    '') ;;
    -h | --help) echo "Usage: scripts/draw_published.sh    (GR_FIGURES=PROGRAM draws with another gr-figures than this one)"; exit ;;
    *) echo "draw_published.sh: unknown argument \"$1\"" >&2; exit 2 ;;
esac
cd "$(dirname "${BASH_SOURCE[0]}")/.."
program=${GR_FIGURES:-}
if [[ -z $program ]]; then
    cargo build --quiet --release -p gr-figures
    program=$(readlink -f "${CARGO_TARGET_DIR:-target}")/release/gr-figures
fi
cd results/published

# draw FOLDER FIGURES RUNS... [OPTIONS]: pictures of runs/RUNS in FOLDER.
draw() {
    local out=$1 only=$2
    shift 2
    "$program" "$@" --only "$only" --out "$out" >/dev/null
}
answer=(runs/{routing,answer,naive,filtering-and-oracle,early-stopping-privileged,ablations-control,ablations-no-gate})
levels=(runs/{levels-p0.03,levels-p0.1,levels-p0.3,search-p0.01,search-p0.03,search-p0.1,search-p0.3})
draw figure-1 learning-curves,gaming-gap "${answer[@]}" --methods routing,naive_outcomes,naive_early_stopping,reward_model
draw figure-2 final-returns,differences,label-efficiency,reward-model "${answer[@]}"
draw figure-3 early-stopping runs/early-stopping-h0.4
draw figure-4 oversight-levels "${levels[@]}" runs/{routing,naive,filtering-and-oracle}
draw overseers overseers runs/{overseers,levels-labels,levels-p0.03} --methods routing,reward_model
draw figure-6 policy "${answer[@]}"
draw masks final-returns,learning-curves runs/masks
policies=routing_p0.01_s8_c4baeb89,naive_outcomes_p0.01_s0_d0eea60a,naive_outcomes_p0.01_s0_ef09c959,reward_model_p0.01_s0_325b22f6
policies+=,naive_early_stopping_p0.01_s16_777b776e,naive_early_stopping_p0.01_s16_d021fae9
"$program" "${answer[@]}" "${levels[@]}" runs/early-stopping-h0.4 --html report.html --policies "$policies" >/dev/null
