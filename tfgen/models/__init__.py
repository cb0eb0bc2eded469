"""Deep generative models as `keras.Model` subclasses."""

from tfgen.models.build import build as build
from tfgen.models.endpoints import Endpoint as Endpoint
from tfgen.models.families import Family as Family
from tfgen.models.families import get_family as get_family
from tfgen.models.families import register_family as register_family
from tfgen.models.fitted_prior import FittedPrior as FittedPrior
from tfgen.models.fitted_prior import fit_prior as fit_prior
from tfgen.models.gan import GAN as GAN
from tfgen.models.generative_model import GenerativeModel as GenerativeModel
from tfgen.models.vae import VAE as VAE
from tfgen.models.vae_gan import VAEGAN as VAEGAN
from tfgen.models.vq_vae import VQVAE as VQVAE
from tfgen.models.with_discriminator import (
    WithDiscriminator as WithDiscriminator,
)
from tfgen.models.with_encoder import WithEncoder as WithEncoder
