import * as z from "zod";
import { LANES } from "./job.ts";
import { MESSAGE_MAX_KEYS, MESSAGE_VERSION, type WakeUp } from "./messages.ts";
import { encodedIdOfKey, parseVariantKey } from "./variant-key.ts";

const wakeUpV1 = z.object({
  v: z.literal(1),
  keys: z
    .array(z.string().refine((key) => parseVariantKey(key) !== null, { error: "not a variant key" }))
    .min(1)
    .max(MESSAGE_MAX_KEYS)
    .refine((keys) => new Set(keys.map(encodedIdOfKey)).size <= 1, { error: "keys of more than one image" }),
  lane: z.enum(LANES),
  at: z.int().nonnegative(),
});

const newer = z.object({ v: z.int().gt(MESSAGE_VERSION) });

type ParsedMessage =
  | { kind: "wake-up"; message: WakeUp }
  /** Written by newer code: leave it for that code. */
  | { kind: "newer"; version: number }
  /** Will not improve: record it as a dead letter with this reason. */
  | { kind: "unreadable"; reason: string };

/** Reads a queue message's body of any version up to ours. Never throws. */
export function parseMessage(body: unknown): ParsedMessage {
  const parsed = wakeUpV1.safeParse(body);
  if (parsed.success) return { kind: "wake-up", message: parsed.data };
  const later = newer.safeParse(body);
  if (later.success) return { kind: "newer", version: later.data.v };
  const faults = parsed.error.issues.map((issue) => `${issue.path.join(".") || "body"}: ${issue.message}`);
  return { kind: "unreadable", reason: faults.slice(0, 3).join("; ").slice(0, 300) };
}
