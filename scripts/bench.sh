#!/usr/bin/env bash
# Measures training speed and memory and appends to results/benchmarks/: one process a row, so that peak
# memory is that of the row. CPU milliseconds count, because cores are shared.
set -euo pipefail

usage() {
    cat <<'TEXT'
Usage: scripts/bench.sh [OPTIONS] [PART]...

Parts (default: methods jobs, and gpu where there is one):
  methods   every method at p = 0.01, 0.1 and 0.8 on trained policies (updates 2,000 to 2,200)
  jobs      naive and routing at p = 0.01 with 1 and 2 jobs
  gpu       naive and routing at p = 0.01 with 1, 8, 64 and 192 runs in a batch
  growth    against environments, hidden width, grid and oversight level (updates 300 to 350)
  peers     the same update in PyTorch (scripts/peers; PYTHON names the interpreter that has it)
  parts     the parts of an update apart (prints, writes no CSV)

  --methods A,B     these methods only          --oversight P,Q  these levels only
  --from N          start at the trained update N instead of 2000 (growth: 300)
  --updates N       time N updates instead of 200 (growth: 50)
  --device D        of the gpu part: wgpu (default), wgpu:N
  --label TEXT      what the rows are said to measure, as in "before"
  --out FILE        instead of results/benchmarks/updates.csv

Trained states are made once (about a minute per method and level) and kept in results/benchmark-states.
TEXT
}

cd "$(dirname "${BASH_SOURCE[0]}")/.."
methods=naive_outcomes,naive_early_stopping,filtering,oracle,routing,no_gate,no_routing_control
levels=0.01,0.1,0.8
from=
updates=
device=wgpu
label=
out=results/benchmarks/updates.csv
parts=()
while (($#)); do
    case $1 in
        --methods) methods=${2:?}; shift ;;
        --oversight) levels=${2:?}; shift ;;
        --from) from=${2:?}; shift ;;
        --updates) updates=${2:?}; shift ;;
        --device) device=${2:?}; shift ;;
        --label) label=${2:?}; shift ;;
        --out) out=${2:?}; shift ;;
        -h | --help) usage; exit 0 ;;
        methods | jobs | gpu | growth | peers | parts) parts+=("$1") ;;
        *) echo "bench.sh: unknown argument \"$1\"" >&2; usage >&2; exit 2 ;;
    esac
    shift
done
if ((${#parts[@]} == 0)); then
    parts=(methods jobs)
    if command -v nvidia-smi >/dev/null && nvidia-smi >/dev/null 2>&1; then parts+=(gpu); fi
fi

commit=$(git describe --always --dirty 2>/dev/null || echo unknown)

# measure ARGUMENTS...: one row.
measure() {
    cargo bench --quiet --workspace --bench updates -- \
        --out "$PWD/$out" --states "$PWD/results/benchmark-states" --commit "$commit" --label "$label" "$@"
}

# trained ARGUMENTS...: one row, on a trained policy.
trained() { measure --from "${from:-2000}" --updates "${updates:-200}" "$@"; }

for part in "${parts[@]}"; do
    echo "== $part" >&2
    case $part in
        methods)
            for level in ${levels//,/ }; do
                for method in ${methods//,/ }; do
                    trained --method "$method" --oversight "$level"
                done
            done
            ;;
        jobs)
            for method in naive_outcomes routing; do
                for jobs in 1 2; do trained --method "$method" --jobs "$jobs"; done
            done
            ;;
        gpu)
            for method in naive_outcomes routing; do
                for runs in 1 8 64 192; do
                    measure --method "$method" --device "$device" --runs "$runs" \
                        --from "${from:-2000}" --updates "${updates:-20}"
                done
            done
            ;;
        growth)
            grow() {
                measure --method naive_outcomes --from "${from:-300}" --updates "${updates:-50}" "$@"
            }
            for envs in 128 256 512 1024 2048; do grow --set "environment.envs=$envs"; done
            for hidden in 64 128 256 512; do grow --set "network.hidden=$hidden"; done
            for size in 3 4 5 6 7 8; do
                grow --set "environment.rows=$size" --set "environment.cols=$size"
            done
            for level in 0.003 0.01 0.03 0.1 0.3 0.8; do grow --oversight "$level"; done
            ;;
        peers)
            for method in naive_outcomes routing; do
                "${PYTHON:-python3}" scripts/peers/pytorch_peer.py --method "$method" --oversight 0.01 \
                    --threads 1 --out "$(dirname "$out")/peers.csv"
            done
            ;;
        parts) cargo bench --workspace --bench parts ;;
    esac
done
