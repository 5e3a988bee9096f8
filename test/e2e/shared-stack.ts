import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import { startOriginals } from "../../dev/originals-server.ts";
import { prepareSamples } from "../../dev/samples.ts";
import { startTestStack, type TestStack } from "./stack.ts";

/** The stack of this process. */
let shared: Promise<TestStack> | null = null;

/**
 * A stack without options, which the test files of a process share: a start takes five seconds of a core, and the stack ends with the process.
 * Each file asks for samples in a folder of its own (`warm/hero.jpg` is `hero.jpg`), so that no other file has warmed them, and leaves gate
 * and faults as it found them. Fails the file in which a limit of the platform was broken.
 */
export function useSharedStack(): () => TestStack {
  let stack: TestStack;
  let brokenBefore = 0;
  beforeAll(async () => {
    shared ??= startShared();
    stack = await shared;
    brokenBefore = stack.brokenLimits.length;
  });
  afterAll(() => {
    const broken = stack?.brokenLimits.slice(brokenBefore) ?? [];
    if (broken.length > 0) throw new Error(broken.join("\n"));
  });
  return () => stack;
}

async function startShared(): Promise<TestStack> {
  const samples = await prepareSamples(join(".wrangler", "samples"));
  const find = async (id: string) => samples.get(id) ?? samples.get(id.slice(id.indexOf("/") + 1)) ?? null;
  const originals = await startOriginals(find, 0);
  // The run removes the folder when its processes have ended.
  const stateDir = mkdtempSync(join(tmpdir(), "shared-stack-"));
  return startTestStack({ originalsUrl: originals.url, stateDir });
}
