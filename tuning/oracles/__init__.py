"""Which trial comes next: KerasTuner's oracles, made durable."""

from tfgen.tuning.oracles.durable_oracle import DurableOracle as DurableOracle
from tfgen.tuning.oracles.tuners import TUNERS as TUNERS
from tfgen.tuning.oracles.tuners import make_oracle as make_oracle
