"""Whole evaluations of small models, against other programs and the hand."""

import dataclasses
import types

import numpy as np
import pytest
import sklearn.metrics

import tfgen
from tfgen.evaluation import Subject, copying, evaluate

MLP = {"network": "mlp", "network_options": {"units": (16,)}, "seed": 0}


def subject_of(model, data, **options):
    sources = {
        split: tfgen.data.load(data, split=split)
        for split in ("train", "validation", "test")
    }
    if model.data_range:
        sources = {
            split: source.to_range(model.data_range)
            for split, source in sources.items()
        }
    return Subject(model, **sources, **options)


def numbers(evaluation):
    return {m.name: m for s in evaluation.sections for m in s.measurements}


@pytest.fixture(scope="module")
def vae():
    model = tfgen.build(
        "vae",
        input_shape=(8, 8, 1),
        latent_dim=3,
        likelihood="gaussian",
        num_classes=10,
        **MLP,
    )
    model.compile()
    train = tfgen.data.load("digits")
    model.fit(train.batches(128, labels=True), epochs=2, verbose=0)
    return model


@pytest.fixture(scope="module")
def images(vae):
    subject = subject_of(vae, "digits", repeats=2, k=20, name="mine")
    return subject, evaluate(subject)


def test_sections(images):
    evaluation = images[1]
    assert evaluation.name == "mine"
    assert [s.title for s in evaluation.sections] == [
        "Sample quality",
        "Likelihood and latents",
        "Copying of training data",
        "Pictures",
    ]
    shown = {p for s in evaluation.sections for p in s.pictures}
    assert shown == {
        "data",
        "samples",
        "side_by_side",
        "reconstructions",
        "latents",
        "traversals",
        "interpolations",
        "nearest_neighbours",
    }


def frechet(x, y):
    """Heusel et al. (2017), by the eigenvalues of the product."""
    values = np.linalg.eigvals(np.cov(x.T) @ np.cov(y.T)).astype(complex)
    covariances = np.trace(np.cov(x.T) + np.cov(y.T))
    means = np.square(x.mean(0) - y.mean(0)).sum()
    return means + covariances - 2 * np.sqrt(values).real.sum()


def pixels(x, n):
    """As in a picture file of 8 bits."""
    return np.round(np.clip(x[:n], 0, 1) * 255).reshape(n, -1) / 255


def test_frechet_distance(images):
    subject, evaluation = images
    found = numbers(evaluation)["frechet_distance"]
    n = len(subject.validation)  # 179, the test split has 180
    assert n == 179
    test = subject.some(subject.test)
    assert len(test[0]) == n
    floor = frechet(
        pixels(test[0], n), pixels(subject.validation.arrays()[0], n)
    )
    # Many pixels are always 0: the root of a singular matrix is a bit off.
    assert found.floor == pytest.approx(floor, rel=2e-3)
    values = []
    for seed in (0, 1):
        labels = subject.sample_labels(seed)
        samples = subject.model.sample(n, seed=seed, labels=labels)
        values.append(frechet(pixels(test[0], n), pixels(samples, n)))
    assert found.value == pytest.approx(np.mean(values), rel=2e-3)
    assert found.spread == pytest.approx(np.std(values, ddof=1), rel=0.05)
    assert found.details["reference"] == "test split"
    assert found.details["num_real"] == found.details["num_generated"] == n


def test_kernel_distance_of_the_whole_set(images):
    """With no more examples than a subset has, each subset is all of them."""
    subject, evaluation = images
    x = pixels(subject.some(subject.test)[0], 179)
    y = pixels(subject.validation.arrays()[0], 179)

    def kernel(a, b):
        return sklearn.metrics.pairwise.polynomial_kernel(
            a, b, degree=3, gamma=1 / 64, coef0=1
        )

    n = 179
    expected = -2 * kernel(x, y).mean()
    for a in (x, y):
        inner = kernel(a, a)
        expected += (inner.sum() - np.trace(inner)) / (n * (n - 1))
    assert numbers(evaluation)["kernel_distance"].floor == pytest.approx(
        expected,
        abs=2e-6,  # of kernels of about 2, in float32
    )


def test_likelihood(images):
    subject, evaluation = images
    found = numbers(evaluation)
    x, labels = subject.test.arrays()
    elbo = subject.model.score(x, labels).mean()
    # One draw an example here, eight there.
    bound = found["negative_elbo"]
    assert bound.value == pytest.approx(-elbo, abs=4 * bound.spread)
    tighter = found["negative_log_likelihood"]
    assert tighter.value < bound.value
    assert tighter.details["k"] == 20
    encoded = subject.model.run_endpoint(
        "encode",
        {
            "x": subject.some(subject.test)[0],
            "label": subject.some(subject.test)[1],
        },
    )
    m, s = (np.float64(encoded[key]) for key in ("mean", "stddev"))
    kl = 0.5 * (m**2 + s**2 - 1 - 2 * np.log(s)).sum(axis=1).mean()
    assert found["kl"].value == pytest.approx(kl, rel=1e-5)
    parts = found["mutual_information"].value + found["aggregate_kl"].value
    assert parts == pytest.approx(kl, rel=1e-6)


def test_gan_and_vae_compare(vae):
    """A GAN sees other units than a VAE: the data's numbers are the same."""
    gan = tfgen.build("gan", input_shape=(8, 8, 1), latent_dim=3, **MLP)
    ones = [
        evaluate(subject_of(model, "digits", repeats=1, k=2))
        for model in (vae, gan)
    ]
    assert ones[0].fingerprint == ones[1].fingerprint
    first, second = map(numbers, ones)
    for name in ("frechet_distance", "precision", "coverage"):
        assert first[name].floor == pytest.approx(second[name].floor, rel=1e-4)
    assert "negative_elbo" not in second


def test_bernoulli():
    """Of grey images it gets binary ones; the floor is their entropy."""
    model = tfgen.build("vae", input_shape=(8, 8, 1), latent_dim=2, **MLP)
    subject = subject_of(model, "digits", repeats=1, k=3)
    found = numbers(evaluate(subject))
    bound = found["negative_log_likelihood"]
    # Untrained, all logits are near 0: 64 coins.
    assert bound.value == pytest.approx(64 * np.log(2), rel=0.1)
    space = bound.details["likelihood of"]
    assert space == "images binarised once, seed 777"
    assert "bits_per_dimension" not in found


def test_table():
    model = tfgen.build("vae", input_shape=(10,), latent_dim=2, **MLP)
    model.compile()
    evaluation = evaluate(subject_of(model, "diabetes", repeats=1, k=2))
    found = numbers(evaluation)
    assert "Table" in [s.title for s in evaluation.sections]
    # An untrained model's rows are easily told from real ones.
    assert found["detection_score"].value > 0.7
    assert found["column_score"].value < found["column_score"].floor


def test_samples_have_the_digits_of_a_file():
    """Whole numbers are compared as such, not told by their fractions."""
    rng = np.random.default_rng(0)
    x = np.stack([rng.integers(0, 9, 60), rng.integers(0, 2, 60)], axis=1)
    source = tfgen.data.from_arrays(x)
    model = tfgen.build("vae", input_shape=(2,), latent_dim=2, **MLP)
    subject = Subject(model, *[source] * 3)
    for samples in (
        subject.samples(0),
        subject.samples_like(None, 30)[0],
    ):
        own = source.original_units(samples)
        np.testing.assert_allclose(own, np.rint(own), atol=1e-5)
        assert own.min() >= -1e-6 and own.max() <= 8 + 1e-5


def test_ring():
    model = tfgen.build("vae", input_shape=(2,), latent_dim=2, **MLP)
    subject = subject_of(model, "ring", repeats=2, k=2, num_samples=200)
    found = numbers(evaluate(subject))
    assert found["modes_found"].floor == 8
    assert found["good_samples"].floor == pytest.approx(0.9889, abs=0.01)
    assert found["good_samples"].value < 0.1


def test_too_few_examples():
    rows = tfgen.data.load("iris")
    model = tfgen.build("vae", input_shape=(4,), latent_dim=2, **MLP)
    few = Subject(model, rows, rows.take(3), rows.take(4), k=2, repeats=1)
    evaluation = evaluate(few)
    notes = [n for s in evaluation.sections for n in s.notes]
    assert any("3 examples are too few" in note for note in notes)


def test_a_model_that_gives_no_numbers():
    """Its parts say why they are missing; the report is still made."""
    model = tfgen.build("vae", input_shape=(8, 8, 1), latent_dim=2, **MLP)
    for variable in model.trainable_variables:
        variable.assign(variable * np.nan)
    evaluation = evaluate(subject_of(model, "digits", repeats=1, k=2))
    first = evaluation.sections[0]
    assert first.title == "Sample quality" and not first.measurements
    assert "not finite" in first.notes[0]


def test_no_more_samples_than_examples():
    model = tfgen.build("vae", input_shape=(8, 8, 1), latent_dim=2, **MLP)
    subject = subject_of(model, "digits", repeats=1, k=1, num_samples=500)
    evaluation = evaluate(subject)
    found = numbers(evaluation)
    assert found["frechet_distance"].details["num_generated"] == 179
    assert "500 samples were asked for" in evaluation.sections[0].notes[0]
    assert "negative_log_likelihood" not in found  # with k = 1 it is the ELBO


def test_a_constant_column():
    x = np.random.default_rng(0).normal(size=(300, 3))
    x[:, 1] = 0.1
    rows = tfgen.data.from_arrays(np.float32(x))
    model = tfgen.build("vae", input_shape=(3,), latent_dim=2, **MLP)
    parts = [rows.subset(np.arange(i, i + 100)) for i in (0, 100, 200)]
    found = numbers(evaluate(Subject(model, *parts, repeats=1, k=2)))
    assert found["frechet_distance"].value < 10


def test_images_named_as_a_mixture():
    x = np.random.default_rng(0).random((60, 4, 4, 1), np.float32)
    images = tfgen.data.from_arrays(x, value_range=(0, 1))
    images = dataclasses.replace(images, name="ring")
    model = tfgen.build("vae", input_shape=(4, 4, 1), latent_dim=2, **MLP)
    evaluation = evaluate(Subject(model, images, images, images, repeats=1))
    assert "Modes" not in [s.title for s in evaluation.sections]


def test_with_an_extractor():
    train = tfgen.data.load("digits")
    extractor = tfgen.metrics.fit_extractor(train, epochs=1)
    gan = tfgen.build("gan", input_shape=(8, 8, 1), latent_dim=3, **MLP)
    subject = subject_of(gan, "digits", repeats=1, extractor=extractor)
    found = numbers(evaluate(subject))
    assert found["frechet_distance"].details["extractor"] == extractor.name
    # Of a classifier of ten classes.
    assert 1 < found["inception_score"].value < 10
    assert found["frechet_distance"].value > found["frechet_distance"].floor


def test_each_set_is_drawn_and_extracted_once():
    """Distances, inception score and tests of copying share the features."""
    extractor = tfgen.metrics.fit_extractor(tfgen.data.load("digits"), epochs=1)
    gan = tfgen.build("gan", input_shape=(8, 8, 1), latent_dim=3, **MLP)
    subject = subject_of(gan, "digits", repeats=2, extractor=extractor)
    seen, outputs = [], subject.feature_extractor.outputs

    def counting(x, keys):
        seen.append(len(x))
        return outputs(x, keys)

    subject.feature_extractor.outputs = counting
    found = numbers(evaluate(subject))
    assert {"frechet_distance", "inception_score", "copying_test"} < set(found)
    # Of 179 to compare with: test and validation split and two sets, then the
    # training split, and the test split's 180 for copying.
    assert seen == [179, 179, 179, 179, len(subject.train), 180]


class TestCopying:
    """Of a model that gives back its training images, and one that does not."""

    def note(self, source, samples):
        """What is said of a model that gives `samples`."""
        model = tfgen.build("vae", input_shape=source.shape, latent_dim=2)
        rows = np.random.default_rng(0).permutation(len(source))
        parts = np.split(rows, [len(rows) * 8 // 10, len(rows) * 9 // 10])
        train, *held_out = (source.subset(part) for part in parts)
        if callable(samples):
            samples = samples(train)
        subject = Subject(model, train, *held_out, repeats=1)
        features = subject.features(samples)
        subject._known_outputs["samples", 0] = {"features": features}
        (note,) = copying.measure(subject).notes
        return note

    def copies(self, train):
        x = np.resize(train.arrays()[0], (150, *train.shape))
        rng = np.random.default_rng(0)
        return np.float32(x + rng.normal(0, 0.01, x.shape))

    def test_of_training_images(self):
        note = self.note(tfgen.data.load("digits", split="all"), self.copies)
        assert note.startswith("Samples copy training data, by Copying test")
        assert "Authenticity" in note

    def test_of_images_never_seen(self):
        digits = tfgen.data.load("digits", split="all")
        unseen, rest = np.split(np.arange(len(digits)), [150])
        x = digits.rows(unseen)[0]
        note = self.note(digits.subset(rest), x)
        assert note.startswith("No sign of copying")

    def test_of_few_rows(self):
        """22 unseen rows are enough for copies of everything."""
        x = np.random.default_rng(0).normal(size=(110, 5)).astype(np.float32)
        note = self.note(tfgen.data.from_arrays(x), self.copies)
        assert note.startswith("Samples copy training data")

    @pytest.mark.parametrize(
        "error, words",
        [
            (0.4, "too few to tell which"),
            (0.1, "copies of more than 30% would"),
        ],
    )
    def test_near_but_not_leaning(self, error, words):
        excess = types.SimpleNamespace(value=0.2, standard_error=error)
        result = types.SimpleNamespace(
            value=-5.0, standard_error=1.0, copies=False, excess=excess
        )
        said = copying._verdict({"copying_test": result})
        assert said.startswith("By Copying test C_T, samples lie nearer")
        assert words in said
