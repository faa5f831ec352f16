"""A script below eventlet: it ends while its host leaves a request without an answer."""

import eventlet

eventlet.monkey_patch()

import sys  # noqa: E402

from traced import ask_agent, processor  # noqa: E402

print("patched", file=sys.stderr, flush=True)
ask_agent()
print(processor.force_flush(1_000), file=sys.stderr, flush=True)
