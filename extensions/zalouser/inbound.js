// From what the native process asks to what the gateway offers: turns, and its pairing store.

const CHANNEL = "zalouser";

/** How many conversations are remembered. */
const REMEMBERED = 1_000;

/** How long an answer waits for a native process to take the place of one that died, in milliseconds. */
const REBIND_TIME = 120_000;

// Shared by all copies of this folder in a process, as tools are made by another copy than the one that listens.
const shared = (globalThis[Symbol.for("zalouser.conversations")] ??= {
  bySession: new Map(),
  policies: new Map(),
  turns: new Map(),
});

/** The conversation of a session that was last written in: { account, target }. */
export function conversationOf(sessionKey) {
  return shared.bySession.get(sessionKey);
}

/**
 * Which of the agent's tools may be used in a group, as the native process said when a message came from there.
 * Asked while a turn begins, so that there is no time to ask anew.
 */
export function toolPolicyOf(accountId, groupId) {
  return shared.policies.get(policyKey(accountId, groupId))?.policy;
}

/**
 * What the native process may ask on behalf of one account. `core` is the gateway's channel runtime, which has
 * `inbound.dispatch` since the gateways of 2026.9.
 */
export function answersFor({ cfg, accountId, core, native, log }) {
  const isCurrent = typeof core.inbound?.dispatch === "function";
  const host = { cfg, accountId, core, log, dispatch: isCurrent ? currentTurn : olderTurn };
  return {
    inbound: async (message, signal) => {
      // The gateway may stop the account meanwhile, as it does when its configuration changes: the turn goes on.
      native.retain();
      try {
        await learnPolicy(host, message.target, { native, signal });
        await answer(host, message, { native, signal });
      } finally {
        // Not waited for: the process ends when it has taken the answer.
        setImmediate(() => native.release());
      }
    },
    paired: async () => ({ senders: await allowed(core, accountId, isCurrent) }),
    pairing: (stranger) => offer(core, accountId, isCurrent, stranger),
  };
}

/** Asks which tools may be used in a conversation, once for each configuration. Without an answer there is no turn. */
async function learnPolicy(host, target, { native, signal }) {
  const key = policyKey(host.accountId, target);
  const known = shared.policies.get(key);
  if (known?.host === host) return remember(shared.policies, key, known);
  const params = { account: host.accountId, current: target };
  const policy = await native.request("tool/policy", params, { signal });
  remember(shared.policies, key, { host, policy });
}

/** Gateways write the ids of accounts in small letters. */
function policyKey(accountId, target) {
  return `${accountId.toLowerCase()} ${threadOf(target)}`;
}

/** Has one message answered, once however often it is handed over. Throws when something was not delivered. */
async function answer(host, { entry, target, context }, { native, signal }) {
  const key = `${host.accountId} ${context.MessageSid}`;
  const bound = { native, signal, entry };
  const running = shared.turns.get(key);
  if (running) {
    // The native process died over it, and the gateway did not: it goes on with the one that is here now.
    running.bind(bound);
    return running.done;
  }
  const turn = new Turn(host, target, bound);
  shared.turns.set(key, turn);
  turn.done = turn.run(context).finally(() => shared.turns.delete(key));
  return turn.done;
}

/** One message on its way through the gateway's agent. */
class Turn {
  #host;
  #target;
  #bound;
  #rebound = Promise.withResolvers();
  #model;
  #failures = [];

  constructor(host, target, bound) {
    this.#host = host;
    this.#target = target;
    this.#bound = bound;
  }

  /** Goes on with another native process. */
  bind(bound) {
    this.#bound = bound;
    this.#rebound.resolve();
    this.#rebound = Promise.withResolvers();
  }

  async run(context) {
    const delivery = {
      deliver: (payload) => this.#deliver(payload),
      onError: (error) => this.#failures.push(error),
      onModel: ({ provider, model, thinkLevel }) => {
        this.#model = { provider: provider ?? "", model, thinkingLevel: thinkLevel };
      },
    };
    // Gateways take what has an id that they know for a repetition, and do not answer it.
    const MessageSid = context.Redelivered ? `${context.MessageSid}#${Date.now()}` : context.MessageSid;
    await this.#host.dispatch(this.#host, { target: this.#target, context: { ...context, MessageSid }, delivery });
    if (this.#failures.length > 0) throw this.#failures[0];
  }

  async #deliver(payload) {
    const media = payload.mediaUrls?.length ? payload.mediaUrls : [payload.mediaUrl].filter(Boolean);
    const text = payload.text ?? "";
    if (!text.trim() && media.length === 0) return { visibleReplySent: false };
    const params = { account: this.#host.accountId, to: this.#target, text, media, model: this.#model };
    for (;;) {
      const { native, signal, entry } = this.#bound;
      try {
        const sent = await native.request("deliver", { ...params, entry }, { signal });
        return { visibleReplySent: sent.sent > 0, messageIds: sent.messageIds };
      } catch (error) {
        if (native.isAlive) throw error;
        if (this.#bound.native === native && !(await this.#isRebound())) throw error;
      }
    }
  }

  /** Whether a native process has asked for this answer again before long. */
  async #isRebound() {
    let timer;
    const late = new Promise((resolve) => (timer = setTimeout(resolve, REBIND_TIME, false)));
    try {
      return await Promise.race([this.#rebound.promise.then(() => true), late]);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** A turn in the gateways of 2026.9. */
async function currentTurn(host, { target, context, delivery }) {
  const { cfg, accountId, core } = host;
  const isGroup = context.ChatType === "group";
  const kind = isGroup ? "group" : "direct";
  const id = threadOf(target);
  const dmScope = cfg.session?.dmScope;
  const route = core.routing.resolveAgentRoute({
    cfg,
    channel: CHANNEL,
    accountId,
    peer: { kind, id },
    // Everybody's direct chats would otherwise be one session.
    dmScope: !dmScope || dmScope === "main" ? "per-channel-peer" : dmScope,
  });
  begin(host, route.sessionKey, target);
  const ctxPayload = await core.inbound.buildContext({
    channelIngress: "unsupported",
    channel: CHANNEL,
    accountId,
    messageId: context.MessageSid,
    messageIdFull: context.MessageSidFull,
    timestamp: context.Timestamp,
    from: context.From,
    sender: { id: context.SenderId, name: context.SenderName },
    conversation: { kind, id, label: context.ConversationLabel },
    route: {
      agentId: route.agentId,
      dmScope: route.dmScope,
      accountId: route.accountId,
      routeSessionKey: route.sessionKey,
      dispatchSessionKey: route.sessionKey,
    },
    reply: { to: `${CHANNEL}:${target}`, originatingTo: `${CHANNEL}:${target}` },
    message: {
      body: context.Body,
      bodyForAgent: context.Body,
      rawBody: context.RawBody,
      commandBody: context.CommandBody,
      inboundHistory: context.InboundHistory,
    },
    access: { commands: { authorized: context.CommandAuthorized } },
    extra: addressed(context, route, target),
  });
  await core.inbound.dispatch({
    channel: CHANNEL,
    accountId,
    cfg,
    route: { agentId: route.agentId, dmScope: route.dmScope, sessionKey: route.sessionKey },
    ctxPayload,
    delivery: { deliver: delivery.deliver, onError: delivery.onError },
    replyOptions: { onModelSelected: delivery.onModel },
    record: { onRecordError: (error) => host.log?.warn?.(`zalouser: ${error}`) },
  });
}

/** A turn in the gateways before that. */
async function olderTurn(host, { target, context, delivery }) {
  const { cfg, accountId, core } = host;
  const route = core.routing.resolveAgentRoute({
    cfg,
    channel: CHANNEL,
    accountId,
    // These gateways put all direct chats of a channel into one session; a chat of its own takes this kind.
    peer: { kind: "group", id: threadOf(target) },
  });
  begin(host, route.sessionKey, target);
  const ctx = core.reply.finalizeInboundContext(addressed(context, route, target));
  const storePath = core.session.resolveStorePath(cfg.session?.store, { agentId: route.agentId });
  await core.session.recordInboundSession({
    storePath,
    sessionKey: ctx.SessionKey ?? route.sessionKey,
    ctx,
    onRecordError: (error) => host.log?.warn?.(`zalouser: ${error}`),
  });
  await core.reply.dispatchReplyWithBufferedBlockDispatcher({
    ctx,
    cfg,
    dispatcherOptions: { deliver: delivery.deliver, onError: delivery.onError },
    replyOptions: { onModelSelected: delivery.onModel },
  });
}

/** The message under the names that the gateway knows, with its own session and an address that can be replied to. */
function addressed(context, route, target) {
  const to = `${CHANNEL}:${target}`;
  const [MediaPath, MediaUrl, MediaType] = ["MediaPaths", "MediaUrls", "MediaTypes"].map(
    (list) => context[list]?.[0] || undefined,
  );
  return {
    ...context,
    BodyForAgent: context.Body,
    BodyForCommands: context.CommandBody,
    MediaPath,
    MediaUrl,
    MediaType,
    To: to,
    OriginatingTo: to,
    SessionKey: route.sessionKey,
    AccountId: route.accountId,
  };
}

async function allowed(core, account, isCurrent) {
  const read = core.pairing.readAllowFromStore;
  const senders = isCurrent ? await read({ channel: CHANNEL, accountId: account }) : await read(CHANNEL);
  return (senders ?? []).map(String);
}

async function offer(core, account, isCurrent, { senderId, senderName }) {
  const meta = senderName ? { name: senderName } : undefined;
  const request = { channel: CHANNEL, id: senderId, meta };
  if (isCurrent) request.accountId = account;
  const { code, created } = await core.pairing.upsertPairingRequest(request);
  if (!code) return {};
  const of = isCurrent && account !== "default" ? ` --account ${account}` : "";
  return { code, created, approve: `openclaw pairing approve ${CHANNEL} ${code}${of}` };
}

/** Remembers where a session's messages come from. */
function begin({ accountId }, sessionKey, target) {
  remember(shared.bySession, sessionKey, { account: accountId, target });
}

/** Puts something into a map that forgets what was put there longest ago. */
function remember(map, key, value) {
  map.delete(key);
  map.set(key, value);
  if (map.size > REMEMBERED) map.delete(map.keys().next().value);
}

/** The id in a target. */
function threadOf(target) {
  return target.replace(/^group:/, "");
}
