import type { Clock } from "@prewarm/shared/clock";
import type { Config } from "@prewarm/shared/config";
import { errorText, type Log } from "@prewarm/shared/log";
import { resolveOriginal } from "@prewarm/shared/source";
import type { StagedName } from "@prewarm/shared/staged-name";
import { stagedKey } from "@prewarm/shared/variant-key";
import type { Staging } from "../images/calls.ts";
import type { OriginalsAccess, ProbedOriginal } from "../originals/probe.ts";
import { type StageResult, stageOriginal } from "../originals/stage-original.ts";
import { createSemaphore, type Semaphore } from "../platform/semaphore.ts";
import { findStaged, noteUnstaged, type Staged } from "../store/staged.ts";
import { STAGE_MS } from "../times.ts";
import type { At } from "./crash-points.ts";

/*
 * Jobs that were ordered together are made from one read of their original (decision 13): the first handler copies it
 * into R2, and all jobs are made from the copy.
 */

/** How long a handler waits for the copy of another one, which may have died, and how often it looks for it. Chosen. */
const ELSEWHERE_MS = { most: 10_000, look: 500 };
/** Copies of one handler at once: half of its connections, so that slow origins leave the other half. Chosen. */
const AT_ONCE = 3;
/** A copy that breaks off is made once more. Chosen. */
const TRIES = 2;
const TOO_SLOW = `It could not be copied within ${STAGE_MS / 1000} s.`;
const BROKEN = "Its copy broke off twice.";

export interface Stager {
  /**
   * The original of these jobs from its staged bytes, or why it cannot be used. Stages the bytes if several jobs share
   * them. Null: the engine reads the original at its own address. Never throws.
   */
  original(name: StagedName, sharing: Sharing, rank: number): Promise<ProbedOriginal | null>;
}

interface StagerDeps {
  config: Pick<Config, "sources" | "limits" | "labels">;
  clock: Pick<Clock, "now">;
  sleep(ms: number): Promise<void>;
  images: Pick<R2Bucket, "head" | "put">;
  log: Log;
  at: At;
  originals: Pick<OriginalsAccess, "fetch" | "stagedUrl">;
  connections: Semaphore;
  memory: Semaphore;
}

type SigningDeps = StagerDeps & { stagedUrl: NonNullable<OriginalsAccess["stagedUrl"]> };

/** Whether other jobs are made from the same bytes. */
type Sharing = Pick<Staging, "shared" | "elsewhere">;

/** `rank`: the rank of calls for these bytes. */
type Name = StagedName & { rank: number };

/** Without a signing key or an address of the edge nothing is staged. */
export function createStager(deps: StagerDeps): Stager {
  const { stagedUrl } = deps.originals;
  return stagedUrl === null ? { original: () => Promise.resolve(null) } : stagerOf({ ...deps, stagedUrl });
}

function stagerOf(deps: SigningDeps): Stager {
  const copies = createSemaphore(AT_ONCE);
  const looks = new Map<string, Promise<ProbedOriginal | null>>();

  async function look(name: Name, { shared, elsewhere }: Sharing): Promise<StageResult | null> {
    const staged = await find(deps, name);
    if (staged !== null || !shared) return staged && told(deps, staged, name);
    const other = elsewhere ? await waitForOther(deps, name) : null;
    return other === null ? copies.run(() => copy(deps, name)) : told(deps, other, name);
  }

  async function settled(name: Name, sharing: Sharing): Promise<ProbedOriginal | null> {
    const result = await look(name, sharing);
    // Another handler was first.
    const found = result?.kind === "taken" ? await find(deps, name) : null;
    const staged = found === null ? result : told(deps, found, name);
    return staged === null || staged.kind === "taken" || staged.kind === "unstaged" ? null : staged;
  }

  return {
    original(name, sharing, rank) {
      const key = stagedKey(name);
      const known = looks.get(key);
      // Only the first job reports that the origin has answered.
      if (known !== undefined)
        return known.then((original) => (original?.kind === "image" ? { ...original, isCopy: true } : original));
      const looked = settled({ ...name, rank }, sharing).catch((error) => {
        deps.log("original.stage_failed", { key, error: errorText(error) });
        return null;
      });
      looks.set(key, looked);
      // Staged bytes stay. A failure may pass.
      return looked.then((original) => {
        if (original?.kind !== "image") looks.delete(key);
        return original;
      });
    },
  };
}

/** Staged bytes in the form of a probed original. */
function told({ stagedUrl }: SigningDeps, staged: Staged, { id, v, number }: StagedName) {
  if (staged.kind === "unstaged") return staged;
  const { facts, bytes } = staged;
  return { kind: "image" as const, ...facts, bytes, input: () => stagedUrl({ id, v, number }), isCopy: true };
}

async function find({ connections, images, at }: StagerDeps, { rank, ...name }: Name): Promise<Staged | null> {
  const staged = await connections.run(() => findStaged(images, name), { rank });
  await at("staging-looked");
  return staged;
}

async function waitForOther(deps: StagerDeps, name: Name): Promise<Staged | null> {
  const until = deps.clock.now() + ELSEWHERE_MS.most;
  let staged: Staged | null = null;
  while (staged === null && deps.clock.now() < until) {
    await deps.sleep(ELSEWHERE_MS.look);
    staged = await find(deps, name);
  }
  return staged;
}

/** Copies the original, or notes why it is not copied. */
async function copy(deps: SigningDeps, { rank, ...name }: Name): Promise<StageResult> {
  const { config, connections, images, sleep, at } = deps;
  const original = resolveOriginal(config, name.id);
  if (original?.kind !== "url") return { kind: "unstaged", why: "It has no address." };
  const limit = new AbortController();
  const copying = connections.run(() => tryAll(deps, original.url, name, limit.signal), { rank });
  const tooSlow = { kind: "unstaged", why: TOO_SLOW } as const;
  const result = await Promise.race([copying, sleep(STAGE_MS).then(() => tooSlow)]);
  if (result === tooSlow) limit.abort();
  await at("staged");
  if (result.kind !== "unstaged") return result;
  const isNoted = await connections.run(() => noteUnstaged(images, name, result.why), { rank });
  await at("unstaged-noted");
  return isNoted ? result : { kind: "taken" };
}

async function tryAll(deps: SigningDeps, url: string, name: StagedName, signal: AbortSignal): Promise<StageResult> {
  const { config, images, memory, log, at, stagedUrl } = deps;
  const parts = { fetch: deps.originals.fetch, images, config, memory, stagedUrl, opened: () => at("staging-opened") };
  for (let tries = 0; tries < TRIES && !signal.aborted; tries += 1) {
    try {
      return await stageOriginal(url, name, parts, signal);
    } catch (error) {
      log("original.stage_failed", { key: stagedKey(name), error: errorText(error) });
    }
  }
  return { kind: "unstaged", why: BROKEN };
}
