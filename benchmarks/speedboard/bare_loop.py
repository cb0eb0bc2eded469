"""Only the arithmetic: no checks, no metrics, no data pipeline."""

import tensorflow as tf

from speedboard.cases import SAMPLE_BATCH, SAMPLES
from speedboard.tensorflow_steps import Networks


class Trainer:
    """A loop within one `tf.function`, with TensorFlow's fused Adam."""

    def __init__(self, case, variant, folder):
        self.case = case
        self.networks = Networks(case, folder)
        self.moments = {
            id(variable): [
                tf.Variable(tf.zeros(variable.shape)) for _ in range(2)
            ]
            for group in self.networks.variables().values()
            for variable in group
        }
        self.count = tf.Variable(0.0)
        self.x = tf.constant(case.data())
        self.loop = tf.function(self._loop, autograph=False)

    def train(self):
        self.loop(self.x).numpy()

    def sample(self):
        for _ in range(SAMPLES // SAMPLE_BATCH):
            self.networks.sample(SAMPLE_BATCH).numpy()

    def shapes(self):
        groups = self.networks.variables().values()
        return [tuple(v.shape) for group in groups for v in group]

    def versions(self):
        return {"tensorflow": tf.__version__}

    def _loop(self, x):
        batch = self.case.batch

        def step(i):
            rows = x[i * batch : (i + 1) * batch]
            rows = tf.ensure_shape(rows, (batch, *self.case.shape))
            self.count.assign_add(1.0)
            self.networks.take_step(rows, self._apply)
            return [i + 1]

        (done,) = tf.while_loop(
            lambda i: i < self.case.steps, step, [0], parallel_iterations=1
        )
        return done

    def _apply(self, name, gradients, variables):
        rate, beta_1, beta_2 = self.case.adam
        for gradient, variable in zip(gradients, variables, strict=True):
            first, second = self.moments[id(variable)]
            tf.raw_ops.ResourceApplyAdam(
                var=variable.value.handle,
                m=first.handle,
                v=second.handle,
                beta1_power=tf.pow(beta_1, self.count),
                beta2_power=tf.pow(beta_2, self.count),
                lr=rate,
                beta1=beta_1,
                beta2=beta_2,
                epsilon=1e-7,
                grad=gradient,
            )
