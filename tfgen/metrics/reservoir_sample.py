import numpy as np

from tfgen.metrics.feature_extractor import Rows, refuse_symbolic


class ReservoirSample:
    """Features of at most `max_rows` examples, a reservoir sample of all seen.

    All of them while there are no more; then each new row takes the place of
    a kept one by chance, so that every row is kept with the same probability
    (Vitter, 1985, "Random sampling with a reservoir", algorithm R). Row i's
    chance depends on (seed, i) alone, not on batches.

    Args:
        max_rows: most rows that are kept.
        seed: of the draw.
    """

    def __init__(self, max_rows: int, seed: int = 0):
        self.max_rows = max_rows
        self.seed = seed
        self.reset()

    def reset(self) -> None:
        """Forgets all rows; the next draw is the same again."""
        self.count = 0
        self._rng = np.random.default_rng(self.seed)
        self._rows = None

    def add(self, features: Rows) -> None:
        """Adds rows `(n, features)`."""
        refuse_symbolic("this metric keeps examples", features)
        if self._rows is None:
            self.num_features = features.shape[1]
            self._rows = np.empty((0, self.num_features), np.float32)
        first = features[: max(0, self.max_rows - self.count)]
        self._append(first)
        self._replace(features[len(first) :])

    @property
    def rows(self) -> np.ndarray:
        """float32 `(at most max_rows, features)`."""
        return self._rows[: self.count]

    def _append(self, features):
        end = self.count + len(features)
        if end > len(self._rows):  # twice as many, so that small batches do
            size = min(max(end, 2 * len(self._rows)), self.max_rows)
            grown = np.empty((size, self.num_features), np.float32)
            grown[: self.count] = self._rows[: self.count]
            self._rows = grown
        self._rows[self.count : end] = features
        self.count = end

    def _replace(self, features):
        # Row number i, counted from 1, draws a place among i and is kept if
        # that is one of the reservoir's: with probability max_rows / i. One
        # draw a row, also of those not kept: batches do not matter.
        chances = self._rng.random(len(features))
        numbers = self.count + 1 + np.arange(len(features))
        places = np.int64(chances * numbers)
        for i in np.flatnonzero(places < self.max_rows):
            self._rows[places[i]] = features[i]
        self.count += len(features)
