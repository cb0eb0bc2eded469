"""What cannot be exact or safe, refused with the alternative named."""

import keras

from tfgen.optimizers import OptimizerGroup

COMPILE_ARGUMENTS = (
    "loss",
    "loss_weights",
    "metrics",
    "weighted_metrics",
    "auto_scale_loss",
)


def refuse_compile_arguments(model: keras.Model, arguments: dict) -> None:
    """Raises ValueError for losses and metrics of supervised models."""
    name = type(model).__name__
    for argument, value in arguments.items():
        if argument not in COMPILE_ARGUMENTS:
            raise ValueError(
                f"compile() got an unknown argument {argument!r}; expected "
                "optimizer, steps_per_execution, jit_compile, run_eagerly."
            )
        if value is not None and argument != "auto_scale_loss":
            raise ValueError(
                f"compile() got {argument}={value!r}, but a {name} brings its "
                "own loss and metrics: leave the argument out."
            )


def refuse_inexact(
    model: keras.Model, group: OptimizerGroup, jit_compile: bool
) -> None:
    """Raises ValueError for what would silently differ from the algorithm."""
    replicas = model.distribute_strategy.num_replicas_in_sync
    for name, optimizer in group.by_network.items():
        _refuse_optimizer(name, optimizer, replicas)
    # Layers that other layers hold as attributes too, unlike `model.layers`.
    for layer in model._flatten_layers(include_self=False):
        _refuse_layer(layer, replicas)
    if jit_compile and replicas > 1:
        raise ValueError(
            f"jit_compile=True cannot run on {replicas} replicas: compile "
            "with jit_compile=False, or train on one replica."
        )


def refuse_other_weights(model: keras.Model) -> None:
    """Raises ValueError if other weights are trainable than at `compile`.

    So it is after `trainable` was set, after `enable_lora` and `quantize`, and
    with another network in the place of one.
    """
    changed = [
        f"{name} ({len(model.optimizer.owned(name))} then, {len(weights)} now)"
        for name, weights in model.network_variables().items()
        if [*map(id, weights)] != [*map(id, model.optimizer.owned(name))]
    ]
    if changed:
        raise ValueError(
            "other weights are trainable than at compile, those of "
            f"{', '.join(changed)}: call compile() again, so that optimizers "
            "and the training step know them."
        )


def _refuse_optimizer(name, optimizer, replicas):
    if isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        raise ValueError(
            f"the optimizer of {name!r} is a LossScaleOptimizer: use "
            "precision='mixed_bfloat16', which needs no loss scale."
        )
    for option in ("gradient_accumulation_steps", "ema_overwrite_frequency"):
        if replicas > 1 and getattr(optimizer, option, None):
            raise ValueError(
                f"the optimizer of {name!r} sets {option}, which crashes on "
                f"{replicas} replicas: leave it out"
                + (
                    " and pass a larger batch_size."
                    if option == "gradient_accumulation_steps"
                    else "; averages are still put in at the end of fit."
                )
            )


def _refuse_layer(layer, replicas):
    if layer.dtype_policy.name == "mixed_float16":
        raise ValueError(
            f"layer {layer.name!r} computes in mixed_float16, whose small "
            "gradients vanish without a loss scale: build it under "
            "mixed_bfloat16."
        )
    if getattr(layer, "data_format", None) == "channels_first":
        raise ValueError(
            f"layer {layer.name!r} takes images with channels first, the model "
            "with channels last: build it with data_format='channels_last', or "
            "after keras.config.set_image_data_format('channels_last')."
        )
    if isinstance(layer, keras.layers.SpectralNormalization):
        raise ValueError(
            f"layer {layer.name!r} (keras.layers.SpectralNormalization) "
            "overwrites the kernel that the optimizer trains: use "
            "tfgen.layers.SpectralDense, SpectralConv2D or "
            "SpectralConv2DTranspose."
        )
    if replicas == 1:
        return
    if isinstance(layer, keras.layers.BatchNormalization):
        if not layer.synchronized:
            raise ValueError(
                f"layer {layer.name!r} normalises each replica's rows apart: "
                "use tfgen.layers.BatchNormalization, which normalises them "
                "together, or GroupNormalization."
            )
    elif hasattr(layer, "seed_generator"):
        instead = "leave it out"
        if isinstance(layer, keras.layers.Dropout):
            instead = "use tfgen.layers.Dropout"
        raise ValueError(
            f"layer {layer.name!r} ({type(layer).__name__}) draws the same "
            f"numbers on all of {replicas} replicas: {instead}, or train on "
            "one replica."
        )
