import type { HookAnswer } from "@prewarm/control-schema/hooks";
import { AppError } from "@prewarm/shared/errors";
import { errorText, type Log } from "@prewarm/shared/log";
import type { DeliveryNote } from "../ledger/calls.ts";
import type { LedgerCalls } from "../ledger/ledger-for.ts";

/** Images that a note names, and the length of their ids together: each delivery writes the newest 20 notes. */
const IMAGES_MAX = 5;
const IDS_MAX = 1_000;

/** What came of a delivery, for operators to look at. `uploads`: the ids of its uploads. */
export function noteOf(hook: string, answer: HookAnswer, uploads: readonly string[] = []): DeliveryNote {
  const { run, accepted, duplicates, existing, purged, ignored, rejected, duplicate } = answer;
  return {
    hook,
    verdict: duplicate ? "repeat" : "accepted",
    n: 1,
    run,
    why: rejected[0] === undefined ? null : `${rejected[0].code}: ${rejected[0].message}`,
    accepted,
    duplicates,
    existing,
    purged,
    ignored,
    rejected: rejected.length,
    images: firstOf(uploads),
  };
}

function firstOf(uploads: readonly string[]): string[] {
  let left = IDS_MAX;
  return [...new Set(uploads)].slice(0, IMAGES_MAX).filter((id) => {
    left -= id.length;
    return left >= 0;
  });
}

const NOTHING = {
  run: null,
  accepted: 0,
  duplicates: 0,
  existing: 0,
  purged: 0,
  ignored: 0,
  rejected: 0,
  images: [],
};

function refusalOf(hook: string, why: string, n = 1): DeliveryNote {
  return { hook, verdict: "refused", why, n, ...NOTHING };
}

/** Refusals that are counted, by hook and reason. */
export interface Strangers {
  /** Counts one; what the ledger is to be told by now, which is nothing most of the time. */
  add(hook: string, why: string, now: number): DeliveryNote[];
}

/** Anybody can send what is refused: the ledger hears of it at most so often from one isolate, ms. */
const TELL_MS = 10_000;

/** One an isolate. */
export function createStrangers(): Strangers {
  const counts = new Map<string, DeliveryNote>();
  let toldAt = Number.NEGATIVE_INFINITY;
  return {
    add: (hook, why, now) => {
      const name = `${hook} ${why}`;
      counts.set(name, refusalOf(hook, why, (counts.get(name)?.n ?? 0) + 1));
      if (now - toldAt < TELL_MS) return [];
      toldAt = now;
      const told = [...counts.values()];
      counts.clear();
      return told;
    },
  };
}

export interface NoteDeps {
  ledger: Pick<LedgerCalls, "noteDeliveries" | "countRefusals">;
  strangers: Strangers;
  clock: { now(): number };
  log: Log;
}

/** Lists a delivery that changed nothing. Never throws: what a delivery did does not hang on its note. */
export function noteDelivery(note: DeliveryNote, { ledger, log }: Pick<NoteDeps, "ledger" | "log">): Promise<void> {
  return attempt(() => ledger.noteDeliveries([note]), log);
}

/** Lists the refusal of a delivery whose proof is valid. An overload is only counted: it must not write more than work would. */
export async function noteRefusal(hook: string, error: unknown, deps: NoteDeps): Promise<void> {
  const why = reasonOf(error);
  if (why === null) return;
  if (error instanceof AppError && isLater(error)) await countRefusal(hook, error, deps);
  else await noteDelivery(refusalOf(hook, why), deps);
}

/** Whether the sender is asked to send the delivery again. */
export function isLater({ status }: AppError): boolean {
  return status === 429 || status >= 500;
}

/** Counts a refusal that a stranger may cause. A hook that is not configured has no name here: a stranger chose it. */
export async function countRefusal(hook: string | null, error: unknown, deps: NoteDeps): Promise<void> {
  const { ledger, strangers, clock, log } = deps;
  const why = reasonOf(error);
  const notes = why === null ? [] : strangers.add(hook ?? "unknown", why, clock.now());
  if (notes.length > 0) await attempt(() => ledger.countRefusals(notes), log);
}

/** Null: the ledger did not answer, or the code is wrong; the log has it. */
function reasonOf(error: unknown): string | null {
  return error instanceof AppError ? `${error.code}: ${error.message}` : null;
}

async function attempt(call: () => Promise<void>, log: Log): Promise<void> {
  try {
    await call();
  } catch (error) {
    log("hook.unnoted", { error: errorText(error) });
  }
}
