"""Features in which the samples of all trials are compared."""

import keras

from tfgen.metrics import fit_extractor
from tfgen.training.files import written_whole
from tfgen.tuning.processes import is_worker


def load_extractor(asked, measures, train, path):
    """The same extractor for all trials: workers load what the chief trained.

    Args:
        asked: `"auto"`, `"none"`, or an extractor, see
            `tfgen.metrics.FeatureExtractor`.
        measures: all `Measure`s of the search.
        train: training data, a `tfgen.data.Source`.
        path: where a trained one is kept.

    Returns:
        What was asked for; with `"auto"` a classifier, or None where samples
        are not compared or the data are not images with classes.

    Raises:
        ValueError: in a worker, if the file is missing.
    """
    if asked != "auto":
        return None if asked == "none" else asked
    compared = "samples" in [measure.kind for measure in measures]
    few = train.kind != "image" or (train.num_classes or 0) < 2
    if not compared or few:
        return None
    if not path.exists():
        if is_worker():
            raise ValueError(
                f"{path} is missing, which the chief writes before it answers: "
                "give all machines the same shared folder as out."
            )
        print("training a classifier for the features", flush=True)
        with written_whole(path) as whole:
            fit_extractor(train).save(whole)
    return keras.models.load_model(path)
