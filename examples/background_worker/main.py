"""Work that leaves the request: a job runs in a worker process, in the trace and for the user of the request.

A job carries the trace context in its headers. `PostHogPropagator` adds the nearest AI span, so that the worker's spans
hang below the agent that asked for them. The user is part of the job, because a header may never say who somebody is.
"""

import multiprocessing
import os

from openai import OpenAI
from opentelemetry import propagate, trace
from opentelemetry.instrumentation.genai.openai import OpenAIInstrumentor
from opentelemetry.propagators.composite import CompositePropagator
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from otel_posthog_ai import PostHogPropagator, PostHogSpanProcessor, posthog_context

os.environ.setdefault("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "span_only")


def set_up():
    provider = TracerProvider()
    provider.add_span_processor(PostHogSpanProcessor())
    trace.set_tracer_provider(provider)
    propagate.set_global_textmap(CompositePropagator([TraceContextTextMapPropagator(), PostHogPropagator()]))
    OpenAIInstrumentor().instrument()
    return provider


def ask(question):
    completion = OpenAI().chat.completions.create(model="gpt-4o-mini", messages=[{"role": "user", "content": question}])
    return completion.choices[0].message.content


def work(jobs):
    provider = set_up()
    for job in iter(jobs.get, None):
        token = trace.context_api.attach(propagate.extract(job["headers"]))
        with posthog_context(distinct_id=job["user"], session_id=job["session"]):
            print("worker:", ask(job["question"]))
        trace.context_api.detach(token)
    provider.shutdown()  # delivers what is left


def handle_request(jobs, user, session):
    attributes = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "planner"}
    with (
        posthog_context(distinct_id=user, session_id=session),
        trace.get_tracer("app").start_as_current_span("invoke_agent planner", attributes=attributes),
    ):
        print("request:", ask("Hello, please plan my trip."))
        headers = {}
        propagate.inject(headers)
        jobs.put({"headers": headers, "user": user, "session": session, "question": "What should I pack?"})


if __name__ == "__main__":
    spawn = multiprocessing.get_context("spawn")
    jobs = spawn.Queue()
    worker = spawn.Process(target=work, args=(jobs,))
    worker.start()
    provider = set_up()
    handle_request(jobs, "ada@example.com", "trip-4")
    jobs.put(None)
    worker.join()
    provider.shutdown()
