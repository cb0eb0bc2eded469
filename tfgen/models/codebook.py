"""The vectors of a VQ-VAE's codes, which follow what the encoder gives."""

import keras
import tensorflow as tf

from tfgen.layers.batch_normalization import over_replicas
from tfgen.training import GlobalBatch, random

DEAD = 0.03
"""Of the mean use of codes: who is used less is put elsewhere."""
NEW = 0.05
"""Of the mean use, what a code begins with: time to show that it is used."""
CANDIDATES = 8


class Codebook(keras.layers.Layer):
    """Vectors, each the moving average of what was nearest to it.

    Formula, with n_k the places of a batch whose nearest vector is e_k, and
        s_k the sum of what lies there:

        N_k <- decay N_k + (1 - decay) n_k
        m_k <- decay m_k + (1 - decay) s_k
        e_k = m_k / N_k

    A code whose N_k falls below 3% of the mean of all starts anew, with a
    twentieth of the mean; so do all at first. Of 8 places of the batch that are
    drawn at random it takes the one that is farthest from its own code.

    Args:
        num_codes: how many.
        dim: length of a vector.
        decay: of the averages.

    Reference:
        van den Oord et al. (2017), "Neural discrete representation learning",
        appendix A.1; Dhariwal et al. (2020), "Jukebox", section 3.1, for
        codes that start anew.
    """

    def __init__(self, num_codes: int, dim: int, decay: float):
        super().__init__(dtype="float32", name="codebook")
        self.num_codes, self.dim, self.decay = num_codes, dim, decay
        self.vectors = self._state((num_codes, dim), "random_normal", "vectors")
        self.counts = self._state((num_codes,), "zeros", "counts")
        self.sums = self._state((num_codes, dim), "zeros", "sums")
        self.built = True

    def _state(self, shape, initializer, name):
        return self.add_weight(
            shape=shape,
            initializer=initializer,
            trainable=False,
            # Every replica assigns the same value.
            aggregation="only_first_replica",
            name=name,
        )

    def nearest(self, z: tf.Tensor) -> tf.Tensor:
        """Codes `(...)`, int32, of vectors `(..., dim)`."""
        vectors = tf.convert_to_tensor(self.vectors)
        lengths = tf.reduce_sum(tf.square(vectors), axis=1)
        # Without |z|^2, which is the same for all.
        distances = lengths - 2.0 * tf.tensordot(z, vectors, [[-1], [1]])
        return tf.argmin(distances, axis=-1, output_type=tf.int32)

    def look_up(self, codes: tf.Tensor) -> tf.Tensor:
        """Vectors `(..., dim)` of codes `(...)`."""
        return tf.gather(tf.convert_to_tensor(self.vectors), codes)

    def one_hot(self, codes: tf.Tensor) -> tf.Tensor:
        """`(rows, places, num_codes)` of codes `(rows, ...)`."""
        places = tf.math.reduce_prod(codes.shape[1:])
        return tf.one_hot(tf.reshape(codes, (-1, places)), self.num_codes)

    def update(
        self, batch: GlobalBatch, z: tf.Tensor, codes: tf.Tensor, seed, step
    ) -> None:
        """Takes a step of the averages, on every replica the same.

        Args:
            batch: whose rows these are.
            z: what the encoder gave, `(rows, height, width, dim)`.
            codes: the nearest, `(rows, height, width)`.
            seed: of the places that codes start anew at.
            step: number of the training step.
        """
        hot = self.one_hot(codes)
        if batch.weights is not None:
            hot *= batch.weights[:, None, None]
        z = tf.reshape(z, (-1, hot.shape[1], self.dim))
        error = tf.square(z - tf.reshape(self.look_up(codes), tf.shape(z)))
        error = tf.reduce_sum(error, axis=-1, keepdims=True)
        used, sums, drawn = over_replicas(
            [
                tf.reduce_sum(hot, axis=(0, 1)),
                tf.einsum("rpk,rpd->kd", hot, z),
                self._drawn(
                    batch,
                    tf.concat([error, z], axis=-1),
                    random.stream(seed, "codes", step),
                ),
            ]
        )
        used = self._moved(self.counts, used)
        sums = self._moved(self.sums, sums)
        mean = batch.size * hot.shape[1] / self.num_codes
        dead = used < DEAD * mean
        worst = tf.argmax(drawn[..., 0], axis=1)
        places = tf.gather(drawn[..., 1:], worst, batch_dims=1)
        used = tf.where(dead, NEW * mean, used)
        sums = tf.where(dead[:, None], NEW * mean * places, sums)
        self.counts.assign(used)
        self.sums.assign(sums)
        self.vectors.assign(sums / used[:, None])

    def _moved(self, average, value):
        average = tf.convert_to_tensor(average)
        return self.decay * average + (1.0 - self.decay) * value

    def _drawn(self, batch, values, stream):
        """This replica's share of places of the global batch for each code.

        `(num_codes, candidates, ...)` of values `(rows, places, ...)`.
        """
        shape = (CANDIDATES, 2)
        uniform = random.uniform_rows(stream, 0, self.num_codes, shape)
        row = tf.cast(uniform[..., 0] * batch.size, tf.int64) - batch.first_row
        place = tf.cast(uniform[..., 1] * float(values.shape[1]), tf.int64)
        rows = tf.cast(tf.shape(values)[0], tf.int64)
        here = tf.cast((row >= 0) & (row < rows), tf.float32)
        row = tf.clip_by_value(row, 0, rows - 1)
        if batch.weights is not None:
            here *= tf.gather(batch.weights, row)
        found = tf.gather_nd(values, tf.stack([row, place], axis=-1))
        return found * here[..., None]


class CodeUse(keras.metrics.Metric):
    """Counts codes over an epoch; see its subclasses.

    Args:
        num_codes: how many there are.
        name: of the log.
    """

    def __init__(self, num_codes: int, name: str):
        super().__init__(name=name, dtype="float64")
        self.counts = self.add_variable((num_codes,), "zeros", name="counts")

    def update_state(
        self, counts: tf.Tensor, sample_weight: tf.Tensor | None = None
    ) -> None:
        """Adds the counts of rows, `(rows, num_codes)`."""
        counts = tf.cast(counts, tf.float64)
        if sample_weight is not None:
            counts *= tf.cast(sample_weight, tf.float64)[:, None]
        self.counts.assign_add(tf.reduce_sum(counts, axis=0))


class CodePerplexity(CodeUse):
    """`exp(entropy)` of the shares that codes have: as many are in use."""

    def result(self) -> tf.Tensor:
        counts = tf.convert_to_tensor(self.counts)
        shares = counts / tf.maximum(tf.reduce_sum(counts), 1.0)
        return tf.exp(-tf.reduce_sum(tf.math.xlogy(shares, shares)))


class CodesUsed(CodeUse):
    """The share of the codes that any example has."""

    def result(self) -> tf.Tensor:
        used = tf.convert_to_tensor(self.counts) > 0
        return tf.reduce_mean(tf.cast(used, tf.float64))
