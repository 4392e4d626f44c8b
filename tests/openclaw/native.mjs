#!/usr/bin/env node
// Stands in for `zalouser serve --stdio` in the test of the plugin folder: what it answers, asks and tells is in the
// file that SCRIPT names, and all that it is sent is written to the file that SEEN names.

import { appendFileSync, readFileSync } from "node:fs";
import { createInterface } from "node:readline";

const script = JSON.parse(readFileSync(process.env.SCRIPT, "utf8"));
const seen = (entry) => appendFileSync(process.env.SEEN, `${JSON.stringify(entry)}\n`);
const say = (message) => process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);

seen({ started: process.pid, args: process.argv.slice(2) });
if (script.exit !== undefined) {
  process.stderr.write(script.stderr ?? "");
  process.exit(script.exit);
}
createInterface({ input: process.stdin })
  .on("line", (line) => {
    const message = JSON.parse(line);
    seen(message);
    if (!message.method || message.id === undefined) return;
    const answer = script.answers?.[message.method] ?? {};
    if (answer.die) process.exit(1);
    if (answer.never) return;
    for (const line of answer.noise ?? []) process.stdout.write(`${line}\n`);
    if (answer.error) say({ id: message.id, error: answer.error });
    else say({ id: message.id, result: answer.result ?? {} });
    for (const then of answer.then ?? []) say(then);
  })
  .on("close", () => seen({ ended: process.pid }));
