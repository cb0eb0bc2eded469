"""What all metrics of two sets of examples have."""

import re
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfgen.metrics.feature_extractor import FeatureExtractor, Rows
from tfgen.metrics.measurement import Measurement


class DistributionMetric(keras.metrics.Metric):
    """Abstract base: compares generated examples with data.

    A metric sees features alone, rows of numbers: `update_features` takes
    them. `update_state` is the stage before: it takes examples, and an
    extractor makes their rows. Where several metrics look at the same
    examples, extract once and give the rows to all:

    ```python
    rows = tfgen.metrics.FeatureExtractor(model).features(x)
    for metric in metrics:
        metric.update_features(real=rows)
    ```

    Either side comes in batches of any size, together or one after the other.
    The memory does not depend on the number of examples.

    A subclass gives `new_side(name)`, what is kept of one side (`Moments` or
    `ReservoirSample`), and `value(real, generated)` of the two. It looks at
    the extractor's `"features"` or `"logits"`, by `looks_at`, and names in
    `setting_names` the attributes that decide its value.

    Args:
        extractor: what makes one vector of an example: a `keras.Model`, the
            path of a `.keras` file, `"inception"`, or None for the examples
            themselves, flattened. See `tfgen.metrics.FeatureExtractor`.
        value_range: `(low, high)` of image values, which are then clipped,
            rounded to 8 bits and brought to [0, 1] before the extractor, as
            if they had been kept in picture files; None: as they are.
        batch_size: examples that the extractor takes at a time.
        name: of the metric.

    Example:
    >>> metric = tfgen.metrics.FrechetDistance()
    >>> x = np.random.default_rng(0).normal(size=(1000, 2))
    >>> metric.update_state(real=x[:500])
    >>> metric.update_state(real=x[500:])
    >>> metric.update_state(generated=x + 1)
    >>> round(metric.result(), 3)
    2.0
    """

    better = "lower"
    needs_real = True
    looks_at = "features"
    setting_names: tuple[str, ...] = ()

    def __init__(
        self,
        extractor: keras.Model | str | None = None,
        value_range: tuple[float, float] | None = None,
        batch_size: int = 256,
        name: str | None = None,
    ):
        super().__init__(name=name or _default_name(type(self)))
        self.extractor = FeatureExtractor(extractor, value_range, batch_size)
        self._sides = {
            side: self.new_side(side) for side in ("real", "generated")
        }

    def new_side(self, name: str) -> Any:
        """An empty state of one side, named `real` or `generated`."""
        raise NotImplementedError(type(self).__name__)

    def value(self, real: Any, generated: Any) -> float:
        """The metric of two states."""
        raise NotImplementedError(type(self).__name__)

    def spread(self) -> tuple[float | None, str]:
        """One standard deviation of the last result, and of what."""
        return None, ""

    def prepare(self, features: Rows) -> Rows:
        """Rows as the sides keep them: as they are, unless overridden."""
        return features

    def update_state(
        self, real: Rows | None = None, generated: Rows | None = None
    ) -> None:
        """Adds examples of one side or of both.

        Args:
            real: data, `(n, ...)`.
            generated: generated examples, of the same shape but for n.

        Raises:
            ValueError: for examples that are not finite or of another shape.
        """
        for side, x in _given(real, generated):
            self.update_features(**{side: self.features(x)})

    def update_features(
        self, real: Rows | None = None, generated: Rows | None = None
    ) -> None:
        """Adds rows that an extractor has made of one side or of both.

        Args:
            real: features, or logits, of data, `(n, features)`.
            generated: those of generated examples.

        Raises:
            ValueError: for rows that are not finite or of another length.
        """
        for side, rows in _given(real, generated):
            if not tf.is_symbolic_tensor(rows):
                rows = np.asarray(rows, np.float32)
            if len(rows.shape) != 2:
                raise ValueError(
                    f"{self.name} got {side} features of shape {rows.shape}, "
                    "expected (n, features): pass examples to update_state."
                )
            rows = self.prepare(rows)
            if isinstance(rows, np.ndarray):
                self._check(side, rows)
            self._sides[side].add(rows)

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

    def measurement(self, **details: Any) -> Measurement:
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

    def settings(self) -> dict[str, Any]:
        """Arguments that decide the value, such as k."""
        return {name: getattr(self, name) for name in self.setting_names}

    def reset_state(self) -> None:
        """Forgets all examples."""
        for side in self._sides.values():
            side.reset()

    def reset_generated(self) -> None:
        """Forgets the generated examples, to compare others with the data."""
        self._sides["generated"].reset()

    def features(self, x: Rows) -> Rows:
        """What the metric looks at: float32 `(n, features)`."""
        return self.extractor.outputs(x, (self.looks_at,))[self.looks_at]

    def get_config(self) -> dict[str, Any]:
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

    def _check(self, name, rows):
        if not np.isfinite(rows).all():
            raise ValueError(
                f"{self.name} got {name} examples that are not finite: leave "
                "them out, or repair the model that made them."
            )
        for side in self._sides.values():
            if side.count and side.num_features != rows.shape[1]:
                raise ValueError(
                    f"{self.name} got {name} examples of {rows.shape[1]} "
                    f"features, expected {side.num_features} as before."
                )


def _given(real, generated):
    """The sides that come with rows, by name."""
    found = []
    for name, x in (("real", real), ("generated", generated)):
        if x is not None and tf.inside_function():
            x = tf.identity(x)  # a constant counts in every call, too
        if x is not None and (tf.is_symbolic_tensor(x) or len(x)):
            found.append((name, x))
    return found


def _default_name(cls):
    return re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()
