#!/usr/bin/env bash
# Checks and measures a GPU on a bare machine that has a driver and nothing else: agreement with the CPU,
# speed beside what the model of docs/performance.md predicts, memory, then Figure 1 to its end. The same command continues where the last one stopped.
set -euo pipefail

usage() {
    cat <<'TEXT'
Usage: scripts/gpu_check.sh --pack            where Rust is: builds the programs into target/gpu-check
       scripts/gpu_check.sh [OPTIONS]         where the GPU is: runs them

  --bin DIR      where the programs are (target/gpu-check)
  --out DIR      where results go and what is already done is noted (results/gpu-check)
  --device D     wgpu (default), wgpu:N
  --minutes N    stop in time to be done within N minutes (10); the same command continues
  --batch N      runs in the whole-batch measurement (64)
  --updates N    its updates (500)
  --runs A,B,C   runs in a batch to measure (1,8,64,192)
  --from N       update at which measuring starts, trained on the CPU beforehand (300)
  --set K=V      a setting for all measurements and Figure 1, as in network.hidden=32 for a small device
TEXT
}

cd "$(dirname "${BASH_SOURCE[0]}")/.."
bin=target/gpu-check
out=results/gpu-check
device=wgpu
minutes=10
batch=64
updates=500
sizes=1,8,64,192
from=300
settings=()
pack=false
while (($#)); do
    case $1 in
        --pack) pack=true ;;
        --bin) bin=${2:?}; shift ;;
        --out) out=${2:?}; shift ;;
        --device) device=${2:?}; shift ;;
        --minutes) minutes=${2:?}; shift ;;
        --batch) batch=${2:?}; shift ;;
        --updates) updates=${2:?}; shift ;;
        --runs) sizes=${2:?}; shift ;;
        --from) from=${2:?}; shift ;;
        --set) settings+=(--set "${2:?}"); shift ;;
        -h | --help) usage; exit 0 ;;
        *) echo "gpu_check.sh: unknown argument \"$1\"" >&2; usage >&2; exit 2 ;;
    esac
    shift
done

if $pack; then
    mkdir -p "$bin"
    # The paths of what a build made, from cargo's own messages.
    executable() {
        cargo "$@" --message-format=json-render-diagnostics | sed -n 's/.*"executable":"\([^"]*\)".*/\1/p'
    }
    cp "$(executable test --release --workspace --test devices --no-run)" "$bin/agreement"
    cp "$(executable bench --workspace --bench updates --no-run)" "$bin/updates"
    cp "$(executable build --release --workspace --bin gr-sweep | grep 'gr-sweep$')" "$bin/gr-sweep"
    echo "packed into $bin; take it along with scripts/ and configs/"
    exit 0
fi

mkdir -p "$out/done"
end=$((SECONDS + 60 * minutes - 15))

# step NAME COMMAND...: runs it unless it is done, within the time that is left.
step() {
    local name=$1
    shift
    if [[ -e $out/done/$name ]]; then return; fi
    local left=$((end - SECONDS))
    if ((left < 20)); then
        echo "time is up before $name; the same command continues"
        exit 0
    fi
    echo "== $name" >&2
    local code=0
    timeout --signal=TERM --kill-after=10 "$left" "$@" || code=$?
    case $code in
        0) touch "$out/done/$name" ;;
        124 | 137 | 143) echo "time is up within $name; the same command continues"; exit 0 ;;
        *) echo "$name failed with exit code $code" >&2; exit 1 ;;
    esac
}

# measure RUNS METHOD UPDATES LABEL
measure() {
    local used=
    if command -v nvidia-smi >/dev/null; then
        nvidia-smi --query-gpu=memory.used,utilization.gpu --format=csv,noheader,nounits -l 1 \
            >"$out/smi_$4.txt" 2>/dev/null &
        used=$!
    fi
    local code=0
    "$bin/updates" --device "$device" --method "$2" --runs "$1" --from "$from" --updates "$3" \
        --states "$out/states" --out "$out/updates.csv" --label "$4" "${settings[@]}" || code=$?
    if [[ -n $used ]]; then
        kill "$used" 2>/dev/null || true
        echo "most GPU memory: $(cut -d, -f1 "$out/smi_$4.txt" | sort -n | tail -1) MiB" |
            tee -a "$out/memory.txt"
    fi
    return $code
}
export -f measure
export bin out device from updates
settings_text="${settings[*]}"
export settings_text

run_measure() { step "$4" bash -c "settings=($settings_text); measure $1 $2 $3 $4"; }

# The tests pass with a word where there is no adapter: an agreement that was not looked at is none.
agree() {
    "$bin/agreement" wgpu --test-threads 1 --nocapture | tee "$out/agreement.txt"
    if grep -q '^skipped' "$out/agreement.txt"; then return 1; fi
}
export -f agree
step agreement bash -c "set -euo pipefail; agree"
for runs in ${sizes//,/ }; do
    for method in naive_outcomes routing; do run_measure "$runs" "$method" 20 "${method}_$runs"; done
done
run_measure "$batch" routing "$updates" whole_batch_routing
run_measure "$batch" naive_outcomes "$updates" whole_batch_naive_outcomes
step figure-1 "$bin/gr-sweep" --config configs/figures/figure-1.toml --device "$device" \
    --results "$out/figure-1" "${settings[@]}"
echo "all done; results in $out"
