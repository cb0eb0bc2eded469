"""Five sets of small colour images, drawn by this program or cut.

Each function gives uint8 images `(rows, height, width, 3)` of the training
and of the test split; the same ones each time.
"""

import functools
import pathlib

import numpy as np
from PIL import Image, ImageDraw, ImageFont

TEST_SHARE = 5
"""One image of so many tests."""
PATCH, STRIDE = 32, 12


def photographs():
    """Patches of the two photographs of scikit-learn, 32 x 32.

    Those of the test split come from a strip in the middle, and none of the
    others overlaps it.
    """
    from sklearn.datasets import load_sample_images

    train, test = [], []
    for photograph in load_sample_images().images:
        left, right = (photograph.shape[1] * n // TEST_SHARE for n in (2, 3))
        train += _patches(photograph[:, :left])
        test += _patches(photograph[:, left:right])
        train += _patches(photograph[:, right:])
    return np.stack(train), np.stack(test)


def digits():
    """The 1,797 digits of scikit-learn in two colours each, 16 x 16."""
    from sklearn.datasets import load_digits

    rng = np.random.default_rng(1)
    grey = load_digits().images / 16.0
    grey = np.stack([_enlarged(each, 16) for each in grey])[..., None]
    ink, paper = _two_colours(rng, len(grey))
    return _divided(grey * ink + (1 - grey) * paper)


def shapes():
    """3,000 discs, squares and triangles of any size, place and colour."""
    return _divided(_drawn(3000, 32, _shape))


def letters():
    """5,000 capitals in six typefaces, 32 x 32."""
    return _divided(_drawn(5000, 32, _letter))


def landscapes():
    """1,500 skies with a sun over hills, with trees, 48 x 48."""
    return _divided(_drawn(1500, 48, _landscape))


SETS = {
    function.__name__: function
    for function in (photographs, digits, shapes, letters, landscapes)
}


def _patches(image):
    height, width = image.shape[:2]
    return [
        image[top : top + PATCH, left : left + PATCH]
        for top in range(0, height - PATCH + 1, STRIDE)
        for left in range(0, width - PATCH + 1, STRIDE)
    ]


def _divided(images):
    images = np.asarray(images)
    if images.dtype != np.uint8:
        images = np.rint(255 * images).astype(np.uint8)
    last = len(images) // TEST_SHARE
    return images[:-last], images[-last:]


def _enlarged(image, size):
    image = Image.fromarray(np.float32(image))
    return np.asarray(image.resize((size, size), Image.Resampling.BILINEAR))


def _two_colours(rng, rows):
    """Light and dark ones, one of each, `(rows, 1, 1, 3)`."""
    dark = rng.uniform(0.0, 0.45, (rows, 1, 1, 3))
    light = rng.uniform(0.55, 1.0, (rows, 1, 1, 3))
    swap = rng.random((rows, 1, 1, 1)) < 0.5
    return np.where(swap, light, dark), np.where(swap, dark, light)


def _drawn(rows, size, draw):
    """Images drawn at four times their size, for smooth edges."""
    rng = np.random.default_rng(2)
    images = []
    for _ in range(rows):
        image = Image.new("RGB", (4 * size, 4 * size))
        draw(ImageDraw.Draw(image), 4 * size, rng)
        image = image.resize((size, size), Image.Resampling.BOX)
        images.append(np.asarray(image))
    return np.stack(images)


def _colour(rng, low=0, high=256):
    return tuple(int(value) for value in rng.integers(low, high, 3))


def _shape(draw, size, rng):
    draw.rectangle((0, 0, size, size), fill=_colour(rng))
    radius = rng.uniform(0.15, 0.35) * size
    x, y = rng.uniform(0.35, 0.65, 2) * size
    box = (x - radius, y - radius, x + radius, y + radius)
    kind, colour = rng.integers(3), _colour(rng)
    if kind == 0:
        draw.ellipse(box, fill=colour)
    elif kind == 1:
        draw.rectangle(box, fill=colour)
    else:
        corners = [(x, y - radius), box[2:], (x - radius, y + radius)]
        draw.polygon(corners, fill=colour)


def _letter(draw, size, rng):
    light = rng.random() < 0.5
    ink, paper = ((140, 256), (0, 110)) if light else ((0, 110), (140, 256))
    draw.rectangle((0, 0, size, size), fill=_colour(rng, *paper))
    letter = chr(ord("A") + rng.integers(26))
    font = _fonts()[rng.integers(len(_fonts()))]
    place = tuple(rng.uniform(0.42, 0.58, 2) * size)
    draw.text(place, letter, _colour(rng, *ink), font, anchor="mm")


def _landscape(draw, size, rng):
    top, low = np.array(_colour(rng, 20, 200)), np.array(_colour(rng, 120, 256))
    for y in range(size):
        share = y / size
        colour = tuple(np.int64((1 - share) * top + share * low).tolist())
        draw.line((0, y, size, y), fill=colour)
    x, y = rng.uniform(0.1, 0.9) * size, rng.uniform(0.08, 0.4) * size
    radius = rng.uniform(0.05, 0.12) * size
    box = (x - radius, y - radius, x + radius, y + radius)
    draw.ellipse(box, fill=(255, int(rng.integers(180, 256)), 120))
    for base in (0.5, 0.7):
        _hills(draw, size, rng, base)
    for _ in range(rng.integers(1, 4)):
        _tree(draw, size, rng)


def _hills(draw, size, rng, base):
    x = np.arange(size + 1)
    phase, waves = rng.uniform(0, 6.3), rng.uniform(0.5, 2.0)
    y = size * (base + 0.08 * np.sin(6.3 * waves * x / size + phase))
    corners = [*zip(x.tolist(), y.tolist(), strict=True)]
    ground = [*corners, (size, size), (0, size)]
    draw.polygon(ground, fill=_colour(rng, 30, 150))


def _tree(draw, size, rng):
    x, y = rng.uniform(0.1, 0.9) * size, rng.uniform(0.75, 0.95) * size
    height = rng.uniform(0.15, 0.3) * size
    trunk = (x - height / 12, y - height / 2, x + height / 12, y)
    draw.rectangle(trunk, fill=(70, 45, 25))
    crown = [(x - height / 3, y - height / 3), (x + height / 3, y - height / 3)]
    green = (int(rng.integers(60)), int(rng.integers(70, 140)), 40)
    draw.polygon([*crown, (x, y - height)], fill=green)


@functools.cache
def _fonts():
    import matplotlib

    folder = pathlib.Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    names = ("DejaVuSans", "DejaVuSerif", "DejaVuSansMono")
    files = [f"{n}{bold}.ttf" for n in names for bold in ("", "-Bold")]
    return [ImageFont.truetype(folder / file, 96) for file in files]
