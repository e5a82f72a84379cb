"""Serves moto on 127.0.0.1 at a port, one request to a table or a bucket at a time:
moto's threads share its items and objects without a lock, so that conditional writes at
once are lost. Others are served at once, because moto itself sends some on.
Usage: python .ci/moto_server.py PORT"""

import os
import sys
import threading

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import run_simple

os.environ.setdefault("MOTO_PORT", sys.argv[1])
application = DomainDispatcherApplication(create_backend_app)
application.debug = True
turn = threading.Lock()


def serve(environ, start_response):
    signed = environ.get("HTTP_AUTHORIZATION", "")
    if "/dynamodb/" not in signed and "/s3/" not in signed:
        return application(environ, start_response)
    with turn:
        return application(environ, start_response)


run_simple("127.0.0.1", int(sys.argv[1]), serve, threaded=True, request_handler=MotoRequestHandler)
