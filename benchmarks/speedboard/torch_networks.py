"""Keras' networks in PyTorch, layer by layer, channels first."""

import json
import math

from torch import nn

SLOPE = 0.2  # of Keras' "leaky_relu"


def read_networks(path):
    """By name, as `write_networks` of `of_tfgen` wrote them."""
    return {
        name: Network(model["config"])
        for name, model in json.loads(path.read_text()).items()
    }


class Network(nn.Module):
    """A functional model of one input and one output.

    Args:
        config: of the `keras.Model`, whose layers are in order of use.
    """

    def __init__(self, config):
        super().__init__()
        shapes, self.calls = {}, []
        self.parts = nn.ModuleDict()
        for layer in config["layers"]:
            name, options = layer["name"], layer["config"]
            if layer["class_name"] == "InputLayer":
                self.input = name
                self.input_shape = options["batch_shape"][1:]
                shapes[name] = self.input_shape
                continue
            sources = _sources(layer["inbound_nodes"])
            make = MAKERS[layer["class_name"]]
            self.parts[name], shapes[name] = make(options, shapes[sources[0]])
            self.calls.append((name, sources))
        self.output = name

    def forward(self, x, inner=None):
        """The output; with the name of an inner layer a pair of both."""
        found = {self.input: x}
        for name, sources in self.calls:
            found[name] = self.parts[name](*(found[s] for s in sources))
        if inner is None:
            return found[self.output]
        return found[inner], found[self.output]


class Sum(nn.Module):
    """Of a residual block."""

    def forward(self, first, second):
        return first + second


def _sources(nodes):
    """Names of the layers that a layer takes, of Keras' nested lists."""
    (tensors,) = nodes[0]["args"]
    if isinstance(tensors, dict):
        tensors = [tensors]
    return [t["config"]["keras_history"][0] for t in tensors]


def _activated(module, options):
    activation = options.get("activation", "linear")
    made = ACTIVATIONS[activation]()
    if module is None:
        return made
    return module if activation == "linear" else nn.Sequential(module, made)


def _dense(options, shape):
    units, bias = options["units"], options["use_bias"]
    return _activated(nn.Linear(shape[0], units, bias), options), [units]


def _convolution(options, shape):
    height, width, channels = shape
    size, stride = options["kernel_size"][0], options["strides"][0]
    module = nn.Conv2d(
        channels,
        options["filters"],
        size,
        stride,
        padding=(size - 1) // 2,
        bias=options["use_bias"],
    )
    out = [-(-height // stride), -(-width // stride), options["filters"]]
    return _activated(module, options), out


def _transposed(options, shape):
    height, width, channels = shape
    size, stride = options["kernel_size"][0], options["strides"][0]
    padding = (size - 1) // 2
    module = nn.ConvTranspose2d(
        channels,
        options["filters"],
        size,
        stride,
        padding=padding,
        output_padding=stride + 2 * padding - size,
        bias=options["use_bias"],
    )
    out = [stride * height, stride * width, options["filters"]]
    return _activated(module, options), out


def _group_norm(options, shape):
    groups, epsilon = options["groups"], options["epsilon"]
    return nn.GroupNorm(groups, shape[-1], epsilon), shape


def _batch_norm(options, shape):
    share = 1.0 - options["momentum"]
    return nn.BatchNorm2d(shape[-1], options["epsilon"], share), shape


def _reshape(options, shape):
    out = options["target_shape"]
    if len(out) == 3:
        return nn.Unflatten(1, (out[2], out[0], out[1])), out
    return nn.Identity(), out


MAKERS = {
    "Activation": lambda options, shape: (_activated(None, options), shape),
    "Add": lambda options, shape: (Sum(), shape),
    "BatchNormalization": _batch_norm,
    "Conv2D": _convolution,
    "Conv2DTranspose": _transposed,
    "Dense": _dense,
    "Flatten": lambda options, shape: (nn.Flatten(), [math.prod(shape)]),
    "GroupNormalization": _group_norm,
    "Reshape": _reshape,
    "UpSampling2D": lambda options, shape: (
        nn.Upsample(scale_factor=2),
        [2 * shape[0], 2 * shape[1], shape[2]],
    ),
}
ACTIVATIONS = {
    "leaky_relu": lambda: nn.LeakyReLU(SLOPE),
    "linear": nn.Identity,
    "relu": nn.ReLU,
    "silu": nn.SiLU,
    "tanh": nn.Tanh,
}
