#!/bin/sh
# From data to a model that TensorFlow Serving can load. Run: make demo
set -eu
rm -rf demo

tfgen train vae --data digits --out demo/vae --epochs 100 --seed 0
tfgen sample demo/vae -n 64 --seed 1 --out demo/samples.png
tfgen export demo/vae --to demo/serving/vae
tfgen verify demo/serving/vae/1

cat <<'END'

demo/vae             the run: model.keras, history.csv, checkpoints, tensorboard
demo/samples.png     64 new digits
demo/serving/vae/1   the SavedModel, checked in TensorFlow's C++ runtime

Next: tensorboard --logdir demo/vae/tensorboard
END
