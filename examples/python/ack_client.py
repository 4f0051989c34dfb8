"""Sends the records of Python's logging to distlogd in ack mode (docs/wire.md). Needs: pip install pyzmq

    python ack_client.py tcp://127.0.0.1:5011
"""
import logging, logging.handlers, os, struct, sys, time, zlib
import zmq

SEVERITY = {10: 5, 20: 9, 30: 13, 40: 17, 50: 21}  # logging's levels, OpenTelemetry's numbers
ACK, NACK, WELCOME, RETRY, REJECT = 12, 13, 11, 14, 15


def varint(n):
    return bytes([n]) if n < 128 else bytes([n & 127 | 128]) + varint(n >> 7)

def field(number, data):  # a length-delimited field of protobuf
    return varint(number << 3 | 2) + varint(len(data)) + data

def key_value(key, value):
    return field(1, key.encode()) + field(2, field(1, str(value).encode("utf-8", "replace")))

def log_record(r):
    nanos = struct.pack("<Q", int(r.created * 1e9))
    return (b"\x09" + nanos + b"\x10" + varint(SEVERITY.get(r.levelno, 0)) + field(3, r.levelname.encode())
            + field(5, field(1, r.getMessage().encode("utf-8", "replace")))
            + field(6, key_value("code.file.path", r.pathname)) + b"\x59" + nanos)

def request(service, records):  # ExportLogsServiceRequest
    scopes = (field(2, field(1, field(1, r.name.encode())) + field(2, log_record(r))) for r in records)
    return field(1, field(1, field(1, key_value("service.name", service))) + b"".join(scopes))


class AckHandler(logging.handlers.BufferingHandler):
    """Keeps records until `capacity` or flush(), sends them as one batch and waits until it is on the disk."""

    def __init__(self, endpoint, service, capacity=512, timeout=30.0):
        super().__init__(capacity)
        self.service, self.timeout = service, timeout
        self.producer, self.seq, self.last, self.lost = os.urandom(16), 0, 0, 0
        self.socket = zmq.Context.instance().socket(zmq.DEALER)
        self.socket.linger = 0  # a dead daemon must not keep the process
        self.socket.connect(endpoint)

    def flush(self):
        self.acquire()
        try:
            records, self.buffer = self.buffer, []
            if records and not self.send(records):
                self.lost += len(records)  # the next batch declares the gap: its prev is below this seq
        finally:
            self.release()

    def send(self, records):
        self.seq += 1
        body, end = request(self.service, records), time.monotonic() + self.timeout
        while (left := end - time.monotonic()) > 0:
            header = struct.pack(">BBBB16sQQII", 1, 1, 1, 0, self.producer, self.seq, self.last, len(records), len(body))
            crc = zlib.crc32(header, zlib.crc32(body))
            self.socket.send_multipart([b"DL1", header + struct.pack(">I", crc), body])
            if not self.socket.poll(min(left, 5) * 1000):
                continue  # no answer: the same seq again, the daemon knows it
            _, reply, _ = self.socket.recv_multipart()
            _, kind, _, producer, number, argument = struct.unpack(">BBH16x16sQI", reply[:48])
            if producer != self.producer:
                continue
            if kind == REJECT and number == self.seq:
                return False
            if kind != REJECT:
                self.last = number  # what the daemon holds, perhaps of a new journal
            if kind != REJECT and self.last >= self.seq:
                return True
            if kind == RETRY:
                time.sleep(min(argument / 1000, left))
        return False


if __name__ == "__main__":
    handler = AckHandler(sys.argv[1], "python-example")
    logging.basicConfig(level=logging.DEBUG, handlers=[handler])
    logging.debug("cart has %d items", 3)
    logging.getLogger("shop").error("card was declined: \u20ac")
    handler.flush()
    print("lost", handler.lost)
