"""What fit shows, guards and saves."""
from tfgen.callbacks.checkpoint import Checkpoint as Checkpoint
