#!/usr/bin/env bash
# TensorFlow Lite's converter (TensorFlow 2.21.0) has no log1p and no expm1: it
# writes log(1 + x) and exp(x) - 1, in float32, and says nothing. softplus goes
# through log1p and is 0 where it should be 3e-8; log(1 - exp(-x)), as in the
# logarithm of a probability between two close points, is -inf for x = 1e-10.
# Log-likelihoods of discretized distributions are where it is met.
#
# Exits 1 if that has changed. Needs Python 3.11 and a package index.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install -q --disable-pip-version-check \
  tensorflow==2.21.0 ai-edge-litert==2.3.0 numpy==2.4.6 protobuf==7.36.2
export TF_CPP_MIN_LOG_LEVEL=3 CUDA_VISIBLE_DEVICES=
env/bin/python - 2>stderr.txt <<'PYTHON' || { tail -5 stderr.txt; exit 1; }
import importlib.metadata
import sys

import numpy as np
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter

for package in ("tensorflow", "ai-edge-litert"):
    print(package, importlib.metadata.version(package))


class Functions(tf.Module):
    @tf.function(input_signature=[tf.TensorSpec((None,), tf.float32)])
    def all(self, x):
        return {
            "log1p(x)": tf.math.log1p(x),
            "expm1(x)": tf.math.expm1(x),
            "softplus(log(x))": tf.math.softplus(tf.math.log(x)),
            "log(-expm1(-x))": tf.math.log(-tf.math.expm1(-x)),
        }


functions = Functions()
traced = functions.all.get_concrete_function()
converter = tf.lite.TFLiteConverter.from_concrete_functions([traced], functions)
run = Interpreter(model_content=converter.convert()).get_signature_runner()
x = np.float32([1e-3, 1e-6, 3e-8, 1e-10])
expected, found = functions.all(tf.constant(x)), run(x=x)
print(f"{'x':18}", x)
for name in sorted(found):
    print(f"{name:18} TensorFlow", expected[name].numpy())
    print(f"{'':18} LiteRT    ", found[name])
as_before = (
    all(found[name][2] == 0 for name in ("log1p(x)", "expm1(x)"))
    and found["softplus(log(x))"][2] == 0
    and found["log(-expm1(-x))"][3] == -np.inf
    and all(np.isfinite(values.numpy()).all() for values in expected.values())
)
print("as before" if as_before else "changed")
sys.exit(not as_before)
PYTHON
