import { readFileSync } from "node:fs";
import { join } from "node:path";
import { cpuMs } from "@prewarm/shared/testing/slowness";
import fc from "fast-check";
import { expect, vi } from "vitest";

// Half a million take minutes, on a machine that does other things too: what is slow is told by the bound below.
vi.setConfig({ testTimeout: 600_000 });

/** Inputs for each parser, other ones in each run; `FUZZ_RUNS` asks for more, as the nightly workflow does. */
const RUNS = Number(process.env.FUZZ_RUNS ?? 10_000);
/**
 * The longest that one input may take, in walks over a megabyte of text in the same run. Honest work takes up to 5; what is not linear takes
 * hundreds. Unlike a header, an input of these parsers cannot be had four times as long to compare its growth.
 */
const WALKS_MAX = 25;
const TEXT = "The quick brown fox jumps over the lazy dog. ".repeat(22_222);

function walk(): number {
  let sum = 0;
  for (let index = 0; index < TEXT.length; index++) sum = Math.imul(sum, 31) + TEXT.charCodeAt(index);
  return sum;
}

/** What a parser is tried with, in this order: inputs that broke it once, sound ones cut at every place, and made ones. */
export interface Inputs<T> {
  corpus: readonly T[];
  /** Every beginning of every seed (`beginnings`, `lengthsOf`): made inputs seldom end where a parser looks one byte too far. */
  begun: Iterable<T>;
  made: fc.Arbitrary<T>;
}

/**
 * Judges inputs. `judge` throws on a wrong result. An input above the bound by the clock is measured in processor time, so
 * that neither the garbage collector nor another process makes an input slow. Prints how many inputs there were.
 */
export function fuzz<T>(name: string, { corpus, begun, made }: Inputs<T>, judge: (input: T) => void): void {
  const boundMs = WALKS_MAX * cpuMs(walk);
  let count = 0;
  const timed = (input: T): void => {
    count += 1;
    const started = performance.now();
    judge(input);
    if (performance.now() - started < boundMs) return;
    const ms = cpuMs(() => judge(input));
    if (ms > boundMs) throw new Error(`it took ${(ms / boundMs).toFixed(1)} times the bound`);
  };
  for (const input of corpus) timed(input);
  for (const input of begun) {
    try {
      timed(input);
    } catch (error) {
      throw new Error(`on the beginning ${JSON.stringify(input)}`, { cause: error });
    }
  }
  const first = count;
  expect(first).toBeGreaterThan(corpus.length);
  fc.assert(fc.property(made, timed), { numRuns: RUNS });
  expect(count).toBeGreaterThanOrEqual(first + RUNS);
  console.info(`fuzz ${name}: ${count} inputs, ${corpus.length} of them kept, ${first - corpus.length} begun`);
}

/** Of a longer seed only the first so many prefixes are tried: parsers decide by how an input begins. */
const PREFIXES_MAX = 2_000;

/** The lengths of all prefixes of a seed, the empty one and the whole included, at most PREFIXES_MAX. */
export function lengthsOf({ length }: { length: number }): number[] {
  return Array.from({ length: Math.min(length + 1, PREFIXES_MAX) }, (_, n) => n);
}

/** Every beginning of some JSON: of a text its prefixes, of a list or an object its first members, the last of them begun. */
export function* beginnings(value: unknown): Generator<unknown> {
  if (typeof value === "string") for (const length of lengthsOf(value)) yield value.slice(0, length);
  else if (typeof value === "object" && value !== null) {
    const whole: [string, unknown][] = [];
    const of = (members: readonly [string, unknown][]) =>
      Array.isArray(value) ? members.map(([, member]) => member) : Object.fromEntries(members);
    yield of(whole);
    for (const [name, member] of Object.entries(value)) {
      for (const begun of beginnings(member)) yield of([...whole, [name, begun]]);
      whole.push([name, member]);
    }
  } else yield value;
}

/** Inputs that broke a parser once, or were built to. */
export function corpusOf<T>(name: string): T[] {
  return readCorpus(name);
}

export function readCorpus<T>(name: string): T {
  return JSON.parse(readFileSync(join(import.meta.dirname, "corpus", `${name}.json`), "utf8"));
}

/** Text as pieces and how often each stands there: short to keep, and it says what was repeated. */
export type Recipe = readonly (readonly [piece: string, times: number])[];

export function textOf(recipe: Recipe, maxLength = 8192): string {
  return recipe
    .map(([piece, times]) => piece.repeat(times))
    .join("")
    .slice(0, maxLength);
}

/** A seed of a text, cut at every place. */
export function prefixes(text: string): Recipe[] {
  return lengthsOf(text).map((length) => [[text.slice(0, length), 1]]);
}

/** Pieces in any order, now and then one or two of them many times over. */
export function recipes(pieces: readonly string[]): fc.Arbitrary<Recipe> {
  const few = fc.constantFrom(1, 1, 1, 2, 3);
  const many = fc.constantFrom(1, 40, 700, 2000);
  const piece = fc.nat(pieces.length - 1).map((index) => pieces[index] ?? "");
  const part = (times: fc.Arbitrary<number>) => fc.tuple(piece, times);
  return fc.oneof(
    { weight: 30, arbitrary: fc.array(part(few), { maxLength: 8 }) },
    { weight: 1, arbitrary: fc.array(part(many), { minLength: 2, maxLength: 4 }) },
  );
}

/** A change of some JSON: the `at`-th value in it (modulo their number) becomes `value`. */
export interface Change {
  at: number;
  value: unknown;
}

/** The value with changes made; `value` itself stays as it is. */
export function changed(value: unknown, changes: readonly Change[]): unknown {
  const root = { value: structuredClone(value) };
  for (const change of changes) {
    const places = placesIn(root);
    const [holder, key] = places[change.at % places.length] ?? [root, "value"];
    const value = typeof change.value === "object" ? structuredClone(change.value) : change.value;
    Object.defineProperty(holder, key, { value, writable: true, enumerable: true, configurable: true });
  }
  return root.value;
}

function placesIn(holder: object): [object, string][] {
  return Object.entries(holder).flatMap(([key, value]): [object, string][] =>
    typeof value === "object" && value !== null && Object.keys(value).length < 50
      ? [[holder, key], ...placesIn(value)]
      : [[holder, key]],
  );
}

function nested(depth: number, wrap: (inner: unknown) => unknown): unknown {
  let value: unknown = "x";
  for (let level = 0; level < depth; level++) value = wrap(value);
  return value;
}

/** Names by which parsers look for values, and values that break them. */
const HOSTILE: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1e308,
  "",
  " ",
  "\ud800",
  "../../x",
  "a\u0000b\r\n",
  "%",
  "%E0%A4",
  "\u202e",
  "photo.jpg",
  "deleted",
  "2026-11-24T11:59:30Z",
  "9".repeat(400),
  "x".repeat(9000),
  "https://".repeat(500),
  "<".repeat(4000),
  [],
  {},
  [[]],
  [null, "a", {}],
  JSON.parse('{"__proto__": {"polluted": true}, "constructor": 1, "length": -1}'),
  nested(30, (inner) => [inner]),
  nested(30, (inner) => ({ error: inner })),
];

export const changes: fc.Arbitrary<Change[]> = fc.array(
  fc.record({ at: fc.nat(200), value: fc.nat(HOSTILE.length - 1).map((index) => HOSTILE[index]) }),
  { maxLength: 3 },
);

/** Deeper than any stack: for parsers that walk by calling themselves. */
export const DEEP_ARRAYS: unknown = nested(50_000, (inner) => [inner]);
export const DEEP_ERRORS: unknown = nested(50_000, (inner) => ({ error: inner }));
