// Accounts that a gateway runs with the plugin folder: `node --test tests/openclaw/*.test.mjs`.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { test } from "node:test";

import { asked, CFG, registered, script, seen, started, turning, until } from "./scripted.mjs";

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

test("accounts share one process, and each hears what is its own", async () => {
  const news = (account) => ({ method: "status", params: { account, running: true, lastInboundAt: account.length } });
  const level = { level: "warn", message: "for all" };
  script({ "listen/start": { then: [news("default"), news("work"), { method: "log", params: level }] } });
  const { channel } = registered();
  const cfg = { channels: { zalouser: { accounts: { work: { name: "Work" }, default: { enabled: false } } } } };
  assert.deepEqual(channel.config.listAccountIds(cfg), ["default", "work"]);
  assert.equal(channel.config.resolveAccount(cfg, "default").enabled, false);
  assert.equal(channel.config.resolveAccount(cfg, "work").name, "Work");
  const accounts = [started(channel, "default"), started(channel, "work")];
  await until(() => asked("listen/start").length === 2);
  await until(() => accounts.every(({ logged }) => logged.some((line) => line.includes("for all"))));
  for (const [account, length] of [[accounts[0], 7], [accounts[1], 4]]) {
    await until(() => account.told.some((status) => status.lastInboundAt === length));
    assert.ok(account.told.every(({ lastInboundAt }) => [undefined, length].includes(lastInboundAt)));
  }
  assert.equal(seen().filter((it) => it.started).length, 1);
  await accounts[0].stop();
  assert.equal(seen().some((it) => it.ended), false, "the other one goes on");
  await accounts[1].stop();
  assert.ok(seen().at(-1).ended);
});

test("an account that is stopped and started at once listens, and the end of the former takes nothing with it", async () => {
  script({});
  const { channel } = registered();
  const former = started(channel);
  await until(() => asked("listen/start").length === 1);
  const stopped = former.stop();
  const next = started(channel);
  await stopped;
  await until(() => next.told.at(-1)?.connected);
  const methods = seen().map((it) => it.method).filter((method) => method?.startsWith("listen/"));
  assert.deepEqual(methods, ["listen/start", "listen/stop", "listen/start"]);
  const early = started(channel, "work");
  await early.stop();
  assert.equal(early.told.at(-1).running, false);
  await next.stop();
  assert.ok(seen().at(-1).ended);
});

test("what a process prints beside the protocol harms nothing, and neither does news that the gateway cannot take", async () => {
  const noise = ["null", "1", "[]", "{}", '"x"', "not JSON", "", '{"id":99,"result":{}}', "x".repeat(2_000_000)];
  const news = { method: "status", params: { account: "default", running: true } };
  script({ "listen/start": { noise, then: [news] }, "directory/self": { result: { entries: [] } } });
  const { channel } = registered();
  const abort = new AbortController();
  let refused = 0;
  const ended = channel.gateway.startAccount({
    cfg: CFG,
    accountId: "default",
    abortSignal: abort.signal,
    getStatus: () => ({}),
    setStatus: ({ connected, lastStartAt }) => {
      if (!connected || lastStartAt) return;
      refused += 1;
      throw new Error("not now");
    },
  });
  await until(() => refused === 1);
  assert.equal(await channel.directory.self({ cfg: CFG }), null, "it still answers");
  abort.abort();
  await ended;
});

test("the rule of a group is asked for before its turn, and known to the gateway during it", async () => {
  const policy = { allow: ["read"], deny: ["exec"] };
  let during;
  const account = turning({ "tool/policy": { result: policy } }, async ({ channel }) => {
    during = [["default", "5"], ["Default", "group:5"], [undefined, "5"], ["default", "6"], ["work", "5"]].map(
      ([accountId, groupId]) => channel.groups.resolveToolPolicy({ cfg: CFG, accountId, groupId }),
    );
  });
  await until(() => seen().find((it) => it.id === 1 && "result" in it));
  assert.deepEqual(asked("tool/policy"), [{ account: "default", current: "group:5" }]);
  assert.deepEqual(during, [policy, policy, policy, undefined, undefined]);
  await account.stop();
});

test("without the rule of a group there is no turn", async () => {
  let turns = 0;
  const error = { code: -32014, message: "the groups cannot be listed" };
  const account = turning({ "tool/policy": { error } }, async () => (turns += 1));
  const answered = await until(() => seen().find((it) => it.id === 1 && "error" in it));
  assert.deepEqual([answered.error.message, turns], [error.message, 0]);
  await account.stop();
});
