#!/usr/bin/env bash
# Trains small sweeps, makes pages of them, and tries the pages in a browser: what they compute against gr-policy, what
# they draw against the CSV files, mouse, finger and keyboard, hostile folders, sizes, accessibility.
set -euo pipefail

usage() {
    cat <<'TEXT'
Usage: scripts/page_test.sh [OPTIONS]

Needs Node.js 18.19 or later, npm and Chromium, or apt-get to install them, and two npm packages; without them it says so and is skipped.

  --binaries DIR     where gr-sweep, gr-policy and gr-figures lie (default: builds them)
  --packages DIR     where npm packages are kept (default: beside the build outputs)
  --screenshots DIR  also takes pictures of a page, wide and narrow, light and dark
  --only WORD        the test files whose names have this in them
  --keep             leave the folder of samples there, to look at
TEXT
}

skip() { echo "page_test.sh: skipped: $1"; exit 0; }

# Debian's packages of these names, unless the program is there.
need() {
    local program=$1
    shift
    command -v "$program" >/dev/null && return
    command -v apt-get >/dev/null || skip "no $program, and no apt-get to install it"
    local sudo=
    [[ $(id -u) -eq 0 ]] || sudo=sudo
    { $sudo apt-get update -qq && $sudo apt-get install -y -qq --no-install-recommends "$@"; } >/dev/null 2>&1 ||
        skip "$* cannot be installed"
}

cd "$(dirname "${BASH_SOURCE[0]}")/.."
target=${CARGO_TARGET_DIR:-target}
binaries=
packages=
screenshots=
only=
keep=false
while (($#)); do
    case $1 in
        --binaries) binaries=$(readlink -f "${2:?--binaries needs a folder}"); shift ;;
        --packages) packages=${2:?--packages needs a folder}; shift ;;
        --screenshots) screenshots=$(readlink -f "${2:?--screenshots needs a folder}"); shift ;;
        --only) only=${2:?--only needs a word}; shift ;;
        --keep) keep=true ;;
        --help) usage; exit ;;
        *) usage >&2; exit 2 ;;
    esac
    shift
done

need node nodejs npm
need npm npm
browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)
if [[ -z $browser ]]; then
    need chromium chromium
    browser=$(command -v chromium)
fi
packages=${packages:-${target%/}-page-packages}
mkdir -p "$packages"
packages=$(readlink -f "$packages")
if ! cmp -s tests/page/package.json "$packages/package.json" || [[ ! -d $packages/node_modules/playwright-core ]]; then
    cp tests/page/package.json "$packages"
    (cd "$packages" && npm install --silent --no-audit --no-fund --no-package-lock >/dev/null 2>&1) ||
        { rm -f "$packages/package.json"; skip "npm packages cannot be installed"; }
fi

if [[ -z $binaries ]]; then
    cargo build --release -p gr-sweep -p gr-figures
    binaries=$(readlink -f "$target/release")
fi
samples=$(mktemp -d)
trap '$keep && echo "samples: $samples" || rm -rf "$samples"' EXIT

# train NAME ARGUMENTS...: a sweep that ends soon, and learns quickly so that its policies are not all alike.
train() {
    local name=$1
    shift
    "$binaries/gr-sweep" --device cpu --envs 32 --set training.learning_rate=1e-3 --results "$samples/$name" "$@" \
        >"$samples/$name.log" 2>&1 || { cat "$samples/$name.log" >&2; exit 1; }
}

# page NAME [ARGUMENTS...]: the page of a sweep.
page() {
    local name=$1
    shift
    "$binaries/gr-figures" "$samples/$name" --html "$samples/$name.html" "$@" >>"$samples/$name.log" 2>&1
}

echo "page_test.sh: training samples"
four=naive_outcomes,routing,no_gate,reward_model
train methods --methods $four --oversight 0.3 --seeds 0..2 --updates 41 --evaluate-every 10 --checkpoint-every 20
train stale --methods routing,naive_outcomes --oversight 0.1 --seeds 3 --updates 20 --first-observation stale --set network.hidden=64
train cells --methods naive_outcomes --oversight 0.5 --seeds 1 --updates 20 --first-observation stale --set network.hidden=32 \
    --set 'overseer.cells=[0,1,2,7,12,13,24]'
train blind --methods naive_outcomes --oversight 0.4 --seeds 1 --updates 20 --set network.hidden=32 --set environment.flag_visibility=0
train small-grid --methods no_gate --oversight 0.2 --seeds 5 --updates 20 --set network.hidden=48 --set environment.rows=3 \
    --set environment.cols=4
cat >"$samples/hostile.toml" <<'TOML'
[[variants]]
name = "<script>window.hacked = 1</script>"
method = "naive_outcomes"

[[variants]]
name = "</script><img src=x onerror='window.hacked = 1'>"
method = "naive_outcomes"
[variants.settings.training]
reward_scale = 2.0
TOML
train hostile-variants --config "$samples/hostile.toml" --oversight 0.3 --seeds 0..2 --updates 5 --set network.hidden=8
train begun --methods naive_outcomes,routing --oversight 0.3 --seeds 0..2 --updates 3 --set network.hidden=8
cp -r "$samples/begun" "$samples/finished"
# As such a folder is while it is trained: evaluations lie where they are previewed, and no run has a manifest.
mv "$samples"/begun/eval_results_* "$samples/begun/checkpoints"
rm -f "$samples"/begun/run_*.toml "$samples/begun/runs.csv" "$samples"/begun/*_results_* "$samples"/begun/policy_tables_*
for name in methods stale cells blind small-grid begun; do
    page "$name"
done
"$binaries/gr-figures" "$samples/methods" --out "$samples/pictures" >/dev/null 2>&1

echo "page_test.sh: in $("$browser" --version 2>/dev/null)"
[[ -z $screenshots ]] || mkdir -p "$screenshots"
GR_BINARIES=$binaries GR_CHROMIUM=$browser GR_NODE_MODULES=$packages GR_SAMPLES=$samples GR_SCREENSHOTS=$screenshots \
    node --test --test-concurrency=1 --test-reporter=spec tests/page/*"$only"*.test.mjs
