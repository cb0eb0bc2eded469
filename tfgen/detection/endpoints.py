"""`detect` and `explain` as endpoints of a model, for an export."""

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from tfgen.detection.calibration import Calibration
from tfgen.detection.judge import Judge
from tfgen.models import Endpoint, GenerativeModel
from tfgen.models.endpoints import run_in_batches


class DetectingModel:
    """A model with endpoints `detect` and, where it has shares, `explain`.

    An export is made of it. They say what `Detector.of(model)` does: alpha is
    an input, so that a limit moves without another export.

    - `detect(x[, label], alpha)` -> `score`, `p_value`, and `is_odd`, which
      is 1 or 0;
    - `explain(x[, label])` -> `share`, of the shape of x, and `score`. What
      shares leave of the score is no output: as a difference of large numbers
      it would have their rounding.

    Args:
        model: a `GenerativeModel` that keeps `held_out_scores`.

    Raises:
        ValueError: if it has changed since these were made.
    """

    def __init__(self, model: GenerativeModel):
        self.model_name = type(model).__name__
        self._model, self._judge = model, Judge.kept(model)
        self._own = self._make_endpoints()
        self._compiled = {}

    def __getattr__(self, name: str):
        return getattr(self._model, name)

    def endpoints(self) -> dict[str, Endpoint]:
        """The model's endpoints and its own."""
        return self._model.endpoints() | self._own

    def compiled_endpoint(self, name: str) -> Callable:
        """An endpoint as a concrete function of a dict of tensors."""
        if name not in self._own:
            return self._model.compiled_endpoint(name)
        if name not in self._compiled:
            self._compiled[name] = self._own[name].compiled()
        return self._compiled[name]

    def run_endpoint(
        self, name: str, inputs: dict[str, np.ndarray], batch_size: int = 256
    ) -> dict[str, np.ndarray]:
        """Runs an endpoint over NumPy arrays, in batches."""
        if name not in self._own:
            return self._model.run_endpoint(name, inputs, batch_size)
        compiled = self.compiled_endpoint(name)
        return run_in_batches(compiled, inputs, batch_size)

    def _make_endpoints(self):
        inputs = self._model.endpoint_inputs("x")
        alpha = {"alpha": keras.KerasTensor((None,), "float64")}
        found = {"detect": Endpoint(self._detect, inputs | alpha)}
        if self._judge.explains:
            found["explain"] = Endpoint(self._explain, inputs)
        return found

    def _detect(self, alpha, **inputs):
        scores = self._by_measure(inputs)
        calibrations = self._judge.calibrations
        found = [
            _compared(calibration, each, is_one=len(scores) == 1)
            for calibration, each in zip(calibrations, scores, strict=True)
        ]
        score, p_value = map(tf.stack, zip(*found, strict=True))
        p_value = tf.minimum(tf.reduce_min(p_value, axis=0), 1.0)
        return {
            "score": _as_float32(tf.reduce_max(score, axis=0)),
            "p_value": tf.cast(p_value, tf.float32),
            "is_odd": tf.cast(p_value <= alpha, tf.float32),
        }

    def _explain(self, **inputs):
        explainer = self._judge.explainer
        values = explainer.values[0].of_tensors(**inputs)
        (score,) = self._by_measure(inputs)
        return {
            "share": _as_float32(values - explainer.medians[0]),
            "score": _as_float32(score),
        }

    def _by_measure(self, inputs):
        return [*map(_finite, self._judge.scorer.of_tensors(inputs))]


def _compared(calibration: Calibration, score: tf.Tensor, is_one: bool):
    """Score and p-value; the score of several measures is the surprise."""
    table = calibration.table
    place = tf.searchsorted(table.knots[None], score[None])[0]
    p_value = tf.gather(table.p_value, place)
    if is_one:
        return score, p_value
    base, rise, start, width = (tf.gather(part, place) for part in table[2:])
    return base + rise * ((score - start) / width), p_value


def _finite(score):
    most = tf.constant(tf.float64.max, tf.float64)
    score = tf.where(tf.math.is_nan(score), most, score)
    return tf.clip_by_value(score, -most, most)


def _as_float32(value):
    most = tf.constant(tf.float32.max, tf.float64)
    return tf.cast(tf.clip_by_value(value, -most, most), tf.float32)
