"""A picture and a figure for each preset: docs/gallery.md.

    python benchmarks/gallery.py                # what lacks steps, 20 minutes
    python benchmarks/gallery.py --only dcgan
    python benchmarks/gallery.py --share 0.25   # a quarter of the steps
    python benchmarks/gallery.py --whole        # whole trainings: many hours

Each preset is trained as `tfgen train --preset NAME` does, with as many steps
as `STEPS` says, seed 0. Figures are kept in docs/gallery/results.json as they
come: a gallery that was interrupted goes on, and a preset that is there with
as many steps is not trained again.
"""

import argparse
import json
import pathlib
import time

import tfgen  # isort: skip  (loads TensorFlow without its chatter)
import numpy as np
import PIL.Image

from tfgen.pictures import samples_picture, side_by_side_picture
from tfgen.runs.data import in_range, load_splits

DOCS = pathlib.Path(__file__).parents[1] / "docs"
FOLDER, PAGE = DOCS / "gallery", DOCS / "gallery.md"
RESULTS = FOLDER / "results.json"
STEPS = {
    "dense_vae": 4000,
    "conv_vae": 300,
    "dcgan": 60,
    "dense_gan": 3000,
    "conv_gan": 150,
    "shared_vae_gan": 600,
    "vae_gan": 200,
    "small_image_vae": 800,
    "image_vae": 60,
    "likelihood_vae": 2000,
    "image_gan": 60,
    "points_gan": 15_630,
    "image_vae_gan": 250,
    "points_vae_gan": 3000,
    "colour_vae": 300,
    "small_image_vq_vae": 600,
    "pixel_vae": 600,
}
"""About a minute of one processor each; a preset not here is trained whole."""
STAND_INS = {"cifar10": "stacked_fashion_mnist"}
"""Colour images that need no download: three grey ones as channels."""
EXAMPLES = 2000
COLORS = 64
INTRODUCTION = """\
# Gallery of presets

`tfgen train --preset NAME --out run` trains the whole set-up. Here each had
the steps of the table. Where they are few beside those of the whole training,
picture and figure show a beginning and say nothing about the preset; after
some tens of steps that is noise or a shadow. Whole trainings are measured in
[QUALITY.md](../benchmarks/QUALITY.md). Written by `make gallery`
(`python benchmarks/gallery.py`), seed 0, which trains what has fewer
steps than the script names, about a minute of one processor each; `--whole`
trains all to the end.

A VAE's figure is the negative ELBO of test examples in nats. Where likelihoods
or data differ, it does not compare. That of the others is the Frechet distance
of samples to as many test examples, of images in pixels averaged over squares
(at most 16 by 16), of tables and points in the columns in standard deviations;
in brackets validation examples in the samples' place. At most {examples:,}
examples each.
"""
STAND_IN_NOTE = """
The data of presets for `cifar10` are a stand-in here, `stacked_fashion_mnist`
at their size: {names}.
"""


def main():
    options = _options()
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in options.only or tfgen.presets.names():
        preset = tfgen.presets.get(name)
        data = STAND_INS.get(preset.data, preset.data)
        splits = _splits(preset, data)
        steps = 0 if options.whole else STEPS.get(name, 0)
        whole = preset.epochs * -(-len(splits["train"]) // preset.batch_size)
        steps = min(round(options.share * (steps or whole)), whole)
        if _results().get(name, {}).get("steps", 0) >= steps:
            continue
        print(f"{name}: {steps:,} steps on {data}", flush=True)
        result = {"data": data, "steps": steps, "of": whole}
        result |= _train(preset, splits, steps)
        _write({**_results(), name: result})
    _write(_results())


def _options():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--only",
        choices=tfgen.presets.names(),
        action="append",
        help="a preset; may be given several times",
    )
    parser.add_argument(
        "--share", type=float, default=1.0, help="share of the steps [1]"
    )
    parser.add_argument(
        "--whole", action="store_true", help="all epochs of each preset"
    )
    return parser.parse_args()


def _splits(preset, data):
    settings = {"model": preset.model, "data": data}
    height, width, *_ = (*preset.input_shape, 0)
    if data != preset.data:
        settings["image_size"] = f"{height}x{width}"
    return load_splits(settings, ("train", "validation", "test"))


def _train(preset, splits, steps):
    """Trains and draws one preset; returns its figures."""
    model = tfgen.build(preset=preset.name, data=splits["train"], seed=0)
    splits = {name: in_range(model, split) for name, split in splits.items()}
    model.compile(preset.make_optimizers(model, steps=steps))
    batches = splits["train"].batches(preset.batch_size)
    epochs, rest = divmod(steps, batches.steps_per_epoch)
    start = time.process_time()
    for data, times in (
        (batches, epochs),
        # The rest of the steps pass over as many rows.
        (_first(splits["train"], rest * preset.batch_size, preset), rest > 0),
    ):
        if times:
            model.fit(data, epochs=int(times), verbose=0)
    seconds = time.process_time() - start
    _draw(model, splits["test"], FOLDER / f"{preset.name}.png")
    return {"seconds": round(seconds), **_figures(model, splits)}


def _first(source, rows, preset):
    return source.take(rows).batches(preset.batch_size) if rows else None


def _draw(model, test, path):
    if model.encodes and len(model.data_shape) == 3:
        picture = side_by_side_picture(model, test)
    else:
        picture = samples_picture(model, test, _count(model))
    picture = np.broadcast_to(picture, (*picture.shape[:2], 3))
    # Few colours: pages with eighteen pictures should stay light.
    image = PIL.Image.fromarray(picture).quantize(
        COLORS, dither=PIL.Image.Dither.NONE
    )
    image.save(path, optimize=True)


def _count(model):
    return 36 if len(model.data_shape) == 3 else None


def _figures(model, splits):
    if not model.has_discriminator:
        logs = model.evaluate(
            splits["test"].take(EXAMPLES),
            batch_size=100,
            verbose=0,
            return_dict=True,
        )
        return {"negative_elbo": round(logs["negative_elbo"], 2)}
    subject = tfgen.evaluation.Subject(model, **splits, num_samples=EXAMPLES)
    generated = subject.sample_features(0)
    real, floor = (
        subject.drawn_outputs(splits[name])["features"]
        for name in ("test", "validation")
    )
    return {
        "frechet_distance": _distance(real, generated),
        "real_data": _distance(real, floor),
    }


def _distance(real, generated):
    distance = tfgen.metrics.FrechetDistance()
    distance.update_features(real=real, generated=generated)
    return float(f"{distance.result():.3g}")


def _results():
    return json.loads(RESULTS.read_text()) if RESULTS.exists() else {}


def _write(results):
    ordered = {n: results[n] for n in tfgen.presets.names() if n in results}
    RESULTS.write_text(json.dumps(ordered, indent=1) + "\n")
    PAGE.write_text(page(ordered))


def page(results: dict) -> str:
    """The gallery's text, of the figures in results.json."""
    lines = [
        INTRODUCTION.format(examples=EXAMPLES),
        "| preset | data | steps | processor seconds | figure |",
        "|---|---|---|---|---|",
        *(_row(name, result) for name, result in results.items()),
    ]
    stand_ins = [
        f"`{name}`"
        for name in results
        if tfgen.presets.get(name).data in STAND_INS
    ]
    if stand_ins:
        lines.append(STAND_IN_NOTE.format(names=", ".join(stand_ins)))
    for name in results:
        summary = tfgen.presets.get(name).summary
        picture = f"![Samples of {name}](gallery/{name}.png)"
        lines += [f"## {name}\n", f"{summary[0].upper()}{summary[1:]}.\n"]
        lines += [f"{picture}\n"]
    return "\n".join(lines).rstrip() + "\n"


def _row(name, result):
    steps = f"{result['steps']:,}"
    if result["steps"] == result["of"]:
        steps += ", all"
    else:
        steps += f" of {result['of']:,}"
    if "negative_elbo" in result:
        figure = f"{result['negative_elbo']:.2f} nats"
    else:
        figure = f"distance {result['frechet_distance']:g}"
        figure += f" ({result['real_data']:g})"
    link = f"[`{name}`](#{name})"
    return (
        f"| {link} | {result['data']} | {steps} | {result['seconds']} | "
        f"{figure} |"
    )


if __name__ == "__main__":
    main()
