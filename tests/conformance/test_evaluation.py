"""What is logged: the same however the rows are spread."""

import numpy as np
import pytest


def test_batches_and_replicas_do_not_matter(case, two_replicas):
    model = case.build(seed=2)
    model.compile()
    # Packs are made of each replica's rows: here all of them are whole.
    packed = getattr(model, "packing", 1) > 1
    rows, size, small = (40, 12, 8) if packed else (37, 10, 6)
    x, y = case.data(rows)
    with two_replicas.scope():
        double = case.build(seed=2)
        double.compile()

    def logs(model, size):
        return model.evaluate(
            x, y, batch_size=size, verbose=0, return_dict=True
        )

    whole = logs(model, rows)
    assert set(whole) == set(model.logs(training=False))
    for other in (logs(model, size), logs(double, rows), logs(double, small)):
        assert other == pytest.approx(whole, rel=1e-5)


def test_logs_are_the_metrics(case):
    x, y = case.data(20)
    model = case.build()
    model.compile()
    held_out = x if y is None else (x, y)
    logs = model.fit(
        x, y, batch_size=8, validation_data=held_out, verbose=0
    ).history
    names = {metric.name for metric in model.metrics}
    of_training = {
        "gradient_penalty",
        "augmentation_probability",
        "adversarial_gradient_ratio",
        "adversarial_weight",
        "encoder_gradient_norm",
        "decoder_gradient_norm",
        "generator_gradient_norm",
        "discriminator_gradient_norm",
        "decoder_updated",
        "discriminator_updated",
    }
    if not hasattr(model, "encoder"):
        of_training.add("feature_loss")
    evaluated = {f"val_{name}" for name in names - of_training}
    assert set(logs) == names | evaluated
    assert all(np.isfinite(value) for value in logs.values())


def test_negative_elbo_is_its_terms(case):
    model = case.build()
    if "negative_elbo" not in {metric.name for metric in model.metrics}:
        pytest.skip("a model without an evidence lower bound")
    model.compile()
    x, y = case.data(20)
    for logs in (
        model.evaluate(x, y, verbose=0, return_dict=True),
        {k: v[0] for k, v in model.fit(x, y, verbose=0).history.items()},
    ):
        assert logs["negative_elbo"] == pytest.approx(
            logs["reconstruction_loss"] + logs["kl_loss"], rel=1e-6
        )


def test_training_does_not_change_the_noise_of_an_evaluation(few):
    x, y = few.data(20)
    model = few.build()
    model.compile("sgd")
    model.optimizer.learning_rate = 0.0
    before = model.evaluate(x, y, verbose=0, return_dict=True)
    model.fit(x, y, verbose=0)
    assert model.steps_done == 1
    after = model.evaluate(x, y, verbose=0, return_dict=True)
    assert after == before
