"""Callbacks of `fit`: what it shows, guards and saves."""

from tfgen.callbacks.best_model import BestModel as BestModel
from tfgen.callbacks.checkpoint import Checkpoint as Checkpoint
from tfgen.callbacks.early_end import EarlyEnd as EarlyEnd
from tfgen.callbacks.evaluation import Evaluation as Evaluation
from tfgen.callbacks.gan_health import GANHealth as GANHealth
from tfgen.callbacks.history_file import HistoryFile as HistoryFile
from tfgen.callbacks.history_file import read_history as read_history
from tfgen.callbacks.latent_health import LatentHealth as LatentHealth
from tfgen.callbacks.loss_watch import LossWatch as LossWatch
from tfgen.callbacks.pace import Pace as Pace
from tfgen.callbacks.picture_files import LossPlot as LossPlot
from tfgen.callbacks.picture_files import SampleImages as SampleImages
from tfgen.callbacks.profile import Profile as Profile
from tfgen.callbacks.sample_animation import SampleAnimation as SampleAnimation
from tfgen.callbacks.tensorboard import TensorBoard as TensorBoard
from tfgen.callbacks.training_warnings import (
    TrainingWarning as TrainingWarning,
)
