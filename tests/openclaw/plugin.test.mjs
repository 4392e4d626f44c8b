// What the plugin folder registers, and its commands: `node --test tests/openclaw/*.test.mjs`.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { test } from "node:test";

import entry from "../../extensions/zalouser/index.js";
import { asked, CFG, NATIVE, registered, script, seen, started, turning, until } from "./scripted.mjs";

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

test("media goes along, asked for by a command or said by an agent", async () => {
  const url = "https://example.com/a.png";
  script({ deliver: { result: { messageIds: ["7"], sent: 1, parts: 1 } } });
  const { outbound } = registered().channel;
  await outbound.sendMedia({ cfg: CFG, to: "group:5", text: "look", mediaUrl: url, accountId: "work" });
  await outbound.sendMedia({ cfg: CFG, to: "5", mediaUrl: url });
  assert.deepEqual(asked("deliver"), [
    { account: "work", to: "group:5", text: "look", media: [url] },
    { to: "5", text: "", media: [url] },
  ]);
  writeFileSync(process.env.SEEN, "");
  const account = turning({ deliver: { result: { messageIds: ["7"], sent: 1, parts: 1 } } }, async ({ deliver }) => {
    await deliver({ mediaUrl: url });
    await deliver({ text: "both", mediaUrls: [url, "b.png"] });
    await deliver({ text: " " });
  });
  await until(() => seen().find((it) => it.id === 1 && "result" in it));
  const [first, second, ...more] = asked("deliver").map(({ text, media }) => ({ text, media }));
  assert.deepEqual([first, second, more], [{ text: "", media: [url] }, { text: "both", media: [url, "b.png"] }, []]);
  await account.stop();
});

test("the copies of this folder that a gateway makes share what one of them has", async () => {
  const copy = await import("../../extensions/zalouser/index.js?copy");
  assert.notEqual(copy.default, entry);
  script({ "directory/self": { result: { entries: [] } } });
  const account = started(registered().channel);
  await until(() => asked("listen/start").length === 1);
  const kept = {};
  copy.default.register({ registerChannel: ({ plugin }) => (kept.channel = plugin), registerTool() {} });
  assert.equal(await kept.channel.directory.self({ cfg: CFG }), null);
  assert.equal(seen().filter((it) => it.started).length, 1);
  await account.stop();
});

test("a login shows the code and waits for the scan", async () => {
  const printed = [];
  const runtime = { log: (text) => printed.push(text) };
  const { auth, gateway } = registered().channel;
  const state = { loggedIn: true, identity: { userId: "9", displayName: "Bot" } };
  script({
    "auth/login": { result: { profile: "p", loggedIn: false, qrText: "█▀█", qrDataUrl: "data:image/png;base64,AA" } },
    "auth/status": { result: state },
  });
  await auth.login({ cfg: CFG, runtime });
  assert.equal(printed[0], "█▀█");
  assert.match(printed.at(-1), /^Account default is logged in as Bot \(9\)\.$/);
  const begun = await gateway.loginWithQrStart({ accountId: "work", force: true, timeoutMs: 30_000 });
  assert.equal(begun.qrDataUrl, "data:image/png;base64,AA");
  assert.equal((await gateway.loginWithQrWait({ accountId: "work", timeoutMs: 1_500 })).connected, true);
  assert.deepEqual(asked("auth/login"), [{ account: "default" }, { account: "work", force: true }]);
  assert.deepEqual(asked("auth/status")[1], { account: "work", waitSeconds: 2 });
  script({
    "auth/login": { result: { profile: "p", loggedIn: false, qrDataUrl: "data:image/png;base64,AA" } },
    "auth/status": { result: { loggedIn: false, reason: "no session" } },
  });
  await assert.rejects(auth.login({ cfg: CFG, runtime }), /account default is not logged in: no session/);
  const waited = await gateway.loginWithQrWait({});
  assert.deepEqual([waited.connected, /no session/.test(waited.message)], [false, true]);
  script({ "auth/login": { result: { profile: "p", loggedIn: true } } });
  assert.equal((await gateway.loginWithQrStart({})).qrDataUrl, undefined, "there is nothing to scan");
});

test("a logout that Zalo does not confirm is none", async () => {
  const { gateway } = registered().channel;
  script({ "auth/logout": { error: { code: -32014, message: "account default is still logged in" } } });
  await assert.rejects(gateway.logoutAccount({ cfg: CFG, accountId: "default" }), /still logged in/);
  script({});
  assert.deepEqual(await gateway.logoutAccount({ cfg: CFG, accountId: "default" }), { cleared: true, loggedOut: true });
});
