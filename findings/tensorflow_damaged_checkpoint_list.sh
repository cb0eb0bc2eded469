#!/usr/bin/env bash
# TensorFlow 2.21.0 finds checkpoints by the text file `checkpoint` beside them
# alone. Where that is damaged, as a power cut may leave it, whole checkpoints
# count for nothing, in three ways: cut within a line, `latest_checkpoint`
# returns None with a warning in the log, as if nothing had ever been saved, so
# that a training that goes on "if there is one" starts afresh; empty, it raises
# a ValueError; and so does `CheckpointManager` itself, so that a new
# checkpoint cannot be saved in that folder either. By its own name each
# checkpoint restores as ever.
#
# Exits 1 if that has changed. Needs Python 3.11 and a package index.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install -q --disable-pip-version-check \
  tensorflow==2.21.0 keras==3.15.1 numpy==2.4.6
export TF_CPP_MIN_LOG_LEVEL=3 CUDA_VISIBLE_DEVICES=
env/bin/python - 2>stderr.txt <<'PYTHON' || { tail -5 stderr.txt; exit 1; }
import importlib.metadata
import pathlib
import sys

import tensorflow as tf

for package in ("tensorflow", "keras"):
    print(package, importlib.metadata.version(package))
folder = pathlib.Path("saved")
weight = tf.Variable(3.0)
checkpoint = tf.train.Checkpoint(weight=weight)
path = tf.train.CheckpointManager(checkpoint, str(folder), 3).save()
whole = (folder / "checkpoint").read_bytes()


def said(function, *arguments):
    try:
        return function(*arguments)
    except ValueError as error:
        return f"ValueError: {str(error).split(' from ')[0]}"


found = {}
for name, content in {
    "as written": whole,
    "cut within a line": whole[:10],
    "empty": b"",
}.items():
    (folder / "checkpoint").write_bytes(content)
    newest = said(tf.train.latest_checkpoint, str(folder))
    manager = said(tf.train.CheckpointManager, checkpoint, str(folder), 3)
    if isinstance(manager, tf.train.CheckpointManager):
        manager = "made"
    weight.assign(0.0)
    checkpoint.restore(path).assert_consumed()
    found[name] = (newest, manager, float(weight))
    print(f"list {name}: latest_checkpoint {newest}; CheckpointManager "
          f"{manager}; restored by its name {float(weight)}")
refusal = "ValueError: Invalid checkpoint state loaded"
expected = {
    "as written": (path, "made", 3.0),
    "cut within a line": (None, "made", 3.0),
    "empty": (refusal, refusal, 3.0),
}
if found != expected:
    sys.exit(f"changed: expected {expected}")
PYTHON
