#!/usr/bin/env bash
# Builds a wheel with gr-sweep, gr-search, gr-policy and gr-figures for CPUs, installs it into a clean virtual
# environment without Rust on the path, and runs the programs there. The wheel runs on any Linux with glibc 2.28.
set -euo pipefail

usage() {
    cat <<TEXT
Usage: scripts/programs_wheel.sh [OUT]

Writes the wheel into OUT (default: bindings/programs/wheels). Needs Rust and Python 3.10 or later; maturin and the
linker (ziglang) are installed into a virtual environment of their own. Takes about half an hour of two cores, and as
many seconds when nothing has changed.
TEXT
}

case ${1:-} in -h | --help) usage; exit 0 ;; esac
cd "$(dirname "${BASH_SOURCE[0]}")/.."
out=${1:-bindings/programs/wheels}
mkdir -p "$out"
out=$(cd "$out" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

tools=${GR_WHEEL_TOOLS:-bindings/programs/target/tools}
[ -x "$tools/bin/maturin" ] || python3 -m venv "$tools"
"$tools/bin/pip" install --quiet 'maturin[zig]>=1.9,<2'
tools=$(cd "$tools" && pwd)

# maturin finds the linker of its own environment by the Python that is first on the path.
(cd bindings/programs && PATH="$tools/bin:$PATH" maturin build --release --locked --zig \
    --compatibility manylinux_2_28 --out "$out")
wheel=$(ls -t "$out"/gr_programs-*.whl | head -n 1)

python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --no-deps "$wheel"
# Nothing of this shell's but the system's own folders: no Rust, no programs of the workspace.
clean=(env -i "HOME=$work" "PATH=$work/venv/bin:/usr/bin:/bin")
sweep=(--methods routing,naive_outcomes --oversight 0.3 --seeds 0..2 --updates 60)
sweep+=(--evaluate-every 20 --set network.hidden=32 --results "$work/sweep")
"${clean[@]}" gr-sweep "${sweep[@]}"
"${clean[@]}" gr-sweep verify "$work/sweep" --sample 2
"${clean[@]}" gr-policy evaluate "$work"/sweep/checkpoints/routing*.safetensors
"${clean[@]}" gr-figures "$work/sweep" --out "$work/pictures"
"${clean[@]}" gr-search --help >/dev/null
ls -l "$wheel"
