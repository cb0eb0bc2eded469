import numpy as np
import tensorflow as tf


class KeptRows:
    """Features of at most `max_rows` examples, a fair draw of all seen.

    All of them while there are no more; then each new row takes the place of
    a kept one by chance, so that every row is kept with the same probability
    (Vitter, 1985, algorithm R). Row i's chance depends on (seed, i) alone, not
    on batches.

    Args:
        max_rows: most rows that are kept.
        seed: of the draw.
    """

    def __init__(self, max_rows: int, seed: int = 0):
        self.max_rows = max_rows
        self.seed = seed
        self.reset()

    def reset(self) -> None:
        self.count = 0
        self._rng = np.random.default_rng(self.seed)
        self._rows = None

    def add(self, features) -> None:
        """Adds rows `(n, features)`."""
        if tf.is_symbolic_tensor(features):
            raise ValueError(
                "this metric keeps examples in the host's memory: call its "
                "update_state outside of tf.function and strategy.run."
            )
        if self._rows is None:
            self.num_features = features.shape[1]
            self._rows = np.empty((0, self.num_features), np.float32)
        room = self.max_rows - len(self._rows)
        if room > 0:
            self._rows = np.concatenate([self._rows, features[:room]])
            self.count += len(features[:room])
            features = features[room:]
        # One draw a row: batches do not matter.
        for row, chance in zip(
            features, self._rng.random(len(features)), strict=True
        ):
            self.count += 1
            place = int(chance * self.count)
            if place < self.max_rows:
                self._rows[place] = row

    @property
    def rows(self) -> np.ndarray:
        """float32 `(at most max_rows, features)`."""
        return self._rows
