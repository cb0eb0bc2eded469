import numpy as np
import tensorflow as tf

from tfgen.metrics.device_sums import DeviceSums
from tfgen.metrics.host_sums import HostSums


class Moments:
    """Count, mean and covariance of features, streamed.

    Arrays are summed by NumPy, symbolic tensors on their device, and the two
    are put together (Chan et al., 1979, "Updating formulae and a pairwise
    algorithm for computing sample variances", equation 2.1).

    Args:
        metric: the `keras.metrics.Metric` that owns the variables.
        name: of the side, for the names of the variables.
    """

    def __init__(self, metric, name: str):
        self._metric = metric
        self._name = name
        self._host = HostSums()
        self._device = None

    def build(self, num_features: int) -> None:
        """Makes the variables; before use within a compiled function."""
        if self._device is None:
            self.num_features = num_features
            self._device = DeviceSums(self._metric, self._name, num_features)

    def add(self, features) -> None:
        """Adds rows `(n, features)`."""
        if not tf.is_symbolic_tensor(features):
            self.num_features = features.shape[1]
            self._host.add(features)
            return
        if self._device is None:
            raise ValueError(
                f"{self._metric.name} is used in a compiled function before "
                "it has variables: call its build(num_features) first."
            )
        self._device.add(features)

    @property
    def count(self) -> int:
        return self._host.count + (self._device.count if self._device else 0)

    def mean_and_covariance(self) -> tuple[np.ndarray, np.ndarray]:
        """float64 `(features,)`, and `(features, features)` over n - 1."""
        sums = [self._host] + [self._device] * (self._device is not None)
        parts = [part.moments() for part in sums if part.count]
        count, mean, scatter = parts[0]
        for more, other, other_scatter in parts[1:]:
            gap = other - mean
            share = more / (count + more)
            scatter = scatter + other_scatter
            scatter += count * share * np.outer(gap, gap)
            count, mean = count + more, mean + share * gap
        scatter /= count - 1
        return mean, scatter

    def reset(self) -> None:
        self._host = HostSums()
        if self._device is not None:
            self._device.reset()
