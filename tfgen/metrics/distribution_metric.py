"""What all metrics of two sets of examples have."""

import keras
import numpy as np


class DistributionMetric(keras.metrics.Metric):
    """Abstract base: compares generated examples with data.

    Either side comes in batches of any size, together or one after the other:

    ```python
    metric.update_state(real=x)
    metric.update_state(generated=y)
    value = metric.result()
    metric.reset_state()
    ```

    A subclass gives `value(real, generated)`. It holds all features in memory
    and runs in NumPy, outside of compiled functions.

    Args:
        extractor: `keras.Model` that makes one vector of an example; None
            compares the examples themselves, flattened.
        batch_size: examples that the extractor takes at a time.
        name: of the metric.
    """

    def __init__(self, extractor=None, batch_size: int = 256, name=None):
        super().__init__(name=name or _default_name(type(self)))
        self.extractor = extractor
        self.batch_size = batch_size
        self.reset_state()

    def value(self, real: np.ndarray, generated: np.ndarray) -> float:
        """The metric of two float64 arrays `(n, features)`."""
        raise NotImplementedError(type(self).__name__)

    def update_state(self, real=None, generated=None):
        """Adds examples of one side or of both.

        Args:
            real: data, `(n, ...)`.
            generated: generated examples, of the same shape but for n.

        Raises:
            ValueError: for examples that are not finite or of another shape.
        """
        for side, x in (("real", real), ("generated", generated)):
            if x is not None and len(x):
                self._parts[side] += (self._features(side, x),)

    def result(self) -> float:
        """The value over all examples since the last `reset_state`.

        Raises:
            ValueError: while one side has no examples.
        """
        for side, parts in self._parts.items():
            if not parts:
                raise ValueError(
                    f"{self.name} has no {side} examples yet: call "
                    f"update_state({side}=...) first."
                )
        real, generated = (np.concatenate(p) for p in self._parts.values())
        return self.value(real, generated)

    def reset_state(self):
        """Forgets all examples."""
        self._parts = {"real": (), "generated": ()}

    def get_config(self):
        """All but the extractor, whose weights are in no config."""
        return {"batch_size": self.batch_size, "name": self.name}

    def _features(self, side, x):
        x = np.asarray(x)
        if self.extractor is not None:
            x = self.extractor.predict(x, self.batch_size, verbose=0)
        features = np.asarray(x, np.float64).reshape(len(x), -1)
        if not np.isfinite(features).all():
            raise ValueError(
                f"{self.name} got {side} examples that are not finite: leave "
                "them out, or repair the model that made them."
            )
        for parts in self._parts.values():
            if parts and parts[0].shape[1] != features.shape[1]:
                raise ValueError(
                    f"{self.name} got {side} examples of "
                    f"{features.shape[1]} features, expected "
                    f"{parts[0].shape[1]} as before."
                )
        return features


def _default_name(cls):
    return keras.src.utils.naming.to_snake_case(cls.__name__)
