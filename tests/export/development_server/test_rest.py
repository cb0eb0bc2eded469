"""The REST interface; texts and statuses are TensorFlow Serving's."""

import base64
import http.client
import json
import threading

import numpy as np
import pytest
import requests
import tensorflow as tf

from tfgen.export.development_server.json_values import to_array
from tfgen.export.development_server.serving_error import ServingError

LATENTS = [[0.5, -1.0, 2.0], [0.0, 0.25, -3.0]]


def decoded(in_python, latents):
    latents = tf.constant(latents, tf.float32)
    return in_python.signatures["decode"](latent=latents)["x"].numpy()


def test_rows(post, in_python):
    status, answer = post({"signature_name": "decode", "instances": LATENTS})
    assert status == 200
    assert list(answer) == ["predictions"]
    np.testing.assert_allclose(
        answer["predictions"], decoded(in_python, LATENTS), atol=1e-6
    )


def test_named_rows_and_several_outputs(post, in_python):
    x = np.random.default_rng(0).random((2, 4, 4, 1)).astype("float32")
    rows = [{"x": row.tolist()} for row in x]
    status, answer = post({"signature_name": "encode", "instances": rows})
    assert status == 200
    expected = in_python.signatures["encode"](x=tf.constant(x))
    for name in ("mean", "stddev"):
        np.testing.assert_allclose(
            [row[name] for row in answer["predictions"]],
            expected[name],
            atol=1e-6,
        )


@pytest.mark.parametrize("inputs", [LATENTS, {"latent": LATENTS}])
def test_columns(post, in_python, inputs):
    status, answer = post({"signature_name": "decode", "inputs": inputs})
    assert status == 200
    np.testing.assert_allclose(
        answer["outputs"], decoded(in_python, LATENTS), atol=1e-6
    )


def test_the_default_signature(post, in_python):
    _, answer = post({"instances": [3, 4]})
    expected = in_python.signatures["generate"](
        seed=tf.constant([3, 4], "int64")
    )
    np.testing.assert_allclose(answer["predictions"], expected["x"], atol=1e-6)


def test_bytes(post):
    content = b"\x00\xff image \x00"
    encoded = {"b64": base64.b64encode(content).decode()}
    row = {"text_bytes": encoded, "number": 3}
    status, answer = post({"signature_name": "shout", "instances": [row]})
    assert status == 200
    (row,) = answer["predictions"]
    assert base64.b64decode(row["loud_bytes"]["b64"]) == content + b"!"
    assert row["half"] == 1.5
    columns = {"text_bytes": ["a", encoded], "number": [1, 2]}
    _, answer = post({"signature_name": "shout", "inputs": columns})
    assert answer["outputs"]["half"] == [0.5, 1.0]
    assert base64.b64decode(answer["outputs"]["loud_bytes"][0]["b64"]) == b"a!"


def test_numbers_have_no_more_digits_than_a_float32(post):
    rows = np.zeros((1, 4, 4, 1)).tolist()
    _, answer = post({"signature_name": "encode", "instances": rows})
    for number in answer["predictions"][0]["mean"]:
        assert number == float(str(np.float32(number)))


def test_versions_and_labels_differ(post):
    request = {"instances": [1]}
    newest = post(request)
    assert newest == post(request, "/versions/2:predict")
    stable = post(request, "/labels/stable:predict")
    assert stable == post(request, "/versions/1:predict")
    assert stable[0] == 200 and stable != newest


@pytest.mark.parametrize(
    "path, status, error",
    [
        (
            "/versions/7:predict",
            404,
            "Servable not found for request: Specific(shouter, 7)",
        ),
        (
            "/labels/gold:predict",
            400,
            "Unrecognized servable version label: gold",
        ),
        (
            "x:predict",
            404,
            "Servable not found for request: Latest(shouterx)",
        ),
        ("", 400, "Malformed request: POST /v1/models/shouter"),
        (
            f"/versions/{2**63}:predict",
            400,
            f"Failed to convert version: {2**63} to numeric.",
        ),
        (
            f"/versions/{'9' * 5000}:predict",
            400,
            f"Failed to convert version: {'9' * 5000} to numeric.",
        ),
    ],
)
def test_refused_addresses(post, path, status, error):
    assert post({"instances": [1]}, path) == (status, {"error": error})


PREFIX = "Failed to process element: {} of 'instances' list. Error: "
PREFIX += "INVALID_ARGUMENT: "


@pytest.mark.parametrize(
    "request_, error",
    [
        (b"", "JSON Parse error: The document is empty"),
        (b"{", "JSON Parse error: Invalid value. at offset: 1"),
        (b"\xff\xfe\x00", "JSON Parse error: "),
        (
            b'{"instances": [' + b"9" * 5000 + b"]}",
            "JSON Parse error: Number too big to be stored in double.",
        ),
        (
            b'{"inputs": ' + b"[" * 900 + b"]" * 900 + b"}",
            "nested more than 63 levels deep",
        ),
        (b"[1]", "JSON Value: [1] Is not object"),
        ({}, "Missing 'inputs' or 'instances' key"),
        ({"instances": [1], "inputs": [1]}, "Not formatted correctly"),
        ({"instances": 1}, "Excepting 'instances' to be an list/array"),
        ({"instances": []}, "No values in 'instances' array"),
        (
            {"signature_name": 3, "instances": [1]},
            "'signature_name' key must be a string value.",
        ),
        (
            {"signature_name": "sing", "instances": [1]},
            'Serving signature name: "sing" not found in signature def',
        ),
        (
            {"instances": [1, "a"]},
            PREFIX.format(1)
            + 'JSON Value: "a" Type: String is not of expected type: int64',
        ),
        (
            {"instances": [1.0]},
            PREFIX.format(0)
            + "JSON Value: 1.0 Type: Number is not of expected type: int64",
        ),
        (
            {"instances": [1, True]},
            PREFIX.format(1)
            + "JSON Value: true Type: True is not of expected type: int64",
        ),
        (
            {"signature_name": "decode", "instances": [[1, 2, 3], [1, 2]]},
            PREFIX.format(1) + "Expecting tensor size: 3 but got: 2",
        ),
        (
            {"signature_name": "decode", "inputs": [[1, 2, 3], [1, 2]]},
            "Encountered list at unexpected size: 2 at level: 1 expected "
            "size: 3",
        ),
        (
            {"signature_name": "decode", "inputs": [[1, 2, [3]]]},
            "Encountered list at unexpected level: 2 expected < 2",
        ),
        (
            {"signature_name": "decode", "inputs": [[1, 2, 3], 4]},
            "JSON Value: 4 found at incorrect level: 2 in the JSON DOM. "
            "Expected at level: 2",
        ),
        (
            {"signature_name": "decode", "inputs": [[1, 2, None]]},
            "JSON Value: null Type: Null is not of expected type: float",
        ),
        (
            {"signature_name": "decode", "inputs": [[1, 2, 1e39]]},
            "Cannot convert JSON value: 1e+39 to float without loss of "
            "precision.",
        ),
        (
            {"signature_name": "decode", "inputs": [[0.5, 2, 2**24]]},
            "Cannot convert JSON value: 16777216 to float without loss of "
            "precision.",
        ),
        (
            {"signature_name": "decode", "inputs": [[1, 2, 2**24]]},
            "Cannot convert JSON value: 16777216 to float without loss of "
            "precision.",
        ),
        (
            {"signature_name": "shout", "instances": [1]},
            "instances is a plain list, but expecting list of objects as "
            "multiple input tensors required as per tensorinfo_map",
        ),
        (
            {"signature_name": "shout", "inputs": [1]},
            "inputs is a plain value/list, but expecting an object as "
            "multiple input tensors required as per tensorinfo_map",
        ),
        (
            {"signature_name": "shout", "inputs": {"number": [1]}},
            "Missing named input: text_bytes in 'inputs' object.",
        ),
        (
            {"signature_name": "shout", "instances": [{"number": 1}]},
            'JSON object: {"number": 1} keys must be equal to: '
            "number,text_bytes",
        ),
        (
            {"instances": [{"sea": 1}]},
            "JSON object: does not have named input: sea",
        ),
        (
            {"instances": [{"seed": 1}, 2]},
            "Expecting object but got list at item 1 of input list",
        ),
        (
            {"instances": [1, {"seed": 2}]},
            "Expecting value/list but got object at item 1 of input list",
        ),
        (
            {
                "signature_name": "shout",
                "inputs": {"number": [1], "text_bytes": [{"b64": "?"}]},
            },
            "Unable to base64 decode",
        ),
        (
            {
                "signature_name": "shout",
                "inputs": {"number": [1], "text_bytes": [{"b64": 1}]},
            },
            "not formatted correctly for base64 data",
        ),
        (
            {
                "signature_name": "shout",
                "inputs": {"number": [1], "text_bytes": [1]},
            },
            "JSON Value: 1 Type: Number is not of expected type: string",
        ),
        (
            {
                "signature_name": "shout",
                "inputs": {"number": [1, 2], "text_bytes": ["a"]},
            },
            "equal 0th-dimension size",
        ),
        (
            {"signature_name": "decode", "instances": [[1, 2]]},
            "expected float32(n, 3), got an array of shape (1, 2)",
        ),
    ],
)
def test_refused_requests(post, request_, error):
    status, answer = post(request_)
    assert status == 400
    assert list(answer) == ["error"]
    assert error in answer["error"]


def test_infinite_inputs_are_numbers(post):
    body = b'{"signature_name": "decode", "inputs": [[NaN, Infinity, 1]]}'
    status, answer = post(body)
    assert status == 200
    assert np.isnan(answer["outputs"]).all()


def test_status(get):
    def entry(number):
        return {
            "version": number,
            "state": "AVAILABLE",
            "status": {"error_code": "OK", "error_message": ""},
        }

    assert get("/v1/models/shouter") == (
        200,
        {"model_version_status": [entry("2"), entry("1")]},
    )
    for path in ("versions/1", "labels/stable"):
        assert get(f"/v1/models/shouter/{path}") == (
            200,
            {"model_version_status": [entry("1")]},
        )


@pytest.mark.parametrize(
    "path, status, error",
    [
        (
            "/v1/models/nobody",
            404,
            "Could not find any versions of model nobody",
        ),
        (
            "/v1/models/shouter/versions/9",
            404,
            "Could not find version 9 of model shouter",
        ),
        ("/v1/models", 400, "Missing model name in request."),
        ("/v2/models", 400, "Malformed request: GET /v2/models"),
    ],
)
def test_refused_questions(get, path, status, error):
    assert get(path) == (status, {"error": error})


def test_metadata(get):
    status, answer = get("/v1/models/shouter/versions/1/metadata")
    assert status == 200
    assert answer["model_spec"] == {
        "name": "shouter",
        "signature_name": "",
        "version": "1",
    }
    signatures = answer["metadata"]["signature_def"]["signature_def"]
    assert set(signatures) == {
        "decode",
        "encode",
        "generate",
        "serving_default",
        "shout",
    }
    shout = signatures["shout"]
    assert shout["method_name"] == "tensorflow/serving/predict"
    assert shout["inputs"]["text_bytes"]["dtype"] == "DT_STRING"
    assert shout["inputs"]["number"]["dtype"] == "DT_INT64"
    assert signatures["decode"]["inputs"]["latent"]["tensor_shape"] == {
        "dim": [{"size": "-1", "name": ""}, {"size": "3", "name": ""}],
        "unknown_rank": False,
    }


def test_other_methods_are_refused_in_json(server):
    response = requests.put(f"{server.rest_url}/v1/models/shouter:predict")
    assert response.status_code == 501
    assert "PUT" in response.json()["error"]


def test_no_chunks(server):
    response = requests.post(
        f"{server.rest_url}/v1/models/shouter:predict",
        data=iter([b'{"instances": [1]}']),
    )
    assert response.status_code == 501
    assert "Content-Length" in response.json()["error"]


def test_a_connection_stays_open_after_a_refusal(server):
    connection = http.client.HTTPConnection("127.0.0.1", server.rest_port)
    for body, status in ((b"{", 400), (b'{"instances": [1]}', 200)):
        connection.request("POST", "/v1/models/shouter:predict", body)
        response = connection.getresponse()
        json.loads(response.read())
        assert response.status == status
    connection.close()


def test_concurrent_clients_get_their_own_answers(post, in_python):
    latents = np.random.default_rng(0).normal(size=(64, 3)).astype("float32")
    expected = decoded(in_python, latents)
    answers = [None] * len(latents)

    def ask(position):
        request = {
            "signature_name": "decode",
            "instances": [latents[position].tolist()],
        }
        answers[position] = post(request)[1]["predictions"][0]

    threads = [
        threading.Thread(target=ask, args=(i,)) for i in range(len(latents))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    np.testing.assert_allclose(answers, expected, atol=1e-6)


def test_large_floats_are_no_large_integers():
    array = to_array([1e30, 16777216.0, 16777215], "float32")
    expected = np.array([1e30, 2.0**24, 2.0**24 - 1], "float32")
    np.testing.assert_array_equal(array, expected)
    assert to_array([0.5, 2**53 - 1], "float64").tolist() == [0.5, 2.0**53 - 1]
    with pytest.raises(ServingError, match="9007199254740993 to double"):
        to_array([0.5, 2**53 + 1], "float64")


def test_errors_name_no_node_of_this_server(post):
    request = {"signature_name": "generate", "instances": [1] * 1001}
    status, answer = post(request)
    assert status == 400
    assert "Task size 1001 is larger than" in answer["error"]
    assert "tfgen_batching" not in answer["error"]
    assert not answer["error"].endswith(("]]", "\n", "\t"))
