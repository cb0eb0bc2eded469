import numpy as np
import pytest

from tfgen.pictures import loss_plot

BLUE, ORANGE = (0x1F, 0x6F, 0xB4), (0xD1, 0x60, 0x3D)


def shows(picture, color):
    return bool((picture == color).all(axis=-1).any())


def vae_history(epochs=20, beta=1.0, validation=True):
    steps = np.arange(epochs)
    history = {
        "reconstruction_loss": 100 * np.exp(-steps / 3) + 50,
        "kl_loss": 10 - 8 * np.exp(-steps / 3),
    }
    history["negative_elbo"] = sum(history.values())
    history["loss"] = history["reconstruction_loss"] + beta * history["kl_loss"]
    if validation:
        history |= {f"val_{k}": v + 3 for k, v in history.items()}
    return {"epoch": steps + 1, **history, "seconds": steps}


@pytest.mark.parametrize(
    "history, shape, titles",
    [
        (
            vae_history(),
            (350, 3 * 420, 3),
            {"Negative ELBO", "KL divergence from the prior"},
        ),
        (vae_history(beta=4.0), (670, 3 * 420, 3), {"Loss"}),
        (vae_history(1), (350, 3 * 420, 3), {"Negative ELBO"}),
        (
            {
                "generator_loss": [1.0, 2.0],
                "discriminator_loss": [0.5, 0.4],
                "real_accuracy": [0.5, 0.7],
                "fake_accuracy": [0.5, 0.8],
                "learning_rate_generator": [1e-4, 1e-4],
            },
            (350, 2 * 420, 3),
            {"Adversarial losses", "Discriminator"},
        ),
        ({"my_own_loss": [1.0, np.nan]}, (350, 420, 3), {"My Own Loss"}),
        (
            {"condition_loss": [0.9, 0.8]},
            (350, 420, 3),
            {"Condition (cross-entropy)", "nats per example"},
        ),
    ],
)
def test_panels(history, shape, titles, texts):
    assert loss_plot(history).shape == shape
    assert titles <= set(texts.all)
    assert "epoch" in texts.all


def test_labels(texts):
    picture = loss_plot(vae_history())
    assert texts.all.count("nats per example") == 3
    assert {"training", "validation"} <= set(texts.all)
    assert shows(picture, BLUE) and shows(picture, ORANGE)
    picture = loss_plot(vae_history(validation=False))
    assert shows(picture, BLUE) and not shows(picture, ORANGE)


@pytest.mark.parametrize("history", [{}, {"epoch": []}, {"loss": []}])
def test_nothing_to_draw(history):
    with pytest.raises(ValueError, match="train first"):
        loss_plot(history)


def test_values_that_are_no_numbers():
    history = {"loss": [np.nan, np.nan], "val_loss": [np.inf, 1.0]}
    assert loss_plot(history).shape == (350, 420, 3)
