#!/usr/bin/env bash
# Keras 3.15.1 takes 1 - beta_2 twice in one step of Adam: in float64 for the
# second moment, in float32 for the bias that it corrects. At .999 these differ
# by 1.3e-5, a hundred times float32's rounding, so that a step is 6.4e-6
# shorter than the rate, which is what Adam's first step is. TensorFlow's kernel
# ResourceApplyAdam takes both in float32: its second moment differs from Keras'
# by 1.3e-5 while the weights' step is right. Who takes one for the other in a
# training (a fused kernel, a port, a comparison of checkpoints) finds weights
# that part by more than rounding.
#
# Exits 1 if that has changed. Needs Python 3.11 and a package index.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install -q --disable-pip-version-check \
  tensorflow==2.21.0 keras==3.15.1 numpy==2.4.6
export TF_CPP_MIN_LOG_LEVEL=3 CUDA_VISIBLE_DEVICES= KERAS_BACKEND=tensorflow
env/bin/python - 2>stderr.txt <<'PYTHON' || { tail -5 stderr.txt; exit 1; }
import importlib.metadata
import sys

import keras
import tensorflow as tf

for package in ("tensorflow", "keras"):
    print(package, importlib.metadata.version(package))
RATE = 0.5

weight = keras.Variable([0.0])
adam = keras.optimizers.Adam(RATE, epsilon=0.0)
adam.build([weight])
adam.apply([tf.constant([1.0])], [weight])
moments = [v for v in adam.variables if "velocity" in v.path]
keras_moment = float(moments[0].numpy()[0])
keras_step = -float(weight.numpy()[0])

weight, m, v = (tf.Variable([0.0]) for _ in range(3))
tf.raw_ops.ResourceApplyAdam(
    var=weight.handle, m=m.handle, v=v.handle, grad=[1.0], lr=RATE,
    beta1=0.9, beta2=0.999, beta1_power=0.9, beta2_power=0.999, epsilon=0.0,
)
kernel_moment, kernel_step = float(v.numpy()[0]), -float(weight.numpy()[0])

print("one step of Adam, gradient 1, rate", RATE, "(by hand: .001 and .5)")
print(f"Keras:  second moment {keras_moment:.9f}, step {keras_step:.8f}")
print(f"kernel: second moment {kernel_moment:.9f}, step {kernel_step:.8f}")
moments_part = 1.0 - kernel_moment / keras_moment
steps_part = 1.0 - keras_step / kernel_step
print(f"they part by {moments_part:.1e} and {steps_part:.1e}")
as_before = (
    1.2e-5 < moments_part < 1.4e-5
    and 6.0e-6 < steps_part < 7.0e-6
    and abs(kernel_step / RATE - 1.0) < 1e-6
)
print("as before" if as_before else "changed")
sys.exit(not as_before)
PYTHON
