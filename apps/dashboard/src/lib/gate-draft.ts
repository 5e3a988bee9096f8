import type { Gate, GatePatch } from "@prewarm/control-schema/gate";
import { count } from "./format.ts";
import { LANES } from "./job-filter.ts";

/** What is typed into the form of the gate, by field. A field that is not in it stays as it is. */
export type Draft = Readonly<Record<string, string>>;

/** Changes the gate and resolves with what to say of it. */
export type Patch = (change: GatePatch, said: string) => Promise<string>;

/** What the parts of the page of the gate share: the gate as it is, what is typed, and how to type (undefined: take back). */
export interface Steered {
  gate: Gate;
  draft: Draft;
  set(key: string, text: string | undefined): void;
}

/** A field with a number. Its text is the number, `auto`, or empty. */
export interface NumberField {
  key: string;
  name: string;
  /** Where it stands in the patch. */
  path: readonly [part: string, name?: string];
  min: number;
  max: number;
  isWhole: boolean;
  /** How the limit came about, where it may be automatic. */
  limit?(gate: Gate): Gate["limits"]["rate"];
  /** What empty means; none: it is no value. */
  empty?: string;
  /** Behind the number. */
  unit?: string;
  /** The number as it stands now, as text. */
  number(gate: Gate): string;
}

function share(key: "liveDayShare" | "liveShare" | "warmingShare", name: string): NumberField {
  return {
    key,
    name,
    path: ["budget", key],
    min: 0,
    max: 100,
    isWhole: false,
    unit: " %",
    number: ({ budget }) => String(Math.round(budget[key] * 1000) / 10),
  };
}

export const NUMBERS: readonly NumberField[] = [
  {
    key: "rate",
    name: "Submissions a second",
    path: ["rate", "perSecond"] as const,
    min: 0.1,
    max: 10_000,
    isWhole: false,
    limit: ({ limits }) => limits.rate,
    number: ({ rate }) => String(rate.perSecond),
  },
  {
    key: "burst",
    name: "Burst",
    path: ["rate", "burst"] as const,
    min: 1,
    max: 10_000,
    isWhole: true,
    number: ({ rate }) => String(rate.burst),
  },
  {
    key: "concurrency",
    name: "Jobs at Ittybit at once",
    path: ["concurrency"] as const,
    min: 1,
    max: 10_000,
    isWhole: true,
    limit: ({ limits }) => limits.concurrency,
    number: ({ concurrency }) => String(concurrency),
  },
  {
    key: "monthly",
    name: "Jobs a month",
    path: ["budget", "monthlyJobs"] as const,
    min: 0,
    max: 1_000_000_000,
    isWhole: true,
    empty: "unlimited",
    number: ({ budget }) => String(budget.monthlyJobs ?? ""),
  },
  share("liveDayShare", "Viewers a day, in %"),
  share("liveShare", "Viewers a month, in %"),
  share("warmingShare", "Warming a month, in %"),
];

/** A field that the form would change. */
export interface Change {
  key: string;
  name: string;
  before: string;
  after: string;
  path: NumberField["path"];
  value: unknown;
}

/** What a number field's text is now. */
export function textOf(field: NumberField, gate: Gate): string {
  return field.limit?.(gate).mode === "auto" ? "auto" : field.number(gate);
}

/** The range, if the text is not in it; null: it is a value. */
export function faultOf({ min, max, isWhole, empty, limit }: NumberField, text: string): string | null {
  if ((text === "auto" && limit !== undefined) || (text.trim() === "" && empty !== undefined)) return null;
  const value = Number(text);
  if (text.trim() !== "" && value >= min && value <= max && (!isWhole || Number.isInteger(value))) return null;
  return `${isWhole ? "A whole number" : "A number"} from ${min} to ${count(max)}`;
}

/** What the form would change, in the order of its fields. `now`: Unix ms. */
export function changesOf(gate: Gate, draft: Draft, now: number): Change[] {
  const lanes = LANES.flatMap((lane) => {
    const [is, wanted] = [gate.paused[lane], draft[lane] ?? String(gate.paused[lane])];
    if (wanted === String(is)) return [];
    const pause = pauseOf(draft, now);
    const after = wanted === "true" ? pause.words : "running";
    const value = wanted === "true" ? pause.value : false;
    return [
      { key: lane, name: lane, before: is ? "paused" : "running", after, path: ["paused", lane] as const, value },
    ];
  });
  const numbers = NUMBERS.flatMap((field) => {
    const { key, name, path, unit = "" } = field;
    const [before, after] = [textOf(field, gate), draft[key]];
    if (after === undefined || after.trim() === before) return [];
    const words = (text: string) =>
      text === "auto" ? "automatic" : text.trim() === "" ? (field.empty ?? "") : `${count(Number(text))}${unit}`;
    const number = unit === "" ? Number(after) : Number(after) / 100;
    const value = after === "auto" ? "auto" : after.trim() === "" ? null : number;
    return [{ key, name: name.replace(/, in %$/, ""), before: words(before), after: words(after), path, value }];
  });
  return [...lanes, ...numbers];
}

function pauseOf({ reason = "", hours = "" }: Draft, now: number) {
  const forMs = Number(hours) * 3_600_000;
  const said = [Number(hours) > 0 ? ` for ${hours} h` : "", reason.trim() === "" ? "" : `: ${reason.trim()}`];
  const until = forMs > 0 ? now + Math.round(forMs) : null;
  return { words: `paused${said.join("")}`, value: { reason: reason.trim() === "" ? null : reason.trim(), until } };
}

/** The changes as one call. */
export function patchOf(changes: readonly Change[]): GatePatch {
  const patch: Record<string, unknown> = {};
  for (const {
    path: [part, name],
    value,
  } of changes)
    patch[part] = name === undefined ? value : { ...(patch[part] as object | undefined), [name]: value };
  return patch as GatePatch;
}
