"""Pictures of the model and of its training."""

from tfgen import pictures
from tfgen.evaluation.section import Section
from tfgen.pictures import examples


def applies(subject) -> bool:
    """Whether there is anything to show."""
    return examples.can_show(subject.model) or bool(subject.history)


def measure(subject) -> Section:
    """What the model makes, and how its training went."""
    model, test = subject.model, subject.test
    shown = {}
    if examples.can_show(model):
        if subject.is_image:
            shown["data"] = _data(subject)
        shown.update(pictures.gallery(model, test, seed=subject.seed))
        if subject.is_image and hasattr(model, "interpolate"):
            shown["interpolations"] = pictures.interpolations_picture(
                model, test, seed=subject.seed
            )
    if subject.history:
        shown["losses"] = pictures.loss_plot(subject.history)
    return Section("Pictures", pictures=shown)


def _data(subject):
    images, _ = examples.fixed_rows(subject.test, 64, subject.seed)
    value_range = examples.picture_range(subject.model, subject.test)
    return pictures.image_grid(images, value_range=value_range)
