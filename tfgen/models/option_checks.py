"""Options of models that have a meaning, alone and beside each other."""

from tfgen import losses, probability

VAE_GAN_OBJECTIVES = ("larsen", "elbo_adversarial")
DEFAULT_RATIO = 0.5
OF_LARSEN = {
    "gamma": 1.0,
    "feature_layer": None,
    "feature_variance": None,
    "balance_gate": False,
}


def check_augmentation(
    augmentation: object, data_shape: tuple[int, ...]
) -> None:
    """Raises ValueError for an augmentation of what is no image."""
    if augmentation is not None and len(data_shape) != 3:
        raise ValueError(
            f"augmentation={augmentation!r} is for images (height, width, "
            f"channels), got data of shape {data_shape}: leave it out."
        )


def check_objective(
    objective: str,
    likelihood: probability.Likelihood,
    data_shape: tuple[int, ...],
    **of_larsen,
) -> None:
    """Raises ValueError for what the objective leaves without a meaning.

    Args:
        objective: its name.
        likelihood: a `Likelihood`.
        data_shape: shape of one example.
        **of_larsen: options that are its alone.
    """
    if objective not in VAE_GAN_OBJECTIVES:
        raise ValueError(
            f"objective is {objective!r}, expected one of "
            f"{', '.join(VAE_GAN_OBJECTIVES)}."
        )
    if likelihood.is_drawn:
        raise ValueError(
            f"{type(likelihood).__name__} is drawn pixel by pixel, which hands "
            "no gradient on to what makes images for a discriminator: build "
            "a model 'vae', or take the likelihood 'bernoulli' or 'gaussian'."
        )
    if objective == "larsen":
        _check_nothing_idle(likelihood, data_shape)
    else:
        _check_defaults(of_larsen)
    _check_targets(likelihood)


def check_weighing(
    gamma: float, adversarial_ratio: float, adversarial_weight: float | None
) -> None:
    """Raises ValueError for numbers that would say nothing."""
    fixed = adversarial_weight is not None
    if fixed and adversarial_ratio != DEFAULT_RATIO:
        raise ValueError(
            f"adversarial_ratio is {adversarial_ratio} and adversarial_weight "
            f"is {adversarial_weight}: leave out one of them, since a fixed "
            "weight follows no ratio."
        )
    if gamma != 1.0 and not fixed:
        raise ValueError(
            f"gamma is {gamma}, which says nothing while adversarial_weight "
            "follows the gradients: pass adversarial_weight too, or change "
            "adversarial_ratio instead."
        )


def check_gate(balance_gate: bool, loss: losses.AdversarialLoss) -> None:
    """Raises ValueError for a gate on what is no cross-entropy."""
    if balance_gate and not isinstance(loss, losses.Minimax):
        raise ValueError(
            "balance_gate looks at cross-entropies, got the loss "
            f"{type(loss).__name__}: use loss='non_saturating' or 'minimax', "
            "or leave balance_gate out."
        )


def find_range(
    likelihood: probability.Likelihood,
    from_decoder: tuple[float, float] | None,
    data_range: tuple[float, float] | str | None,
) -> tuple[float, float] | None:
    """`(low, high)` of the data, or None.

    Args:
        likelihood: whose own range, if it has one, is the data's.
        from_decoder: what the decoder's last activation says.
        data_range: what was asked for, or "auto".

    Raises:
        ValueError: for a range other than the likelihood's.
    """
    own = likelihood.data_range
    if data_range == "auto":
        return own or from_decoder
    data_range = data_range and tuple(map(float, data_range))
    if own is not None and data_range != own:
        raise ValueError(
            f"data_range is {data_range}, but {type(likelihood).__name__} is "
            f"of data in {own}: leave data_range out."
        )
    return data_range


def _check_defaults(of_larsen):
    wrong = {k: v for k, v in of_larsen.items() if v != OF_LARSEN[k]}
    if wrong:
        listed = ", ".join(f"{k}={v!r}" for k, v in wrong.items())
        raise ValueError(
            f"{listed} is for objective='larsen', got 'elbo_adversarial': "
            "leave it out; adversarial_ratio or adversarial_weight say how "
            "much the adversary counts."
        )


def _check_nothing_idle(likelihood, data_shape):
    if isinstance(likelihood, probability.Table):
        raise ValueError(
            "Table has codes and mixtures to learn, but objective='larsen' "
            "compares features and trains none: pass "
            "objective='elbo_adversarial'."
        )
    scale = likelihood.trainable_variables
    if scale or likelihood.decoder_shape(data_shape) != data_shape:
        raise ValueError(
            f"{type(likelihood).__name__} has more to learn than a mean, but "
            "objective='larsen' compares features and trains none: pass "
            "likelihood=tfgen.probability.Gaussian(scale=0.5**0.5) or "
            "'bernoulli', or use objective='elbo_adversarial'."
        )


def _check_targets(likelihood):
    cuts = isinstance(likelihood, probability.Bernoulli)
    if cuts and likelihood.get_config()["targets"] == "threshold":
        raise ValueError(
            "Bernoulli(targets='threshold') wants images of black and white, "
            "but the discriminator compares expected pixels with grey data: "
            "cut the data and pass targets='soft'."
        )
