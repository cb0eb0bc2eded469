#!/bin/bash
# A training on two hosts: sbatch slurm.sh. Yours: the resources, the folder,
# which all hosts must see, and the options after "tfgen train".
#SBATCH --job-name=tfgen
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task=8
#SBATCH --time=12:00:00
#SBATCH --signal=TERM@180
#SBATCH --requeue
set -euo pipefail

export RUN="${RUN:-$PWD/faces}"
workers=
for host in $(scontrol show hostnames "$SLURM_JOB_NODELIST"); do
  workers="$workers${workers:+, }\"$host:2222\""
done
export WORKERS="$workers"

# One process a host; SLURM_PROCID is its number. When one ends, all do.
# shellcheck disable=SC2016
srun --kill-on-bad-exit=1 bash -c '
  export TF_CONFIG="{\"cluster\": {\"worker\": [$WORKERS]},
    \"task\": {\"type\": \"worker\", \"index\": $SLURM_PROCID}}"
  if [[ -f $RUN/config.json ]]; then
    exec tfgen train --resume --out "$RUN"
  fi
  exec tfgen train vae --data images --out "$RUN" --strategy multi_worker
'
