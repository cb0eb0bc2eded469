"""Test negative evidence lower bound of the presets on small data."""

import tfgen  # isort: skip  (loads TensorFlow without its chatter)
from scoreboard.family import Column, Family

PRESETS = ("table_vae", "circles_vae", "small_image_vae")


def tasks(seed):
    presets = [tfgen.presets.get(name) for name in PRESETS]
    return [
        {
            "row": f"`{preset.name}`, {preset.data}",
            "seed": seed,
            "preset": preset.name,
            "epochs": preset.epochs,
        }
        for preset in presets
    ]


def measure(folder, seed, preset, **_):
    """Evidence lower bound and its parts in nats an example."""
    preset = tfgen.presets.get(preset)
    train = tfgen.data.load(preset.data, split="train+validation")
    test = tfgen.data.load(preset.data, split="test")
    model = preset.build(input_shape=train.shape, seed=seed)
    batches = train.batches(preset.batch_size, seed=seed)
    steps = preset.epochs * batches.steps_per_epoch
    model.compile(preset.make_optimizers(model, steps=steps))
    model.fit(batches, epochs=preset.epochs, verbose=0)
    return model.evaluate(test, batch_size=100, verbose=0, return_dict=True)


FAMILY = Family(
    name="presets",
    title="Presets, test negative evidence lower bound in nats",
    protocol="""\
Each preset with its own settings, trained on the training and validation
splits. Likelihoods differ from preset to preset: only numbers of one row
compare.""",
    columns=(
        Column("negative ELBO", "negative_elbo"),
        Column("reconstruction", "reconstruction_loss"),
        Column("KL", "kl_loss"),
        Column("epochs", "epochs", ".0f"),
    ),
    tasks=tasks,
    measure=measure,
)
