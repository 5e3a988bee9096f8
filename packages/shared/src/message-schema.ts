import * as z from "zod";
import { MESSAGE_MAX_KEYS, MESSAGE_VERSION, type MissMessage } from "./messages.ts";
import { encodedIdOfKey, parseVariantKey } from "./variant-key.ts";

const miss = z.object({
  v: z.literal(1),
  keys: z
    .array(z.string().refine((key) => parseVariantKey(key) !== null, { error: "not a variant key" }))
    .min(1)
    .max(MESSAGE_MAX_KEYS)
    .refine((keys) => new Set(keys.map(encodedIdOfKey)).size <= 1, { error: "keys of more than one image" }),
  lane: z.literal("live"),
  at: z.int().nonnegative(),
  unknown: z.boolean().optional(),
  nth: z.int().nonnegative().optional(),
  signed: z.boolean().optional(),
});

const work = z.object({ v: z.literal(1), wake: z.literal(true) });
const newer = z.object({ v: z.int().gt(MESSAGE_VERSION) });

type ParsedMessage =
  | { kind: "miss"; message: MissMessage }
  | { kind: "work" }
  /** Written by newer code: leave it for that code. */
  | { kind: "newer"; version: number }
  /** Will not improve: record it as a dead letter with this reason. */
  | { kind: "unreadable"; reason: string };

/** Reads a queue message's body of any version up to ours. Never throws. */
export function parseMessage(body: unknown): ParsedMessage {
  if (work.safeParse(body).success) return { kind: "work" };
  const parsed = miss.safeParse(body);
  if (parsed.success) return { kind: "miss", message: parsed.data };
  const later = newer.safeParse(body);
  if (later.success) return { kind: "newer", version: later.data.v };
  const faults = parsed.error.issues.map((issue) => `${issue.path.join(".") || "body"}: ${issue.message}`);
  return { kind: "unreadable", reason: faults.slice(0, 3).join("; ").slice(0, 300) };
}
