#!/usr/bin/env bash
# What differs on a GPU, on a machine that has one: mixed precision, several
# devices, resuming; then the speed scoreboard of a few cases. Ten minutes, and
# what the downloads take.
#
#     bash benchmarks/gpu_check.sh [FOLDER]
#
# FOLDER, by default build/gpu_check, gets an environment, runs and SPEED.md.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p "${1:-build/gpu_check}"
folder=$(realpath "${1:-build/gpu_check}")
python=$folder/python/bin/python
# Several processes share the GPU.
export TF_FORCE_GPU_ALLOW_GROWTH=true TF_CPP_MIN_LOG_LEVEL=3
unset PYTHONDONTWRITEBYTECODE

stop() {
  echo "gpu_check: $1" >&2
  exit 1
}

gpus=$(nvidia-smi -L 2>/dev/null | grep -c '^GPU ' || true)
[[ $gpus -gt 0 ]] \
  || stop "nvidia-smi lists no GPU, expected at least one: run this where one is."
echo "$gpus GPU(s); installing into $folder/python"
[[ -x $python ]] || python3 -m venv "$folder/python"
"$python" -m pip install -qq -c constraints.txt -e '.[dev]' \
  'tensorflow[and-cuda]'
seen=$("$python" -c 'if True:
  import tensorflow as tf
  print(len(tf.config.list_physical_devices("GPU")))')
[[ $seen -eq $gpus ]] \
  || stop "TensorFlow sees $seen of $gpus GPU(s): look at the driver's version."

echo "Tests of precision, replicas and resuming"
"$python" -m pytest -q -n 2 --dist loadgroup -m "not slow" \
  tests/conformance/test_precision.py tests/conformance/test_replicas.py \
  tests/cli/test_resume.py

echo "A run on all GPUs, in bfloat16, that is resumed"
rm -rf "$folder/run"
train=("$folder/python/bin/tfgen" train)
"${train[@]}" vae --data digits --network conv --strategy mirrored \
  --precision mixed_bfloat16 --epochs 2 --out "$folder/run"
"${train[@]}" --resume --epochs 4 --out "$folder/run"

echo "The scoreboard"
"$python" benchmarks/speed.py --threads 1 --pairs 3 \
  --only convolutional --only 'dense VAE, batch 512' --out "$folder/SPEED.md"
