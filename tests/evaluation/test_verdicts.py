"""Verdicts in words, by numbers chosen by hand."""

import pytest

import tfgen
from tfgen.evaluation.evaluation import _of_no_use
from tfgen.evaluation.verdicts import verdict
from tfgen.metrics import Measurement


def said(title, **values):
    """The verdict on values, or pairs of value and floor."""
    pairs = {
        name: value if isinstance(value, tuple) else (value, None)
        for name, value in values.items()
    }
    return verdict(
        title,
        tuple(
            Measurement(name, float(value), floor=floor)
            for name, (value, floor) in pairs.items()
        ),
    )


@pytest.mark.parametrize(
    ("distance", "precision", "recall", "start", "reason"),
    [
        (1.8, 0.9, 0.9, "good: 1.8 times", ""),
        (8.0, 0.2, 0.9, "fair: 8.0 times", "tfgen fit-prior RUN"),
        (50.0, 0.9, 0.1, "poor: 50.0 times", "cover a part of the data: take"),
        (50.0, 0.1, 0.1, "poor: 50.0 times", "off the data and cover a part"),
        (50.0, 0.9, 0.9, "poor: 50.0 times", "at other shares"),
    ],
)
def test_sample_quality(distance, precision, recall, start, reason):
    text = said(
        "Sample quality",
        frechet_distance=(distance, 1.0),
        precision=(precision, 0.9),
        recall=(recall, 0.9),
    )
    assert text.startswith(start)
    assert reason in text


def test_advice_of_no_use_is_left_out():
    found = tuple(
        Measurement(name, value, floor=floor)
        for name, value, floor in (
            ("frechet_distance", 50.0, 1.0),
            ("precision", 0.1, 0.9),
        )
    )
    assert "off the data: give it the prior" in verdict("Sample quality", found)
    text = verdict("Sample quality", found, ["adversary"])
    assert text.endswith("train longer, or take a wider network.")
    text = verdict("Sample quality", found, ["prior"])
    assert "off the data: train longer" in text
    told = (Measurement("detection_score", 0.9),)
    assert verdict("Table", told).endswith("or take a VAE by its defaults.")
    assert verdict("Table", told, ["vae"]).endswith("or take a wider network.")
    none = (Measurement("kl", 0.1), Measurement("active_units", 0.0))
    text = verdict("Likelihood and latents", none)
    assert text.endswith("free bits, or take a likelihood with a fixed scale.")
    text = verdict("Likelihood and latents", none, ["fixed scale"])
    assert text.endswith("free bits, or take a wider network.")


@pytest.mark.parametrize(
    ("name", "options", "of_no_use"),
    [
        ("vae", {}, {"vae", "fixed scale"}),
        ("vae", {"likelihood": "gaussian"}, {"vae"}),
        (
            "vae",
            {"latent_dims": (2, 2)},
            {"vae", "fixed scale", "prior"},
        ),
        ("vq_vae", {}, {"prior"}),
        ("gan", {}, {"adversary", "prior"}),
    ],
)
def test_which_advice_is_of_no_use(name, options, of_no_use):
    model = tfgen.build(name, input_shape=(8, 8, 1), **options)
    assert set(_of_no_use(model)) == of_no_use
    assert set(_of_no_use(None)) == {"prior"}


def test_latents():
    title = "Likelihood and latents"
    assert said(title, kl=0.1, active_units=3).startswith("poor: the latents")
    assert said(title, kl=9.0, active_units=0).startswith("poor: the latents")
    good = said(title, kl=12.0, active_units=4)
    assert good == "good: 4 latents in use carry 12 nats, 3 each."


def test_tables():
    good = said("Table", detection_score=0.6, train_on_synthetic=(0.9, 1.0))
    assert good == (
        "good: a classifier tells rows apart at 0.60 and they teach 90% of "
        "what real rows teach."
    )
    few = said("Table", detection_score=(0.7, 0.72))
    assert few == (
        "good: a classifier tells rows apart at 0.70 (real ones at 0.72)."
    )
    for score, share, level in ((0.8, 0.9, "fair"), (0.6, 0.7, "fair")):
        text = said(
            "Table", detection_score=score, train_on_synthetic=(share, 1.0)
        )
        assert text.startswith(f"{level}:")
    assert said(
        "Table", detection_score=0.6, train_on_synthetic=(0.3, 1.0)
    ).startswith("poor:")


def test_modes_and_factors():
    modes = {"modes_found": (25, 25.0), "good_samples": 0.98}
    assert said("Modes", **modes) == "good: 25 of 25 modes, 98% near."
    modes["modes_found"] = (8, 25.0)
    assert said("Modes", **modes).startswith("poor: 8 of 25 modes")
    text = said("Disentanglement", mutual_information_gap=0.2)
    assert text.startswith("fair: mutual information gap 0.20")


def test_nothing_is_said_of_what_was_left_out():
    assert verdict("Sample quality", ()) == ""
    assert said("Pictures", kl=1.0) == ""
