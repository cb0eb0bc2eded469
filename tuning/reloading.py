"""Whether Keras can load what a search saves."""

import pathlib
import tempfile

import keras

from tfgen.tuning.disk_error import is_disk_error
from tfgen.tuning.oracles.failure_reason import one_line


def check_reloadable(model) -> None:
    """Raises ValueError for a model that cannot be saved and loaded again.

    Each trial would fail of it, after all of its training.
    """
    try:
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "model.keras"
            model.save(path)
            keras.models.load_model(path)
    except Exception as error:
        if is_disk_error(error):
            raise
        cause = one_line(str(_root(error)))
        raise ValueError(
            f"the {type(model).__name__} that is built cannot be saved and "
            f"loaded again: {cause} Decorate your layer with "
            "@keras.saving.register_keras_serializable() and give it a "
            "get_config; write a Lambda as such a layer."
        ) from error


def _root(error):
    """Keras puts what went wrong behind the configuration of the model."""
    cause = error.__cause__ or error.__context__
    return error if cause is None else _root(cause)
