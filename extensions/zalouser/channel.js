// The channel as the gateways know it: every member asks the native process, and decides nothing.

import { setTimeout as sleep } from "node:timers/promises";

import { answersFor, toolPolicyOf } from "./inbound.js";
import { withNative } from "./native.js";

const CHANNEL = "zalouser";

/** The pause before an account that went down is started again, in milliseconds: it doubles up to the longest. */
const PAUSE_FIRST = 1_000;
const PAUSE_LONGEST = 60_000;

/** After running for so long, in milliseconds, an account begins again with the first pause. */
const STEADY = 60_000;

/** How long a person has to scan a QR code, in seconds. */
const SCAN_TIME = 180;

const meta = {
  id: CHANNEL,
  label: "Zalo Personal",
  selectionLabel: "Zalo (Personal Account)",
  docsPath: "/channels/zalouser",
  docsLabel: CHANNEL,
  blurb: "Your own Zalo account, judged inside a WebAssembly sandbox.",
  aliases: ["zlu"],
  order: 85,
};

const capabilities = {
  chatTypes: ["direct", "group"],
  media: true,
  reactions: false,
  threads: false,
  polls: false,
  nativeCommands: false,
  blockStreaming: true,
};

/** The channel, for a gateway with this plugin API. */
export function channelFor(api) {
  return {
    id: CHANNEL,
    meta,
    capabilities,
    reload: { configPrefixes: ["channels.zalouser", "plugins.entries.zalouser"] },
    gatewayMethods: ["web.login.start", "web.login.wait"],
    config,
    security: { resolveDmPolicy },
    groups,
    threading: { resolveReplyToMode: () => "off" },
    messaging,
    directory,
    outbound,
    pairing,
    auth: { login },
    status,
    gateway: {
      startAccount: (ctx) => runAccount(ctx, api),
      logoutAccount,
      ...webLogin(() => currentConfig(api)),
    },
  };
}

/** What holds in a group for the agent that answers there. */
const groups = {
  resolveToolPolicy: ({ cfg, accountId, groupId }) =>
    groupId ? toolPolicyOf(accountId || config.defaultAccountId(cfg), groupId) : undefined,
};

/** What gateways before 2026.9 want to know of a channel without loading all of it. */
export const dock = {
  id: CHANNEL,
  capabilities,
  groups,
  outbound: { textChunkLimit: 2_000 },
  threading: { resolveReplyToMode: () => "off" },
};

/** The accounts as the configuration lists them. Asked often, so nothing is started for it. */
const config = {
  listAccountIds: (cfg) => {
    const ids = Object.keys(sectionOf(cfg).accounts ?? {}).sort();
    return ids.length > 0 ? ids : ["default"];
  },
  defaultAccountId: (cfg) => {
    const ids = config.listAccountIds(cfg);
    return sectionOf(cfg).defaultAccount?.trim() || (ids.includes("default") ? "default" : ids[0]);
  },
  resolveAccount: (cfg, id) => {
    const accountId = id || config.defaultAccountId(cfg);
    const { accounts, defaultAccount, ...base } = sectionOf(cfg);
    const own = { ...base, ...accounts?.[accountId] };
    const enabled = base.enabled !== false && own.enabled !== false;
    return { accountId, name: own.name, enabled, config: own };
  },
  isEnabled: (account) => account.enabled,
  // Whether somebody is logged in is asked of Zalo, by a probe.
  isConfigured: () => true,
  describeAccount: ({ accountId, name, enabled }) => ({ accountId, name, enabled, configured: true }),
  resolveAllowFrom: ({ cfg, accountId }) =>
    (config.resolveAccount(cfg, accountId).config.allowFrom ?? []).map(String),
  formatAllowFrom: ({ allowFrom }) => allowFrom.map((entry) => String(entry).trim()).filter(Boolean),
};

const messaging = {
  targetPrefixes: [CHANNEL, "zlu"],
  normalizeTarget: (raw) => raw.trim() || undefined,
  // The native process reads ids as well as names, and says what is wrong with either.
  targetResolver: { looksLikeId: (raw) => raw.trim() !== "", hint: "<user id | group:id | name>" },
};

const directory = {
  self: async ({ cfg, accountId }) => (await find(cfg, "directory/self", { account: accountId }))[0] ?? null,
  listPeers: ({ cfg, accountId, query, limit }) =>
    find(cfg, "directory/peers", { account: accountId, query, limit }),
  listGroups: ({ cfg, accountId, query, limit }) =>
    find(cfg, "directory/groups", { account: accountId, query, limit }),
  listGroupMembers: ({ cfg, accountId, groupId, query, limit }) =>
    find(cfg, "directory/members", { account: accountId, group: groupId, query, limit }),
};

const outbound = {
  deliveryMode: "direct",
  // Whole texts: the native process cuts them.
  chunker: null,
  textChunkLimit: 2_000,
  sendText: ({ cfg, to, text, accountId }) => send(cfg, { account: accountId, to, text }),
  sendMedia: ({ cfg, to, text, mediaUrl, accountId }) =>
    send(cfg, { account: accountId, to, text: text ?? "", media: mediaUrl ? [mediaUrl] : [] }),
};

const pairing = {
  idLabel: "zalouserUserId",
  normalizeAllowEntry: (entry) => entry.trim().replace(/^(zalouser|zlu):/i, ""),
  notifyApproval: async ({ cfg, id, accountId }) => {
    await send(cfg, { account: accountId, to: `user:${id}`, text: "You can write to this account now." });
  },
};

const status = {
  defaultRuntime: { accountId: "default", running: false, connected: false, lastError: null },
  probeAccount: async ({ account, cfg, timeoutMs }) => {
    const params = { account: account.accountId };
    try {
      return await withNative(cfg, (native) => native.request("status/probe", params, { timeoutMs }));
    } catch (error) {
      return { ok: false, error: error.message };
    }
  },
  buildAccountSnapshot: ({ account, runtime, probe }) => ({
    ...config.describeAccount(account),
    running: runtime?.running ?? false,
    connected: runtime?.connected ?? false,
    lastStartAt: runtime?.lastStartAt ?? null,
    lastStopAt: runtime?.lastStopAt ?? null,
    lastInboundAt: runtime?.lastInboundAt ?? null,
    lastOutboundAt: runtime?.lastOutboundAt ?? null,
    lastError: runtime?.lastError ?? probe?.error ?? null,
    dmPolicy: account.config.dmPolicy ?? "pairing",
    probe,
  }),
  buildChannelSummary: ({ snapshot }) => ({
    configured: snapshot.configured ?? true,
    running: snapshot.running ?? false,
    lastError: snapshot.lastError ?? null,
    probe: snapshot.probe,
  }),
  collectStatusIssues: (accounts) =>
    accounts
      .filter((account) => account.enabled !== false && account.lastError)
      .map(({ accountId, lastError }) => ({
        channel: CHANNEL,
        accountId,
        kind: "runtime",
        message: lastError,
      })),
};

/** Runs an account until the gateway aborts it, over as many native processes as that takes. */
async function runAccount(ctx, api) {
  const { accountId, abortSignal, log } = ctx;
  const report = (patch) => ctx.setStatus({ ...ctx.getStatus(), accountId, ...patch });
  let pause = PAUSE_FIRST;
  while (!abortSignal.aborted) {
    const begun = Date.now();
    try {
      await withNative(ctx.cfg, (native) => listen(ctx, api, native, report));
    } catch (error) {
      if (abortSignal.aborted) break;
      if (Date.now() - begun > STEADY) pause = PAUSE_FIRST;
      report({ running: false, connected: false, lastError: error.message });
      log?.error?.(`[${accountId}] ${error.message}; next try in ${pause / 1000} s`);
      await sleep(pause, undefined, { signal: abortSignal }).catch(() => {});
      pause = Math.min(pause * 2, PAUSE_LONGEST);
    }
  }
  report({ running: false, connected: false, lastStopAt: Date.now() });
}

/** Listens until the gateway aborts that. Throws when the native process ends before. */
async function listen(ctx, api, native, report) {
  const { accountId, abortSignal, log } = ctx;
  const core = ctx.channelRuntime ?? api.runtime.channel;
  const params = { account: accountId };
  const answers = {
    ...answersFor({ cfg: ctx.cfg, accountId, core, native, log }),
    status: (news) => abortSignal.aborted || report(runtimeOf(news)),
    log: ({ level, account, message }) => log?.[level]?.(`[${account ?? CHANNEL}] ${message}`),
  };
  native.accounts.set(accountId, answers);
  const stopped = Promise.withResolvers();
  const stop = () => stopped.resolve();
  abortSignal.addEventListener("abort", stop, { once: true });
  try {
    await native.request("listen/start", params, { signal: abortSignal });
    report({ running: true, connected: true, lastStartAt: Date.now(), lastError: null });
    log?.info?.(`[${accountId}] zalouser ${native.about.version} listens (process ${native.pid})`);
    const problem = await Promise.race([stopped.promise, native.closed]);
    if (problem) throw problem;
  } finally {
    abortSignal.removeEventListener("abort", stop);
    if (native.isAlive) await native.request("listen/stop", params).catch((error) => log?.warn?.(error.message));
    // Gateways do not wait for this for long before they start the account anew.
    if (native.accounts.get(accountId) === answers) native.accounts.delete(accountId);
  }
}

function runtimeOf({ running, lastInboundAt, lastOutboundAt, lastError, identity }) {
  return {
    running: true,
    connected: running,
    lastError: lastError ?? null,
    ...(lastInboundAt && { lastInboundAt }),
    ...(lastOutboundAt && { lastOutboundAt }),
    ...(identity && { identity: identity.displayName || identity.userId }),
  };
}

async function login({ cfg, accountId, runtime }) {
  const account = accountId ?? config.defaultAccountId(cfg);
  await withNative(cfg, async (native) => {
    const { loggedIn, qrText, qrDataUrl, profile } = await native.request("auth/login", { account });
    if (loggedIn) {
      runtime.log(`Account ${account} is logged in already (profile ${profile}).`);
      return;
    }
    runtime.log(qrText ?? qrDataUrl);
    runtime.log(`Scan the code with the Zalo app (account ${account}, profile ${profile}).`);
    const wait = { account, waitSeconds: SCAN_TIME };
    const state = await native.request("auth/status", wait, { timeoutMs: Infinity });
    if (!state.loggedIn) throw new Error(`account ${account} is not logged in: ${state.reason}`);
    const { userId, displayName } = state.identity ?? {};
    runtime.log(`Account ${account} is logged in${userId ? ` as ${displayName || "?"} (${userId})` : ""}.`);
  });
}

async function logoutAccount({ cfg, accountId }) {
  await withNative(cfg, (native) => native.request("auth/logout", { account: accountId }));
  return { cleared: true, loggedOut: true };
}

/** The login of the control page, which gets the code as a picture. */
function webLogin(configNow) {
  return {
    loginWithQrStart: ({ accountId, force, timeoutMs }) => {
      const cfg = configNow();
      const account = accountId ?? config.defaultAccountId(cfg);
      return withNative(cfg, async (native) => {
        const params = { account, force: force ?? false };
        const { loggedIn, qrDataUrl } = await native.request("auth/login", params, { timeoutMs });
        return loggedIn
          ? { connected: true, message: `Account ${account} is logged in already.` }
          : { qrDataUrl, message: "Scan the code with the Zalo app." };
      });
    },
    loginWithQrWait: ({ accountId, timeoutMs }) => {
      const cfg = configNow();
      const account = accountId ?? config.defaultAccountId(cfg);
      const waitSeconds = Math.ceil((timeoutMs ?? SCAN_TIME * 1000) / 1000);
      return withNative(cfg, async (native) => {
        const params = { account, waitSeconds };
        const { loggedIn, reason } = await native.request("auth/status", params, { timeoutMs: Infinity });
        return loggedIn
          ? { connected: true, message: `Account ${account} is logged in.` }
          : { connected: false, message: `Account ${account} is not logged in: ${reason}` };
      });
    },
  };
}

async function find(cfg, method, params) {
  const { entries } = await withNative(cfg, (native) => native.request(method, params));
  return entries.map((entry) => {
    const { kind, target, name, avatarUrl } = entry;
    return { kind, id: target, name: name || undefined, avatarUrl, raw: entry };
  });
}

/** Sends something. Throws when it did not arrive whole. */
async function send(cfg, params) {
  const { messageIds, parts } = await withNative(cfg, (native) => native.request("deliver", params));
  if (parts === 0) throw new Error("there is nothing in the message that can be sent");
  return { channel: CHANNEL, messageId: messageIds.at(-1) ?? "", meta: { messageIds } };
}

function resolveDmPolicy({ cfg, accountId, account }) {
  const of = sectionOf(cfg).accounts?.[accountId] ? `channels.zalouser.accounts.${accountId}.` : "channels.zalouser.";
  return {
    policy: account.config.dmPolicy ?? "pairing",
    allowFrom: account.config.allowFrom ?? [],
    policyPath: `${of}dmPolicy`,
    allowFromPath: of,
    approveHint: "openclaw pairing approve zalouser <code>",
    normalizeEntry: pairing.normalizeAllowEntry,
  };
}

function sectionOf(cfg) {
  return cfg?.channels?.zalouser ?? {};
}

function currentConfig(api) {
  const { config: source } = api.runtime;
  return source.current?.() ?? source.loadConfig();
}
