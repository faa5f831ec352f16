"""A LangChain chain under OpenInference; user and session come from the metadata of the run."""

from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_openai import ChatOpenAI
from openinference.instrumentation.langchain import LangChainInstrumentor
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider

from otel_posthog_ai import PostHogSpanProcessor

provider = TracerProvider()
provider.add_span_processor(PostHogSpanProcessor())
trace.set_tracer_provider(provider)
LangChainInstrumentor().instrument()

prompt = ChatPromptTemplate.from_messages([("system", "You are a {role}."), ("user", "{question}")])
chain = (prompt | ChatOpenAI(model="gpt-4o-mini", temperature=0.1) | StrOutputParser()).with_config(run_name="ask_poet")

print(
    chain.invoke(
        {"role": "poet", "question": "Write a haiku about traces."},
        config={"metadata": {"user_id": "ada@example.com", "session_id": "poems-1", "plan": "free"}, "tags": ["poem"]},
    )
)
