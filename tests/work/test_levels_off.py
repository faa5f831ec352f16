"""What is remembered of spans is bounded: after twice as many, all different in everything, as many objects are kept.

The bounds are made small, all of them, so that a few hundred spans reach each.
"""

from __future__ import annotations

from tests.delivery.fault_server import FaultServer
from tests.doors.processes import run

PROGRAM = """
import gc, importlib, json, pkgutil, re
import otel_posthog_ai
from otel_posthog_ai import posthog_context
BOUND = 150
for found in pkgutil.walk_packages(otel_posthog_ai.__path__, "otel_posthog_ai."):
    if re.search(r"[.](tree|calls|work|context|dialects|reading|content)[.]", found.name):
        module = importlib.import_module(found.name)
        for name, value in list(vars(module).items()):
            bounds = name.lstrip("_").startswith("MOST_") and not re.search("BYTES|CHARACTERS|UNSORTED", name)
            if bounds and type(value) is int and value > BOUND:
                setattr(module, name, BOUND)
provider = TracerProvider(shutdown_on_exit=False)
processor = trace(provider)
made = 0
def run_of(number):
    tracer = provider.get_tracer(f"scope {number}")
    with posthog_context(distinct_id=f"user {number}", session_id=f"s{number}", properties={f"p{number}": number}):
        agent = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": f"agent {number}",
                 "gen_ai.conversation.id": f"conversation {number}"}
        with tracer.start_as_current_span(f"agent {number}", attributes=agent):
            said = [{"role": "user", "content": f"question {number} " * 20}]
            chat = {"gen_ai.operation.name": "chat", "gen_ai.request.model": f"model {number}",
                    "gen_ai.provider.name": f"provider {number}", "gen_ai.response.id": f"answer {number}",
                    f"vendor{number}.key{number}": number, "gen_ai.input.messages": json.dumps(said)}
            with tracer.start_as_current_span(f"chat {number}", attributes=chat) as span:
                span.set_status(span.status)
                span.record_exception(ValueError(f"fault {number}"))
            tool = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": f"tool {number}",
                    "gen_ai.tool.call.id": f"call {number}"}
            with tracer.start_as_current_span(f"tool {number}", attributes=tool):
                pass
            with tracer.start_as_current_span(f"plain {number}"):
                pass
def kept(runs):
    global made
    for made in range(made + 1, made + 1 + runs):
        run_of(made)
        if made % 50 == 0:
            assert processor.force_flush(60_000)
            provider._tracers.clear()  # the SDK's own, which keeps every scope
    assert processor.force_flush(60_000)
    gc.collect()
    return len(gc.get_objects())
kept(RUNS)
once, twice = kept(RUNS), kept(2 * RUNS)
print(made, once, twice)
"""
RUNS = 400
MOST_MORE = 2.0
"""Objects for each run more. Everything that it makes would be dozens; what is kept for it, even by one thing, ten."""


def test_memory_levels_off() -> None:
    with FaultServer() as server:
        output = run(server, PROGRAM.replace("RUNS", str(RUNS)), seconds=180)
    made, once, twice = map(int, output.split())
    assert made == 4 * RUNS
    assert twice - once < MOST_MORE * 2 * RUNS, f"{(twice - once) / (2 * RUNS):.1f} objects more for each run"
