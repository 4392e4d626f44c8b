// A model that speaks OpenAI's protocol and answers by what the last message asks it to.

import { createServer } from "node:http";

/** The answer to `say:long`. */
export const LONG = Array.from({ length: 501 }, (_, index) => `word ${String(index).padStart(4, "0")}`).join(" ");

/** Starts the model on a free port of the loopback. */
export async function startModel() {
  const requests = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => (body += chunk));
    request.on("end", () => {
      if (!request.url.endsWith("/chat/completions")) return response.writeHead(404).end();
      const asked = JSON.parse(body);
      requests.push(asked);
      const { delay, ...message } = answer(asked.messages);
      setTimeout(() => (asked.stream ? stream(response, message) : whole(response, message)), delay ?? 0);
    });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${server.address().port}/v1`, requests, stop: () => server.close() };
}

/** Gateways add messages of their own behind the one that was written, so all are looked at. */
function answer(messages) {
  const isAsked = (message) => message.role === "user" && /say:\w+/.test(textOf(message));
  const place = messages.findLastIndex(isAsked);
  if (place < 0) return { content: "nothing was asked" };
  const [, what, detail] = textOf(messages[place]).match(/.*say:(\w+)(?:=(\w+))?/s);
  if (what === "long") return { content: LONG };
  if (what === "slow") return { content: `slow ${detail}`, delay: 10_000 };
  if (what === "tool") {
    if (messages.slice(place).some((message) => message.role === "tool")) return { content: `tool done ${detail}` };
    const call = JSON.stringify({ action: "send", message: `by the tool ${detail}` });
    return { tool_calls: [{ index: 0, id: "call_1", type: "function", function: { name: "zalouser", arguments: call } }] };
  }
  return { content: `answer ${what} ${detail ?? ""}`.trim() };
}

function textOf({ content }) {
  return typeof content === "string" ? content : (content ?? []).map((part) => part.text ?? "").join("\n");
}

function stream(response, message) {
  response.writeHead(200, { "content-type": "text/event-stream" });
  const chunk = (delta, finish_reason = null) => {
    const choices = [{ index: 0, delta, finish_reason }];
    const head = { id: "x", object: "chat.completion.chunk", created: 1, model: "m" };
    response.write(`data: ${JSON.stringify({ ...head, choices })}\n\n`);
  };
  chunk({ role: "assistant", ...message });
  chunk({}, message.tool_calls ? "tool_calls" : "stop");
  response.end("data: [DONE]\n\n");
}

function whole(response, message) {
  const choices = [
    { index: 0, message: { role: "assistant", ...message }, finish_reason: message.tool_calls ? "tool_calls" : "stop" },
  ];
  const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
  response.writeHead(200, { "content-type": "application/json" });
  response.end(JSON.stringify({ id: "x", object: "chat.completion", created: 1, model: "m", choices, usage }));
}
