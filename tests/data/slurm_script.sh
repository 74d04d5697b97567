#!/bin/bash
# Trains 64 runs in 8 tasks of about 8 runs, then merges them and draws figures.
# A task takes about 1 h 25 min, roughly: `gr-sweep --dry-run` measures it.
# Printed by `gr-sweep slurm-script`. In a file, say sweep.sh:
#
#   bash sweep.sh                 submits the array, and the job that merges when it is over
#   sbatch --array=3,7 sweep.sh   these tasks once more; what is finished is not trained again
#
# What Slurm says goes to gr-it-s.log in the folder of submission, what task 3 says to
# slurm/task-3.log in the results folder.
#
#SBATCH --job-name=gr-it-s
#SBATCH --output=gr-it-s.log
#SBATCH --open-mode=append
#SBATCH --partition=low
#SBATCH --account=lab
#SBATCH --array=1-8
#SBATCH --cpus-per-task=2
#SBATCH --mem=4G
#SBATCH --time=4:00:00
#SBATCH --requeue
#SBATCH --signal=B:URG@60
set -euo pipefail

if [[ -z ${SLURM_ARRAY_TASK_ID:-} ]]; then
    array=$(sbatch --parsable "$0")
    array=${array%%;*} # some clusters add their name
    # Not afterok: a run that failed is a result, and is to be seen in the table.
    merge=$(sbatch --parsable --dependency="afterany:$array" <<'MERGE'
#!/bin/bash
#SBATCH --job-name=gr-it-s
#SBATCH --output=gr-it-s.log
#SBATCH --open-mode=append
#SBATCH --partition=low
#SBATCH --account=lab
#SBATCH --time=4:00:00
cd /work || exit
/binaries/gr-sweep merge 'my runs/it'\''s'
merged=$?
/binaries/gr-figures 'my runs/it'\''s' --out 'my runs/it'\''s'/pictures --html 'my runs/it'\''s'/report.html && exit $merged
MERGE
    )
    echo "submitted array job $array (8 tasks), then job ${merge%%;*}, which merges"
    exit
fi

cd /work
results='my runs/it'\''s'
mkdir -p -- "$results/slurm"
exec >>"$results/slurm/task-$SLURM_ARRAY_TASK_ID.log" 2>&1
echo "== $(date -u +%FT%TZ) task $SLURM_ARRAY_TASK_ID/8 of job $SLURM_ARRAY_JOB_ID," \
    "restarts: ${SLURM_RESTART_COUNT:-0}, on $(hostname)"

# exec, so that the warning, which goes to the shell, reaches gr-sweep. It is SIGURG, which ends nothing
# that does not listen yet: a shell that SIGUSR1 ends has failed, and is not requeued. Not srun: a step
# is told SIGTERM instead, and a cancelled job looks no different from a preempted one.
exec /binaries/gr-sweep \
    --methods=routing,oracle \
    --oversight=0.1,0.3 \
    --seeds=0..16 \
    '--set=network.value_hidden=[8, 4]' \
    --results="$results" \
    --device=cpu \
    --shard="$SLURM_ARRAY_TASK_ID/8" \
    --requeue-self # without it a task that reaches its time limit is saved, and over
