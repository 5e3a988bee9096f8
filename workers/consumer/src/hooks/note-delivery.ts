import type { HookAnswer } from "@prewarm/control-schema/hooks";
import { AppError } from "@prewarm/shared/errors";
import { errorText, type Log } from "@prewarm/shared/log";
import type { DeliveryNote, LedgerCalls } from "../ledger/contract.ts";

/** What came of a delivery, for operators to look at. */
export function noteOf(hook: string, answer: HookAnswer): DeliveryNote {
  const { run, accepted, duplicates, existing, purged, ignored, rejected, duplicate } = answer;
  return {
    ...{ hook, verdict: duplicate ? "repeat" : "accepted", n: 1, run },
    why: rejected[0] === undefined ? null : `${rejected[0].code}: ${rejected[0].message}`,
    ...{ accepted, duplicates, existing, purged, ignored, rejected: rejected.length },
  };
}

const NOTHING = { run: null, accepted: 0, duplicates: 0, existing: 0, purged: 0, ignored: 0, rejected: 0 };

function refusalOf(hook: string, why: string, n = 1): DeliveryNote {
  return { hook, verdict: "refused", why, n, ...NOTHING };
}

/** Refusals of whoever has proved nothing, by hook and reason. */
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

/** Refused before the proof was looked at, or for it. */
const UNPROVEN: readonly string[] = ["unauthorized", "not_configured", "body_too_large"];

export interface NoteDeps {
  ledger: Pick<LedgerCalls, "noteDeliveries">;
  strangers: Strangers;
  clock: { now(): number };
  log: Log;
}

/** The refusal as it is noted; a hook that is not configured has no name here, for a stranger chose it. */
export async function noteRefusal(hook: string | null, error: unknown, deps: NoteDeps): Promise<void> {
  // The ledger did not answer, or we are at fault: it stands in the log.
  if (!(error instanceof AppError)) return;
  const why = `${error.code}: ${error.message}`;
  const name = hook ?? "unknown";
  const notes = UNPROVEN.includes(error.code)
    ? deps.strangers.add(name, why, deps.clock.now())
    : [refusalOf(name, why)];
  await note(notes, deps);
}

/** Never throws: what a delivery did does not hang on its note. */
export async function note(notes: DeliveryNote[], { ledger, log }: Pick<NoteDeps, "ledger" | "log">): Promise<void> {
  if (notes.length === 0) return;
  try {
    await ledger.noteDeliveries(notes);
  } catch (error) {
    log("hook.unnoted", { error: errorText(error) });
  }
}
