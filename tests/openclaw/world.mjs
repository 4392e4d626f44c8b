// A home folder, a simulated zca and a gateway in it, apart from everything else on the machine.

import { spawn } from "node:child_process";
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** For how long something is waited for that has to happen, in milliseconds: one of the gateways is slow. */
const PATIENCE = 180_000;

/** Variables of this machine that would lead a process out of its world. */
const FOREIGN = /^(OPENCLAW_|CLAWDBOT_|ZCA_|OPENZCA_|ZALOUSER_|XDG_)/;

export class World {
  static #all = new Set();
  #gateway = null;
  #count = 0;

  constructor({ command, zalouser }) {
    this.folder = mkdtempSync(join(tmpdir(), "zalouser-openclaw-"));
    this.home = join(this.folder, "home");
    this.zca = join(this.folder, "zca");
    this.command = command;
    this.zalouser = zalouser;
    mkdirSync(join(this.home, ".openclaw"), { recursive: true });
    mkdirSync(join(this.zca, "bin"), { recursive: true });
    for (const profile of ["default", "work"]) mkdirSync(join(this.zca, "profiles", profile), { recursive: true });
    symlinkSync(zalouser, join(this.zca, "bin", "zca"));
    World.#all.add(this);
  }

  get env() {
    const own = Object.entries(process.env).filter(([name]) => !FOREIGN.test(name));
    return {
      ...Object.fromEntries(own),
      HOME: this.home,
      PATH: this.command.path,
      NO_COLOR: "1",
      ZALOUSER_BIN: this.zalouser,
      ZALOUSER_ZCA: join(this.zca, "bin", "zca"),
      ZCA_SIMULATOR_HOME: this.zca,
      OPENCLAW_DISABLE_BONJOUR: "1",
    };
  }

  configure(config) {
    writeFileSync(join(this.home, ".openclaw", "openclaw.json"), JSON.stringify(config, null, 2));
  }

  /** The configuration as it is now: gateways write to it, too. */
  get config() {
    return JSON.parse(readFileSync(join(this.home, ".openclaw", "openclaw.json"), "utf8"));
  }

  /** Runs a command of OpenClaw to its end. */
  openclaw(args, { env = {}, timeout = PATIENCE } = {}) {
    return new Promise((resolve) => {
      const { program, leading } = this.command;
      const child = spawn(program, [...leading, ...args], { env: { ...this.env, ...env }, cwd: this.folder });
      let output = "";
      const collect = (chunk) => (output += chunk);
      child.stdout.on("data", collect);
      child.stderr.on("data", collect);
      const timer = setTimeout(() => child.kill("SIGKILL"), timeout);
      child.on("close", (code) => {
        clearTimeout(timer);
        resolve({ code, output });
      });
    });
  }

  /** Does the same, and fails with it. A busy machine is too slow for the clean-up of OpenClaw itself. */
  async succeed(args, options) {
    let { code, output } = await this.openclaw(args, options);
    if (code === null || (code !== 0 && /CLI cleanup timed out/.test(output))) {
      console.log(`          again, since OpenClaw did not end by itself: ${args.join(" ")}`);
      ({ code, output } = await this.openclaw(args, options));
    }
    if (code !== 0) throw new Error(`openclaw ${args.join(" ")} ended with ${code}:\n${output}`);
    return output;
  }

  startGateway(env = {}) {
    const { program, leading } = this.command;
    const child = spawn(program, [...leading, "gateway", "run"], { env: { ...this.env, ...env }, cwd: this.folder });
    const gateway = { child, log: "" };
    const collect = (chunk) => (gateway.log += chunk);
    child.stdout.on("data", collect);
    child.stderr.on("data", collect);
    gateway.ended = new Promise((resolve) => child.on("close", resolve));
    this.#gateway = gateway;
  }

  get log() {
    return this.#gateway?.log ?? "";
  }

  async stopGateway() {
    const gateway = this.#gateway;
    if (!gateway) return;
    this.#gateway = null;
    gateway.child.kill("SIGTERM");
    const timer = setTimeout(() => gateway.child.kill("SIGKILL"), 30_000);
    await gateway.ended;
    clearTimeout(timer);
  }

  /** The native processes that listened, in their order. */
  get natives() {
    return [...this.log.matchAll(/listens \(process (\d+)\)/g)].map(([, pid]) => Number(pid));
  }

  /** Lets somebody write to the account, in a group or directly. */
  say({ profile = "default", from, name = "Somebody", group, text }) {
    this.#count += 1;
    const thread = group ?? from;
    const now = Date.now();
    const chatType = group ? "group" : "user";
    const ids = { msgId: String(7_000_000_000_000 + this.#count), cliMsgId: String(now + this.#count) };
    const line = {
      threadId: thread,
      targetId: thread,
      conversationId: thread,
      ...ids,
      content: text,
      type: group ? 1 : 0,
      timestamp: Math.floor(now / 1000),
      msgType: "webchat",
      metadata: {
        isGroup: Boolean(group),
        chatType,
        threadId: thread,
        targetId: thread,
        senderName: group ? name : undefined,
        senderDisplayName: name,
        senderId: from,
        fromId: from,
        toId: group ?? "999",
        msgType: "webchat",
        timestamp: Math.floor(now / 1000),
      },
      chatType,
      senderId: from,
      senderName: name,
      senderDisplayName: name,
      toId: group ?? "999",
      ts: String(now),
    };
    appendFileSync(this.#profile(profile, "inbox.jsonl"), `${JSON.stringify(line)}\n`);
  }

  setFaults(faults) {
    writeFileSync(this.#profile("default", "faults.json"), JSON.stringify(faults));
  }

  /** All that has arrived on Zalo, in its order. */
  sent(profile = "default") {
    const file = this.#profile(profile, "sent.jsonl");
    if (!existsSync(file)) return [];
    return readFileSync(file, "utf8").split("\n").filter(Boolean).map((line) => JSON.parse(line));
  }

  /** The texts that arrived in a thread. */
  textsTo(thread, profile) {
    return this.sent(profile).filter((sent) => sent.threadId === thread && sent.text).map((sent) => sent.text);
  }

  /** Processes that run in this world. */
  get processes() {
    const found = [];
    for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
      try {
        const isOurs = readFileSync(`/proc/${pid}/environ`, "utf8").includes(`HOME=${this.home}\0`);
        const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
        if (isOurs && command) found.push({ pid: Number(pid), command });
      } catch {
        // It has just ended, or is somebody else's.
      }
    }
    return found;
  }

  /** Waits until `look` finds something, and gives that. */
  async until(what, look, patience = PATIENCE) {
    const begun = Date.now();
    for (;;) {
      const found = look();
      if (found) return found;
      if (Date.now() - begun > patience) throw new Error(`${what} did not happen; the log ends with\n${this.log.slice(-3_000)}`);
      await sleep(50);
    }
  }

  async end({ keep = false } = {}) {
    await this.stopGateway();
    this.#kill();
    if (!keep) rmSync(this.folder, { recursive: true, force: true });
    World.#all.delete(this);
  }

  /** Ends all that runs in any world, at once. */
  static endAll() {
    for (const world of World.#all) {
      world.#kill();
      rmSync(world.folder, { recursive: true, force: true });
    }
  }

  #kill() {
    for (const { pid } of this.processes) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It has just ended.
      }
    }
  }

  #profile(name, file) {
    return join(this.zca, "profiles", name, file);
  }
}

/** A port of the loopback that is free now. */
export function freePort() {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
