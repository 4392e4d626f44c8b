// Drives extensions/zalouser in the real gateways. See README.md beside this file.

import assert from "node:assert/strict";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { GATEWAYS, install, npmAnswers } from "./gateways.mjs";
import { LONG, startModel } from "./model.mjs";
import { World, freePort } from "./world.mjs";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const { values: options } = parseArgs({
  options: {
    lab: { type: "string", default: join(homedir(), ".cache", "zalouser-openclaw") },
    zalouser: { type: "string", default: join(process.env.CARGO_TARGET_DIR ?? join(root, "target"), "debug", "zalouser") },
    only: { type: "string" },
    skip: { type: "string" },
    keep: { type: "boolean", default: false },
  },
});
const plugin = join(root, "extensions", "zalouser");

if (!npmAnswers()) {
  console.log("SKIPPED: npm's registry cannot be reached, so that there is no OpenClaw to test with");
  process.exit(0);
}
let failed = 0;
for (const gateway of GATEWAYS.filter(({ version }) => !options.only || version === options.only)) {
  console.log(`\nOpenClaw ${gateway.version} on Node ${gateway.node}`);
  failed += await drive(gateway, install(gateway, resolve(options.lab)));
}
console.log(failed === 0 ? "\nall is well" : `\n${failed} failed`);
process.exit(failed === 0 ? 0 : 1);

/** Drives one gateway through all steps, and gives the number of those that failed. */
async function drive(gateway, command) {
  const model = await startModel();
  const world = new World({ command, zalouser: resolve(options.zalouser) });
  const port = await freePort();
  let failures = 0;
  for (const [name, step] of steps({ gateway, world, model, port })) {
    if (options.skip && new RegExp(options.skip).test(name)) continue;
    const begun = Date.now();
    let result = "ok";
    try {
      await step();
    } catch (error) {
      failures += 1;
      result = `FAILED\n${error.message.replace(/^/gm, "      ")}`;
    }
    console.log(`  ${((Date.now() - begun) / 1000).toFixed(1).padStart(6)} s  ${name}: ${result}`);
  }
  if (options.keep) console.log(`  kept: ${world.folder}\n${world.log}`);
  else await world.end();
  model.stop();
  return failures;
}

/** What is shown, in order; each step builds on those before. */
function steps({ gateway, world, model, port }) {
  const installFlags = gateway.isCurrent ? ["--force", "--accept-capabilities"] : [];
  const listening = (count) => world.until(`listening ${count} times`, () => world.natives.length >= count);
  const answered = (thread, text) =>
    world.until(`the answer ${JSON.stringify(text)}`, () => world.textsTo(thread).some((it) => it.includes(text)));
  let code;

  return [
    ["plugins install", async () => {
      world.configure(baseConfig(gateway, model.url, port));
      await world.succeed(["plugins", "install", plugin, ...installFlags]);
      world.configure(withChannel(world.config));
      const listed = await world.succeed(["plugins", "info", "zalouser"]);
      assert.match(listed, /zalouser/i);
    }],
    ["plugins install --link", async () => {
      const other = new World({ command: world.command, zalouser: world.zalouser });
      other.configure(baseConfig(gateway, model.url, port));
      await other.succeed(["plugins", "install", plugin, "--link", ...installFlags]);
      const listed = await other.succeed(["plugins", "info", "zalouser"]);
      assert.ok(listed.includes(plugin) || listed.includes("extensions/zalouser"), listed);
      await other.end();
    }],
    ["a missing program is told in one line", async () => {
      const env = { ZALOUSER_BIN: "/nonexistent/zalouser" };
      const { code, output } = await world.openclaw(["directory", "self", "--channel", "zalouser"], { env });
      assert.notEqual(code, 0);
      assert.match(output, /\/nonexistent\/zalouser, which ZALOUSER_BIN names, cannot be started.*install zalouser/);
    }],
    ["the gateway starts and listens", async () => {
      world.startGateway();
      await listening(1);
    }],
    ["channels status --probe", async () => {
      const output = await world.succeed(["channels", "status", "--probe"]);
      assert.match(output, /Zalo Personal default.*enabled.*configured.*running.*works/);
    }],
    ["directory", async () => {
      const list = (...args) => world.succeed(["directory", ...args, "--channel", "zalouser"]);
      assert.match(await list("self"), /999.*Bot Nguyễn/);
      const peers = await list("peers", "list", "--query", "nguyen");
      assert.match(peers, /111.*Alice Nguyễn/);
      assert.doesNotMatch(peers, /Bob/);
      assert.match(await list("groups", "list", "--query", "work"), /group:5001.*Work Chat/);
      assert.match(await list("groups", "members", "--group-id", "group:5001"), /444.*Carol/);
    }],
    ["message send", async () => {
      const send = (target, message) =>
        world.openclaw(["message", "send", "--channel", "zalouser", "--target", target, "--message", message]);
      for (const [target, thread, group] of [["111", "111", false], ["group:5001", "5001", true], ["Bob", "222", false]]) {
        await world.succeed(["message", "send", "--channel", "zalouser", "--target", target, "--message", `to ${target}`]);
        const sent = world.sent.find((sent) => sent.text === `to ${target}`);
        assert.deepEqual([sent?.threadId, sent?.group], [thread, group]);
      }
      world.setFaults({ send: [{ match: "never", exit: 1, stderr: "Error: no route" }] });
      const { code, output } = await send("111", "never");
      assert.notEqual(code, 0, output);
      assert.match(output, /no route/);
    }],
    ["a stranger is offered a code", async () => {
      world.say({ from: "333", name: "Phone Person", text: "hello say:first" });
      const notice = await world.until("the notice", () => world.textsTo("333")[0]);
      code = notice.match(/openclaw pairing approve zalouser ([A-Z0-9]{8})/)?.[1];
      assert.ok(code, notice);
      assert.match(await world.succeed(["pairing", "list", "zalouser"]), new RegExp(code));
    }],
    ["pairing approve lets the stranger in", async () => {
      await world.succeed(["pairing", "approve", "zalouser", code]);
      world.say({ from: "333", name: "Phone Person", text: "say:second" });
      await answered("333", "answer second");
      assert.ok(!world.textsTo("333").some((text) => text.includes("first")), "what came before is not answered");
    }],
    ["a group is answered by policy", async () => {
      world.say({ from: "222", name: "Bob", group: "5002", text: "say:closed" });
      world.say({ from: "222", name: "Bob", group: "5001", text: "say:open" });
      await answered("5001", "answer open");
      assert.deepEqual(world.textsTo("5002"), []);
      assert.ok(world.sent.filter((sent) => sent.threadId === "5001").every((sent) => sent.group));
    }],
    ["a long answer comes in parts", async () => {
      const before = world.textsTo("333").length;
      world.say({ from: "333", text: "say:long" });
      await answered("333", "word 0499");
      const parts = world.textsTo("333").slice(before);
      assert.ok(parts.length >= 3 && parts.every((part) => part.length <= 2_000), `${parts.map((part) => part.length)}`);
      assert.equal(parts.join(" "), LONG);
    }],
    ["the model uses the tool in the conversation", async () => {
      world.say({ from: "333", text: "say:tool=here" });
      await answered("333", "tool done here");
      assert.ok(world.textsTo("333").includes("by the tool here"), world.textsTo("333").join("\n"));
    }],
    ["a killed native process loses nothing", async () => {
      const [pid] = world.natives.slice(-1);
      const count = world.natives.length;
      world.say({ from: "333", text: "say:slow=kill" });
      await world.until("the turn", () => model.requests.some((request) => JSON.stringify(request).includes("slow=kill")));
      world.say({ from: "333", text: "say:afterkill" });
      // As long as the listener may need to read it; the turn takes longer.
      await sleep(3_000);
      process.kill(pid, "SIGKILL");
      await listening(count + 1);
      await answered("333", "slow kill");
      await answered("333", "answer afterkill");
      await sleep(6_000);
      for (const text of ["slow kill", "answer afterkill"]) {
        assert.equal(world.textsTo("333").filter((it) => it === text).length, 1, text);
      }
    }],
    ["channels logout and login", async () => {
      await world.succeed(["channels", "logout", "--channel", "zalouser"]);
      assert.match((await world.openclaw(["channels", "status", "--probe"])).output, /not logged in|logged out/);
      const output = await world.succeed(["channels", "login", "--channel", "zalouser"]);
      assert.match(output, /is logged in as Bot Nguyễn \(999\)/);
    }],
    ["nothing is left running", async () => {
      await world.stopGateway();
      await world.until("the end of all processes", () => world.processes.length === 0, 20_000).catch(() => {
        assert.fail(world.processes.join("\n"));
      });
    }],
    ["status tells of a missing program", async () => {
      const config = world.config;
      config.plugins.entries.zalouser.config = { binary: "/nonexistent/zalouser" };
      world.configure(config);
      world.startGateway();
      await world.until("the complaint", () => /cannot be started/.test(world.log));
      const { output } = await world.openclaw(["channels", "status", "--probe"]);
      assert.match(output, /plugins\.entries\.zalouser\.config\.binary names, cannot be started/);
      await world.stopGateway();
    }],
  ];
}

function baseConfig(gateway, modelUrl, port) {
  const cost = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 };
  const model = { id: "m", name: "m", reasoning: false, input: ["text"], cost, contextWindow: 200_000, maxTokens: 8_192 };
  const provider = { baseUrl: modelUrl, apiKey: "none", api: "openai-completions", models: [model] };
  const common = {
    gateway: { mode: "local", port, bind: "loopback", auth: { mode: "token", token: "test" } },
    models: { providers: { fake: provider } },
    agents: { defaults: { model: { primary: "fake/m" } } },
    discovery: { mdns: { mode: "off" } },
    update: { checkOnStart: false },
  };
  if (!gateway.isCurrent) return common;
  common.models.catalogRefresh = { enabled: false };
  // Otherwise the model is only told where to look for tools.
  return { ...common, tools: { toolSearch: false } };
}

function withChannel(config) {
  const zalouser = { enabled: true, dmPolicy: "pairing", groupPolicy: "allowlist", groups: { 5001: { requireMention: false } } };
  config.channels = { ...config.channels, zalouser };
  config.plugins ??= {};
  config.plugins.entries = { ...config.plugins.entries, zalouser: { ...config.plugins.entries?.zalouser, enabled: true } };
  return config;
}
