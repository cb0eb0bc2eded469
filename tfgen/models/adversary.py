"""The discriminator's side of a model."""

import copy
import functools
from collections.abc import Callable

import keras
import tensorflow as tf

from tfgen import losses
from tfgen.augmentations import AdaptiveAugment, Augmentation
from tfgen.layers.row_by_row import trains_row_by_row
from tfgen.training import GlobalBatch


class Adversary:
    """What a discriminator is shown, and the losses on what it says.

    Args:
        discriminator: `keras.Model` from data (`[data, one-hot labels]`) to
            one logit.
        loss: a name or a `tfgen.losses.AdversarialLoss`.
        penalties: names or `tfgen.losses.Penalty` objects; None: what the
            loss needs.
        augmentation: a `tfgen.augmentations.Augmentation` or None.
        add_weight: of the model that saves what penalties and augmentation
            remember.
        packing: examples that the discriminator sees side by side (Lin et
            al., 2018, "PacGAN").
        feature_matching: weight of the distance between mean features in the
            generator's loss (Salimans et al., 2016, section 3.1).
    """

    def __init__(
        self,
        discriminator: keras.Model,
        loss: str | losses.AdversarialLoss,
        penalties: str | losses.Penalty | list | None,
        augmentation: Augmentation | None,
        add_weight: Callable[..., keras.Variable],
        *,
        packing: int = 1,
        feature_matching: float = 0.0,
    ):
        self.discriminator = discriminator
        self.loss = losses.get_adversarial_loss(loss)
        self.penalties = _own_penalties(self.loss, penalties)
        self.augmentation = _own(augmentation)
        self.packing = packing
        self.feature_matching = feature_matching
        if feature_matching:
            self._with_features = _with_features(discriminator)
        for part in (*self.penalties, self.augmentation):
            if part is not None:
                part.make_state(add_weight)

    def criticise(
        self, batch: GlobalBatch, *fakes: tf.Tensor, training: bool
    ) -> list[losses.Critique]:
        """What the discriminator says, for each kind of generated examples.

        Args:
            batch: the `GlobalBatch` of data.
            *fakes: as many generated examples, of one or of several kinds.
            training: whether to augment.
        """
        groups = batch.groups(self.packing)

        def discriminate(x, kinds=1):
            labels = groups.labels
            if labels is not None and kinds > 1:
                labels = tf.tile(labels, (kinds, 1))
            with groups:
                return self.discriminate(x, labels, training)

        real, *fakes = (
            self._shown(batch, x, f"discriminator_{kind}", training)
            for kind, x in (("real", batch.x), *(("fake", f) for f in fakes))
        )
        at_once = None
        if self._judges_at_once():
            at_once = functools.partial(discriminate, kinds=1 + len(fakes))
        return losses.DiscriminatorOutputs.of_kinds(
            discriminate, real, fakes, groups, at_once
        )

    def discriminator_losses(
        self,
        critiques: list[losses.Critique],
        training: bool,
        step: tf.Tensor | int = 0,
    ) -> dict[str, tf.Tensor]:
        """Terms of the discriminator's loss and its accuracies.

        Args:
            critiques: of `criticise`. If there are several, each kind makes
                up an equal share of what is generated: terms are means.
            training: whether to take penalties.
            step: number of the training step, for lazy penalties.

        Returns:
            Dict of name to values `(rows,)`.
        """
        values = _mean_values([self._verdict(c) for c in critiques])
        if training:
            values["gradient_penalty"] = self._penalty(critiques, step)
        return self._for_each_row(values)

    def update_state(
        self,
        batch: GlobalBatch,
        critiques: list[losses.Critique],
        real_accuracy: tf.Tensor,
    ) -> None:
        """What penalties and augmentation remember of a step, once taken."""
        for penalty in self.penalties:
            penalty.update_state(_mean_critique(critiques))
        if self.augmentation is not None:
            self.augmentation.update_state(batch, real_accuracy)

    def private_reasons(self) -> list[str]:
        """Where data reach more than the discriminator, row by row."""
        reasons = {
            "the generator's loss depends on data: pass loss='non_saturating', "
            "'hinge', 'wasserstein' or 'least_squares'": (
                self.loss.generator_sees_data
            ),
            "feature_matching shows the generator data: leave it out": (
                self.feature_matching
            ),
            f"packing={self.packing} mixes rows: leave it out": (
                self.packing > 1
            ),
            "the augmentation 'adaptive' goes by answers on data: pass "
            "'diff_augment'": isinstance(self.augmentation, AdaptiveAugment),
            "the penalty LeCam remembers means of answers on data: leave it "
            "out": any(isinstance(p, losses.LeCam) for p in self.penalties),
        }
        return [reason for reason, holds in reasons.items() if holds]

    def generator_losses(
        self, batch: GlobalBatch, *fakes: tf.Tensor, training: bool
    ) -> dict[str, tf.Tensor]:
        """Terms of the generator's loss, `(rows,)`; means over the kinds."""
        groups = batch.groups(self.packing)
        matches = training and self.feature_matching
        seen = [
            self._shown(batch, f, "generator_fake", training) for f in fakes
        ]
        answers = [self._look(fake, groups, training) for fake in seen]
        real_logits = tf.zeros_like(answers[0][0])
        if self.loss.generator_sees_data or matches:
            seen_real = self._shown(batch, batch.x, "generator_real", training)
            real_logits, real_features = self._look(seen_real, groups, training)
        each = []
        for fake_logits, fake_features in answers:
            loss = self.loss.generator_loss(real_logits, fake_logits)
            each.append({"generator_loss": loss})
            if matches:
                each[-1]["feature_loss"] = _distance_of_means(
                    groups, real_features, fake_features
                )
        return self._for_each_row(_mean_values(each))

    def discriminate(
        self,
        x: tf.Tensor,
        labels: tf.Tensor | None = None,
        training: bool = False,
    ) -> tf.Tensor:
        """Logits of examples, or of groups of them, `(rows,)`."""
        inputs = x if labels is None else [x, labels]
        return _logits(self.discriminator(inputs, training=training))

    def _judges_at_once(self):
        """Whether data and generated examples go through in one pass.

        Small networks gain by fewer operations. It does not pay for R1 alone,
        for which generated examples need no slopes, nor for convolutions,
        whose larger activations leave the cache (4% of a DCGAN's step).
        """
        r1, r2 = (
            any(isinstance(penalty, kind) for penalty in self.penalties)
            for kind in (losses.R1, losses.R2)
        )
        dense = all(len(w.shape) <= 2 for w in self.discriminator.weights)
        return r1 == r2 and dense and trains_row_by_row(self.discriminator)

    def _verdict(self, critique):
        real, fake = critique.real_logits, critique.fake_logits
        right_on_real, right_on_fake = self.loss.accuracies(real, fake)
        return {
            "discriminator_loss": self.loss.discriminator_loss(real, fake),
            "real_accuracy": right_on_real,
            "fake_accuracy": right_on_fake,
        }

    def _look(self, x, groups, training):
        """Logits, and features where they are matched."""
        with groups:
            if not self.feature_matching:
                return self.discriminate(x, groups.labels, training), None
            inputs = x if groups.labels is None else [x, groups.labels]
            logits, features = self._with_features(inputs, training=training)
        return _logits(logits), tf.cast(features, tf.float32)

    def _shown(self, batch, x, purpose, training):
        if training and self.augmentation is not None:
            x = self.augmentation(x, batch, batch.next_purpose(purpose))
        return batch.grouped(x, self.packing)

    def _penalty(self, critiques, step):
        if not self.penalties:
            return tf.zeros_like(critiques[0].real_logits)
        # Of the same steps in one branch, where they share their gradients.
        due = {}
        for penalty in self.penalties:
            due.setdefault(penalty.every, []).append(penalty)
        return sum(_lazily(*item, critiques, step) for item in due.items())

    def _for_each_row(self, values):
        if self.packing == 1:
            return values
        return {k: tf.repeat(v, self.packing) for k, v in values.items()}


def _logits(output):
    return tf.cast(tf.squeeze(output, axis=1), tf.float32)


def _lazily(every, penalties, critiques, step):
    def value():
        return sum(_weighted(penalty, critiques) for penalty in penalties)

    if every == 1:
        return value()
    return tf.cond(
        tf.equal(step % every, 0),
        value,
        lambda: tf.zeros_like(critiques[0].real_logits),
    )


def _weighted(penalty, critiques):
    seen = critiques if penalty.sees_generated else critiques[:1]
    mean = tf.add_n([penalty(critique) for critique in seen]) / len(seen)
    return penalty.weight * penalty.every * mean


def _mean_critique(critiques):
    """One whose answers on generated examples are the means of several."""
    mean = copy.copy(critiques[0])
    logits = [critique.fake_logits for critique in critiques]
    mean.fake_logits = tf.add_n(logits) / len(logits)
    return mean


def _mean_values(each):
    """Means by name of several dicts of the same names."""
    return {
        name: tf.add_n([values[name] for values in each]) / len(each)
        for name in each[0]
    }


def _distance_of_means(batch, real, fake):
    """`||mean f(x) - mean f(G(z))||^2`, as a value for every row.

    Its mean over rows has the value and the gradient of the distance, also
    where each replica holds a part of the rows.
    """
    real, fake = (tf.reshape(f, (tf.shape(f)[0], -1)) for f in (real, fake))
    gap = batch.global_mean(fake) - batch.global_mean(real)
    moved = fake - tf.stop_gradient(fake)
    return tf.reduce_sum(gap * (gap + 2.0 * moved), axis=1)


def _with_features(discriminator):
    """The discriminator with what its last layer of weights takes, too."""
    tensor = next(iter(getattr(discriminator, "outputs", None) or []), None)
    layer = None
    while tensor is not None and not getattr(layer, "weights", None):
        layer, node, _ = tensor._keras_history
        inputs = layer._inbound_nodes[node].input_tensors
        tensor = inputs[0] if inputs else None
    if tensor is None or isinstance(layer, keras.Model):
        raise ValueError(
            "feature_matching looks at what the discriminator's last layer "
            "with weights takes, which is not to be seen: pass a "
            "keras.Sequential or functional model of single layers."
        )
    outputs = [discriminator.outputs[0], tensor]
    return keras.Model(discriminator.inputs, outputs)


def _own_penalties(loss, penalties):
    if isinstance(penalties, str | losses.Penalty):
        penalties = [penalties]
    if penalties is None:
        return loss.recommended_penalties()
    return [_own(losses.get_penalty(penalty)) for penalty in penalties]


def _own(part):
    """A copy: what it remembers belongs to one model."""
    return copy.copy(part)
