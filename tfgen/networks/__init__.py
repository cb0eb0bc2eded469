"""Encoders and decoders, built by name."""

from tfgen.networks.builders import NETWORKS as NETWORKS
from tfgen.networks.builders import build_decoder as build_decoder
from tfgen.networks.builders import build_encoder as build_encoder
from tfgen.networks.builders import divide_options as divide_options
from tfgen.networks.builders import known_options as known_options
from tfgen.networks.builders import recommended_network as recommended_network
