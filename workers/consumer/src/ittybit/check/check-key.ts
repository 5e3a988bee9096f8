import { checkAddress, checkMain, checkMainOutput } from "./essentials.ts";
import { readOriginal } from "./original.ts";
import { type CheckOptions, type CheckPlatform, openSession } from "./session.ts";
import { type Tried, tryVariants } from "./variants.ts";
import { Stop, type Verdict } from "./verdict.ts";

/**
 * Whether Prewarm works with a service and a key: five small jobs by the client that the consumer uses, and one sentence. Never throws for what
 * the service does. `prewarm ittybit check` starts it.
 */
export async function checkKey(options: CheckOptions, platform: CheckPlatform): Promise<Verdict> {
  try {
    const { size } = await readOriginal(options.original, platform);
    const session = openSession(options, size, platform);
    await checkAddress(session);
    await checkMainOutput(session, await checkMain(session));
    return { kind: "works", why: "ok", sentence: sentenceOf(await tryVariants(session)) };
  } catch (error) {
    if (error instanceof Stop) return error.verdict;
    throw error;
  }
}

function sentenceOf(tried: readonly Tried[]): string {
  const missing = tried.flatMap(({ name, output }) => (output.ok ? [] : [`${name} (${output.message})`]));
  const works = "Prewarm works with this service";
  return missing.length === 0 ? `${works}.` : `${works}, but such variants end dead: ${missing.join("; ")}.`;
}
