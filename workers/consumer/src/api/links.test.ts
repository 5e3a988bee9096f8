import { DEFAULTS } from "@prewarm/shared/config";
import { CHOSEN } from "@prewarm/shared/limits";
import { verify } from "@prewarm/shared/signature";
import { describe, expect, it } from "vitest";
import { createApiWorld, START, VIEWER } from "./testing/api-world.ts";

const HIDDEN = { prefix: "", bucket: "ORIGINALS", key: "{id}" } as const;

it("the link to a variant that needs a signature is good for an hour or two, not for ever", async () => {
  const world = createApiWorld({ sources: [{ prefix: "", url: "https://cdn.example.com/{id}" }], access: "private" });
  await world.json("POST", "/api/v1/warm", { body: { items: [{ id: "a", transforms: ["w=400"] }] } });
  const { body: list } = await world.json("GET", "/api/v1/jobs", { token: VIEWER });
  const [{ job } = { job: "" }] = list.jobs as { job: string }[];
  const { body } = await world.json("GET", `/api/v1/jobs/${job}`, { token: VIEWER });
  const url = new URL(String(body.variantUrl));
  const at = (seconds: number) =>
    verify(url.pathname, url.searchParams, ["signing-key"], DEFAULTS, START / 1_000 + seconds);
  const window = CHOSEN.originalsWindowSeconds;
  expect([await at(0), await at(window - 1), await at(2 * window)]).toEqual(["ok", "ok", "expired"]);
});

it.each([
  ["orig", "f=webp", true],
  ["a width", "w=400&f=webp", false],
])(
  "the link to a hidden original's variant is signed where an unsigned one is refused: %s",
  async (_what, transform, isSigned) => {
    const world = createApiWorld({ sources: [HIDDEN] });
    await world.json("POST", "/api/v1/warm", { body: { items: [{ id: "a", transforms: [transform] }] } });
    const { body: list } = await world.json("GET", "/api/v1/jobs");
    const [{ job } = { job: "" }] = list.jobs as { job: string }[];
    const { body } = await world.json("GET", `/api/v1/jobs/${job}`);
    expect(new URL(String(body.variantUrl)).searchParams.has("s")).toBe(isSigned);
  },
);

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
