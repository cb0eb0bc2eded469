"""Layers that the networks need and Keras lacks."""

from tfgen.layers.batch_normalization import (
    BatchNormalization as BatchNormalization,
)
from tfgen.layers.conditional_normalization import (
    ConditionalBatchNormalization as ConditionalBatchNormalization,
)
from tfgen.layers.conditional_normalization import (
    ConditionalGroupNormalization as ConditionalGroupNormalization,
)
from tfgen.layers.dropout import Dropout as Dropout
from tfgen.layers.group_normalization import (
    GroupNormalization as GroupNormalization,
)
from tfgen.layers.masked_convolution import (
    GatedMaskedConv2D as GatedMaskedConv2D,
)
from tfgen.layers.minibatch_stddev import MinibatchStddev as MinibatchStddev
from tfgen.layers.one_hot_codes import OneHotCodes as OneHotCodes
from tfgen.layers.spectral_norm import SpectralConv2D as SpectralConv2D
from tfgen.layers.spectral_norm import (
    SpectralConv2DTranspose as SpectralConv2DTranspose,
)
from tfgen.layers.spectral_norm import SpectralDense as SpectralDense
