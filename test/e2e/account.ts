import { symlinkSync } from "node:fs";
import { join } from "node:path";
import type { Context } from "../../apps/cli/src/platform/context.ts";
import { runProgram } from "../../apps/cli/src/platform/run-program.ts";
import { runCli } from "../../apps/cli/src/run-cli.ts";
import { type FakeCloudflare, serveFakeCloudflare } from "../../apps/cli/test/testing/fake-cloudflare.ts";
import { createWorld } from "../../apps/cli/test/testing/fake-world.ts";
import { tempFolder } from "../temp-folder.ts";

/** Secrets as a person has them; none may be printed. */
export const SECRETS = {
  ITTYBIT_API_KEY: "key-of-ittybit",
  ADMIN_TOKEN: "an-admin-token-of-32-characters!",
  SIGNING_KEYS: "a-signing-key-of-32-characters!!",
  HOOK_SECRET: `whsec_${Buffer.alloc(32, 7).toString("base64")}`,
};

const ROOT = join(import.meta.dirname, "../..");
const PARTS = ["workers", "packages", "apps", "scripts", "node_modules"];

/** A site's folder that has this repository's parts as links, and `more`: what commands write down stays out of the repository. */
export function linkedSite(...more: string[]): string {
  const folder = tempFolder("prewarm-linked-");
  for (const part of [...PARTS, ...more]) symlinkSync(join(ROOT, part), join(folder, part));
  return folder;
}

/** Commands of a site against an account that is served on this machine, by the pinned wrangler itself. */
export interface ServedAccount {
  /** Runs a command line of `prewarm`; the commit is what git says. `more`: variables in place of the account's. */
  run(
    line: string,
    commit?: string,
    more?: Record<string, string>,
  ): Promise<{ code: number; said: string; changes: string[] }>;
  /** The name of the version of a Worker that runs. */
  running(worker: string): string | undefined;
  /** All that was printed for people. */
  shown(): string;
  close(): void;
}

export async function serveAccount(cloudflare: FakeCloudflare, cwd: string): Promise<ServedAccount> {
  const served = await serveFakeCloudflare(cloudflare);
  let shown = "";
  const env = {
    ...(process.env as Record<string, string>),
    ...SECRETS,
    CLOUDFLARE_API_BASE_URL: served.url,
    CLOUDFLARE_ACCOUNT_ID: "account",
    CLOUDFLARE_API_TOKEN: "token",
  };
  return {
    async run(line, commit = "aaaaaaaaaaaa", more = {}) {
      cloudflare.changes.length = 0;
      const world = createWorld({ env: { ...env, ...more }, cwd, run: programsAt(commit) });
      const code = await runCli(line.split(" "), world.context, () => {});
      shown += world.stderr();
      // Asking for sizes is a POST, and changes nothing.
      const changes = cloudflare.changes.filter((call) => call !== "POST /graphql");
      return { code, said: world.stdout() + world.stderr(), changes };
    },
    running(worker) {
      const script = cloudflare.scripts.get(worker);
      return script?.versions.find(({ id }) => id === script.running)?.annotations["workers/tag"];
    },
    shown: () => shown,
    close: () => served.close(),
  };
}

/** wrangler is real, git says which commit it is, and the dashboard is built already. */
function programsAt(commit: string): Context["run"] {
  return async (call) => {
    if (call.program === "git") return { code: 0, stdout: call.args[0] === "rev-parse" ? commit : "", stderr: "" };
    return call.args[0]?.endsWith("wrangler.js") ? runProgram(call) : { code: 0, stdout: "", stderr: "" };
  };
}
