#!/usr/bin/env bash
# Trains a small sweep by processes that work on it at once, and on a real Slurm that keeps preempting it,
# and compares every result with those of one process. Slurm runs on this machine alone, as root without
# systemd, from a temporary folder, and is stopped and removed at the end.
set -euo pipefail

usage() {
    cat <<'TEXT'
Usage: scripts/slurm_test.sh [OPTIONS]

Needs root, and Slurm or apt-get to install it; without them it says so and is skipped.

  --binaries DIR    where gr-sweep and gr-figures lie (default: builds them)
  --forms LIST      how tasks are launched, of generated, waiting, no-signal, srun (default: generated)
  --seeds N         the sweep is 4 methods x 2 oversight levels x N seeds (default: 8)
  --updates N       of each run (default: 600)
  --tasks N         of the array, and processes at once without Slurm (default: 8)
  --from N          train the parts and the array on from runs of N updates (default: 0, from nothing)
  --preemptions N   requeues of the array to force at least (default: 5)
  --keep            leave the folder there, to look at
TEXT
}

# Installs Slurm without Debian's starting the daemons, with settings of its own.
install() (
    policy=/usr/sbin/policy-rc.d
    if [[ ! -e $policy ]]; then
        printf '#!/bin/sh\nexit 101\n' >"$policy"
        chmod +x "$policy"
        trap 'rm -f "$policy"' EXIT
    fi
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends slurm-wlm munge >/dev/null
)
skip() { echo "slurm_test.sh: skipped: $1"; exit 0; }
fail() {
    echo "slurm_test.sh: $1" >&2
    squeue >&2 2>/dev/null || true
    tail -n 20 "$work"/log/*.log "$work"/*/slurm/*.log "$work"/*.log >&2 2>/dev/null || true
    exit 1
}

cd "$(dirname "${BASH_SOURCE[0]}")/.."
binaries=
forms=generated
seeds=8
updates=600
tasks=8
preemptions=5
from=0
keep=false
while (($#)); do
    case $1 in
        --binaries) binaries=$(readlink -f "${2:?--binaries needs a folder}"); shift ;;
        --forms) forms=${2:?--forms needs a list}; shift ;;
        --seeds) seeds=${2:?--seeds needs a number}; shift ;;
        --updates) updates=${2:?--updates needs a number}; shift ;;
        --tasks) tasks=${2:?--tasks needs a number}; shift ;;
        --from) from=${2:?--from needs a number}; shift ;;
        --preemptions) preemptions=${2:?--preemptions needs a number}; shift ;;
        --keep) keep=true ;;
        -h | --help) usage; exit 0 ;;
        *) echo "slurm_test.sh: unknown argument \"$1\"" >&2; usage >&2; exit 2 ;;
    esac
    shift
done

(($(id -u) == 0)) || skip "only root can start Slurm's daemons"
if ! command -v slurmctld slurmd munged >/dev/null; then
    command -v apt-get >/dev/null || skip "there is no Slurm, and no apt-get to install it"
    install
fi
if [[ -z $binaries ]]; then
    cargo build --release --workspace
    binaries=$(readlink -f "${CARGO_TARGET_DIR:-target}/release")
fi

# The space shows that paths are quoted.
work=$(mktemp -d "${TMPDIR:-/tmp}/slurm test.XXXXXX")
# Slurm's settings cannot hold a space.
slurm=$(mktemp -d "${TMPDIR:-/tmp}/slurm-test.XXXXXX")
chmod 755 "$slurm" # munged wants its socket to be within everybody's reach
export SLURM_CONF=$slurm/slurm.conf

stop() {
    # Without a controller these two would wait for it.
    if [[ -s $slurm/slurmctld.pid ]]; then
        scancel --user=root 2>/dev/null || true
        for _ in {1..50}; do
            [[ -z $(squeue --noheader 2>/dev/null) ]] && break
            sleep 0.2
        done
    fi
    local daemon
    for daemon in slurmd slurmctld munged; do
        if [[ -s $slurm/$daemon.pid ]]; then kill "$(<"$slurm/$daemon.pid")" 2>/dev/null || true; fi
    done
    if $keep; then
        echo "kept: $work and $slurm"
    else
        sleep 1 # daemons write while they stop
        rm -rf -- "$work" "$slurm"
    fi
}
trap stop EXIT

# wait_for SECONDS WHAT COMMAND...
wait_for() {
    local end=$((SECONDS + $1)) what=$2
    until "${@:3}"; do
        ((SECONDS < end)) || fail "waited $1 s for $what"
        sleep 0.3
    done
}

start() {
    local host cpus
    host=$(hostname -s)
    cpus=$(nproc)
    mkdir -p "$slurm"/{state,spool,munge} "$work/log"
    # Not the system's munged, which may have another key and may be in use.
    (umask 077; head -c 128 /dev/urandom >"$slurm/munge/key")
    munged --socket="$slurm/munge/socket" --key-file="$slurm/munge/key" --seed-file="$slurm/munge/seed" \
        --pid-file="$slurm/munged.pid" --log-file="$slurm/munge/log"
    cat >"$SLURM_CONF" <<CONF
ClusterName=test
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
SlurmdUser=root
SlurmctldPort=26817
SlurmdPort=26818
AuthType=auth/munge
AuthInfo=socket=$slurm/munge/socket
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
ReturnToService=2
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
StateSaveLocation=$slurm/state
SlurmdSpoolDir=$slurm/spool
SlurmctldPidFile=$slurm/slurmctld.pid
SlurmdPidFile=$slurm/slurmd.pid
SlurmctldLogFile=$slurm/slurmctld.log
SlurmdLogFile=$slurm/slurmd.log
KillWait=2
SchedulerParameters=batch_sched_delay=0,sched_interval=1,bf_interval=1
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
SlurmctldParameters=preempt_send_user_signal
NodeName=$host NodeAddr=127.0.0.1 CPUs=$cpus State=UNKNOWN
PartitionName=low Nodes=$host Default=YES MaxTime=INFINITE PriorityTier=1 PreemptMode=REQUEUE GraceTime=4
PartitionName=high Nodes=$host MaxTime=INFINITE PriorityTier=10 PreemptMode=OFF
CONF
    slurmctld
    slurmd
    wait_for 30 "Slurm to come up" node_is_idle
}
node_is_idle() { [[ $(sinfo --noheader --format=%t --partition=low 2>/dev/null) == idle ]]; }

# The sweep: small enough that a run takes about a second.
sweep=(
    --methods=naive_outcomes,routing,filtering,naive_early_stopping --oversight=0.3,0.1
    --seeds="0..$seeds" --updates="$updates" --envs=24 --evaluate-every=10 --record-every=7
    --set=environment.rows=3 --set=environment.cols=3 --set=network.hidden=16
    --set=network.value_channels=3 --set='network.value_hidden=[8,4]'
    --set=training.learning_rate=0.003 --set=early_stopping.holdout_episodes=20
    --set=early_stopping.check_every=5 --patience=unlimited
)

# Every file of a sweep that repeating it must not change.
hashes() {
    (
        cd "$1"
        find . -type f ! -name 'run_*.toml' ! -name '*.last' ! -path './slurm/*' ! -path './pictures/*' ! -name report.html -print0 |
            sort -z | xargs -0 sha256sum
    )
}
# Of a sweep that was trained on from a shorter one, the files that one trained at once has.
grown() { hashes "$1" | grep -F -f <(cd "$work/one process" && find . -type f -name '*_s[0-9]*'); }
of_runs() { hashes "$work/one process" | grep -v -e ' ./plans/' -e ' ./runs.csv'; }
begin() {
    ((from == 0)) || "$binaries/gr-sweep" "${sweep[@]/#--updates=*/--updates=$from}" --device=cpu --results "$1" \
        &>"$work/begun.log" || fail "the shorter sweep failed"
}

# Adds what became of the sweep in $2 to the table, as $1.
compare() {
    local name=$1 folder=$2 preempting=$3 requeues=$4 result=equal
    if ((from > 0)); then
        if ! diff <(of_runs) <(grown "$folder"); then result=DIFFERENT; fi
    elif ! diff <(hashes "$work/one process") <(hashes "$folder"); then
        result=DIFFERENT
    fi
    if ((requeues > 0)) && [[ -z $(find "$folder/pictures" -name '*.svg') ]]; then result="no figures"; fi
    if ((requeues > 0)) && [[ ! -s $folder/report.html ]]; then result="no page"; fi
    table+=$'\n'"$name|$preempting|$requeues|$result|$(sha256sum <"$folder/runs.csv" | cut -c1-16)"
    [[ $result == equal ]] || failed=true
}

# Trains the sweep by processes at once, a part each.
train_in_parts() {
    local folder="$work/parts" part processes=() process
    begin "$folder"
    for ((part = 1; part <= tasks; part++)); do
        "$binaries/gr-sweep" "${sweep[@]}" --device=cpu --jobs=1 --shard="$part/$tasks" --results "$folder" \
            &>"$work/part $part.log" &
        processes+=($!)
    done
    for process in "${processes[@]}"; do wait "$process" || fail "a part of the sweep failed"; done
    "$binaries/gr-sweep" merge "$folder" >"$work/merge of parts.log" || fail "the parts make no whole"
    compare "$tasks shards at once" "$folder" 0 0
}

# The generated script, launched otherwise.
script_of() {
    local script
    script=$("$binaries/gr-sweep" slurm-script "${sweep[@]}" --tasks "$tasks" --partition low --results "$2")
    case $1 in
        generated) cat ;;
        waiting) sed 's/ *--requeue-self.*//; s|^\( *--shard=.*\) \\$|\1|' ;;
        no-signal) sed '/^#SBATCH --signal/d' ;;
        srun) sed 's/^exec \(.*gr-sweep\)/exec srun \1/' ;;
        *) fail "unknown form \"$1\"" ;;
    esac <<<"$script"
}

running() { [[ -n $(squeue --noheader --states=RUNNING --partition=low --jobs="$array" 2>/dev/null) ]]; }
over() { [[ -z $(squeue --noheader --jobs="$1" 2>/dev/null) ]]; }
array_or_its_end() { release; running || over "$array"; }
# Requeued jobs wait about two minutes before they may start again.
release() {
    local job
    for job in $(squeue --noheader --states=PENDING --array --format='%i %r' 2>/dev/null | awk '$2 == "BeginTime" { print $1 }'); do
        scontrol update jobid="$job" StartTime=now 2>/dev/null || true
    done
}
merged() { release; over "$merge"; }
# How often tasks were started again, in all, by the heads of their logs.
requeues() {
    sed -n 's/^== .* task \([0-9]*\)\/.*restarts: \([0-9]*\),.*/\1 \2/p' "$1"/slurm/task-*.log 2>/dev/null |
        awk '$2 > most[$1] { most[$1] = $2 } END { for (task in most) sum += most[task]; print sum + 0 }'
}

table="trained by|preempting jobs|requeues|result|sha256 of runs.csv"
# Trains the sweep by an array that is launched as $1.
train() {
    local form=$1 folder="$work/$1 results" high submitted rounds=0
    begin "$folder"
    script_of "$form" "$folder" >"$work/$form.sh"
    submitted=$(cd "$work" && bash "$work/$form.sh")
    echo "$form: $submitted"
    [[ $submitted =~ array\ job\ ([0-9]+).*then\ job\ ([0-9]+) ]] || fail "$form was not submitted"
    array=${BASH_REMATCH[1]} merge=${BASH_REMATCH[2]}
    while true; do
        wait_for 60 "a task to run" array_or_its_end
        sleep 1.$RANDOM
        (($(requeues "$folder") < preemptions)) || break
        if over "$array"; then
            fail "$form: over after $(requeues "$folder") requeues: --updates makes the sweep longer"
        fi
        high=$(sbatch --parsable --partition=high --ntasks="$(nproc)" --output=/dev/null --wrap='sleep 0.5')
        wait_for 60 "the preempting job" over "$high"
        rounds=$((rounds + 1))
    done
    wait_for 600 "the array and its merge" merged
    compare "Slurm, $form" "$folder" "$rounds" "$(requeues "$folder")"
}

failed=false
start
"$binaries/gr-sweep" "${sweep[@]}" --device=cpu --results "$work/one process" 2>&1 | tail -n 1
table+=$'\n'"one process|0|0|-|$(sha256sum <"$work/one process/runs.csv" | cut -c1-16)"
train_in_parts
for form in ${forms//,/ }; do train "$form"; done
column -t -s '|' <<<"$table"
! $failed || fail "results differ from those of one process"
