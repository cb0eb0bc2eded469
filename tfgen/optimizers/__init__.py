"""Optimizers of models that hold several networks."""

from tfgen.optimizers.optimizer_group import OptimizerGroup as OptimizerGroup
