"""What is logged: the same however the rows are spread."""

import numpy as np
import pytest


def test_batches_and_replicas_do_not_matter(pair):
    one, two = pair.one, pair.two
    # The last bits of what two replicas have learned are others.
    two.model.set_weights(one.weights)
    # Packs are made of each replica's rows: here all of them are whole.
    packed = getattr(one.model, "packing", 1) > 1
    rows, size, small = (40, 12, 8) if packed else (37, 10, 6)
    x, y = pair.case.data(rows)

    def logs(model, size):
        return model.evaluate(
            x, y, batch_size=size, verbose=0, return_dict=True
        )

    whole = logs(one.model, rows)
    assert set(whole) == set(one.model.logs(training=False))
    others = ((one.model, size), (two.model, rows), (two.model, small))
    for model, batch in others:
        assert logs(model, batch) == pytest.approx(whole, rel=1e-5)


def test_logs_are_the_metrics(pair):
    model, logs = pair.one.model, pair.one.logs
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
        "trimmed",
    }
    if not hasattr(model, "encoder"):
        of_training.add("feature_loss")
    evaluated = {f"val_{name}" for name in names - of_training}
    assert set(logs) == names | evaluated
    assert np.isfinite([*logs.values()]).all()


def test_negative_elbo_is_its_terms(pair):
    model, logs = pair.one.model, pair.one.logs
    if "negative_elbo" not in {metric.name for metric in model.metrics}:
        pytest.skip("a model without an evidence lower bound")
    for prefix in ("", "val_"):
        names = ("negative_elbo", "reconstruction_loss", "kl_loss")
        total, *terms = (logs[prefix + name] for name in names)
        assert total == pytest.approx(np.sum(terms, axis=0), rel=1e-6)


def test_training_does_not_change_the_noise_of_an_evaluation(few):
    x, y = few.data(20)
    model = few.build()
    model.compile("sgd", run_eagerly=True)  # one step
    model.optimizer.learning_rate = 0.0
    before = model.evaluate(x, y, verbose=0, return_dict=True)
    model.fit(x, y, verbose=0)
    assert model.steps_done == 1
    after = model.evaluate(x, y, verbose=0, return_dict=True)
    assert after == before
