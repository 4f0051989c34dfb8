"""A Python service with OpenTelemetry's own SDK. It asks examples/node/http.js for prices, within its trace.

    pip install opentelemetry-sdk==1.45.2 opentelemetry-exporter-otlp-proto-http==1.45.2
    PRICES_URL=http://127.0.0.1:3000 python orders.py
"""
import logging
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.request import Request, urlopen

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.propagate import extract, inject
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider

trace.set_tracer_provider(TracerProvider())
tracer = trace.get_tracer("orders")
logs = LoggerProvider(resource=Resource.create({"service.name": "orders"}))
logs.add_log_record_processor(SimpleLogRecordProcessor(OTLPLogExporter()))
log = logging.getLogger("orders")
log.setLevel(logging.INFO)
log.addHandler(LoggingHandler(logger_provider=logs))


class Orders(BaseHTTPRequestHandler):
    def do_GET(self):
        article = self.path.rsplit("/", 1)[-1]
        with tracer.start_as_current_span("order", context=extract(self.headers)):
            try:
                self.answer(200, price_of(article))
                log.info("order accepted: %s", article)
            except OSError:
                log.exception("order failed: %s", article)
                self.answer(500, b"")

    def answer(self, status, body):
        self.send_response(status)
        self.end_headers()
        self.wfile.write(body)


def price_of(article):
    headers = {}
    inject(headers)  # traceparent: the DEBUG records of the Node.js service belong to this trace
    url = f"{os.environ['PRICES_URL']}/price/{article}"
    with urlopen(Request(url, headers=headers)) as response:
        return response.read()


server = ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "8000"))), Orders)
print(f"listening on port {server.server_port}", flush=True)
server.serve_forever()
