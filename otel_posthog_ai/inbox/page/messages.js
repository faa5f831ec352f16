// Messages of any provider's shape as blocks to draw, as PostHog reads them. Nothing here touches the page.
//
// A block: {kind: text|thinking|call|result|image|file|audio|redacted|json, …, hidden?: why PostHog does not draw it}.

const ROLES = {
  human: "user", model: "assistant", ai: "assistant", bot: "assistant", instructions: "system", context: "system", developer: "system",
};
const REDACTED = /^\[base64 ([\w ]+?) ?redacted\]$/;
const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);

// Whether a value reads as a conversation rather than as plain data.
export function looksLikeMessages(value) {
  return Array.isArray(value) && value.length > 0 && value.every((item) => isObject(item) && ("role" in item || item.type in ITEMS));
}

export function readMessages(value, role) {
  if (value === null || value === undefined) return [];
  const list = isObject(value) && Array.isArray(value.choices) ? value.choices : Array.isArray(value) ? value : [value];
  return list.map((item) => readMessage(item, role));
}

function readMessage(given, role) {
  const item = isObject(given) && isObject(given.message) && !("content" in given) ? given.message : given;
  if (typeof item === "string") return { role, blocks: textBlocks(item) };
  if (!isObject(item)) return { role, blocks: [json(item)] };
  if (!("role" in item) && typeof item.type === "string" && Object.hasOwn(ITEMS, item.type)) return ITEMS[item.type](item);
  return {
    role: roleOf(item, role), name: asText(item.name), callId: asText(item.tool_call_id), finish: asText(given.finish_reason ?? item.finish_reason),
    blocks: bodyBlocks(item),
  };
}

function roleOf(item, fallback) {
  const role = String(item.role ?? item.type ?? fallback).toLowerCase();
  return Object.hasOwn(ROLES, role) ? ROLES[role] : role;
}

function bodyBlocks(item) {
  if (Array.isArray(item.parts) && !("content" in item)) return item.parts.flatMap(otelPart);
  const blocks = [];
  if (typeof item.reasoning_content === "string") blocks.push({ kind: "thinking", text: item.reasoning_content });
  const content = item.content ?? item.text;
  const isTool = item.role === "tool" || item.role === "function";
  if (Array.isArray(content)) blocks.push(...content.flatMap(contentPart));
  else if (typeof content === "string") blocks.push(...(isTool ? [{ kind: "result", value: content }] : textBlocks(content)));
  else if (isObject(content)) blocks.push(json(content));
  if (typeof item.refusal === "string") blocks.push({ kind: "text", text: item.refusal });
  const beside = Array.isArray(content) ? "PostHog does not draw tool_calls beside a list of parts" : null;
  if (Array.isArray(item.tool_calls)) blocks.push(...item.tool_calls.map((call) => toolCall(call, beside)));
  if (isObject(item.function_call)) blocks.push({ kind: "call", name: asText(item.function_call.name), arguments: item.function_call.arguments });
  const known = "content" in item || "text" in item || blocks.length;
  return known ? blocks : [json(item)];
}

function textBlocks(text) {
  const redacted = REDACTED.exec(text);
  if (redacted) return [{ kind: "redacted", medium: redacted[1] }];
  return text === "" ? [] : [{ kind: "text", text }];
}

function toolCall(call, hidden) {
  if (!isObject(call)) return json(call);
  if (!isObject(call.function)) {
    return { kind: "call", id: asText(call.id), name: asText(call.name), arguments: call.arguments ?? call.args, hidden: "PostHog draws tool calls only with function: {name, arguments}" };
  }
  return { kind: "call", id: asText(call.id), name: asText(call.function.name), arguments: call.function.arguments, hidden };
}

const PARTS = {
  text: (part) => textBlocks(asText(part.text ?? part.content) ?? ""),
  output_text: (part) => PARTS.text(part),
  input_text: (part) => PARTS.text(part),
  refusal: (part) => textBlocks(asText(part.refusal) ?? ""),
  thinking: (part) => ({ kind: "thinking", text: asText(part.thinking ?? part.text) ?? "" }),
  redacted_thinking: () => ({ kind: "redacted", medium: "thinking" }),
  reasoning: (part) => ({ kind: "thinking", text: reasoningText(part) }),
  function: (part) => toolCall(part, null),
  "tool-call": (part) => isObject(part.function) ? toolCall(part, null)
    : { kind: "call", id: asText(part.toolCallId), name: asText(part.toolName), arguments: part.args ?? part.input },
  tool_call: (part) => ({ kind: "call", id: asText(part.id), name: asText(part.name), arguments: part.arguments }),
  tool_use: (part) => ({ kind: "call", id: asText(part.id), name: asText(part.name), arguments: part.input }),
  tool_result: (part) => ({ kind: "result", id: asText(part.tool_use_id), value: part.content, isError: part.is_error === true }),
  "tool-result": (part) => ({ kind: "result", id: asText(part.toolCallId), value: part.output ?? part.result }),
  image: (part) => image(isObject(part.source) ? sourceUrl(part.source) : part.image ?? part.url),
  image_url: (part) => image(isObject(part.image_url) ? part.image_url.url : part.image_url),
  input_image: (part) => image(part.image_url),
  file: (part) => file(isObject(part.file) ? part.file : part),
  document: (part) => file({ filename: part.title ?? "document", file_data: isObject(part.source) ? sourceUrl(part.source) : undefined }),
  audio: (part) => audio(isObject(part.audio) ? part.audio : part),
  input_audio: (part) => audio(isObject(part.input_audio) ? part.input_audio : part),
};

function contentPart(part) {
  if (typeof part === "string") return textBlocks(part);
  if (!isObject(part)) return json(part);
  if (typeof part.type === "string" && Object.hasOwn(PARTS, part.type)) return PARTS[part.type](part);
  if (isObject(part.inline_data)) return image(`data:${part.inline_data.mime_type};base64,${part.inline_data.data}`);
  return typeof part.text === "string" ? textBlocks(part.text) : json(part);
}

const OTEL_NOT_DRAWN = "PostHog does not draw this kind of part";

function otelPart(part) {
  if (!isObject(part)) return json(part);
  if (part.type === "text") return textBlocks(asText(part.content) ?? "");
  if (part.type === "tool_call") return PARTS.tool_call(part);
  if (part.type === "tool_call_response") return { kind: "result", id: asText(part.id), value: part.response ?? part.result };
  if (part.type === "reasoning") return { kind: "thinking", text: asText(part.content) ?? "", hidden: OTEL_NOT_DRAWN };
  return { ...json(part), hidden: OTEL_NOT_DRAWN };
}

// Items of OpenAI's Responses API, which stand in the list beside messages.
const ITEMS = {
  function_call: (item) => ({ role: "assistant", blocks: [{ kind: "call", id: asText(item.call_id), name: asText(item.name), arguments: item.arguments }] }),
  function_call_output: (item) => ({ role: "tool", callId: asText(item.call_id), blocks: [{ kind: "result", value: item.output }] }),
  reasoning: (item) => ({ role: "assistant", blocks: [{ kind: "thinking", text: reasoningText(item) }] }),
};

function reasoningText(item) {
  const pieces = [item.summary, item.content, item.text, item.thinking, item.reasoning].flat().filter((piece) => piece !== undefined && piece !== null);
  return pieces.map((piece) => (isObject(piece) ? asText(piece.text) ?? "" : String(piece))).join("\n\n");
}

function sourceUrl(source) {
  return source.type === "base64" ? `data:${source.media_type};base64,${source.data}` : source.url;
}

function image(url) {
  const redacted = typeof url === "string" ? REDACTED.exec(url.replace(/^data:[^,]*,/, "")) : null;
  if (redacted) return { kind: "redacted", medium: redacted[1] };
  return typeof url === "string" ? { kind: "image", url } : json({ image: url ?? null });
}

function file(given) {
  const url = given.file_data ?? given.url ?? given.file_url ?? given.data;
  if (typeof url === "string" && REDACTED.test(url)) return { kind: "redacted", medium: "file", name: asText(given.filename) };
  return { kind: "file", name: asText(given.filename) ?? asText(given.file_id) ?? "file", url: asText(url) };
}

function audio(given) {
  const data = asText(given.data) ?? "";
  if (REDACTED.test(data)) return { kind: "redacted", medium: "audio" };
  return { kind: "audio", format: asText(given.format ?? given.mime_type) ?? "audio", bytes: Math.floor(data.length * 0.75) };
}

const json = (value) => ({ kind: "json", value });

function asText(value) {
  if (value === null || value === undefined) return null;
  return typeof value === "string" ? value : JSON.stringify(value);
}
