#!/usr/bin/env bash
# guardrails-ai 0.11.0: its spans name a user that nobody named: `user.id` is the text "unknown".
# Expected: no `user.id` where no user was given, so that a backend keeps such traces anonymous, and a user whom the app
# names on its own span around the guard is found above.
# Seen: the spans of guards, steps and validators bear user.id="unknown" (and organization, app, client.ip alike): every
# backend that reads the convention's `user.id` makes one person of all users.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check guardrails-ai==0.11.0 2>/dev/null
export HOME="$work" GUARDRAILS_DISABLE_TELEMETRY=1 OTEL_SDK_DISABLED=false
cat > "$work/.guardrailsrc" <<'RC'
id=local
enable_metrics=false
RC
cat > "$work/run.py" <<'PY'
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

memory, provider = InMemorySpanExporter(), TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(memory))
trace.set_tracer_provider(provider)

from guardrails import Guard, OnFailAction
from guardrails.validators import PassResult, Validator, register_validator


@register_validator(name="demo/any", data_type="string")
class Any(Validator):
    def validate(self, value, metadata):
        return PassResult()


Guard(name="demo").use(Any(on_fail=OnFailAction.NOOP)).parse("hello")
users = {span.name: span.attributes.get("user.id") for span in memory.get_finished_spans()}
print(users)
assert "unknown" in users.values()
PY
"$work/venv/bin/python" "$work/run.py"
