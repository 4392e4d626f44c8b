// From what the native process asks to what the gateway offers: turns, and its pairing store.

const CHANNEL = "zalouser";

/** How many conversations are remembered. */
const REMEMBERED = 1_000;

// Shared by all copies of this folder in a process, as tools are made by another copy than the one that listens.
const shared = (globalThis[Symbol.for("zalouser.conversations")] ??= { bySession: new Map() });

/** The conversation of a session that was last written in: { account, target }. */
export function conversationOf(sessionKey) {
  return shared.bySession.get(sessionKey);
}

/**
 * What the native process may ask on behalf of one account. `core` is the gateway's channel runtime, which has
 * `inbound.dispatch` since the gateways of 2026.9.
 */
export function answersFor({ cfg, accountId, core, native, log }) {
  const isCurrent = typeof core.inbound?.dispatch === "function";
  const turn = isCurrent ? currentTurn : olderTurn;
  return {
    inbound: async (message, signal) => {
      // The gateway may stop the account meanwhile, as it does when its configuration changes: the turn goes on.
      native.retain();
      try {
        await answer(turn, { cfg, accountId, core, native, log, signal }, message);
      } finally {
        // Not waited for: the process ends when it has taken the answer.
        setImmediate(() => native.release());
      }
    },
    paired: async () => ({ senders: await allowed(core, accountId, isCurrent) }),
    pairing: (stranger) => offer(core, accountId, isCurrent, stranger),
  };
}

/** Has one message answered. Throws when something could not be delivered. */
async function answer(turn, host, { entry, target, context }) {
  const failures = [];
  let model;
  const delivery = {
    deliver: async (payload) => {
      const media = payload.mediaUrls?.length ? payload.mediaUrls : [payload.mediaUrl].filter(Boolean);
      const text = payload.text ?? "";
      if (!text.trim() && media.length === 0) return { visibleReplySent: false };
      const params = { account: host.accountId, to: target, text, media, entry, model };
      const sent = await host.native.request("deliver", params, { signal: host.signal });
      return { visibleReplySent: sent.sent > 0, messageIds: sent.messageIds };
    },
    onError: (error) => failures.push(error),
    onModel: ({ provider, model: name, thinkLevel }) => {
      model = { provider: provider ?? "", model: name, thinkingLevel: thinkLevel };
    },
  };
  await turn(host, { target, context, delivery });
  if (failures.length > 0) throw failures[0];
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
  const { bySession } = shared;
  bySession.delete(sessionKey);
  bySession.set(sessionKey, { account: accountId, target });
  if (bySession.size > REMEMBERED) bySession.delete(bySession.keys().next().value);
}

/** The id in a target. */
function threadOf(target) {
  return target.replace(/^group:/, "");
}
