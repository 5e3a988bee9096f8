// `npm run pack:all -- DIR` writes the tarball of every package into DIR and the zip of the WordPress plugin, or one of them (`--only prewarm`,
// `local`, `client`, `create`, `queue`, `emulator`, `wordpress`). `--check` judges the packages as well, and publishes each for show
// (`npm publish --dry-run`): exit 1 when one would be refused.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { PACKAGES } from "@prewarm/shared/packages";
import { buildCreate } from "./create.ts";
import { buildDurableQueue } from "./durable-queue.ts";
import { buildEmulator } from "./emulator.ts";
import { judgePackage } from "./judge.ts";
import { buildLocal } from "./local.ts";
import { ROOT } from "./package-folder.ts";
import { buildPrewarm } from "./prewarm.ts";
import { ZIP_NAME, zipPlugin } from "./wordpress-zip.ts";

const BUILDERS: Record<keyof typeof PACKAGES, (folder: string) => Promise<void> | void> = {
  prewarm: buildPrewarm,
  local: buildLocal,
  create: buildCreate,
  queue: buildDurableQueue,
  emulator: buildEmulator,
  client: (folder) => void run(process.execPath, [join(ROOT, "packages/client/scripts/build.ts"), folder]),
};
/** Programs: nothing imports them. */
const UNTYPED: readonly string[] = [PACKAGES.create, PACKAGES.local];

const { values, positionals } = parseArgs({
  options: { check: { type: "boolean", default: false }, only: { type: "string" } },
  allowPositionals: true,
});
// Meant from where npm was called.
const to = resolve(process.env.INIT_CWD ?? ".", positionals[0] ?? "dist/packages");
mkdirSync(to, { recursive: true });
let faults = 0;
for (const [key, name] of Object.entries(PACKAGES)) {
  if (key !== (values.only ?? key)) continue;
  const tarball = await pack(key as keyof typeof PACKAGES);
  console.log(`${tarball} (${Math.ceil(statSync(tarball).size / 1000)} kB)`);
  if (!values.check) continue;
  const found = await judgePackage(tarball, UNTYPED.includes(name));
  for (const fault of found) console.error(`${name}: ${fault}`);
  faults += found.length;
  run("npm", ["publish", tarball, "--dry-run", "--provenance=false", "--loglevel=error"]);
}
if ((values.only ?? "wordpress") === "wordpress") {
  writeFileSync(join(to, ZIP_NAME), zipPlugin());
  console.log(join(to, ZIP_NAME));
}
process.exitCode = faults === 0 ? 0 : 1;

async function pack(key: keyof typeof PACKAGES): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "prewarm-pack-"));
  try {
    await BUILDERS[key](folder);
    return join(to, run("npm", ["pack", "--silent", "--pack-destination", to, folder]).trim());
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function run(program: string, args: readonly string[]): string {
  return execFileSync(program, args, { cwd: ROOT, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
}
