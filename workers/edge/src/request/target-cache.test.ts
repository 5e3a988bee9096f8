import { sign } from "@prewarm/shared/signature";
import { describe, expect, it } from "vitest";
import { NOW, ORIGIN, setup } from "../testing/setup.ts";
import { createTargetCache } from "./target-cache.ts";

describe("targets of plain URLs", () => {
  it("are kept for URLs that mean the same to everybody", async () => {
    const world = setup();
    await world.get("/images/photo?w=800");
    expect(world.edge.targetCache.get(`${ORIGIN}/images/photo?w=800`)?.key).toBe("photo/800-high.webp");
  });

  it("are not kept for what is negotiated: the next client may like another format", async () => {
    const world = setup();
    await world.get("/images/photo?w=800&f=auto", { Accept: "image/avif" });
    await world.get("/images/photo?w=800&f=auto", { Accept: "image/webp" });
    expect(world.sent.map((message) => message.keys[0])).toEqual(["photo/800-high.avif", "photo/800-high.webp"]);
  });

  it("are not kept for what is signed: it must expire", async () => {
    const world = setup({ keys: ["key"] });
    const query = `w=800&exp=${NOW / 1000 + 60}`;
    const path = `/images/photo?${query}&s=${await sign("/images/photo", query, "key", world.config)}`;
    expect((await world.get(path)).status).toBe(302);
    world.advance(60_000);
    expect((await world.get(path)).status).toBe(403);
  });

  it("are not kept for refusals", async () => {
    const world = setup();
    for (let n = 0; n < 2; n++) expect((await world.get("/images/photo?h=100")).status).toBe(403);
  });

  it("stay bounded, in number and in length", async () => {
    const targets = createTargetCache(2);
    const world = setup();
    await world.get("/images/photo");
    const target = world.edge.targetCache.get(`${ORIGIN}/images/photo`)!;
    targets.keep("x".repeat(513), target);
    expect(targets.get("x".repeat(513))).toBeUndefined();
    for (const address of ["a", "b", "c"]) targets.keep(address, target);
    expect([targets.get("a"), targets.get("b"), targets.get("c")]).toEqual([undefined, undefined, target]);
  });
});
