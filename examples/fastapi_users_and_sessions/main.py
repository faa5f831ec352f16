"""A web service: each request's traces belong to the user who is logged in and to the browser's session.

The user comes from the app's own login (here: a token), never from a header that a browser could write. The middleware
takes the session of the browser from posthog-js (`tracing_headers`), which links a trace to its replay.
"""

import os
import threading
import time
from typing import Annotated

import httpx
import uvicorn
from fastapi import Depends, FastAPI, Header, HTTPException
from openai import AsyncOpenAI
from opentelemetry import trace
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from opentelemetry.instrumentation.genai.openai import OpenAIInstrumentor
from opentelemetry.sdk.trace import TracerProvider

from otel_posthog_ai import PostHogSpanProcessor, posthog_context
from otel_posthog_ai.web import PostHogASGIMiddleware

os.environ.setdefault("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "span_only")

provider = TracerProvider()
provider.add_span_processor(PostHogSpanProcessor())
trace.set_tracer_provider(provider)
OpenAIInstrumentor().instrument()

app = FastAPI()
app.add_middleware(PostHogASGIMiddleware)
FastAPIInstrumentor.instrument_app(app)  # its HTTP spans are none of PostHog's business and do not arrive there
USERS = {"token-of-ada": "ada@example.com", "token-of-bob": "bob@example.com"}


async def logged_in_user(authorization: Annotated[str, Header()]):
    user = USERS.get(authorization.removeprefix("Bearer "))
    if user is None:
        raise HTTPException(401)
    return user


@app.post("/chats/{chat}")
async def answer(chat: str, question: str, user: Annotated[str, Depends(logged_in_user)]):
    with posthog_context(distinct_id=user, session_id=chat, properties={"route": "/chats"}):
        completion = await AsyncOpenAI().chat.completions.create(
            model="gpt-4o-mini", messages=[{"role": "user", "content": question}]
        )
    return {"answer": completion.choices[0].message.content}


def ask_as(token, chat, question, url):
    headers = {"Authorization": f"Bearer {token}", "X-POSTHOG-SESSION-ID": f"replay-of-{chat}"}
    response = httpx.post(f"{url}/chats/{chat}", params={"question": question}, headers=headers, timeout=30)
    print(response.json()["answer"])


server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning"))
thread = threading.Thread(target=server.run)
thread.start()
while not server.started:
    time.sleep(0.01)
host, port = server.servers[0].sockets[0].getsockname()
ask_as("token-of-ada", "chat-1", "Tell me a joke.", f"http://{host}:{port}")
ask_as("token-of-bob", "chat-2", "Write a poem.", f"http://{host}:{port}")
server.should_exit = True
thread.join()
