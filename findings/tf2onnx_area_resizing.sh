#!/usr/bin/env bash
# tf2onnx 1.17.0 converts tf.image.resize(method="area"), which takes the mean
# of the pixels that fall together, to ONNX' Resize by the nearest pixel: the
# shape is right, and the numbers are those of the upper left pixel. No error,
# no warning. A down-sampling layer or a picture's preparation is where it is
# met; average pooling converts rightly.
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
SPEC = [tf.TensorSpec((None, 4, 4, 1), tf.float32, name="x")]


def converted(function, x):
    traced = tf.function(function, input_signature=SPEC)
    model, _ = tf2onnx.convert.from_function(
        traced, input_signature=SPEC, opset=17
    )
    session = onnxruntime.InferenceSession(model.SerializeToString())
    (found,) = session.run(None, {"x": x})
    return traced(x).numpy().ravel().tolist(), found.ravel().tolist()


x = np.arange(16, dtype=np.float32).reshape(1, 4, 4, 1)
area = converted(lambda x: tf.image.resize(x, (2, 2), method="area"), x)
pooled = converted(lambda x: tf.nn.avg_pool2d(x, 2, 2, "VALID"), x)
print("4 x 4 pixels 0 to 15, to 2 x 2 by area and by average pooling")
print("TensorFlow:", area[0], pooled[0])
print("ONNX:      ", area[1], pooled[1])
means = [2.5, 4.5, 10.5, 12.5]
as_before = (
    area[0] == pooled[0] == pooled[1] == means
    and area[1] == [0.0, 2.0, 8.0, 10.0]
)
print("as before" if as_before else "changed")
sys.exit(not as_before)
PYTHON
