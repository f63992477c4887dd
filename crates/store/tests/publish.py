"""Counts each line of its input as an action, and publishes that: publish.py SOCKET SET < FILE

A writer of PROTOCOL.md in another language, without a library. It flushes after each line.
"""

import collections, os, socket, sys, time, zlib

RESOLUTION, KEEP = 10 * 10**9, 370_000  # ns, ms
SCRIPT = open(os.path.join(os.path.dirname(__file__), "../src/redis/flush.lua"), "rb").read()
WRITER = os.urandom(8).hex() + "-00000000"
server = socket.socket(socket.AF_UNIX)
server.connect(sys.argv[1])
answers = server.makefile("rb")
buckets = collections.defaultdict(collections.Counter)  # What happened in each bucket, by name.
sequence, acknowledged, sent = 0, {}, {}


def integer(n):
    return bytes([n & 127 | 128]) + integer(n >> 7) if n > 127 else bytes([n])


def text(name):
    return integer(len(name.encode())) + name.encode()


def value(bucket, counts):  # ROWS.md
    rows = b"".join(text(name) + integer(0) + integer(n) for name, n in sorted(counts.items()))
    head = b"wrow" + integer(1) + text("count") + integer(RESOLUTION) + text("") + integer(1)
    head += integer(1) + bytes.fromhex(WRITER.replace("-", "")) + bytes(3)
    file = head + integer(len(counts)) + integer(2 * bucket * RESOLUTION) + rows + integer(0)
    return file + zlib.crc32(file).to_bytes(4, "little")


def call(*words):  # RESP
    words = [word if isinstance(word, bytes) else str(word).encode() for word in words]
    server.sendall(b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in words))
    return answer()


def answer():
    line = answers.readline()
    if line[:1] == b"*":
        return [answer() for _ in range(int(line[1:]))]
    if line[:1] != b"$":
        raise OSError(line.decode())
    return answers.read(int(line[1:]) + 2)[:-2]


def flush(interval):
    global sequence
    for stripe in list(range(16)) * 2:  # The second round sends again what the first found lost.
        due = [b for b in buckets if b % 16 == stripe and sent.get(b) != buckets[b]]
        keys = [f"windrow:1:{{{sys.argv[2]}:{stripe}}}:{name}" for name in ["state", *due]]
        sequence += 1
        after = acknowledged.get(stripe, "")
        cells = [part for b in due for part in (1, 0, sequence, value(b, buckets[b]))]
        batch = [WRITER, sequence, after, interval, KEEP, 1, *cells]
        known, _ = call("EVAL", SCRIPT, len(keys), *keys, *batch)
        if after != "" and int(known or 0) < after:
            del acknowledged[stripe]
            [sent.pop(b, None) for b in buckets if b % 16 == stripe]
        else:
            acknowledged[stripe] = sequence
            sent.update((b, buckets[b].copy()) for b in due)


for line in sys.stdin:
    buckets[time.time_ns() // RESOLUTION][line.strip()] += 1
    flush(interval=1_000)
    print("flushed", flush=True)
flush(interval=0)  # It ends.
