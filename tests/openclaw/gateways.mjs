// Installs OpenClaw's gateways from npm, each with a Node that it runs on.

import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** The gateways that the folder has to run in, unmodified. */
export const GATEWAYS = [
  { version: "2026.9.6", node: "24", isCurrent: true, overrides: { linkedom: "0.18.12" } },
  {
    version: "2026.2.9",
    node: "22",
    isCurrent: false,
    // Baileys wants libsignal from git, and newer releases of linkedom a package that is not on npm.
    overrides: { libsignal: "npm:libsignal@2.0.1", linkedom: "0.18.12" },
  },
];

/** Whether npm's registry can be reached. */
export function npmAnswers() {
  try {
    execFileSync("npm", ["view", "openclaw@2026.9.6", "version"], { stdio: "pipe", timeout: 60_000 });
    return true;
  } catch {
    return false;
  }
}

/** Installs a gateway below `lab` unless it is there, and gives the command that runs it. */
export function install(gateway, lab) {
  const node = installed(join(lab, `node${gateway.node}`), "node_modules/node/bin/node", {
    dependencies: { node: gateway.node },
  });
  // OpenClaw refuses to be installed by a Node that it does not run on.
  const path = `${join(node, "..")}:${process.env.PATH}`;
  const entry = installed(
    join(lab, `openclaw-${gateway.version}`),
    "node_modules/openclaw/openclaw.mjs",
    { dependencies: { openclaw: gateway.version }, overrides: gateway.overrides },
    { PATH: path },
  );
  return { program: node, leading: [entry], path };
}

function installed(folder, file, manifest, env = {}) {
  const found = join(folder, file);
  if (existsSync(found)) return found;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, ...manifest }));
  console.log(`  installing ${JSON.stringify(manifest.dependencies)} into ${folder}`);
  const options = ["install", "--no-audit", "--no-fund", "--loglevel=error"];
  execFileSync("npm", options, { cwd: folder, stdio: "inherit", env: { ...process.env, ...env } });
  return found;
}
