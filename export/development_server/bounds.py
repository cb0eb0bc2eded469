"""What the development server reads and holds at most.

One that asks more, or slower, is refused; the others are served.
"""

# Of a request's body; `most_mebibytes` of the server sets another.
MOST_MEBIBYTES = 64
# REST connections at a time, each of which has a thread.
CONNECTIONS = 256
# gRPC requests at a time, half ones among them.
REQUESTS = 1024
# From the end of an answer to that of the next request, and for a client to
# take an answer.
REQUEST_SECONDS = 60
# After which a gRPC connection is exchanged for another one.
CONNECTION_SECONDS = 300
# Bytes above which requests are read one at a time: small lists in JSON take
# up to 24 times their text in Python.
LARGE_BYTES = 2**20
