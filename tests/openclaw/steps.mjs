// What is shown in a gateway, step by step.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { LONG } from "./model.mjs";
import { World } from "./world.mjs";

const FOLDER_TESTS = ["plugin", "account"].map((name) => fileURLToPath(new URL(`${name}.test.mjs`, import.meta.url)));

/** All steps, in order; each builds on those before. */
export function steps({ gateway, world, model, port, plugin }) {
  const installFlags = gateway.isCurrent ? ["--force", "--accept-capabilities"] : [];
  const listening = (count) => world.until(`listening ${count} times`, () => world.natives.length >= count);
  const answered = (thread, text, profile) =>
    world.until(`the answer ${JSON.stringify(text)}`, () =>
      world.textsTo(thread, profile).some((it) => it.includes(text)),
    );
  /** The names of the tools that the model was offered when it was asked this. */
  const offered = (text) =>
    model.requests.findLast(({ messages }) => JSON.stringify(messages).includes(text))?.tools.map((tool) => tool.function.name);
  const call = async (method, params) => {
    const args = ["gateway", "call", method, "--params", JSON.stringify(params), "--timeout", "90000", "--json"];
    const output = await world.succeed(args);
    return JSON.parse(output.slice(output.indexOf("{"), output.lastIndexOf("}") + 1));
  };
  const installedElsewhere = async (...what) => {
    const other = new World({ command: world.command, zalouser: world.zalouser });
    other.configure(baseConfig(gateway, model.url, port));
    await other.succeed(["plugins", "install", ...what, ...installFlags]);
    const listed = await other.succeed(["plugins", "info", "zalouser"]);
    await other.end();
    return listed;
  };
  let code;

  return [
    ["the folder by itself", () => {
      const options = { env: world.env, stdio: "pipe", encoding: "utf8" };
      execFileSync(world.command.program, ["--test", ...FOLDER_TESTS], options);
    }],
    ["plugins install", async () => {
      world.configure(baseConfig(gateway, model.url, port));
      await world.succeed(["plugins", "install", plugin, ...installFlags]);
      world.configure(withChannel(world.config));
      const listed = await world.succeed(["plugins", "info", "zalouser"]);
      assert.match(listed, /zalouser/i);
    }],
    ["plugins install --link", async () => {
      const listed = await installedElsewhere(plugin, "--link");
      assert.ok(listed.includes(plugin) || listed.includes("extensions/zalouser"), listed);
    }],
    ["plugins install of what npm packs", async () => {
      const options = { cwd: plugin, env: world.env, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] };
      const packed = execFileSync("npm", ["pack", "--json", "--pack-destination", world.folder], options);
      const [{ filename, version }] = JSON.parse(packed);
      const listed = await installedElsewhere(join(world.folder, filename));
      assert.ok(listed.includes(version), listed);
    }],
    ["a program that is missing or too old is told in one line", async () => {
      const old = join(world.folder, "old-zalouser");
      writeFileSync(old, "#!/bin/sh\necho \"error: unrecognized subcommand '$1'\" >&2\nexit 2\n", { mode: 0o755 });
      for (const [program, told] of [
        ["/nonexistent/zalouser", /\/nonexistent\/zalouser, which ZALOUSER_BIN names, cannot be started.*install zalouser/],
        [old, /old-zalouser is too old for this plugin; install the zalouser of this plugin's version/],
      ]) {
        const env = { ZALOUSER_BIN: program };
        const { code, output } = await world.openclaw(["directory", "self", "--channel", "zalouser"], { env });
        assert.notEqual(code, 0, output);
        assert.match(output, told);
      }
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
      const send = (target, ...what) => ["message", "send", "--channel", "zalouser", "--target", target, ...what];
      for (const [target, thread, group] of [["111", "111", false], ["group:5001", "5001", true], ["Bob", "222", false]]) {
        await world.succeed(send(target, "--message", `to ${target}`));
        const sent = world.sent().find((sent) => sent.text === `to ${target}`);
        assert.deepEqual([sent?.threadId, sent?.group], [thread, group]);
      }
      const picture = "https://example.com/picture.png";
      await world.succeed(send("group:5001", "--message", "look", "--media", picture));
      const sent = world.sent().find((sent) => sent.url === picture);
      assert.deepEqual([sent?.kind, sent?.caption, sent?.group], ["image", "look", true]);
      world.setFaults({ send: [{ match: "never", exit: 1, stderr: "Error: no route" }] });
      for (const [target, told] of [["111", /no route/], ["Nobody", /no friend or group is called "Nobody"/]]) {
        const { code, output } = await world.openclaw(send(target, "--message", "never"));
        assert.notEqual(code, 0, output);
        assert.match(output, told);
      }
    }],
    ["a stranger is offered a code", async () => {
      world.say({ from: "333", name: "Phone Person", text: "hello say:first" });
      const notice = await world.until("the notice", () => world.textsTo("333")[0]);
      code = notice.match(/openclaw pairing approve zalouser ([A-Z0-9]{8})/)?.[1];
      assert.ok(code, notice);
      assert.match(await world.succeed(["pairing", "list", "zalouser"]), new RegExp(code));
    }],
    ["pairing approve lets the stranger in", async () => {
      // The commands of the current gateway do not know that a plugin can tell people.
      const notify = gateway.isCurrent ? [] : ["--notify"];
      await world.succeed(["pairing", "approve", "zalouser", code, ...notify]);
      if (notify.length > 0) assert.ok(world.textsTo("333").some((text) => /can write to this account now/.test(text)));
      world.say({ from: "333", name: "Phone Person", text: "say:second" });
      await answered("333", "answer second");
      assert.ok(!world.textsTo("333").some((text) => text.includes("first")), "what came before is not answered");
    }],
    ["a group is answered by policy", async () => {
      world.say({ from: "222", name: "Bob", group: "5002", text: "say:closed" });
      world.say({ from: "222", name: "Bob", group: "5001", text: "say:open" });
      await answered("5001", "answer open");
      assert.deepEqual(world.textsTo("5002"), []);
      assert.ok(world.sent().filter((sent) => sent.threadId === "5001").every((sent) => sent.group));
    }],
    ["a group's rule holds for all tools of the agent", () => {
      const [direct, group] = [offered("say:second"), offered("say:open")];
      assert.ok(direct.includes("exec") && direct.includes("zalouser"), direct.join());
      assert.ok(!group.includes("exec") && group.includes("zalouser"), group.join());
    }],
    ["a long answer comes in parts", async () => {
      const before = world.textsTo("333").length;
      world.say({ from: "333", text: "say:long" });
      await answered("333", "word 0500");
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
      const listeners = () => world.processes.filter(({ command }) => /\blisten\b/.test(command));
      await world.until("the end of the former listener", () => listeners().length === 1);
      await answered("333", "slow kill");
      await answered("333", "answer afterkill");
      await sleep(6_000);
      for (const text of ["slow kill", "answer afterkill"]) {
        const sent = world.sent().filter((it) => it.text === text);
        assert.equal(sent.length, 1, `${JSON.stringify(sent)}\n${world.log.slice(-3_000)}`);
      }
    }],
    ["a second account, added while it runs", async () => {
      const config = world.config;
      config.channels.zalouser.accounts = { default: {}, work: { profile: "work", dmPolicy: "open" } };
      world.configure(config);
      await world.until("that it listens", () => /\[work\] zalouser \S+ listens/.test(world.log));
      world.say({ profile: "work", from: "222", name: "Bob", text: "say:atwork" });
      await answered("222", "answer atwork", "work");
      const send = ["message", "send", "--channel", "zalouser", "--account", "work", "--target", "111", "--message", "hi"];
      await world.succeed(send);
      assert.deepEqual(world.textsTo("111", "work"), ["hi"]);
      world.say({ from: "333", text: "say:athome" });
      await answered("333", "answer athome");
      const { output } = await world.openclaw(["channels", "status", "--probe"]);
      for (const id of ["default", "work"]) assert.match(output, new RegExp(`Zalo Personal ${id}.*running.*works`));
    }],
    ["channels logout and login", async () => {
      await world.succeed(["channels", "logout", "--channel", "zalouser"]);
      const status = await world.openclaw(["channels", "status", "--probe"]);
      assert.match(status.output, /not logged in|logged out/);
      const output = await world.succeed(["channels", "login", "--channel", "zalouser"]);
      assert.match(output, /█/, "the code is drawn");
      assert.match(output, /is logged in as Bot Nguyễn \(999\)/);
    }],
    ["the login of the control page", async () => {
      await world.succeed(["channels", "logout", "--channel", "zalouser"]);
      const { qrDataUrl } = await call("web.login.start", { timeoutMs: 60_000 });
      assert.match(qrDataUrl, /^data:image\/png;base64,/);
      const { connected } = await call("web.login.wait", { timeoutMs: 60_000 });
      assert.equal(connected, true);
    }],
    ["nothing is left running", async () => {
      await world.stopGateway();
      await world.until("the end of all processes", () => world.processes.length === 0, 20_000).catch(() => {
        assert.fail(JSON.stringify(world.processes));
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
  // By name, so that it takes this channel to know which group is meant.
  const groups = { "Work Chat": { requireMention: false, tools: { deny: ["exec"] } } };
  const zalouser = { enabled: true, dmPolicy: "pairing", groupPolicy: "allowlist", groups };
  config.channels = { ...config.channels, zalouser };
  config.plugins ??= {};
  config.plugins.entries = { ...config.plugins.entries, zalouser: { ...config.plugins.entries?.zalouser, enabled: true } };
  return config;
}
