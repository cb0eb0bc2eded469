import keras

from tfgen.losses.penalty import Penalty


@keras.saving.register_keras_serializable(package="tfgen")
class LeCam(Penalty):
    """Outputs on data near the mean output on generated examples, and back.

    Formula: `weight * ((D(x) - a_F)^2 + (D(G(z)) - a_R)^2)`, `a_R` and `a_F`
    the moving averages of the outputs on data and on generated examples,
    which are saved with the model. It helps where data is scarce.

    Args:
        weight: lambda of the paper.
        decay: of the moving averages, per step.
        every: see `Penalty`.

    Reference:
        Tseng et al. (2021), "Regularizing generative adversarial networks
        under limited data", equations 3 and 4.
    """

    def __init__(
        self, weight: float = 0.1, decay: float = 0.99, every: int = 1
    ):
        super().__init__(weight, every)
        if not 0.0 <= decay < 1.0:
            raise ValueError(f"decay is {decay}, expected from 0 to below 1.")
        self.decay = decay
        self.mean_real = self.mean_fake = None

    def make_state(self, add_weight):
        def scalar(name):
            return add_weight(
                shape=(),
                initializer="zeros",
                dtype="float32",
                trainable=False,
                aggregation="only_first_replica",
                name=name,
            )

        self.mean_real = scalar("lecam_mean_real")
        self.mean_fake = scalar("lecam_mean_fake")

    def __call__(self, critique):
        return (critique.real_logits - self.mean_fake) ** 2 + (
            critique.fake_logits - self.mean_real
        ) ** 2

    def update_state(self, critique):
        for average, logits in (
            (self.mean_real, critique.real_logits),
            (self.mean_fake, critique.fake_logits),
        ):
            mean = critique.batch.global_mean(logits)
            average.assign(self.decay * average + (1.0 - self.decay) * mean)

    def get_config(self):
        return {**super().get_config(), "decay": self.decay}
