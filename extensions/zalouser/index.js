// Zalo on OpenClaw: this folder translates, and the native process behind it decides and acts.

import { readFileSync } from "node:fs";

import { channelFor, dock } from "./channel.js";
import { conversationOf } from "./inbound.js";
import { withNative } from "./native.js";

const CHANNEL = "zalouser";

const { description, parameters } = JSON.parse(readFileSync(new URL("tool.json", import.meta.url), "utf8"));

export default {
  id: CHANNEL,
  name: "Zalo Personal",
  description: "A personal Zalo account, judged inside a WebAssembly sandbox",
  configSchema: {
    type: "object",
    properties: { binary: { type: "string" } },
    additionalProperties: true,
  },
  /** Starts nothing: gateways call it several times in a process. */
  register(api) {
    if (api.registrationMode === "cli-metadata") return;
    if (api.registrationMode !== "tool-discovery") api.registerChannel({ plugin: channelFor(api), dock });
    api.registerTool((ctx) => toolFor(ctx, api), { name: CHANNEL });
  },
};

/** The agent's tool in a conversation, which is where it sends to when a call does not say. */
function toolFor(ctx, api) {
  const { account, current } = callerOf(ctx);
  return {
    name: CHANNEL,
    label: "Zalo Personal",
    description,
    parameters,
    execute: async (_id, call, signal) => {
      const cfg = ctx.config ?? api.config;
      const params = { account, call, current };
      const { answer } = await withNative(cfg, (native) => native.request("tool/call", params, { signal }));
      return { content: [{ type: "text", text: JSON.stringify(answer) }], details: answer };
    },
  };
}

function callerOf({ deliveryContext, messageChannel, agentAccountId, sessionKey }) {
  if (deliveryContext?.channel === CHANNEL) {
    return { account: deliveryContext.accountId, current: deliveryContext.to };
  }
  const known = conversationOf(sessionKey);
  if (known) return { account: known.account, current: known.target };
  return { account: messageChannel === CHANNEL ? agentAccountId : undefined };
}
