// Drives extensions/zalouser in the real gateways. See README.md beside this file.

import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { GATEWAYS, install, npmAnswers } from "./gateways.mjs";
import { startModel } from "./model.mjs";
import { steps } from "./steps.mjs";
import { World, freePort } from "./world.mjs";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const { values: options } = parseArgs({
  options: {
    lab: { type: "string", default: join(homedir(), ".cache", "zalouser-openclaw") },
    zalouser: { type: "string", default: join(process.env.CARGO_TARGET_DIR ?? join(root, "target"), "debug", "zalouser") },
    only: { type: "string" },
    skip: { type: "string" },
    minutes: { type: "string", default: "15" },
    keep: { type: "boolean", default: false },
  },
});
const plugin = join(root, "extensions", "zalouser");
const skipped = [];
let failed = 0;

if (!npmAnswers()) skipped.push("npm's registry cannot be reached, so that there is no OpenClaw to test with");
else await driveAll();
for (const why of skipped) console.log(`\n${"=".repeat(20)} NOT TESTED ${"=".repeat(20)}\nSKIPPED: ${why}`);
if (failed > 0) console.log(`\n${failed} failed`);
else if (skipped.length === 0) console.log("\nall is well");
process.exit(failed === 0 ? 0 : 1);

async function driveAll() {
  const wanted = GATEWAYS.filter(({ version }) => !options.only || version === options.only);
  if (wanted.length === 0) throw new Error(`there is no gateway ${options.only}`);
  const installed = wanted.map((gateway) => {
    try {
      return { gateway, command: install(gateway, resolve(options.lab)) };
    } catch (error) {
      skipped.push(`OpenClaw ${gateway.version} cannot be installed from npm: ${error.message}`);
      return null;
    }
  });
  // From here on: how long npm takes says nothing of the folder.
  const end = (why) => {
    console.log(`  ${why}`);
    World.endAll();
    process.exit(1);
  };
  setTimeout(end, Number(options.minutes) * 60_000, `FAILED: it took longer than ${options.minutes} minutes`);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.once(signal, () => end(`ended by ${signal}`));
  for (const { gateway, command } of installed.filter(Boolean)) {
    console.log(`\nOpenClaw ${gateway.version} on Node ${gateway.node}`);
    failed += await drive(gateway, command);
  }
}

/** Drives one gateway through all steps, and gives the number of those that failed. */
async function drive(gateway, command) {
  const model = await startModel();
  const world = new World({ command, zalouser: resolve(options.zalouser) });
  const port = await freePort();
  let failures = 0;
  for (const [name, step] of steps({ gateway, world, model, port, plugin })) {
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
  await world.end({ keep: options.keep });
  model.stop();
  return failures;
}
