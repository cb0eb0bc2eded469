"""Several draws of each row of a table, of which it gets one."""

import numpy as np


class Draws:
    """The draws of rows, of which each gets the first that is good.

    Args:
        x: the first ones.

    Attributes:
        x: those that rows have got.
        chosen: which draw that is, -1 for none.
    """

    def __init__(self, x: np.ndarray):
        self.x = x.copy()
        self.chosen = np.full(len(x), -1)
        self._draw = 0

    def add(self, rows, x, good, keys) -> None:
        """Takes another draw of rows.

        Args:
            rows: which rows these are, `(k,)`.
            x: their values, `(k, numbers)`.
            good: whether a row may get its draw, `(k,)`.
            keys: of each row what no other one may get, by rule; None where
                others may. Empty without such rules.
        """
        self.x[rows[good]], self.chosen[rows[good]] = x[good], self._draw
        self._draw += 1

    def choose(self) -> np.ndarray:
        """Gives each row a draw; returns the rows that have none."""
        return np.flatnonzero(self.chosen < 0)


class DistinctDraws(Draws):
    """Draws of which no two rows get equal ones.

    Args:
        x: the first ones.
        taken: for each rule the keys that no row may get.
    """

    def __init__(self, x: np.ndarray, taken: list[set]):
        super().__init__(x)
        self._taken = taken
        self._options = [[] for _ in x]

    def add(self, rows, x, good, keys) -> None:
        for i in np.flatnonzero(good):
            self._options[rows[i]].append((self._draw, x[i], keys[i]))
        self._draw += 1

    def choose(self) -> np.ndarray:
        # Anew from the first row on: what a row may get goes by those before.
        taken = [set(keys) for keys in self._taken]
        return np.array(
            [i for i in range(len(self.x)) if not self._give(i, taken)], int
        )

    def _give(self, row, taken):
        for draw, x, keys in self._options[row]:
            if not any(map(_has, taken, keys)):
                for known, key in zip(taken, keys, strict=True):
                    known.add(key)
                if self.chosen[row] != draw:
                    self.x[row], self.chosen[row] = x, draw
                return True
        return False


def _has(taken, key):
    return key is not None and key in taken
