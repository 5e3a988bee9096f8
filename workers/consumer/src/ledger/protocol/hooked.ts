import type { IttybitJob } from "../../ittybit/dialects.ts";
import { hintOfHook } from "../../ittybit/webhooks/hint-of-hook.ts";
import type { Hook } from "../../ittybit/webhooks/read-hook.ts";
import { takeFound } from "./found-jobs.ts";
import { holderOfGen } from "./holder-of-gen.ts";
import type { Claim } from "./hook-memory.ts";
import { isLive } from "./leases.ts";
import type { LedgerTx } from "./ledger-tx.ts";
import type { Memory } from "./memory.ts";
import { noteJob } from "./note-job.ts";

/** Whoever has made the POST mostly tells its job within this: then no call is spent on asking whose it is. */
const CLAIM_AFTER_MS = 1_000;

/** A hook under a generation's right address: it is noted, and the collector looks. What is answered is an end to be believed without a look. */
export function hooked(tx: LedgerTx, gen: number, hook: Hook): IttybitJob | null {
  const { memory, now } = tx;
  const { hooks } = memory;
  const held = holderOfGen(memory, gen);
  const hint = hintOfHook(hook, held?.entry ? { ittybitJob: held.entry.job } : abandonedOf(memory, gen));
  if (!hook.isSigned) hooks.counts.unsigned += 1;
  if (hook.job.status !== "pending" && (hint.kind !== "none" || hint.why === "unknown")) hooks.proof.came(gen, now);
  if (hint.kind === "none" || !hooks.ring(gen, now)) {
    hooks.counts[hint.kind === "none" && hint.why === "unknown" ? "late" : "known"] += 1;
    return null;
  }
  if (hint.kind === "claim") {
    const isTold = held !== null && isLive(held.hand, now);
    hooks.claim({ gen, job: hint.ittybitJob, at: isTold ? now + CLAIM_AFTER_MS : now });
    return null;
  }
  hooks.counts.woke += 1;
  return hint.kind === "ended" ? hint.job : null;
}

/** What hooks name and nobody has told. */
export function openClaims({ memory }: LedgerTx): Claim[] {
  return memory.hooks.claims().filter(({ gen }) => {
    const isOpen = holderOfGen(memory, gen)?.entry.job === null || memory.abandoned.get(gen)?.job === null;
    if (!isOpen) memory.hooks.dropClaim(gen);
    return isOpen;
  });
}

/** What Ittybit shows under the id that a hook named; null: no such job. Only the job's own metadata says whose it is. */
export function claimed(tx: LedgerTx, gen: number, job: IttybitJob | null): void {
  const { memory } = tx;
  memory.hooks.dropClaim(gen);
  if (job === null || job.metadata.ledger !== tx.ledgerId || job.metadata.gen !== String(gen)) return;
  const held = holderOfGen(memory, gen);
  if (held !== null && held.entry.job === null) takeFound(tx, held.entry, job.id, isLive(held.hand, tx.now));
  else noteJob(tx, { id: 0, gen, job: job.id });
  memory.hooks.counts.adopted += 1;
}

function abandonedOf({ abandoned }: Memory, gen: number): { ittybitJob: string | null } | null {
  const known = abandoned.get(gen);
  return known && { ittybitJob: known.job };
}
