"""Long trainings: memory, traces, files and disk stay bounded."""

import json

import processes

GROWTH = 0.05
LONG = """
import json, os, sys, numpy as np, keras, tensorflow as tf, tfgen
family, steps = sys.argv[1], int(sys.argv[2])
options = {"vq_vae": {"num_codes": 8, "network_options": {"filters": (4,)}}}
mlp = {"network": "mlp", "network_options": {"units": (8,)}}
model = tfgen.build(family, input_shape=(8, 8, 1), latent_dim=2, seed=0,
    **options.get(family, mlp))
model.compile()
traces = []
step = model.train_step
def traced(data):
    with tf.init_scope():
        traces.append(model.steps_done)
    return step(data)
model.train_step = traced
def memory():
    pages = int(open("/proc/self/statm").read().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
class Watch(keras.callbacks.Callback):
    seen = []
    def on_epoch_end(self, epoch, logs=None):
        self.seen.append((self.model.steps_done, memory()))
x = np.random.default_rng(0).random((800, 8, 8, 1)).astype("float32")
model.fit(x, batch_size=16, epochs=steps // 50, verbose=0, callbacks=[Watch()])
warm = next(m for s, m in Watch.seen if s >= steps // 10)
print(json.dumps([len(traces), max(traces), warm, Watch.seen[-1][1]]))
"""


def measure(folder, options):
    """Each family: resident memory after a tenth of the steps, and traces."""
    for family in processes.SMALL:
        with processes.start_code(
            LONG, folder, family, options.steps
        ) as process:
            out, err = process.communicate()
        if process.returncode:
            yield False, f"{family}: {err[-500:]}"
            continue
        traces, last, warm, end = json.loads(out.splitlines()[-1])
        growth = end / warm - 1
        yield (
            growth < GROWTH and last < 2,
            (
                f"{family}, {options.steps:,} steps: memory {growth:+.1%} "
                f"after warm-up ({end / 2**20:.0f} MiB), {traces} traces, none "
                f"after step {last}"
            ),
        )


def measure_callbacks(folder, options):
    """A run with all its callbacks, at a half and at the end."""
    processes.write_images(folder, rows=1000)
    epochs = options.tiny_steps // 50
    sizes = []
    for part in (epochs // 2, epochs):
        words = processes.train("vae", part) if not sizes else processes.RESUME
        done = processes.run((*words, "--epochs", part), folder)
        if done.returncode:
            yield False, done.stderr[-500:]
            return
        files = [p for p in (folder / "run").rglob("*") if p.is_file()]
        sizes.append((len(files), sum(p.stat().st_size for p in files)))
    (half_files, half), (files, size) = sizes
    each = (size - half) / (epochs - part // 2)
    yield (
        files <= half_files + 20 and each < 4096,
        (
            f"{options.tiny_steps:,} steps in {epochs:,} epochs with all "
            f"callbacks: {half_files} files after a half, {files} at the end; "
            f"{size / 2**20:.1f} MiB, {each:.0f} bytes an epoch"
        ),
    )
