#!/bin/sh
# From data to a model that TensorFlow Serving can load. Run: make demo
set -eu
rm -rf demo

tfgen train vae --data digits --conditional --likelihood gaussian \
    --epochs 120 --out demo/vae
tfgen train gan --data digits --conditional --epochs 60 --out demo/gan
tfgen train vae_gan --data digits --conditional --epochs 60 --out demo/vae_gan
tfgen evaluate demo/vae demo/gan demo/vae_gan --out demo/evaluation
tfgen sample demo/vae -n 80 --balanced --seed 1 --out demo/samples.png
tfgen export demo/vae --to demo/serving/vae
tfgen verify demo/serving/vae/1

cat <<'END'

demo/vae             the run: model.keras, history.csv, checkpoints, tensorboard
demo/vae/samples.png digits by class, and demo/vae/loss.png how they came about
demo/gan             a GAN of the same digits, and demo/vae_gan one of both
demo/evaluation      report.html: the three side by side, which is best at what;
                     samples.png: their digits in one picture
demo/samples.png     80 new digits, a column for each class
demo/serving/vae/1   the SavedModel, checked in TensorFlow's C++ runtime

Next: tensorboard --logdir demo
END
