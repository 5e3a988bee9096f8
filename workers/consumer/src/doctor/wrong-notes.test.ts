import { expect, it } from "vitest";
import { type ListedNote, type ListedSlice, wrongNotes } from "./wrong-notes.ts";

const HOUR = 3_600_000;
const variant = (key: string, uploaded = 10) => ({ key, bytes: 7, smaller: [], isCounted: true, uploaded });
const note = (listed: number, more: Partial<ListedNote> = {}): ListedNote => {
  return { listed, version: null, announced: 0, uploaded: 20, ...more };
};
const find = (slice: Partial<Omit<ListedSlice, "notes">> & { notes?: Record<string, ListedNote> }) =>
  wrongNotes({
    from: "",
    to: null,
    variants: [],
    announced: {},
    now: HOUR,
    ...slice,
    notes: new Map(Object.entries(slice.notes ?? {})),
  });
const keysOf = (...given: Parameters<typeof find>) =>
  find(...given).flatMap(({ noted }) => noted.map(({ key }) => key));

it("finds images without a note, with one that is older than a variant, and with one that counts fewer", () => {
  const variants = ["a/1", "b/1", "c/1", "c/2", "d/1", "d/2"].map((key) => variant(`${key}.webp`));
  const notes = { b: note(1, { uploaded: 9 }), c: note(1), d: note(2) };
  const found = find({ variants, notes });
  // A variant may be newer because its metadata was written anew: that alone is no finding, and comes last.
  expect(found.map(({ id, isSure }) => [id, isSure])).toEqual([
    ["a", true],
    ["c", true],
    ["b", false],
  ]);
  expect(found.flatMap(({ noted }) => noted.map(({ key }) => key))).toEqual([
    ...["a/1.webp", "c/1.webp", "c/2.webp", "b/1.webp"],
  ]);
});

it("finds notes of variants that are gone, where it sees all of the image", () => {
  const variants = [variant("a/1.webp"), variant("b/1.webp"), variant("c/1.webp")];
  const notes = { a: note(2), b: note(2), c: note(2), none: note(1), removed: note(Number.POSITIVE_INFINITY) };
  const gone = (slice: Pick<ListedSlice, "from" | "to">) =>
    find({ variants, notes, ...slice }).flatMap((one) => (one.gone === null ? [] : [[one.id, ...one.gone.there]]));
  expect(gone({ from: "", to: null })).toEqual([["a", "a/1.webp"], ["b", "b/1.webp"], ["c", "c/1.webp"], ["none"]]);
  expect(gone({ from: "a/0.webp", to: "c/1.webp" })).toEqual([["b", "b/1.webp"]]);
  // As many as before, but others.
  const [other] = find({ variants: [variant("a/2.webp", 30)], notes: { a: note(1) } });
  expect([other?.noted.map(({ key }) => key), [...(other?.gone?.there ?? [])]]).toEqual([["a/2.webp"], ["a/2.webp"]]);
  // Just written: of variants that were stored since the list.
  expect(find({ variants, notes: { a: note(2, { uploaded: HOUR }), b: note(1), c: note(1) } })).toEqual([]);
});

it("waits until their handler is surely gone", () => {
  expect(keysOf({ variants: [variant("a/1.webp", HOUR - 60_000)] })).toEqual([]);
});

it("counts neither the original's own picture nor another version, of which it only notes what is newer", () => {
  const copy = { ...variant("a/1.jpeg"), isCounted: false };
  const variants = [copy, variant("a/@1/1.webp", 10), variant("a/@2/1.webp", 10), variant("a/@1/2.webp", 30)];
  expect(keysOf({ variants, notes: { a: note(1, { version: "2" }) } })).toEqual(["a/@1/2.webp"]);
});

it("has a note speak of the version that was announced last, unless the note has heard of a later one", () => {
  const variants = [variant("a/@1/1.webp"), variant("a/@2/1.webp")];
  const announced = { a: { v: "1", number: 7 } };
  const [found] = find({ variants, notes: { a: note(1, { version: "2", announced: 5 }) }, announced });
  expect(found?.noted).toEqual([
    { key: "a/@1/1.webp", bytes: 7, smaller: [], made: null, original: null, announced: 7 },
  ]);
  expect(find({ variants, notes: { a: note(1, { version: "2", announced: 9 }) }, announced })).toEqual([]);
  expect(find({ variants, announced })[0]?.noted.map(({ key, announced: number }) => [key, number])).toEqual([
    ["a/@1/1.webp", 7],
    ["a/@2/1.webp", 0],
  ]);
});
