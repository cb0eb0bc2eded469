"""Encoders and decoders, built by name."""

from tfgen.networks.named import NETWORKS as NETWORKS
from tfgen.networks.named import build_decoder as build_decoder
from tfgen.networks.named import build_encoder as build_encoder
from tfgen.networks.named import divide_options as divide_options
from tfgen.networks.named import known_options as known_options
from tfgen.networks.named import recommended_network as recommended_network
