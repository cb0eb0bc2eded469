import math
import typing

import numpy as np

from tfgen.data import Source
from tfgen.models import GenerativeModel
from tfgen.pictures import examples, figures
from tfgen.pictures.images import image_grid

if typing.TYPE_CHECKING:
    import keras

    from tfgen.metrics import FeatureExtractor

NEIGHBORS = 5
ROWS = 4096
COMPARED = 100
POINTS = 1000
READABLE_SIDE = 64
TEXT_HEIGHT = 16
TITLE_HEIGHT = 52
TITLE_WIDTH = 380
MARGIN = 6


def nearest_neighbours_picture(
    model: GenerativeModel,
    source: Source,
    num_examples: int | None = None,
    seed: int = 0,
    extractor: "keras.Model | FeatureExtractor | None" = None,
) -> np.ndarray:
    """Shows what training data generated examples are nearest to.

    Images: in each row a generated one and its 5 nearest training images,
    with their distances; on top, for comparison, how far training images are
    from their own nearest other. Points and tables: a histogram of generated
    examples' distances to the nearest training example, against those of
    training examples to their nearest other. Copies lie far left.

    Args:
        model: a `GenerativeModel`.
        source: the `tfgen.data.Source` that it was trained on.
        num_examples: how many are generated; default 8 images, 1000 points or
            rows.
        seed: seed of `model.sample` and of the training examples compared with.
        extractor: `keras.Model` or `tfgen.metrics.FeatureExtractor` whose
            features are compared; default: the examples themselves, images
            with pixels in [0, 1], tables as the model sees them.

    Returns:
        uint8 `(height, width, 3)`.

    Raises:
        ValueError: if the source has fewer than two examples.

    Example:
    >>> vae = tfgen.build("vae", input_shape=(2,), network="mlp")
    >>> ring = tfgen.data.load("ring").take(100)
    >>> tfgen.pictures.nearest_neighbours_picture(vae, ring, 50).shape
    (580, 600, 3)
    """
    source = examples.read(model, source)
    image = examples.is_image(model)
    if num_examples is None:
        num_examples = 8 if image else POINTS
    generated = model.sample(num_examples, seed=seed)
    features = _features(model, source, extractor)
    compared, _ = examples.fixed_rows(
        source, COMPARED if image else POINTS, seed
    )
    queries = features(np.concatenate([generated, compared]))
    count = min(NEIGHBORS, len(source))
    indices, distances = _nearest(queries, source, features, count)
    # A compared example is itself the first of its neighbours.
    others = distances[num_examples:, 1]
    indices, distances = indices[:num_examples], distances[:num_examples]
    if image:
        typical = float(np.median(others))
        return _rows(model, source, generated, indices, distances, typical)
    finite = np.isfinite(distances[:, 0])
    return _histogram(distances[finite, 0], others)


def _features(model, source, extractor):
    """What is compared: a function of examples to float64 rows."""
    from tfgen.metrics.feature_extractor import FeatureExtractor

    if extractor is not None:
        if not isinstance(extractor, FeatureExtractor):
            extractor = FeatureExtractor(extractor)
        return lambda x: np.float64(extractor.features(x))
    low, high = 0.0, 1.0
    if examples.is_image(model):
        low, high = examples.picture_range(model, source)
    return lambda x: ((np.float64(x) - low) / (high - low)).reshape(len(x), -1)


def _nearest(queries, source, features, count):
    """Indices and distances `(n, count)`, the source read in parts.

    Distances of queries that are not finite are not numbers.
    """
    from sklearn.neighbors import NearestNeighbors

    if len(source) < 2:
        raise ValueError(
            f"the source has {len(source)} examples, expected at least 2 to "
            "show neighbours of."
        )
    finite = np.isfinite(queries).all(axis=1, keepdims=True)
    queries = np.where(finite, queries, 0.0)
    distances = np.zeros((len(queries), 0))
    indices = np.zeros((len(queries), 0), np.int64)
    for start in range(0, len(source), ROWS):
        rows = np.arange(start, min(start + ROWS, len(source)))
        search = NearestNeighbors(n_neighbors=min(count, len(rows)))
        search.fit(features(source.rows(rows)[0]))
        found, places = search.kneighbors(queries)
        distances = np.concatenate([distances, found], axis=1)
        indices = np.concatenate([indices, rows[places]], axis=1)
        order = np.argsort(distances, axis=1, kind="stable")[:, :count]
        distances = np.take_along_axis(distances, order, axis=1)
        indices = np.take_along_axis(indices, order, axis=1)
    return indices, np.where(finite, distances, np.nan)


def _rows(model, source, generated, indices, distances, typical):
    """Each generated image with its neighbours, the distances below."""
    neighbors = source.rows(indices.ravel())[0]
    neighbors = neighbors.reshape(*indices.shape, *generated.shape[1:])
    images = np.concatenate([generated[:, None], neighbors], axis=1)
    value_range = examples.picture_range(model, source)
    scale = math.ceil(READABLE_SIDE / min(generated.shape[1:3]))
    columns = images.shape[1]
    strips = [image_grid(row, columns, value_range, scale) for row in images]
    title = (
        f"Generated, and the nearest of {len(source):,} training images\n"
        "with their distances. Training images are "
        f"{typical:.3g} from\ntheir own nearest other (median)."
    )
    texts = [
        ["generated", *(f"{d:.3g}" for d in row.round(6))] for row in distances
    ]
    return _captioned(strips, texts, title)


def _captioned(strips, texts, title):
    """Strips of images below each other, a text below each image."""
    height, width = strips[0].shape[:2]
    full_width = max(width, TITLE_WIDTH) + 2 * MARGIN
    step = height + TEXT_HEIGHT
    full_height = TITLE_HEIGHT + len(strips) * step
    figure = figures.new_figure(full_width, full_height)
    figures.write(figure, title, MARGIN, TITLE_HEIGHT / 2, fontsize=9)
    for i, row in enumerate(texts):
        for j, text in enumerate(row):
            x = MARGIN + width * (j + 0.5) / len(row)
            y = TITLE_HEIGHT + (i + 1) * step - TEXT_HEIGHT / 2 - 1
            figures.write(figure, text, x, y, ha="center", fontsize=7)
    picture = figures.to_array(figure)
    for i, strip in enumerate(strips):
        figures.paste(picture, strip, MARGIN, TITLE_HEIGHT + i * step)
    return picture


def _histogram(generated, others):
    names = ("distance to the nearest training example", "share of examples")
    figure, axes = figures.square_panel(names, "Nearest training examples")
    # Distances of copies are smaller by powers of ten; what is equal, or
    # nearly so, shows at the left end.
    high = max(generated.max(initial=1e-9), others.max())
    low = min(others.max() or 1.0, high) / 1e3
    bins = np.geomspace(low, high * 1.1, 41)
    for distances, color, label in (
        (others, figures.DATA_COLOR, "training examples, nearest other"),
        (generated, figures.MODEL_COLOR, "generated"),
    ):
        axes.hist(
            np.maximum(distances, low),
            bins,
            weights=np.full(len(distances), 1.0 / max(len(distances), 1)),
            color=color,
            alpha=0.6,
            label=label,
        )
    axes.set_xscale("log")
    axes.legend(loc="upper center", fontsize=8)
    return figures.to_array(figure)
