"""Pictures of models, data and trainings as uint8 arrays.

matplotlib is imported when the first plot is drawn, not before.
"""

from tfgen.pictures.gallery import gallery as gallery
from tfgen.pictures.images import beside_each_other as beside_each_other
from tfgen.pictures.images import image_grid as image_grid
from tfgen.pictures.images import write_gif as write_gif
from tfgen.pictures.images import write_png as write_png
from tfgen.pictures.latent_walks import arithmetic_picture as arithmetic_picture
from tfgen.pictures.latent_walks import (
    interpolations_picture as interpolations_picture,
)
from tfgen.pictures.latent_walks import traversals_picture as traversals_picture
from tfgen.pictures.latents import latents_picture as latents_picture
from tfgen.pictures.loss_plot import loss_plot as loss_plot
from tfgen.pictures.nearest_neighbours import (
    nearest_neighbours_picture as nearest_neighbours_picture,
)
from tfgen.pictures.reconstructions import (
    reconstructions_picture as reconstructions_picture,
)
from tfgen.pictures.reconstructions import (
    side_by_side_picture as side_by_side_picture,
)
from tfgen.pictures.samples import samples_picture as samples_picture
from tfgen.pictures.shares import shares_picture as shares_picture
