#!/usr/bin/env bash
# splunk-otel-util-genai 0.1.15 with opentelemetry-api 1.45.2: the package that its metadata lets pip install beside it
# cannot import it.
# Expected: versions of the API that it requires in its metadata are versions that it can run with.
# Seen: `pip check` finds nothing wrong, and its handler imports the private module `opentelemetry._events`, which the API
# no longer has: an ImportError.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check splunk-otel-util-genai==0.1.15 opentelemetry-api==1.45.2 \
  opentelemetry-sdk==1.45.2
venv/bin/pip check
cat > run.py <<'PY'
try:
    import opentelemetry.util.genai.handler
except ImportError as error:
    print("the import failed:", error)
    raise SystemExit(0 if "_events" in str(error) else 1)
raise SystemExit(1)
PY
venv/bin/python run.py
