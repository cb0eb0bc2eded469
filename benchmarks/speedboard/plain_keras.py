"""What people write by hand: a `train_step`, one replica, nothing exact."""

import keras
import tensorflow as tf

from speedboard.cases import SAMPLE_BATCH, SAMPLES
from speedboard.tensorflow_steps import Networks


class Trainer:
    """`fit` of a plain `keras.Model` on a plain `tf.data.Dataset`."""

    def __init__(self, case, variant, folder):
        self.model = PlainModel(case, folder)
        self.model.compile(jit_compile=False)
        self.data = (
            tf.data.Dataset.from_tensor_slices(case.data())
            .shuffle(10_000)
            .batch(case.batch, drop_remainder=True)
            .prefetch(4)
        )

    def train(self):
        self.model.fit(self.data, epochs=1, verbose=0)

    def sample(self):
        for _ in range(SAMPLES // SAMPLE_BATCH):
            self.model.networks.sample(SAMPLE_BATCH).numpy()

    def shapes(self):
        groups = self.model.networks.variables().values()
        return [tuple(v.shape) for group in groups for v in group]

    def versions(self):
        return {"tensorflow": tf.__version__, "keras": keras.__version__}


class PlainModel(keras.Model):
    """The step by hand, with Keras' own optimizers and metrics."""

    def __init__(self, case, folder):
        super().__init__()
        self.networks = Networks(case, folder)
        rate, beta_1, beta_2 = case.adam
        self.by_name = {}
        for name, variables in self.networks.variables().items():
            self.by_name[name] = keras.optimizers.Adam(rate, beta_1, beta_2)
            self.by_name[name].build(variables)
        self.trackers = {}
        self.built = True

    @property
    def metrics(self):
        return list(self.trackers.values())

    def train_step(self, x):
        losses = self.networks.take_step(
            x, lambda name, *pair: self.by_name[name].apply(*pair)
        )
        for name, value in losses.items():
            if name not in self.trackers:
                self.trackers[name] = keras.metrics.Mean(name=name)
            self.trackers[name].update_state(value)
        return {m.name: m.result() for m in self.metrics}
