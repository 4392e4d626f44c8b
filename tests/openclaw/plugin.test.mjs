// The plugin folder by itself, against a scripted process: `node --test tests/openclaw`.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import entry from "../../extensions/zalouser/index.js";

const NATIVE = fileURLToPath(new URL("native.mjs", import.meta.url));
const INITIALIZED = { result: { protocol: 1, version: "9.9.9", accounts: [], defaultAccount: "default" } };
const CFG = { channels: { zalouser: { dmPolicy: "open" } }, secrets: { key: "kept back" } };

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
function script(answers, more = {}) {
  writeFileSync(process.env.SCRIPT, JSON.stringify({ answers: { initialize: INITIALIZED, ...answers }, ...more }));
}

/** What the process saw so far. */
function seen() {
  return readFileSync(process.env.SEEN, "utf8").split("\n").filter(Boolean).map((line) => JSON.parse(line));
}

/** The parameters of all that it was asked by this method. */
const asked = (method) => seen().filter((it) => it.method === method).map((it) => it.params);

async function until(look) {
  for (let tries = 0; tries < 1_000; tries += 1) {
    const found = look();
    if (found) return found;
    await sleep(10);
  }
  assert.fail(`it did not happen; the process saw ${JSON.stringify(seen())}`);
}

/** The channel and the tool that the folder registers with a gateway whose channel runtime is `core`. */
function registered(core = {}, registrationMode = undefined) {
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
function started(channel) {
  const abort = new AbortController();
  let status = {};
  const told = [];
  const logged = [];
  const log = Object.fromEntries(
    ["debug", "info", "warn", "error"].map((level) => [level, (text) => logged.push(`${level} ${text}`)]),
  );
  const ended = channel.gateway.startAccount({
    cfg: CFG,
    accountId: "default",
    abortSignal: abort.signal,
    log,
    getStatus: () => status,
    setStatus: (next) => told.push((status = next)),
  });
  return { told, logged, stop: () => (abort.abort(), ended) };
}

test("to register starts nothing", () => {
  script({});
  assert.deepEqual(registered({}, "cli-metadata"), {});
  assert.deepEqual(Object.keys(registered({}, "tool-discovery")), ["tool"]);
  const { channel, tool } = registered();
  assert.deepEqual([channel.id, tool.options], ["zalouser", { name: "zalouser" }]);
  assert.deepEqual(channel.config.listAccountIds(CFG), ["default"]);
  assert.deepEqual(seen(), []);
});

test("a command starts a process, says only what matters, and ends it", async () => {
  const entry = { kind: "group", id: "5", target: "group:5", name: "Work" };
  script({ "directory/groups": { result: { entries: [entry] } } });
  const found = await registered().channel.directory.listGroups({ cfg: CFG, query: "w", limit: 3 });
  assert.deepEqual(found, [{ kind: "group", id: "group:5", name: "Work", avatarUrl: undefined, raw: entry }]);
  const [about] = asked("initialize");
  assert.deepEqual([about.protocol, about.config.channels.zalouser.dmPolicy], [1, "open"]);
  assert.equal(JSON.stringify(about).includes("kept back"), false);
  assert.deepEqual(asked("directory/groups"), [{ query: "w", limit: 3 }]);
  assert.ok(seen().at(-1).ended, "it was told to end, and has");
});

test("what was not delivered is a failure that says why", async () => {
  const error = { code: -32013, message: "no route; 1 of 2 parts were delivered before" };
  script({ deliver: { error } });
  const { outbound } = registered().channel;
  await assert.rejects(outbound.sendText({ cfg: CFG, to: "1", text: "x" }), { message: error.message });
  script({ deliver: { result: { messageIds: ["7", "8"], sent: 2, parts: 2 } } });
  assert.equal((await outbound.sendText({ cfg: CFG, to: "1", text: "x" })).messageId, "8");
  script({ deliver: { result: { messageIds: [], sent: 0, parts: 0 } } });
  await assert.rejects(outbound.sendText({ cfg: CFG, to: "1", text: " " }), /nothing/);
});

test("a program that is missing, too old or another one is told in one line with the fix", async () => {
  const { status } = registered().channel;
  const account = { accountId: "default", config: {} };
  const probe = () => status.probeAccount({ account, cfg: CFG, timeoutMs: 60_000 });
  process.env.ZALOUSER_BIN = "/nonexistent/zalouser";
  assert.match((await probe()).error, /^\/nonexistent\/zalouser, which ZALOUSER_BIN names, .* install zalouser.*$/);
  process.env.ZALOUSER_BIN = NATIVE;
  script({}, { exit: 2, stderr: "error: unrecognized subcommand 'serve'\n" });
  assert.match((await probe()).error, /is too old for this plugin; install the zalouser.*$/);
  script({ initialize: { result: { protocol: 2, version: "2.0.0" } } });
  assert.match((await probe()).error, /2\.0\.0 does not fit this plugin; install.*$/);
  script({}, { exit: 1, stderr: "zalouser: there is no home folder\n" });
  const { error } = await probe();
  assert.match(error, /ended with exit code 1; it said: zalouser: there is no home folder$/);
  const snapshot = status.buildAccountSnapshot({ account, probe: { ok: false, error } });
  assert.equal(status.collectStatusIssues([{ ...snapshot, enabled: true }])[0].message, error);
});

test("an account that goes down is started again, until it is stopped", async () => {
  script({ "listen/start": { die: true } });
  const account = started(registered().channel);
  await until(() => account.logged.some((line) => /next try in 1 s/.test(line)));
  assert.equal(account.told.at(-1).connected, false);
  script({});
  await until(() => account.told.at(-1).connected);
  await account.stop();
  assert.equal(account.told.at(-1).running, false);
  assert.equal(asked("listen/stop").length, 1);
  assert.ok(seen().at(-1).ended);
});

test("a message becomes a turn of either gateway, and its answer a delivery", async () => {
  const context = {
    Body: "[x] hi", RawBody: "hi", CommandBody: "hi", From: "zalouser:group:5", To: "zalouser:5", ChatType: "group",
    SenderId: "1", MessageSid: "m1", CommandAuthorized: false, ConversationLabel: "Work",
  };
  const inbound = { id: 1, method: "inbound", params: { account: "default", entry: "9", target: "group:5", context } };
  const answers = {
    "listen/start": { then: [inbound] },
    deliver: { result: { messageIds: ["7"], sent: 1, parts: 1 } },
  };
  const route = { agentId: "main", accountId: "default", sessionKey: "agent:main:zalouser:group:5" };
  const routing = { resolveAgentRoute: () => route };
  let turn;
  const older = {
    routing,
    session: { resolveStorePath: () => "/store", recordInboundSession: async () => {} },
    reply: {
      finalizeInboundContext: (ctx) => ctx,
      dispatchReplyWithBufferedBlockDispatcher: async ({ ctx, dispatcherOptions }) => {
        turn = ctx;
        await dispatcherOptions.deliver({ text: "yes" });
      },
    },
  };
  const current = {
    routing,
    inbound: {
      buildContext: async (params) => ({ ...params.extra, access: params.access }),
      dispatch: async ({ ctxPayload, delivery }) => {
        turn = ctxPayload;
        assert.deepEqual(await delivery.deliver({ text: "yes" }), { visibleReplySent: true, messageIds: ["7"] });
      },
    },
  };
  for (const core of [older, current]) {
    writeFileSync(process.env.SEEN, "");
    script(answers);
    const account = started(registered(core).channel);
    const done = await until(() => seen().find((it) => it.id === 1 && "result" in it));
    assert.deepEqual(done.result, {});
    assert.deepEqual(asked("deliver"), [{ account: "default", to: "group:5", text: "yes", media: [], entry: "9" }]);
    assert.deepEqual([turn.To, turn.OriginatingTo], ["zalouser:group:5", "zalouser:group:5"]);
    assert.equal(turn.SessionKey, route.sessionKey);
    await account.stop();
  }
});

test("a turn that fails is told to the process", async () => {
  const context = { ChatType: "direct", MessageSid: "m1" };
  const inbound = { id: 1, method: "inbound", params: { account: "default", entry: "9", target: "5", context } };
  script({ "listen/start": { then: [inbound] } });
  const routing = { resolveAgentRoute: () => { throw new Error("no agent"); } };
  const account = started(registered({ routing }).channel);
  const done = await until(() => seen().find((it) => it.id === 1 && "error" in it));
  assert.equal(done.error.message, "no agent");
  await account.stop();
});

test("the pairing store of either gateway is asked", async () => {
  const ask = (method, params) => ({ method, params: { account: "default", ...params } });
  const stranger = { senderId: "5", senderName: "Bob" };
  script({ "listen/start": { then: [{ id: 1, ...ask("paired") }, { id: 2, ...ask("pairing", stranger) }] } });
  const requests = [];
  const pairing = {
    readAllowFromStore: async (asked) => (typeof asked === "string" ? ["1"] : [asked.accountId, "2"]),
    upsertPairingRequest: async (request) => (requests.push(request), { code: "ABCD2345", created: true }),
  };
  for (const [core, senders] of [[{ pairing }, ["1"]], [{ pairing, inbound: { dispatch() {} } }, ["default", "2"]]]) {
    writeFileSync(process.env.SEEN, "");
    const account = started(registered(core).channel);
    const result = (id) => until(() => seen().find((it) => it.id === id && "result" in it)?.result);
    assert.deepEqual(await result(1), { senders });
    const approve = "openclaw pairing approve zalouser ABCD2345";
    assert.deepEqual(await result(2), { code: "ABCD2345", created: true, approve });
    await account.stop();
  }
  const request = { channel: "zalouser", id: "5", meta: { name: "Bob" } };
  assert.deepEqual(requests, [request, { ...request, accountId: "default" }]);
});

test("the tool is called on behalf of the conversation that it is used in", async () => {
  script({ "tool/call": { result: { success: false, answer: { ok: false } } } });
  const { make } = registered().tool;
  const deliveryContext = { channel: "zalouser", to: "zalouser:group:5", accountId: "default" };
  const tool = make({ deliveryContext, config: CFG });
  assert.equal(tool.parameters.type, "object");
  const { content } = await tool.execute("id", { action: "me" });
  assert.deepEqual(JSON.parse(content[0].text), { ok: false });
  await make({ deliveryContext: { channel: "other", to: "x" }, config: CFG }).execute("id", { action: "me" });
  const call = { action: "me" };
  assert.deepEqual(asked("tool/call"), [{ account: "default", call, current: "zalouser:group:5" }, { call }]);
});

test("a turn over which the process dies goes on with the next process", async () => {
  const context = { ChatType: "direct", MessageSid: "m9", Body: "hi" };
  const params = { account: "default", entry: "9", target: "5", context };
  script({ "listen/start": { then: [{ id: 1, method: "inbound", params }] }, deliver: { die: true } });
  let turns = 0;
  const core = {
    routing: { resolveAgentRoute: () => ({ agentId: "main", accountId: "default", sessionKey: "s" }) },
    session: { resolveStorePath: () => "/store", recordInboundSession: async () => {} },
    reply: {
      finalizeInboundContext: (ctx) => ctx,
      dispatchReplyWithBufferedBlockDispatcher: async ({ dispatcherOptions }) => {
        turns += 1;
        await dispatcherOptions.deliver({ text: "yes" });
      },
    },
  };
  const account = started(registered(core).channel);
  await until(() => asked("deliver").length === 1);
  const again = { ...params, entry: "9", context: { ...context, Redelivered: true } };
  script({
    "listen/start": { then: [{ id: 1, method: "inbound", params: again }] },
    deliver: { result: { messageIds: ["7"], sent: 1, parts: 1 } },
  });
  await until(() => seen().find((it) => it.id === 1 && "result" in it));
  assert.deepEqual([turns, asked("deliver").length], [1, 2]);
  await account.stop();
});
