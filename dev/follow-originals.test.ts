import { expect, it } from "vitest";
import { follow } from "./follow-originals.ts";
import type { FileChange } from "./originals-folder.ts";

const CHANGED = 1_000;
const variant = (transform: string, more: object = {}) => ({
  transform,
  v: null,
  state: "stored",
  storedAt: CHANGED - 1,
  ...more,
});

/** What the control API is told of a change, when it knows these variants: in two pages. */
async function told(change: Partial<FileChange>, variants: object[]) {
  const calls: [method: string, body: unknown][] = [];
  await follow({ id: "a/b.jpg", at: CHANGED, wasAsked: false, ...change }, async (method, path, body) => {
    expect(path).toMatch(method === "POST" ? /^\/warm\?run=originals-folder&/ : /^\/images\/a%2Fb\.jpg/);
    if (method !== "GET") calls.push([method, body]);
    const isFirst = !path.includes("cursor=next");
    return { variants: isFirst ? variants.slice(0, 1) : variants.slice(1), nextCursor: isFirst ? "next" : null };
  });
  return calls;
}

it("leaves a new file alone, of which an announced upload may have open jobs already, and variants", async () => {
  const open = variant("w=320", { state: "queued", storedAt: null });
  expect(await told({}, [])).toEqual([]);
  expect(await told({}, [open, variant("w=640", { storedAt: CHANGED + 5 })])).toEqual([]);
});

it("has every variant of a replaced file made again, and cancels no job of it", async () => {
  const open = variant("w=320", { state: "queued", storedAt: null });
  const versioned = variant("w=640", { v: "two" });
  const cancelled = variant("w=160", { state: "cancelled" });
  const items = [
    { id: "a/b.jpg", transforms: ["w=320"] },
    { id: "a/b.jpg", v: "two", transforms: ["w=640"] },
  ];
  expect(await told({}, [open, versioned, cancelled])).toEqual([["POST", { items, force: true }]]);
  // Its older bytes may be on their way, although nothing is stored yet.
  expect(await told({ wasAsked: true }, [open])).toEqual([["POST", { items: items.slice(0, 1), force: true }]]);
});

it("makes a file that was looked for in vain, and one that was refused", async () => {
  expect(await told({ wasAsked: true }, [])).toEqual([["POST", { items: [{ id: "a/b.jpg" }], force: true }]]);
  const refused = variant("w=320", { state: "refused", storedAt: null });
  expect(await told({}, [refused])).toHaveLength(1);
});

it("purges what is known of a file that is gone", async () => {
  expect(await told({ at: null }, [variant("w=320")])).toEqual([["DELETE", undefined]]);
});
