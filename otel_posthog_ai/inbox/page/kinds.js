// What a node is, in a word and a colour.

const SPAN_KINDS = new Set(["agent", "tool", "retriever", "chain", "workflow", "guardrail", "handoff", "reranker", "mcp_tools", "transcription", "speech"]);

export function kindOf(node) {
  if (node.event === "$ai_generation") return { name: "generation", label: "Generation" };
  if (node.event === "$ai_embedding") return { name: "embedding", label: "Embedding" };
  if (node.event === "$ai_trace") return { name: "trace", label: "Trace" };
  const type = node.span_type;
  if (!type) return { name: "span", label: "Span" };
  const name = SPAN_KINDS.has(type) ? type : "span";
  return { name, label: type.charAt(0).toUpperCase() + type.slice(1).replaceAll("_", " ") };
}
