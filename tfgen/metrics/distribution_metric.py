"""What all metrics of two sets of examples have."""

import re

import keras
import numpy as np
import tensorflow as tf

from tfgen.metrics.feature_extractor import FeatureExtractor
from tfgen.metrics.measurement import Measurement


class DistributionMetric(keras.metrics.Metric):
    """Abstract base: compares generated examples with data.

    Either side comes in batches of any size, together or one after the other:

    ```python
    metric.update_state(real=x)
    metric.update_state(generated=y)
    value = metric.result()
    metric.reset_state()
    ```

    A subclass gives `new_side(name)`, what is kept of one side (`Moments` or
    `KeptRows`), and `value(real, generated)` of the two. It looks at the
    extractor's `"features"` or `"logits"`. The memory does not depend on the
    number of examples.

    Args:
        extractor: what makes one vector of an example: a `keras.Model`, the
            path of a `.keras` file, `"inception"`, or None for the examples
            themselves, flattened. See `tfgen.metrics.FeatureExtractor`.
        value_range: `(low, high)` of image values, which are then clipped,
            rounded to 8 bits and brought to [0, 1] before the extractor, as
            if they had been kept in picture files; None: as they are.
        batch_size: examples that the extractor takes at a time.
        name: of the metric.
    """

    better = "lower"
    needs_real = True
    looks_at = "features"

    def __init__(
        self, extractor=None, value_range=None, batch_size=256, name=None
    ):
        super().__init__(name=name or _default_name(type(self)))
        self.extractor = FeatureExtractor(extractor, value_range, batch_size)
        self._sides = {
            side: self.new_side(side) for side in ("real", "generated")
        }

    def new_side(self, name):
        """An empty state of one side, named `real` or `generated`."""
        raise NotImplementedError(type(self).__name__)

    def value(self, real, generated) -> float:
        """The metric of two states."""
        raise NotImplementedError(type(self).__name__)

    def spread(self) -> tuple[float | None, str]:
        """One standard deviation of the last result, and of what."""
        return None, ""

    def update_state(self, real=None, generated=None):
        """Adds examples of one side or of both.

        Args:
            real: data, `(n, ...)`.
            generated: generated examples, of the same shape but for n.

        Raises:
            ValueError: for examples that are not finite or of another shape.
        """
        for side, x in (("real", real), ("generated", generated)):
            if x is None:
                continue
            if tf.inside_function():
                x = tf.identity(x)  # a constant counts in every call, too
            if tf.is_symbolic_tensor(x) or len(x):
                self._add(side, self.features(x))

    def result(self) -> float:
        """The value over all examples since the last `reset_state`.

        Raises:
            ValueError: while one side has no examples.
        """
        for name, side in self._sides.items():
            if not side.count and (self.needs_real or name != "real"):
                raise ValueError(
                    f"{self.name} has no {name} examples yet: call "
                    f"update_state({name}=...) first."
                )
        return self.value(self._sides["real"], self._sides["generated"])

    def measurement(self, **details) -> Measurement:
        """The result with what must be known to believe it.

        Args:
            **details: more of it, such as `reference="test split"`.
        """
        value = self.result()
        spread, spread_of = self.spread()
        return Measurement(
            name=self.name,
            value=value,
            better=self.better,
            spread=spread,
            spread_of=spread_of,
            details={
                "num_real": self._sides["real"].count,
                "num_generated": self._sides["generated"].count,
                "extractor": self.extractor.name,
                **self.settings(),
                **details,
            },
        )

    def settings(self) -> dict:
        """Arguments that decide the value, such as k."""
        return {}

    def reset_state(self):
        """Forgets all examples."""
        for side in self._sides.values():
            side.reset()

    def reset_generated(self):
        """Forgets the generated examples, to compare others with the data."""
        self._sides["generated"].reset()

    def features(self, x):
        """What the metric looks at: float32 `(n, features)`."""
        return self.extractor.features(x)

    def get_config(self):
        """All but the extractor, whose weights are in no config."""
        return {
            "value_range": self.extractor.value_range,
            "batch_size": self.extractor.batch_size,
            "name": self.name,
            **self.settings(),
        }

    def __deepcopy__(self, memo):
        """The same metric without examples, and with the same extractor."""
        config = {**self.get_config(), "extractor": self.extractor.model}
        return self.from_config(config)

    def _add(self, name, features):
        if isinstance(features, np.ndarray):
            self._check(name, features)
        self._sides[name].add(features)

    def _check(self, name, features):
        if not np.isfinite(features).all():
            raise ValueError(
                f"{self.name} got {name} examples that are not finite: leave "
                "them out, or repair the model that made them."
            )
        for side in self._sides.values():
            if side.count and side.num_features != features.shape[1]:
                raise ValueError(
                    f"{self.name} got {name} examples of "
                    f"{features.shape[1]} features, expected "
                    f"{side.num_features} as before."
                )


def _default_name(cls):
    return re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()
