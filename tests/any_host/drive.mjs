// The component in Node, without anything of zalouser's host: jco turns it into JavaScript.
//
//   node drive.mjs COMPONENT CONFIG RECORDING
//
// Configures the default account, hands it the recorded output of `zca listen`, and prints each decision as a line of
// JSON.

import { mkdtemp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { transpile } from "@bytecodealliance/jco";

const [componentFile, configFile, recordingFile] = process.argv.slice(2);

const folder = await mkdtemp(join(tmpdir(), "zalouser-"));
try {
  const { config, inbound } = await load(componentFile, folder);
  const { accounts, defaultAccount } = config.load(await readFile(configFile, "utf8"), {});
  const account = accounts.find(({ id }) => id === defaultAccount);
  const monitor = new inbound.Monitor(account, []);
  const now = BigInt(Date.now());
  // A last line without an end is a line all the same.
  const lines = Buffer.concat([await readFile(recordingFile), Buffer.from("\n")]);
  for (const effect of monitor.push(lines, now, "origin")) {
    const decision = decide(effect);
    if (decision) console.log(JSON.stringify(decision));
  }
} finally {
  await rm(folder, { recursive: true });
}

async function load(file, folder) {
  const { files } = await transpile(await readFile(file), { name: "zalouser" });
  for (const [name, bytes] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), bytes);
  }
  await writeFile(join(folder, "package.json"), '{ "type": "module" }');
  return import(pathToFileURL(join(folder, "zalouser.js")));
}

function decide({ tag, val }) {
  switch (tag) {
    case "deliver":
      return { outcome: tag, reason: val.admission, senderId: val.senderId, messageId: val.messageId, body: val.body };
    case "pair":
      return { outcome: tag, reason: "not-paired", senderId: val.senderId, messageId: val.messageId };
    case "drop":
      return { outcome: tag, reason: val.reason, senderId: val.senderId ?? null, messageId: val.messageId ?? null };
  }
}
