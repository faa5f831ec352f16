#!/usr/bin/env bash
# loongsuite-otel-util-genai 0.9.1 with opentelemetry-util-genai 1.3b0: whichever is installed last breaks the other.
# Expected: two packages of different names can be installed side by side, or the installer refuses.
# Seen: both write their modules to the same paths, `opentelemetry/util/genai/*.py`. pip says nothing, and when any
# OpenTelemetry instrumentor brings its package along later, LoongSuite's handler fails at import: its `types.py` is gone.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check loongsuite-otel-util-genai==0.9.1
load='from opentelemetry.util.genai.extended_handler import get_extended_telemetry_handler'
venv/bin/python -c "$load; print('alone: loads')"
venv/bin/pip install --quiet --disable-pip-version-check opentelemetry-util-genai==1.3b0
cat > run.py <<'PY'
import sys
from importlib.metadata import files

names = ("loongsuite-otel-util-genai", "opentelemetry-util-genai")
shared = set.intersection(*({str(path) for path in files(name) if path.suffix == ".py"} for name in names))
print("files that both packages own:", len(shared))
try:
    from opentelemetry.util.genai.extended_handler import get_extended_telemetry_handler
except ImportError as error:
    print("beside opentelemetry-util-genai:", error.name, str(error).split(" (")[0])
    sys.exit(0 if "opentelemetry/util/genai/types.py" in shared else 1)
sys.exit(1)
PY
venv/bin/python run.py
