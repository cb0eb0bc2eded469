from tfgen.callbacks.throttled_picture import ThrottledPicture
from tfgen.pictures import examples, samples


class SampleImages(ThrottledPicture):
    """Keeps a picture of samples up to date, the same seed each time.

    Data that are no grey or colour images, points or tables have none.

    Args:
        path: of the PNG file, such as `run/samples.png`.
        source: a `tfgen.data.Source` of real data to compare with.
        num_samples: see `tfgen.pictures.samples_picture`.
        seed: of the samples.
        every_seconds: least time between two pictures; the last epoch always
            has one.
    """

    def __init__(
        self,
        path,
        source=None,
        num_samples: int | None = None,
        seed: int = 0,
        every_seconds: float = 10.0,
    ):
        super().__init__(path, every_seconds)
        self.source = source
        self.num_samples = num_samples
        self.seed = seed

    def on_train_begin(self, logs=None):
        super().on_train_begin(logs)
        if self.source is not None:
            self.source = examples.in_memory(
                self.source, examples.MOST_EXAMPLES, self.seed
            )

    def can_draw(self):
        return examples.can_show(self.model)

    def picture(self):
        return samples.samples_picture(
            self.model, self.source, self.num_samples, self.seed
        )
