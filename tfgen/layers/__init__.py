"""Layers that the networks need and Keras lacks."""

from tfgen.layers.batch_normalization import (
    BatchNormalization as BatchNormalization,
)
from tfgen.layers.conditional_batch_normalization import (
    ConditionalBatchNormalization as ConditionalBatchNormalization,
)
from tfgen.layers.conditional_group_normalization import (
    ConditionalGroupNormalization as ConditionalGroupNormalization,
)
from tfgen.layers.dropout import Dropout as Dropout
from tfgen.layers.minibatch_stddev import MinibatchStddev as MinibatchStddev
from tfgen.layers.spectral_conv2d import SpectralConv2D as SpectralConv2D
from tfgen.layers.spectral_conv2d_transpose import (
    SpectralConv2DTranspose as SpectralConv2DTranspose,
)
from tfgen.layers.spectral_dense import SpectralDense as SpectralDense
