"""Mutations of a valid file, drawn by hypothesis: its bytes, or its JSON."""

import copy
import json

import hypothesis.strategies as st

# What readers count with, and what ends a text, a row or a cell.
TOKENS = [
    *(b"", b"\0", b"\xff", b"\x7f\xff\xff\xff", b"\xff" * 8, b"\x00" * 8),
    *(b"nan", b"inf", b"-1", b"1e309", b"9" * 400, b"0x1", b"1_0", b"-0"),
    *(b"\n", b"\r", b'"', b"'", b",", b";", b"\t", b"{", b"[", b"}", b"]"),
    *(b"\xef\xbb\xbf", b"\xff\xfe", "é".encode(), b"\xc3(", b"../x", b"/"),
    *(b"true", b"null", b"2020-02-30", b"24:61", b"%s", b"\\u0000", b"\\ud800"),
]
VALUES = [
    *(
        None,
        True,
        False,
        0,
        1,
        -1,
        2,
        1.5,
        1e308,
        10**25,
        2**31,
        2**63,
        -(2**64),
    ),
    *("", "x", "\0", "\ud800", "nan", "../x", "a" * 300),
    *([], {}, [[]], [1, "x"], [None], {"x": 1}, [1e400], [[0, 1], [2]]),
]
OPERATIONS = ["replace", "insert", "delete", "repeat", "cut", "flip"]
places = st.integers(0, 2**16 - 1).map(lambda number: number / 2**16)
changes = st.lists(
    st.tuples(
        st.sampled_from(OPERATIONS),
        places,
        st.integers(1, 40),
        st.one_of(st.sampled_from(TOKENS), st.binary(max_size=4)),
        st.sampled_from(VALUES),
    ),
    min_size=1,
    max_size=4,
)


def change_bytes(content: bytes, drawn: list) -> bytes:
    """Replaces, inserts, deletes, repeats, cuts or flips, where it is drawn."""
    for operation, place, length, token, _ in drawn:
        at = int(place * len(content))
        before, some = content[:at], content[at : at + length]
        after = content[at + length :]
        if operation == "replace":
            content = before + token + content[at + len(token) :]
        elif operation == "insert":
            content = before + token + some + after
        elif operation == "delete":
            content = before + after
        elif operation == "repeat":
            content = before + some * 2 + after
        elif operation == "cut":
            content = before
        elif some:
            flipped = bytes([some[0] ^ (1 << length % 8)])
            content = before + flipped + some[1:] + after
    return content


def change_json(content: bytes, drawn: list) -> bytes:
    """Puts other values in places of a JSON, or changes its text by a cut."""
    value = json.loads(content)
    for operation, place, _, token, other in drawn:
        other = copy.deepcopy(other)  # it may come twice
        if operation in ("cut", "flip"):
            return change_bytes(json.dumps(value).encode(), drawn)
        where = list(_places(value))
        if not where:
            return json.dumps(other).encode()
        parent, key = where[int(place * len(where))]
        if operation == "delete":
            del parent[key]
        elif operation == "insert" and isinstance(parent, dict):
            parent[token.decode("latin-1")] = other
        elif operation == "repeat" and isinstance(parent, list):
            parent.insert(key, parent[key])
        else:
            parent[key] = other
    return json.dumps(value).encode()


def _places(value):
    """(parent, key) of each value in a JSON but the outermost."""
    keys = ()
    if isinstance(value, dict):
        keys = list(value)
    elif isinstance(value, list):
        keys = range(len(value))
    for key in keys:
        yield value, key
        yield from _places(value[key])
