import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { localSecrets, readSettings } from "../../dev/settings.ts";
import { type Stack, type StackOptions, startStack } from "../../dev/stack.ts";
import site from "../../prewarm.config.ts";

export type TestStack = Stack & { stateDir: string; adminToken: string; viewerToken: string; hookSecret: string };

interface TestOptions extends Partial<Omit<StackOptions, "secrets">> {
  /** Secrets by name, beside those of the repository's configuration or in their place. */
  secrets?: Record<string, string>;
}

/** The whole local stack on free ports with a clean state; `close()` removes it all, and fails when a limit of the platform was broken. */
export async function startTestStack({ secrets: given = {}, ...options }: TestOptions = {}): Promise<TestStack> {
  const stateDir = options.stateDir ?? (await mkdtemp(join(tmpdir(), "prewarm-e2e-")));
  const settings = readSettings({ STATE_DIR: stateDir });
  const made = Object.entries(localSecrets({ config: site, faults: [] }, {}, stateDir)).map(([name, { value }]) => [
    name,
    value,
  ]);
  const secrets: Record<string, string> = { ...Object.fromEntries(made), ...given };
  const ports = { port: 0, controlPort: 0 };
  const stack = await startStack({ ...settings, ...ports, watch: false, secrets: async () => secrets, ...options });
  return {
    ...stack,
    stateDir,
    adminToken: settings.adminToken,
    viewerToken: secrets.VIEWER_TOKEN ?? "",
    hookSecret: secrets.HOOK_SECRET ?? "",
    close: async () => {
      await stack.close();
      if (!options.stateDir) await rm(stateDir, { recursive: true, force: true });
      if (options.limits === undefined && stack.brokenLimits.length > 0) throw new Error(stack.brokenLimits.join("\n"));
    },
  };
}

/** For a condition, not a speed: it only ends a wait that hangs, before the test's own limit, and says what was seen. */
export const PATIENCE_MS = 200_000;

/** Asks again until `done` holds; fails with what it last saw. `ms`: only where a test is about the time itself. */
export async function until<T>(
  what: string,
  look: () => Promise<T>,
  done: (seen: T) => boolean,
  ms = PATIENCE_MS,
): Promise<T> {
  const deadline = Date.now() + ms;
  for (;;) {
    const seen = await look();
    if (done(seen)) return seen;
    if (Date.now() > deadline)
      throw new Error(`${what} did not come true within ${ms} ms; last seen: ${JSON.stringify(seen)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Whether the variant itself was served; what stands in for it is private. */
export function isVariant({ status, headers }: Pick<Response, "status" | "headers">): boolean {
  return status === 200 && !headers.get("cache-control")?.startsWith("private");
}

/** One request to an image URL, without following the redirect, read to its end. */
export async function ask(url: string, headers: Record<string, string> = {}) {
  const response = await fetch(url, { redirect: "manual", headers });
  const body = Buffer.from(await response.arrayBuffer());
  return {
    status: response.status,
    headers: response.headers,
    body,
    cache: response.headers.get("cache-status"),
  };
}
