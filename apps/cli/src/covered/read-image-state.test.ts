import { defineConfig } from "@prewarm/shared/config";
import { parseTransform } from "@prewarm/shared/transform";
import { isStored, whyMissing } from "@prewarm/site-pages/image-state";
import { describe, expect, it } from "vitest";
import type { ControlApi } from "../api/control-api.ts";
import { readImageState } from "./read-image-state.ts";

const config = defineConfig({ sources: [{ prefix: "", url: "https://o.example/{id}" }] });
const transformOf = (query: string) => parseTransform(query, config).transform;

/** A variant as the API answers it. Without `width`: R2 has no object of it. */
const variant = (name: string, more: object = {}) => ({
  key: `a/${name}`,
  state: "stored",
  width: null,
  height: null,
  error: null,
  ...more,
});
const inR2 = (name: string, width = 320, height = 200) => variant(name, { width, height });

async function stateOf(...pages: object[][]) {
  const asked: unknown[] = [];
  const call = async (_: string, given: { query: { cursor?: string } }) => {
    const at = Number(given.query.cursor ?? 0);
    asked.push(at);
    return { v: null, variants: pages[at] ?? [], nextCursor: at + 1 < pages.length ? String(at + 1) : null };
  };
  return { state: await readImageState("a", { call } as unknown as ControlApi), asked };
}

describe("a variant", () => {
  const asked = transformOf("w=320&f=webp");

  it("is stored when R2 has its object, on whatever page of the list, also while it is made anew", async () => {
    const { state, asked: calls } = await stateOf(
      [inR2("16-very_low.webp", 16)],
      [{ ...inR2("320-high.webp"), state: "processing" }],
    );
    expect([isStored("a", null, asked, state, config), calls]).toEqual([true, [0, 1]]);
  });

  it("is not stored when only the ledger remembers it: R2 may have lost it since", async () => {
    const { state } = await stateOf([variant("320-high.webp"), inR2("480-high.webp", 480)]);
    expect(isStored("a", null, asked, state, config)).toBe(false);
    expect(whyMissing("a", null, asked, state)).toEqual({ reason: "not stored", isRefused: false });
  });

  it("is stored under the key of the same picture, since nothing is enlarged", async () => {
    const { state } = await stateOf([inR2("320-high.webp", 300, 200)]);
    expect(isStored("a", null, transformOf("w=1440&f=webp"), state, config)).toBe(true);
    expect(isStored("a", null, transformOf("w=256&f=webp"), state, config)).toBe(false);
    expect(isStored("a", null, transformOf("w=1440&f=avif"), state, config)).toBe(false);
  });

  it.each([
    ["dead", { error: { code: "upstream_failed" } }, "dead (upstream_failed)", false],
    ["refused", { error: { code: "original_missing" } }, "refused (original_missing)", true],
    ["queued", {}, "being made", false],
  ])("says why it is missing: %s", async (rowState, more, reason, isRefused) => {
    const { state } = await stateOf([variant("320-high.webp", { state: rowState, ...more })]);
    expect(whyMissing("a", null, asked, state)).toEqual({ reason, isRefused });
  });

  it("is never made where the original is missing, whichever variant has told so", async () => {
    const gone = { state: "refused", error: { code: "original_missing" } };
    const { state } = await stateOf([variant("640-high.webp", gone), variant("480-high.webp")]);
    const missing = { reason: "the original is missing", isRefused: true };
    expect(whyMissing("a", null, asked, state)).toEqual(missing);
    // Another version is another original.
    expect(whyMissing("a", "2", asked, state).isRefused).toBe(false);
  });

  it("says that another version is stored", async () => {
    const { state } = await stateOf([inR2("@2/320-high.webp")]);
    expect(whyMissing("a", "3", asked, state).reason).toBe("stored under v=2 only");
    expect(whyMissing("a", null, asked, state).reason).toBe("stored under v=2 only");
    expect(whyMissing("a", "2", transformOf("w=480&f=webp"), state).reason).toBe("not stored");
  });
});
