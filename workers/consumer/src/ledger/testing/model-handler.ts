import { LEASE_MIN_LEFT_MS, LEASE_MS } from "@prewarm/shared/limits";
import type { Claim, Outcome, WakeUpKeys } from "../contract.ts";
import type { PurgeTask } from "../protocol/purge.ts";
import type { World } from "./world.ts";

/*
 * A handler that follows the Handler rules of docs/protocol.md, written as a generator: every `yield` is an await at which the
 * world may stall it, kill it, or let anything else happen. The real handler (../../consume-batch.ts) has its own tests.
 */

const LEASE_S = LEASE_MS / 1000;
const MIN_LEFT_S = LEASE_MIN_LEFT_MS / 1000;
const FAILED = { code: "upstream_failed", message: "failed" };

type Step<T> = Generator<void, T, void>;

export class LostCall extends Error {}

/** A call that may not arrive, or whose answer may be lost; the caller repeats it with the same owner. Sometimes a success is repeated too. */
export function* rpc<T>(world: World, call: () => T): Step<T> {
  for (let attempt = 0; attempt < 4; attempt += 1) {
    yield;
    if (world.fault(0.03)) continue;
    const answer = call();
    yield;
    if (world.fault(0.05)) continue;
    return answer;
  }
  throw new LostCall();
}

interface Hand {
  world: World;
  owner: string;
  /** Until when the lease surely holds, in seconds: counted from before the call that gave it. */
  until: number;
}

export function* handle(world: World, messages: WakeUpKeys[]): Step<void> {
  const hand: Hand = { world, owner: `o${world.prng.int(0, 2 ** 40)}`, until: 0 };
  const since = world.t;
  const answer = yield* rpc(world, () => world.checked("claim", () => world.core.claim(hand.owner, messages)));
  hand.until = since + LEASE_S;
  for (const [key, claim] of Object.entries(answer.claims)) {
    if (claim.do === "run" || claim.do === "resume" || claim.do === "verify") yield* work(hand, key, claim);
  }
}

function* settle(hand: Hand, key: string, outcome: Outcome): Step<string> {
  const { world, owner } = hand;
  const call = () => {
    const leased = world.isLeased(owner);
    const answers = world.checked("settle", () => world.core.settle(owner, { [key]: outcome }));
    if (!leased && answers[key] !== "lost") world.bad.push(`settled without a lease ${key}`);
    return answers;
  };
  const answers = yield* rpc(world, call);
  world.settled(key, outcome, answers[key] ?? "lost");
  return answers[key] ?? "lost";
}

/** True when at least 30 s of the lease are left, after renewing if need be. */
function* ensure(hand: Hand): Step<boolean> {
  const { world, owner } = hand;
  if (world.mutation === "noclock" || hand.until - world.t >= MIN_LEFT_S) return true;
  const since = world.t;
  const answer = yield* rpc(world, () => world.core.renew(owner));
  if (answer === "lost") return false;
  hand.until = since + LEASE_S;
  return hand.until - world.t >= MIN_LEFT_S;
}

function* work(hand: Hand, key: string, claim: Extract<Claim, { do: "run" | "resume" | "verify" }>): Step<void> {
  const { world } = hand;
  yield;
  const object = world.r2.objects.get(key);
  const floor = world.mutation === "nofloor" ? 0 : claim.floor;
  const present = (posted: boolean): Outcome => ({
    kind: "present",
    bytes: 1,
    etag: "e",
    objectGen: object?.gen ?? 0,
    posted,
  });
  if (claim.do === "verify") {
    yield* settle(hand, key, object && object.gen >= floor ? present(false) : { kind: "gone" });
    return;
  }
  if (object && (claim.do === "run" ? object.gen >= floor : object.gen === claim.gen)) {
    yield* settle(hand, key, present(claim.do === "resume"));
    return;
  }
  const job = claim.do === "resume" ? claim.upstream : yield* submit(hand, key, claim);
  if (job !== null) yield* finish(hand, key, claim.gen, job, object?.etag ?? null);
}

function* submit(hand: Hand, key: string, claim: Extract<Claim, { do: "run" }>): Step<string | null> {
  const { world, owner } = hand;
  while (world.now() < claim.notBefore) yield;
  yield;
  if (world.fault(0.02)) {
    yield* settle(hand, key, { kind: "account", status: 402, message: "payment required" });
    return null;
  }
  if (world.fault(0.1)) {
    yield* settle(hand, key, { kind: "throttled", until: world.now() + 5_000 });
    return null;
  }
  if (world.fault(0.02)) {
    yield* settle(hand, key, { kind: "refused", code: "missing", until: world.now() + 60_000, message: "no original" });
    return null;
  }
  if (!(yield* ensure(hand))) return null;
  const job = world.post(key, claim.gen);
  yield;
  if (world.fault(0.1)) {
    yield* settle(hand, key, {
      kind: "unclear",
      failure: { code: "upstream_unclear", message: "no answer" },
      input: "u",
    });
    return null;
  }
  const since = world.t;
  const said = { key, gen: claim.gen, job: job.id, input: "u" };
  const answers = yield* rpc(world, () => world.checked("submitted", () => world.core.submitted(owner, [said])));
  if (answers[key] === "stop") {
    yield* settle(hand, key, { kind: "stopped" });
    return null;
  }
  hand.until = Math.max(hand.until, since + LEASE_S);
  return job.id;
}

function* finish(hand: Hand, key: string, gen: number, id: string, seen: number | null): Step<void> {
  const { world } = hand;
  const job = world.upstream.get(id);
  let ended = false;
  for (let looks = world.prng.int(1, 6); looks > 0 && !ended; looks -= 1) {
    yield;
    ended = job.doneAt <= world.t;
    yield;
  }
  if (!ended || world.fault(0.05)) {
    yield* settle(hand, key, { kind: "pending", due: world.now() + 2_000 });
    return;
  }
  if (job.fails) {
    yield* settle(hand, key, { kind: "failed", class: "transient", failure: FAILED, posted: true, ended: true });
    return;
  }
  yield; // download
  yield;
  if (!(yield* ensure(hand))) return;
  const etag = yield* put(hand, key, gen, job.version ?? 0, seen);
  if (etag === null) {
    yield* settle(hand, key, { kind: "pending", due: world.now() });
    return;
  }
  const answer = yield* settle(hand, key, { kind: "stored", gen, bytes: 1, etag: `e${etag}`, tookMs: 1_000 });
  if (answer !== "delete") return;
  yield;
  world.r2.objects.delete(key);
  yield;
  yield* settle(hand, key, { kind: "purged" });
}

function* put(hand: Hand, key: string, gen: number, version: number, seen: number | null): Step<number | null> {
  const { world } = hand;
  let result: { etag: number | null } | null = null;
  world.r2.put({
    key,
    object: { gen, key, version },
    seen,
    landsAt: world.t + (world.faults ? world.prng.pick([0, 0, 0, 1, 2, 10, 25, 45, 55, 120, 300]) : 0),
    issuedAt: world.t,
    owner: hand.owner,
    done: (etag) => {
      result = { etag };
    },
  });
  while (result === null) yield;
  return (result as { etag: number | null }).etag;
}

/** Deletes an image's objects below the floor, one at a time, and reports the end. */
export function* purge(world: World, task: PurgeTask): Step<void> {
  for (const key of [...world.r2.objects.keys()].filter((one) => one.startsWith(`${task.id}/`))) {
    yield;
    if ((world.r2.objects.get(key)?.gen ?? task.floor) < task.floor) world.r2.objects.delete(key);
  }
  yield* rpc(world, () => world.core.purgeEnd(task));
}
