import numpy as np
import pytest
import tensorflow as tf

import tfgen.data

ROWS = 23


@pytest.fixture
def source():
    """Row i holds i, and its label is i % 3."""
    x = np.arange(ROWS, dtype=np.float32)[:, None]
    return tfgen.data.from_arrays(x, np.arange(ROWS) % 3, kind="points")


def rows_of(dataset, steps):
    """Return the row numbers of each batch."""
    return [x.numpy()[:, 0].astype(int).tolist() for x in dataset.take(steps)]


def memory_limits():
    return pytest.mark.parametrize("memory_limit", [None, 0])


@memory_limits()
def test_each_epoch_is_another_permutation(source, memory_limit):
    batches = source.batches(5, seed=1, memory_limit=memory_limit)
    assert batches.in_memory == (memory_limit is None)
    assert len(batches) == batches.steps_per_epoch == 5
    found = rows_of(batches.dataset(), 20)
    assert [len(batch) for batch in found] == [5, 5, 5, 5, 3] * 4
    epochs = [sum(found[start : start + 5], []) for start in (0, 5, 10, 15)]
    for epoch in epochs:
        assert np.bincount(epoch).tolist() == [1] * ROWS
    assert len({tuple(epoch) for epoch in epochs}) == 4


@memory_limits()
@pytest.mark.parametrize("start_step", [1, 5, 13])
def test_start_step_skips_batches(source, memory_limit, start_step):
    batches = source.batches(5, seed=2, memory_limit=memory_limit)
    uninterrupted = rows_of(batches.dataset(), start_step + 8)
    assert rows_of(batches.dataset(start_step), 8) == uninterrupted[start_step:]


def test_order_is_a_function_of_the_seed(source):
    first, again, other = (
        rows_of(source.batches(5, seed=seed).dataset(), 10)
        for seed in (7, 7, 8)
    )
    assert first == again
    assert first != other


@pytest.mark.parametrize("seed", [3, 2**62 + 12345])
def test_order_is_the_same_in_every_version(source, seed):
    """Trainings go on after an update: words of TensorFlow's public function.

    Epoch 2, in 5 batches.
    """
    words = tf.random.stateless_uniform(
        [3], [seed, 2], None, None, tf.int32, alg="philox"
    )
    wanted = tf.raw_ops.RandomIndexShuffle(
        index=tf.range(ROWS), seed=words, max_index=ROWS - 1, rounds=8
    )
    found = rows_of(source.batches(5, seed=seed).dataset(10), 5)
    assert sum(found, []) == wanted.numpy().tolist()


def test_orders_do_not_come_back():
    """The low bits of seed and epoch are not all that counts."""
    x = np.arange(100, dtype=np.float32)[:, None]
    source = tfgen.data.from_arrays(x, kind="points")
    orders = {
        tuple(rows_of(source.batches(100, seed=seed).dataset(step), 1)[0])
        for seed in (0, 256, 2**32, -1)
        for step in (0, 256, 512, 65536)
    }
    assert len(orders) == 16


def test_every_order_of_three_rows_is_equally_likely():
    source = tfgen.data.from_arrays(np.arange(3.0)[:, None], kind="points")
    orders = rows_of(source.batches(3, seed=0).dataset(), 1200)
    counts = np.unique(orders, axis=0, return_counts=True)[1]
    assert len(counts) == 6
    # chi-squared with 5 degrees of freedom: 20.5 is exceeded in 1 of 1,000.
    assert ((counts - 200) ** 2 / 200).sum() < 20.5


@memory_limits()
@pytest.mark.parametrize("start_step", [0, 2, 4])
def test_without_shuffle_the_order_is_that_of_the_source(
    source, memory_limit, start_step
):
    batches = source.batches(10, shuffle=False, memory_limit=memory_limit)
    found = rows_of(batches.dataset(start_step), 6)
    epoch = [[*range(10)], [*range(10, 20)], [20, 21, 22]]
    assert found == (epoch * 4)[start_step:][:6]


@memory_limits()
def test_without_shuffle_bytes_are_scaled_and_have_their_labels(memory_limit):
    x = np.array([0, 51, 255], np.uint8).reshape(3, 1, 1, 1)
    source = tfgen.data.from_arrays(x, np.array([0, 1, 0]))
    batches = source.batches(
        2, shuffle=False, labels=True, memory_limit=memory_limit
    )
    assert batches.element_spec == batches.dataset().element_spec
    (x1, y1), (x2, y2) = batches.dataset().take(2).as_numpy_iterator()
    np.testing.assert_allclose(x1.ravel(), [0.0, 0.2])
    np.testing.assert_allclose(x2.ravel(), [1.0])
    assert [*y1, *y2] == [0, 1, 0]


def test_memory_and_stream_give_the_same(source):
    x = np.random.default_rng(0).integers(0, 256, (20, 4, 4, 3), np.uint8)
    images = tfgen.data.from_arrays(x, value_range=(-1, 1))
    for data in (source, images):
        pairs = zip(
            data.batches(6).dataset().take(8),
            data.batches(6, memory_limit=0).dataset().take(8),
            strict=True,
        )
        for memory, stream in pairs:
            np.testing.assert_array_equal(memory, stream)


@memory_limits()
def test_labels_go_with_their_rows(source, memory_limit):
    batches = source.batches(4, labels=True, memory_limit=memory_limit)
    for x, labels in batches:
        np.testing.assert_array_equal(x[:, 0].numpy() % 3, labels)
    assert batches.dataset().element_spec == batches.element_spec


def test_iterating_yields_the_first_epoch_each_time(source):
    batches = source.batches(5, seed=3)
    first = [x.numpy().tolist() for x in batches]
    assert first == [x.numpy().tolist() for x in batches]
    assert sum(len(x) for x in first) == ROWS


def test_a_subset_yields_its_own_rows(source):
    part = source.subset([3, 5, 8, 13])
    found = rows_of(part.batches(2).dataset(), 2)
    assert sorted(sum(found, [])) == [3, 5, 8, 13]


@memory_limits()
@pytest.mark.parametrize("batch_size", [4, 22])
def test_replicas_share_the_batch_in_order(
    source, two_replicas, memory_limit, batch_size
):
    batches = source.batches(batch_size, labels=True, memory_limit=memory_limit)
    steps = 2 * len(batches)
    spread = iter(
        two_replicas.experimental_distribute_dataset(batches.dataset(1))
    )
    sizes = set()
    for whole_x, whole_labels in batches.dataset(1).take(steps):
        x, labels = (
            two_replicas.experimental_local_results(part)
            for part in next(spread)
        )
        np.testing.assert_array_equal(np.concatenate(x), whole_x)
        np.testing.assert_array_equal(np.concatenate(labels), whole_labels)
        sizes.add(tuple(len(part) for part in x))
    # 23 rows: the last batch has 3 of 4 rows, or 1 of 22.
    assert sizes == {4: {(2, 2), (2, 1)}, 22: {(11, 11), (1, 0)}}[batch_size]


def test_batches_are_without_end_but_iterators_end_at_once(source):
    """A thread of tf.data's that tunes would be waited for, up to a minute."""
    batches = source.batches(4, seed=0)
    assert batches.dataset().options().autotune.enabled is False
    # What ends would make replicas agree on the end at each step.
    assert batches.dataset().cardinality() == tf.data.INFINITE_CARDINALITY


def test_examples_are_not_written_into_the_graph():
    x = np.ones((1000, 64), np.float32)
    dataset = tfgen.data.from_arrays(x, kind="points").batches(10).dataset()
    graph = dataset._as_serialized_graph(strip_device_assignment=True)
    function_bytes = sum(
        len(function.SerializeToString())
        for function in _functions(graph.numpy())
    )
    assert function_bytes < x.nbytes / 4


def _functions(serialized):
    from tensorflow.core.framework.graph_pb2 import GraphDef

    return GraphDef.FromString(serialized).library.function


@pytest.mark.parametrize(
    ("batch_size", "expected"),
    [
        (0, "batch_size is 0; expected at least 1"),
        (-2, "batch_size is -2"),
        (2.5, "expected a whole number"),
        ("8", "expected a whole number"),
        (True, "expected a whole number"),
        (24, "23 rows are fewer than one batch of 24: pass batch_size <= 23"),
    ],
)
def test_wrong_batch_sizes_are_refused(source, batch_size, expected):
    with pytest.raises(ValueError, match=expected):
        source.batches(batch_size)


def test_other_misuse_is_refused(source):
    with pytest.raises(ValueError, match="start_step is -1"):
        source.batches(4).dataset(-1)
    with pytest.raises(ValueError, match="seed is 0.5"):
        source.batches(4, seed=0.5)
    unlabelled = tfgen.data.from_arrays(np.eye(4))
    with pytest.raises(ValueError, match="'arrays' has no labels"):
        unlabelled.batches(2, labels=True)
