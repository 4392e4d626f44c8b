// The native process: found, started, spoken to by JSON-RPC 2.0 with one message a line, and ended.

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** The version of the protocol that this folder speaks. */
const PROTOCOL = 1;

/** How long a process that was told to end may take, in milliseconds, before it is killed. */
const END_TIME = 15_000;

/** How long an answer may take when its caller does not say, in milliseconds. */
const ANSWER_TIME = 180_000;

/** How much of what the process says as an error is kept, in characters. */
const STDERR_KEPT = 4_000;

// OpenClaw may evaluate this folder several times in one process, and all copies share one native process.
const shared = (globalThis[Symbol.for("zalouser.native")] ??= { current: null });

/** A request that the native process refused, or could not carry out. */
export class RequestError extends Error {
  constructor({ code, message, data }) {
    super(message);
    this.name = "RequestError";
    this.code = code;
    this.data = data;
  }
}

/** The native process cannot be used; the message is one line that says what to do. */
export class NativeError extends Error {
  name = "NativeError";
}

/** The program that is started, and where its name comes from. */
export function findBinary(cfg, env = process.env) {
  const configured = cfg?.plugins?.entries?.zalouser?.config?.binary;
  if (typeof configured === "string" && configured.trim()) {
    return { path: configured.trim(), from: "plugins.entries.zalouser.config.binary" };
  }
  if (env.ZALOUSER_BIN?.trim()) return { path: env.ZALOUSER_BIN.trim(), from: "ZALOUSER_BIN" };
  return { path: "zalouser", from: "PATH" };
}

/** As much of the gateway's configuration as the channel depends on. */
export function relevantConfig(cfg) {
  const { agents, bindings, messages, commands, session } = cfg;
  const channels = { defaults: cfg.channels?.defaults, zalouser: cfg.channels?.zalouser };
  const plugins = { entries: { zalouser: cfg.plugins?.entries?.zalouser } };
  // Through JSON, which leaves out what is undefined.
  return JSON.parse(JSON.stringify({ channels, plugins, agents, bindings, messages, commands, session }));
}

/**
 * Does `work` with a native process that has this configuration, and ends the process when nobody has work
 * for it any more: a command line must not wait for it.
 */
export async function withNative(cfg, work) {
  const native = await acquire(cfg);
  try {
    return await work(native);
  } finally {
    await native.release();
  }
}

async function acquire(cfg) {
  const binary = findBinary(cfg);
  let native = shared.current;
  if (!native?.isAlive || native.binary.path !== binary.path) {
    native = new Native(binary);
    shared.current = native;
  }
  native.retain();
  try {
    await native.configure(relevantConfig(cfg));
    return native;
  } catch (error) {
    await native.release();
    throw error;
  }
}

/** One native process. */
class Native {
  isAlive = true;
  users = 0;
  /** Who answers what the process asks, by account. */
  accounts = new Map();
  #child;
  #lastId = 0;
  #waiting = new Map();
  #asked = new Map();
  #stderr = "";
  #configured = null;
  #configuring = Promise.resolve();

  constructor(binary) {
    this.binary = binary;
    this.#child = spawn(binary.path, ["serve", "--stdio"], { stdio: ["pipe", "pipe", "pipe"] });
    this.closed = new Promise((resolve) => {
      this.#child.once("error", (error) => this.#end(resolve, startProblem(binary, error)));
      // Not "exit": what it printed before its end is read by then.
      this.#child.once("close", (code, signal) => this.#end(resolve, this.#endProblem(code, signal)));
    });
    this.#child.stdin.on("error", () => {});
    this.#child.stderr.setEncoding("utf8").on("data", (text) => this.#keep(text));
    createInterface({ input: this.#child.stdout }).on("line", (line) => this.#take(line));
  }

  /** Its process id. */
  get pid() {
    return this.#child.pid;
  }

  /** Tells the process its configuration unless it has it already. */
  configure(config) {
    const text = JSON.stringify(config);
    const configured = this.#configuring.then(async () => {
      if (this.#configured === text) return;
      const about = await this.request("initialize", { protocol: PROTOCOL, config });
      if (about.protocol !== PROTOCOL) {
        throw new NativeError(`${this.binary.path} ${about.version} does not fit this plugin; ${updateHint(this.binary)}`);
      }
      this.about = about;
      this.#configured = text;
    });
    this.#configuring = configured.catch(() => {});
    return configured;
  }

  /** Asks the process. Throws RequestError when it refuses, and NativeError when it is gone. */
  async request(method, params, { signal, timeoutMs = ANSWER_TIME } = {}) {
    if (!this.isAlive) throw await this.closed;
    signal?.throwIfAborted();
    const id = ++this.#lastId;
    const { promise, resolve, reject } = Promise.withResolvers();
    const takeBack = (why) => {
      if (!this.#waiting.delete(id)) return;
      this.#send({ method: "$/cancelRequest", params: { id } });
      reject(why);
    };
    const onAbort = () => takeBack(signal.reason);
    const late = new NativeError(`zalouser did not answer ${method} within ${timeoutMs / 1000} s; try again`);
    const timer = timeoutMs === Infinity ? undefined : setTimeout(takeBack, timeoutMs, late);
    signal?.addEventListener("abort", onAbort, { once: true });
    this.#waiting.set(id, { resolve, reject });
    this.#send({ id, method, params });
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
    }
  }

  /** Keeps it for something that outlives whoever started it. To be given back. */
  retain() {
    this.users += 1;
  }

  /** Gives it back. Whoever does so last ends it, and waits for that. */
  async release() {
    this.users -= 1;
    if (this.users > 0) return;
    if (shared.current === this) shared.current = null;
    this.#child.stdin.end();
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), END_TIME);
    await this.closed;
    clearTimeout(timer);
  }

  #send(message) {
    if (this.isAlive) this.#child.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
  }

  #take(line) {
    const message = messageIn(line);
    if (!message) this.#keep(`${line}\n`);
    else if (message.method === "$/cancelRequest") this.#asked.get(message.params?.id)?.abort();
    else if (message.method && message.id !== undefined) this.#serve(message);
    else if (message.method) this.#hear(message);
    else this.#settle(message);
  }

  /** Keeps what it says beside the protocol: the reason for its end may be in it. */
  #keep(text) {
    this.#stderr = (this.#stderr + text).slice(-STDERR_KEPT);
  }

  #settle({ id, result, error }) {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error) waiting?.reject(new RequestError(error));
    else waiting?.resolve(result);
  }

  /** Has the account hear what the process tells; all of them what is about none. */
  #hear({ method, params }) {
    const listener = this.accounts.get(params?.account);
    for (const one of listener ? [listener] : this.accounts.values()) {
      try {
        one[method]?.(params);
      } catch (error) {
        // What the gateway makes of news is no reason to end it.
        this.#keep(`${error}\n`);
      }
    }
  }

  /** Has the account answer what the process asks. */
  async #serve({ id, method, params }) {
    const listener = this.accounts.get(params?.account);
    const abort = new AbortController();
    this.#asked.set(id, abort);
    try {
      if (!listener?.[method]) throw new Error(`nobody answers ${method} for account ${params?.account}`);
      this.#send({ id, result: (await listener[method](params, abort.signal)) ?? {} });
    } catch (error) {
      this.#send({ id, error: { code: -32000, message: String(error?.message ?? error) } });
    } finally {
      this.#asked.delete(id);
    }
  }

  #end(resolve, problem) {
    if (!this.isAlive) return;
    this.isAlive = false;
    if (shared.current === this) shared.current = null;
    for (const { reject } of this.#waiting.values()) reject(problem);
    this.#waiting.clear();
    for (const abort of this.#asked.values()) abort.abort();
    resolve(problem);
  }

  #endProblem(code, signal) {
    const how = signal ? `by ${signal}` : `with exit code ${code}`;
    const lines = this.#stderr.split("\n").filter((line) => line.trim());
    // A command line that does not know what it was asked ends like this.
    if (code === 2 && this.#configured === null) {
      return new NativeError(`${this.binary.path} is too old for this plugin; ${updateHint(this.binary)}`);
    }
    const said = lines.length > 0 ? `; it said: ${lines.at(-1).slice(0, 400)}` : "";
    return new NativeError(`${this.binary.path} ended ${how}${said}`);
  }
}

/** The message in a line; none when it is something else. */
function messageIn(line) {
  try {
    const message = JSON.parse(line);
    return message !== null && typeof message === "object" ? message : null;
  } catch {
    return null;
  }
}

function startProblem({ path, from }, error) {
  const set = "set plugins.entries.zalouser.config.binary or ZALOUSER_BIN to its path";
  if (error.code === "ENOENT" && from === "PATH") {
    return new NativeError(`zalouser is not on PATH; install it (cargo install --path host), or ${set}`);
  }
  const why = error.code === "ENOENT" ? "there is no such program" : error.message;
  return new NativeError(`${path}, which ${from} names, cannot be started (${why}); install zalouser and ${set}`);
}

function updateHint({ from }) {
  return `install the zalouser of this plugin's version, or let ${from} name it`;
}
