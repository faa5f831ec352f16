"""CrewAI's names, which OpenLLMetry's instrumentor writes, too: https://docs.crewai.com/"""

from __future__ import annotations

CREWAI_FLOW_NAME = "crewai.flow.name"
