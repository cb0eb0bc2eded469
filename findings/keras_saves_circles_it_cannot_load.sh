#!/usr/bin/env bash
# Keras 3.15.1: saving follows all attributes of a layer, properties too. A
# property that returns the layer which holds it, over a function or a weak
# reference as one keeps it out of Keras' tracking, makes a circle. Training,
# summary and model.save go through without a word; load_model of the file, and
# load_weights of weights that were saved so, end in a RecursionError. Saving
# notes a layer as visited before it goes on to those in it, loading only after
# them. The same reference by a method, in place of a property, is harmless.
#
# Exits 1 if that has changed. Needs Python 3.11 and a package index.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install -q --disable-pip-version-check \
  tensorflow==2.21.0 keras==3.15.1 numpy==2.4.6
cat >circle.py <<'PYTHON'
import sys
import weakref

import keras

as_property = sys.argv[1] == "property"


class Part(keras.layers.Layer):
    def __init__(self, whole):
        super().__init__()
        self._whole = weakref.ref(whole)


class PartWithProperty(Part):
    whole = property(lambda self: self._whole())


@keras.saving.register_keras_serializable()
class Whole(keras.layers.Layer):
    def __init__(self, **options):
        super().__init__(**options)
        self.part = (PartWithProperty if as_property else Part)(self)

    def build(self, shape):
        self.scale = self.add_weight(shape=(1,))

    def call(self, x):
        return x * self.scale


def end_of(function, path):
    try:
        function(path)
    except RecursionError as error:
        return type(error).__name__
    return "well"


model = keras.Sequential([keras.Input((2,)), Whole()])
print(
    end_of(model.save, "model.keras"),
    end_of(model.save_weights, "all.weights.h5"),
    end_of(keras.models.load_model, "model.keras"),
    end_of(model.load_weights, "all.weights.h5"),
)
PYTHON
echo "keras 3.15.1; save, save_weights, load_model and load_weights end"
circle=$(env/bin/python circle.py property 2>/dev/null)
without=$(env/bin/python circle.py method 2>/dev/null)
echo "with a property to the outer layer: $circle"
echo "without it:                         $without"
if [ "$circle" = "well well RecursionError RecursionError" ] &&
  [ "$without" = "well well well well" ]; then
  echo "as before"
else
  echo "changed"
  exit 1
fi
