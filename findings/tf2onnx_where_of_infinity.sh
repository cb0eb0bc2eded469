#!/usr/bin/env bash
# tf2onnx 1.17.0 writes tf.where (SelectV2) as mask * a + (1 - mask) * b, also
# for an opset that has Where. The branch that is not taken is multiplied by 0,
# so that an infinity in it turns the answer into NaN: no error, no warning.
# Log-likelihoods are where it is met: -inf is a common "impossible".
#
# Exits 1 if that has changed. Needs Python 3.11 and a package index.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install -q --disable-pip-version-check \
  tensorflow==2.21.0 tf2onnx==1.17.0 onnx==1.23.2 onnxruntime==1.31.1 \
  numpy==2.4.6 protobuf==7.36.2
export TF_CPP_MIN_LOG_LEVEL=3 CUDA_VISIBLE_DEVICES=
env/bin/python - 2>stderr.txt <<'PYTHON' || { tail -5 stderr.txt; exit 1; }
import importlib.metadata
import sys

import numpy as np
import onnxruntime
import tensorflow as tf
import tf2onnx

for package in ("tensorflow", "tf2onnx", "onnx", "onnxruntime"):
    print(package, importlib.metadata.version(package))


@tf.function(input_signature=[tf.TensorSpec((None,), tf.float32, name="x")])
def function(x):
    return tf.where(x > 0.0, x, tf.zeros_like(x) - 1.0)


model, _ = tf2onnx.convert.from_function(
    function, input_signature=function.input_signature, opset=17
)
x = np.array([2.0, -3.0, -np.inf], np.float32)
session = onnxruntime.InferenceSession(model.SerializeToString())
(found,) = session.run(None, {"x": x})
expected = function(x).numpy()
operations = {node.op_type for node in model.graph.node}
print("tf.where(x > 0, x, -1) of", x.tolist())
print("TensorFlow:", expected.tolist())
print("ONNX:      ", found.tolist(), "by", ", ".join(sorted(operations)))
as_before = (
    expected.tolist() == [2.0, -1.0, -1.0]
    and found[:2].tolist() == [2.0, -1.0]
    and np.isnan(found[2])
    and "Where" not in operations
)
print("as before" if as_before else "changed")
sys.exit(not as_before)
PYTHON
