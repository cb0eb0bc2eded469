import numpy as np
import pytest

from tfgen.pictures import latents_picture
from tfgen.pictures.latents import principal_components


@pytest.mark.parametrize("latent_dim", [1, 2, 5])
@pytest.mark.parametrize("classes", [None, 3])
def test_sizes_and_titles(stand_in, make_source, texts, latent_dim, classes):
    model = stand_in((8, 8, 1), latent_dim=latent_dim)
    picture = latents_picture(model, make_source((8, 8, 1), classes))
    height = 596 if latent_dim > 2 else 580
    assert picture.shape == (height, 740 if classes else 600, 3)
    axis = "principal component 1" if latent_dim > 2 else "latent 1"
    assert axis in texts.all
    if classes:
        assert {"0", "1", "2"} <= set(texts.all)


def test_two_latents_are_shown_as_they_are(stand_in, make_source, monkeypatch):
    from matplotlib.axes import Axes

    drawn = []
    scatter = Axes.scatter

    def watched(self, x, y, **options):
        drawn.append((x, y))
        return scatter(self, x, y, **options)

    monkeypatch.setattr(Axes, "scatter", watched)
    source = make_source((8, 8, 1), classes=2)
    latents_picture(stand_in((8, 8, 1)), source)
    x, labels = source.arrays()
    for label, (across, up) in enumerate(drawn):
        np.testing.assert_array_equal(across, x[labels == label, 0, 0, 0])
        np.testing.assert_array_equal(up, x[labels == label, 0, 1, 0])


def test_principal_components_by_hand():
    # Points on the line along (3, 0, 4) / 5 and, half as wide, along (0, 1, 0).
    along, across = np.array([3, 0, 4]) / 5, np.array([0, 1, 0])
    means = np.array([4 * along, -4 * along, 2 * across, -2 * across])
    components, share = principal_components(means)
    np.testing.assert_allclose(
        components, [[4, 0], [-4, 0], [0, 2], [0, -2]], atol=1e-12
    )
    assert share == pytest.approx(1.0)
    # Squares along the three directions: 32, 8 and now 2.
    means = np.concatenate([means, [[-0.8, 0, 0.6], [0.8, 0, -0.6]]])
    components, share = principal_components(means)
    assert share == pytest.approx(40 / 42)
    np.testing.assert_allclose(components[4:], 0, atol=1e-12)


def test_collapsed_and_broken_encoders_have_a_picture(stand_in, make_source):
    model = stand_in((8, 8, 1), latent_dim=3)
    source = make_source((8, 8, 1), classes=2)
    for value in (0.0, np.nan):
        model.encode = lambda x, labels=None, value=value: np.full(
            (len(x), 3), value
        )
        assert latents_picture(model, source).dtype == np.uint8
