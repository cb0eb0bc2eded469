"""Rows as a model takes them, a piece at a time."""

import os
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from tfgen.data import Source, load
from tfgen.models import Endpoint, GenerativeModel
from tfgen.models.endpoints import ROWS_READ, check_inputs


def pieces(
    model: GenerativeModel,
    x: Source | npt.ArrayLike | str | os.PathLike,
    labels: npt.ArrayLike | None = None,
) -> Iterator[dict[str, np.ndarray]]:
    """Yields inputs of a model's endpoints: `x`, and `label` with classes.

    Args:
        model: that they are for.
        x: a source or what `tfgen.data.load` takes, read like the model's
            training data; or an array in the model's units.
        labels: classes of the rows; of a source, its own by default.

    Raises:
        ValueError: for rows that the model does not take.
    """
    if isinstance(x, (str, os.PathLike)):
        x = load(x, like=model)
    if not isinstance(x, Source):
        given = {"x": x} if labels is None else {"x": x, "label": labels}
        whole = Endpoint(None, model.endpoint_inputs("x"))
        arrays = check_inputs(model, "the detector", whole, given)
        for start in range(0, len(arrays["x"]), ROWS_READ):
            piece = slice(start, start + ROWS_READ)
            yield {key: array[piece] for key, array in arrays.items()}
        return
    source = model.read(x, labels is None)
    for start in range(0, len(source), ROWS_READ):
        rows = np.arange(start, min(start + ROWS_READ, len(source)))
        values, own = source.rows(rows)
        inputs = {"x": values}
        if model.num_classes:
            inputs["label"] = own if labels is None else labels[rows]
        yield inputs
