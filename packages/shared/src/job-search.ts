import { FORMATS } from "./config.ts";
import { JOB_STATES, LANES } from "./job.ts";
import { momentOf } from "./words.ts";

/*
 * The grammar of a search for jobs: `qualifier:value`, quotes around spaces, everything else free text. The control API reads it, and the
 * dashboard shows and edits it; both by this file.
 */

export const QUALIFIERS = ["id", "format", "error", "cause", "run", "lane", "state", "age", "at", "attempts"] as const;
export type Qualifier = (typeof QUALIFIERS)[number];

/** What a qualifier takes, or, where it takes any number, what is asked for most; one that is not named here takes any text. */
export const QUALIFIER_VALUES: Partial<Record<Qualifier, readonly string[]>> = {
  format: FORMATS,
  lane: LANES,
  state: JOB_STATES,
  age: [">5m", ">1h", ">1d", "<5m", "<1h"],
  attempts: [">0", ">3"],
};

/** Two moments to the minute, in UTC: `2026-11-24T14:05Z..2026-11-24T14:10Z`. */
const SPAN = /^(\d{4}-\d\d-\d\dT\d\d:\d\dZ)\.\.(\d{4}-\d\d-\d\dT\d\d:\d\dZ)$/;

/** Whole numbers, both ends included. */
export interface NumberRange {
  from: number;
  to: number;
}

const COMPARED = { age: /^([<>])(\d{1,6})([smhd])$/, attempts: /^([<>]?)(\d{1,6})$/ };
const UNITS_MS: Record<string, number> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `>1h` of an age in ms; `>3`, `<3` or `3` of attempts. Null: it is no comparison. */
export function parseComparison(qualifier: keyof typeof COMPARED, value: string): NumberRange | null {
  const [, sign, digits, unit] = COMPARED[qualifier].exec(value) ?? [];
  if (digits === undefined) return null;
  const number = Number(digits) * (unit === undefined ? 1 : (UNITS_MS[unit] ?? 1));
  if (sign === ">") return { from: number + 1, to: Number.MAX_SAFE_INTEGER };
  return { from: sign === "<" ? 0 : number, to: sign === "<" ? number - 1 : number };
}

/** The time of `at:`, in Unix ms; its second moment is not in it. Null: it is no such time. */
export function parseSpan(value: string): NumberRange | null {
  const [from = Number.NaN, end = Number.NaN] = (SPAN.exec(value) ?? []).slice(1).map((moment) => Date.parse(moment));
  return from < end ? { from, to: end - 1 } : null;
}

/** The inverse of `parseSpan`, of whole minutes in Unix ms. */
export function printSpan(from: number, end: number): string {
  return `${momentOf(from)}..${momentOf(end)}`;
}

export interface Term {
  /** Null: free text, searched in the variant key. */
  qualifier: Qualifier | null;
  value: string;
}

export function parseSearch(text: string): Term[] {
  return wordsOf(text)
    .map(toTerm)
    .filter((term) => term.value !== "");
}

/** Splits at spaces outside quotes. A quote that is never closed runs to the end: people type from left to right. */
function wordsOf(text: string): string[] {
  return text.match(/(?:[^\s"]|"[^"]*(?:"|$))+/g) ?? [];
}

/** How a qualifier is written; an address is none. */
const QUALIFIED = /^([a-z]{2,12}):(?!\/\/)./i;

/** Names of qualifiers that there are not. What is meant as text stands in quotes. */
export function unknownQualifiers(text: string): string[] {
  const names = wordsOf(text).flatMap((word) => QUALIFIED.exec(word)?.[1]?.toLowerCase() ?? []);
  return names.filter((name) => !QUALIFIERS.some((one) => one === name));
}

function toTerm(word: string): Term {
  const colon = word.indexOf(":");
  const name = word.slice(0, colon).toLowerCase();
  const qualifier = colon > 0 ? QUALIFIERS.find((one) => one === name) : undefined;
  const given = qualifier ? word.slice(colon + 1) : word;
  // A quote alone stays one, which matches nothing: dropped, an action over "what matches" would be one over all.
  const value = given.replaceAll('"', "") || given;
  // An id may hold a colon (`a:b`): what is no qualifier is text as it stands.
  return { qualifier: qualifier ?? null, value: qualifier === "format" && value === "jpg" ? "jpeg" : value };
}

/** The inverse of `parseSearch`. A value cannot hold a quote; one typed anyway has been dropped. */
export function printSearch(terms: readonly Term[]): string {
  return terms.map(printTerm).join(" ");
}

function printTerm({ qualifier, value }: Term): string {
  // Free text that would read as a qualifier is quoted as a whole.
  const looksQualified =
    qualifier === null &&
    (QUALIFIED.test(value) || QUALIFIERS.some((one) => value.toLowerCase().startsWith(`${one}:`)));
  const text = /\s/.test(value) || looksQualified ? `"${value}"` : value;
  return qualifier ? `${qualifier}:${text}` : text;
}
