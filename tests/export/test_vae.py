import numpy as np

from tfgen.export import SavedModelSession, export_saved_model
from tfgen.models import build


def test_a_vae_answers_in_the_runtime_as_in_python(tmp_path):
    """Also to seeds of more than 32 bits."""
    model = build(
        "vae",
        input_shape=(4, 4, 1),
        latent_dim=4,
        network="mlp",
        num_classes=3,
    )
    path = export_saved_model(model, tmp_path)
    inputs = {"seed": np.array([5, 2**40]), "label": np.array([2, 0])}
    with SavedModelSession(path) as session:
        answers = session.run("generate", **inputs)
    expected = model.run_endpoint("generate", inputs)
    np.testing.assert_allclose(answers["x"], expected["x"], atol=1e-5)


def test_score_draws_nothing_when_asked():
    """Its noise is a constant: other runtimes have no such random numbers."""
    model = build("vae", input_shape=(5,), latent_dim=2, network="mlp")
    operations = {
        node.op
        for nodes in _functions(model.compiled_endpoint("score").graph)
        for node in nodes
    }
    assert not [op for op in operations if "Random" in op]


def _functions(graph):
    definition = graph.as_graph_def()
    yield definition.node
    yield from (body.node_def for body in definition.library.function)
