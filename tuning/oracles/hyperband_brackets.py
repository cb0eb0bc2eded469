"""The brackets of Hyperband for a given number of trials."""

import dataclasses
import math

MOST = 3
"""Times that a bracket selects. After a 27th of its epochs a training of a
generative model has little to say: warm-ups go on, large networks are behind.
"""


@dataclasses.dataclass(frozen=True)
class Bracket:
    """Successive halving of `size` configurations in `number + 1` rounds.

    Attributes:
        number: s of the paper: how many times it selects.
        size: configurations that the first round draws.
        max_epochs: that the last round trains to.
        factor: of the epochs between rounds.
    """

    number: int
    size: int
    max_epochs: int
    factor: int

    @property
    def rounds(self) -> int:
        """How many rounds there are."""
        return self.number + 1

    def size_of(self, round_number: int) -> int:
        """max(1, floor(size / factor**round)) trials, if none fails."""
        return max(1, self.size // self.factor**round_number)

    def epochs_of(self, round_number: int) -> int:
        """ceil(max_epochs / factor**(number - round)), from the start on."""
        share = self.factor ** (self.number - round_number)
        return math.ceil(self.max_epochs / share)


def brackets_for(
    trials: int, max_epochs: int, factor: int = 3
) -> list[Bracket]:
    """Brackets whose first rounds together draw `trials` configurations.

    Formula, with S = min(MOST, floor(log(max_epochs) / log(factor))):

        weight(s) = (S + 1) / (s + 1) * factor**s,  s = 0, ..., S

    as in Hyperband, where each bracket then takes about as many epochs. The
    sizes are in proportion to the weights, rounded by largest remainders, and
    at least 1: `trials` below S + 1 gives S + 1 configurations.

    Args:
        trials: configurations to draw.
        max_epochs: of a training.
        factor: a round keeps 1 in `factor` trials.

    Returns:
        The brackets, from the one that selects nothing to that with most
        rounds: what is drawn first, the defaults, is trained to the end, and
        what others find is better than that.

    Reference: Li et al., Hyperband: A Novel Bandit-Based Approach to
    Hyperparameter Optimization, JMLR 18 (2018), algorithm 1.

    >>> [bracket.size for bracket in brackets_for(20, max_epochs=27)]
    [2, 2, 5, 11]
    """
    most = 0
    while most < MOST and factor ** (most + 1) <= max_epochs:
        most += 1
    numbers = range(most + 1)
    weights = [factor**s / (s + 1) for s in numbers]
    shares = [trials * weight / sum(weights) for weight in weights]
    sizes = [max(1, math.floor(share)) for share in shares]
    by_remainder = sorted(
        range(len(shares)), key=lambda i: sizes[i] - shares[i]
    )
    for i in by_remainder[: max(0, trials - sum(sizes))]:
        sizes[i] += 1
    return [
        Bracket(number, size, max_epochs, factor)
        for number, size in zip(numbers, sizes, strict=True)
    ]
