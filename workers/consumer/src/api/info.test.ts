import type { StoredInfo } from "@prewarm/shared/image-info";
import { describe, expect, it } from "vitest";
import { createApiWorld, VIEWER } from "./testing/api-world.ts";

const KNOWN: StoredInfo = {
  width: 2400,
  height: 1600,
  type: "image/jpeg",
  bytes: null,
  frames: 1,
  etag: '"e"',
  version: "2",
  lqip: null,
  stored: { webp: [320, 640] },
  others: [],
};

describe("POST /api/v1/info", () => {
  it("tells what is known of each image, once and in the order asked, and which are unknown", async () => {
    const world = createApiWorld();
    for (const id of ["a", "b/c"])
      await world.bucket.bucket.put(`info/${encodeURIComponent(id)}/_`, JSON.stringify(KNOWN));
    const body = { ids: ["b/c", "none", "a", "b/c"] };
    const answer = await world.json("POST", "/api/v1/info", { token: VIEWER, body });
    const { etag, lqip, stored, others, ...told } = KNOWN;
    expect(answer).toEqual({
      status: 200,
      body: {
        images: ["b/c", "a"].map((id) => ({ ...told, id, widths: [320, 640] })),
        unknown: ["none"],
      },
    });
  });

  it.each([
    [{ ids: [] }, 400],
    [{ ids: Array.from({ length: 1001 }, (_, n) => `${n}`) }, 400],
    [{ ids: ["a//b"] }, 400],
    [{ ids: [1] }, 400],
    [{ ids: Array.from({ length: 1000 }, (_, n) => `${n}`) }, 200],
  ])("judges %j", async (body, status) => {
    expect((await createApiWorld().json("POST", "/api/v1/info", { body })).status).toBe(status);
  });

  it("is for those who may look", async () => {
    expect((await createApiWorld().call("POST", "/api/v1/info", { token: null, body: { ids: ["a"] } })).status).toBe(
      401,
    );
  });
});
