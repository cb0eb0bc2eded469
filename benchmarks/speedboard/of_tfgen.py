"""tfgen itself, of this build or of an earlier one: only what both have."""

import tfgen  # isort: skip  (loads TensorFlow without its chatter)
import json
import os
from pathlib import Path

import keras

from speedboard.cases import SAMPLES

NETWORKS = ("encoder", "decoder", "generator", "discriminator")
TREE = os.environ.get("SPEED_TREE")
if TREE and Path(TREE).resolve() not in Path(tfgen.__file__).parents:
    raise ImportError(f"tfgen is {tfgen.__file__}, expected that in {TREE}.")


class Trainer:
    """`fit` with what tfgen does by default."""

    def __init__(self, case, variant, folder):
        options = dict(case.options)
        if variant != "float32":
            options["precision"] = variant
        self.model = tfgen.build(
            case.family, input_shape=case.shape, seed=0, **options
        )
        rate, beta_1, beta_2 = case.adam
        self.model.compile(keras.optimizers.Adam(rate, beta_1, beta_2))
        source = tfgen.data.from_arrays(
            case.data(), value_range=self.model.data_range
        )
        self.data = source.batches(case.batch)
        self.draws = 0

    def train(self):
        self.model.fit(self.data, epochs=1, verbose=0)

    def sample(self):
        self.draws += 1
        self.model.sample(SAMPLES, seed=self.draws)

    def shapes(self):
        return [tuple(v.shape) for v in self.model.trainable_variables]

    def versions(self):
        return {"tfgen": tfgen.__version__, "keras": keras.__version__}


def write_networks(case, path):
    """The networks as Keras' own layers, which plain peers read."""
    model = tfgen.build(
        case.family, input_shape=case.shape, seed=0, **case.options
    )
    networks = {
        name: json.loads(_plain(getattr(model, name)).to_json())
        for name in NETWORKS
        if getattr(model, name, None) is not None
    }
    path.write_text(json.dumps(networks))


def _plain(network):
    def clone(layer):
        config = layer.get_config()
        if isinstance(layer, tfgen.layers.BatchNormalization):
            config["synchronized"] = False
            return keras.layers.BatchNormalization.from_config(config)
        if isinstance(layer, keras.layers.GroupNormalization):
            return keras.layers.GroupNormalization.from_config(config)
        return type(layer).from_config(config)

    return keras.models.clone_model(network, clone_function=clone)
