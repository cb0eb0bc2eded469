"""What a private training has spent, in its logs."""

import keras


class PrivacySpent(keras.callbacks.Callback):
    """Adds `epsilon`, spent so far, to the logs of each epoch; `fit` has it."""

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        model = self.model
        if logs is not None:
            logs["epsilon"] = model.private_training.epsilon(model.steps_done)
