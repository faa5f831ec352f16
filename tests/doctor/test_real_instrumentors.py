"""Published instrumentors and clients, where they are installed: what is said of them is so."""

from __future__ import annotations

from pathlib import Path

import pytest

from otel_posthog_ai.doctor.instrumentors import installed
from tests.docs.markdown import is_installed

from .test_in_process import GLOBAL, examined

pytestmark = pytest.mark.instrumentor


openai = pytest.mark.skipif(
    not (is_installed("openai") and is_installed("opentelemetry.instrumentation.genai.openai")), reason="needs openai"
)
bedrock = pytest.mark.skipif(not is_installed("boto3"), reason="needs boto3")
SET_UP = GLOBAL + "provider.add_span_processor(processor())\n"
ON = "from opentelemetry.instrumentation.genai.openai import OpenAIInstrumentor as I; I().instrument()\n"


@openai
def test_the_instrumentor_of_openai(tmp_path: Path) -> None:
    (found,) = [each for each in installed() if each.distribution == "opentelemetry-instrumentation-genai-openai"]
    assert found.target == "openai"
    off = examined(SET_UP + "import openai; found = examine()", tmp_path)
    assert any(each[:2] == ("warning", "switched on") and "OpenAIInstrumentor()" in each[3] for each in off)
    assert any(each[:2] == ("warning", "content") and "SPAN_ONLY" in each[3] for each in off)
    on = examined(
        SET_UP + ON + "import openai; found = examine()",
        tmp_path,
        OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT="SPAN_ONLY",
    )
    mine = [each for each in on if "genai-openai" in each[2] and each[1] in ("switched on", "content")]
    assert [each[0] for each in mine] == ["ok"]


_CLIENT = (
    "import boto3; client = boto3.client('bedrock-runtime', region_name='us-east-1', "
    "aws_access_key_id='x', aws_secret_access_key='y'); other = boto3.client('s3', region_name='us-east-1')\n"
)


@bedrock
@pytest.mark.parametrize("publisher", ["opentelemetry", "openinference"])
def test_a_client_of_bedrock_that_was_made_too_early(tmp_path: Path, publisher: str) -> None:
    if not is_installed(f"{publisher}.instrumentation.bedrock"):
        pytest.skip("needs the instrumentor")
    on = f"from {publisher}.instrumentation.bedrock import BedrockInstrumentor as I; I().instrument()\n"
    early = examined(SET_UP + _CLIENT + on + "found = examine()", tmp_path)
    (found,) = [each for each in early if each[1] == "order"]
    assert found[0] == "error"
    assert f"1 bedrock-runtime client was made before {publisher}-instrumentation-bedrock" in found[2]
    assert "before the first client is made" in found[3]
    in_time = examined(SET_UP + on + _CLIENT + "found = examine()", tmp_path)
    assert not [each for each in in_time if each[1] == "order"]
