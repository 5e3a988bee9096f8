import { MAX_CONNECTIONS } from "@prewarm/shared/limits";
import type { Engine } from "../engine.ts";
import { createProbe } from "../originals/probe.ts";
import { countCalls, countFetch } from "../platform/count-calls.ts";
import { createSemaphore, type Semaphore } from "../platform/semaphore.ts";
import { markMissing, markRefused } from "../store/markers.ts";
import { type BatchContext, type BatchDeps, type Counts, RANKS, type Role } from "./batch-context.ts";
import { HeldClaims } from "./held-claims.ts";
import { createStager } from "./stager.ts";

/** Bytes of results in memory at once: an isolate has 128 MB. */
const MEMORY_BYTES = 50_000_000;

/** Existence checks at once: fewer than the connections, so that known images never wait for a slow origin. Chosen. */
const CHECKS_AT_ONCE = 4;

function countedDeps(deps: BatchDeps, counts: Counts): BatchDeps & { engine: Engine } {
  const called = (): void => {
    counts.calls += 1;
  };
  const { originals } = deps;
  return {
    ...deps,
    ledger: countCalls(deps.ledger, called),
    images: countCalls(deps.images, called),
    engine: deps.newEngine(called),
    originals: {
      ...originals,
      fetch: countFetch(originals.fetch, called),
      bucket(binding) {
        const bucket = originals.bucket(binding);
        return bucket === null ? null : countCalls(bucket, called);
      },
    },
  };
}

/**
 * Writes the marker of each missing original once per batch. Each batch that misses the original doubles the marker's
 * life.
 */
function createMissing({ images, clock }: BatchDeps, connections: Semaphore): BatchContext["missingUntil"] {
  const known = new Map<string, Promise<number>>();
  return (image) => {
    const until =
      known.get(image) ?? connections.run(() => markMissing(images, image, clock.now()), { rank: RANKS.result });
    known.set(image, until);
    return until;
  };
}

/** Writes the marker of each refused image once per batch, because R2 takes one write of a key in a second. */
function createRefused({ images }: BatchDeps, connections: Semaphore): BatchContext["markRefused"] {
  const known = new Map<string, Promise<void>>();
  return (image, marker) => {
    const written =
      known.get(image) ?? connections.run(() => markRefused(images, image, marker), { rank: RANKS.result });
    known.set(image, written);
    return written;
  };
}

export function createContext(role: Role, given: BatchDeps): BatchContext {
  const counts: Counts = { calls: 0, exchanges: 0, posted: 0, outcomes: {}, stripped: 0, longTexts: 0, checks: {} };
  const deps = countedDeps(given, counts);
  const connections = createSemaphore(MAX_CONNECTIONS);
  const memory = createSemaphore(MEMORY_BYTES);
  return {
    ...deps,
    role,
    owner: deps.newOwner(),
    held: new HeldClaims(role),
    leaseUntil: 0,
    ledgerId: "",
    connections,
    memory,
    checks: createSemaphore(CHECKS_AT_ONCE),
    missing: new Set(),
    probe: createProbe({ ...deps.originals, config: deps.config, clock: deps.clock, connections }),
    stager: createStager({ ...deps, connections, memory }),
    staged: new Map(),
    missingUntil: createMissing(deps, connections),
    markRefused: createRefused(deps, connections),
    capped: new Set(),
    seenAbsent: new Map(),
    telling: 0,
    counts,
  };
}
