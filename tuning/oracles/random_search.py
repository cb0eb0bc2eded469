from keras_tuner.oracles import RandomSearchOracle

from tfgen.tuning.oracles.durable_oracle import DurableOracle


class RandomSearch(DurableOracle, RandomSearchOracle):
    """Draws every trial at random, never the same one twice."""
