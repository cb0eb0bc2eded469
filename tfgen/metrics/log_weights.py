"""Log importance weights, a block of draws at a time."""

import tensorflow as tf

from tfgen import probability
from tfgen.training import random

BLOCK = 100


class LogWeights:
    """`log p(x|z) + log p(z) - log q(z|x)` in nats, z drawn from q(z|x).

    Draw d of example i depends on (seed, i, d) alone: block `d // BLOCK` has
    a stream of its own, in which row i holds the block's draws.

    Args:
        model: has `posterior` and `log_likelihood`.
        seed: of the draws.
    """

    def __init__(self, model, seed: int):
        self._model, self._seed = model, seed
        signature = {
            "x": tf.TensorSpec((None, *model.data_shape), tf.float32),
            "first_row": tf.TensorSpec((), tf.int64),
            "block": tf.TensorSpec((), tf.int64),
            "start": tf.TensorSpec((), tf.int64),
            "stop": tf.TensorSpec((), tf.int64),
        }
        if model.num_classes:
            signature["label"] = tf.TensorSpec((None,), tf.int64)

        @tf.function(autograph=False)
        def compiled(tensors):
            return self._tensors(**tensors)

        self._compiled = compiled.get_concrete_function(signature)

    def __call__(self, inputs, first_row, first_draw, last_draw):
        """Weights of examples in a row and of draws of one block.

        Args:
            inputs: `x`, and `label` where the model has classes, as arrays.
            first_row: number of the first example in the data.
            first_draw: number of the first draw.
            last_draw: one after the last, in the block of the first.

        Returns:
            float64 `(rows, draws)`.
        """
        block, start = divmod(first_draw, BLOCK)
        place = {
            "first_row": first_row,
            "block": block,
            "start": start,
            "stop": start + last_draw - first_draw,
        }
        tensors = {k: tf.constant(v, tf.int64) for k, v in place.items()}
        tensors |= {k: tf.convert_to_tensor(v) for k, v in inputs.items()}
        return self._compiled(tensors).numpy().astype("float64")

    def _tensors(self, x, first_row, block, start, stop, label=None):
        model = self._model
        labels = None if label is None else tf.one_hot(label, model.num_classes)
        stream = random.stream(self._seed, "importance", block)
        shape = (BLOCK, model.latent_dim)
        noise = random.normal_rows(stream, first_row, tf.shape(x)[0], shape)
        noise = tf.transpose(noise[:, start:stop], (1, 0, 2))
        posterior = model.posterior(x, labels)
        latents = posterior.mean() + posterior.stddev() * noise
        prior = probability.standard_normal(model.latent_dim)
        ratio = prior.log_prob(latents) - posterior.log_prob(latents)
        latents = tf.transpose(latents, (1, 0, 2))
        likelihood = model.log_likelihood(x, latents, labels)
        return likelihood + tf.transpose(ratio)
