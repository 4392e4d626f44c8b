// Has the plugin folder run a scripted process, and tells what either of them saw.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import entry from "../../extensions/zalouser/index.js";

export const NATIVE = fileURLToPath(new URL("native.mjs", import.meta.url));
const INITIALIZED = { result: { protocol: 1, version: "9.9.9", accounts: [], defaultAccount: "default" } };
export const CFG = { channels: { zalouser: { dmPolicy: "open" } }, secrets: { key: "kept back" } };

let folder;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "zalouser-plugin-"));
  process.env.SEEN = join(folder, "seen");
  process.env.SCRIPT = join(folder, "script");
  process.env.ZALOUSER_BIN = NATIVE;
  writeFileSync(process.env.SEEN, "");
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Has the process answer like this. */
export function script(answers, more = {}) {
  writeFileSync(process.env.SCRIPT, JSON.stringify({ answers: { initialize: INITIALIZED, ...answers }, ...more }));
}

/** What the process saw so far. */
export function seen() {
  return readFileSync(process.env.SEEN, "utf8").split("\n").filter(Boolean).map((line) => JSON.parse(line));
}

/** The parameters of all that it was asked by this method. */
export const asked = (method) => seen().filter((it) => it.method === method).map((it) => it.params);

export async function until(look) {
  for (let tries = 0; tries < 1_000; tries += 1) {
    const found = look();
    if (found) return found;
    await sleep(10);
  }
  assert.fail(`it did not happen; the process saw ${JSON.stringify(seen())}`);
}

/** The channel and the tool that the folder registers with a gateway whose channel runtime is `core`. */
export function registered(core = {}, registrationMode = undefined) {
  const kept = {};
  entry.register({
    registrationMode,
    config: CFG,
    runtime: { channel: core, config: { loadConfig: () => CFG } },
    registerChannel: ({ plugin }) => (kept.channel = plugin),
    registerTool: (tool, options) => (kept.tool = { make: tool, options }),
  });
  return kept;
}

/** An account that a gateway runs, and what it was told. */
export function started(channel, accountId = "default") {
  const abort = new AbortController();
  let status = {};
  const told = [];
  const logged = [];
  const log = Object.fromEntries(
    ["debug", "info", "warn", "error"].map((level) => [level, (text) => logged.push(`${level} ${text}`)]),
  );
  const ended = channel.gateway.startAccount({
    cfg: CFG,
    accountId,
    abortSignal: abort.signal,
    log,
    getStatus: () => status,
    setStatus: (next) => told.push((status = next)),
  });
  return { told, logged, stop: () => (abort.abort(), ended) };
}

/** An account to which somebody writes in the group 5, with what the gateway does in the turn. */
export function turning(answers, turn) {
  const context = { ChatType: "group", MessageSid: "m1", Body: "hi" };
  const params = { account: "default", entry: "9", target: "group:5", context };
  script({ "listen/start": { then: [{ id: 1, method: "inbound", params }] }, ...answers });
  const { channel } = registered({
    routing: { resolveAgentRoute: () => ({ agentId: "main", accountId: "default", sessionKey: "s" }) },
    session: { resolveStorePath: () => "/store", recordInboundSession: async () => {} },
    reply: {
      finalizeInboundContext: (ctx) => ctx,
      dispatchReplyWithBufferedBlockDispatcher: ({ dispatcherOptions }) => turn({ channel, ...dispatcherOptions }),
    },
  });
  return started(channel);
}
