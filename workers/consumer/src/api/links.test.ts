import { describe, expect, it } from "vitest";
import { createApiWorld, VIEWER } from "./testing/api-world.ts";

const HIDDEN = { prefix: "", bucket: "ORIGINALS", key: "{id}" } as const;

describe("the link to a bucket's original", () => {
  it.each([
    ["an operator", {}, true],
    ["a viewer of the dashboard", { token: VIEWER }, false],
  ] as const)("is shown to %s: %j %s", async (_, caller, shown) => {
    const world = createApiWorld({ sources: [HIDDEN] });
    await world.json("POST", "/api/v1/warm", { body: { items: [{ id: "a", transforms: ["w=400"] }] } });
    const { body: list } = await world.json("GET", "/api/v1/jobs", caller);
    const [{ job } = { job: "" }] = list.jobs as { job: string }[];
    for (const path of ["/api/v1/images/a", `/api/v1/jobs/${job}`]) {
      const { status, body } = await world.json("GET", path, caller);
      const link = expect.stringMatching(/^https:\/\/images\.example\.com\/originals\/a\?exp=\d+&s=/);
      expect([status, body.originalUrl]).toEqual([200, shown ? link : null]);
    }
  });

  it("is shown to everybody who may look where pages show it too", async () => {
    const world = createApiWorld({ sources: [{ ...HIDDEN, viewers: "redirect" }] });
    await world.json("POST", "/api/v1/warm", { body: { items: [{ id: "a", transforms: ["w=400"] }] } });
    const { body } = await world.json("GET", "/api/v1/images/a", { token: VIEWER });
    expect(body.originalUrl).toMatch(/\/originals\/a\?exp=/);
  });
});
