"""Training with differential privacy: what is promised, and what keeps it."""

from tfgen.privacy.accountant import epsilon_spent as epsilon_spent
from tfgen.privacy.accountant import noise_for as noise_for
from tfgen.privacy.privacy import Privacy as Privacy
