import { describe, expect, it } from "vitest";
import type { EdgeCache } from "./bindings.ts";
import { type Env, edgeOf, logOf, withEnvironment } from "./config.ts";
import { setup } from "./testing/setup.ts";

const base = setup({ config: { access: "private" } }).config;

describe("the environment", () => {
  it("opens nothing where SIGNING_KEYS is missing or empty", () => {
    for (const SIGNING_KEYS of [undefined, "", ","]) {
      const edge = edgeOf(base, { SIGNING_KEYS } as Env, {} as EdgeCache);
      expect([edge.config.access, edge.keys]).toEqual(["private", []]);
    }
  });

  it("gives the edge of a local stack, whose machine may be busy, more time", () => {
    const budgets = [{}, { LOCAL: "true" }].map((env) => withEnvironment(base, env).limits.edgeBudgetMs);
    expect(budgets).toEqual([1_000, 30_000]);
  });

  it("puts ORIGINALS_URL in the place of the source with an empty prefix", () => {
    const sources = [
      { prefix: "", url: "https://a.example/{id}" },
      { prefix: "private/", bucket: "ORIGINALS", key: "{id}" },
    ];
    const changed = withEnvironment({ ...base, sources }, { ORIGINALS_URL: "http://127.0.0.1:1/{id}" });
    expect(changed.sources).toEqual([sources[1], { prefix: "", url: "http://127.0.0.1:1/{id}" }]);
    expect(withEnvironment({ ...base, sources }, { ORIGINALS_URL: "" }).sources).toBe(sources);
  });
});

describe("signing keys", () => {
  const LONG = "a-key-of-twenty-four-chars";
  const world = (more: Partial<Env>) => {
    const lines: string[] = [];
    const edge = edgeOf(base, more as Env, {} as EdgeCache, (line) => lines.push(line));
    return { keys: edge.keys, lines };
  };

  it("that could be guessed are none, as tokens are, and the log says so without the key", () => {
    const { keys, lines } = world({ SIGNING_KEYS: `guessable,${LONG},owner:${"x".repeat(17)}` });
    expect(keys).toEqual([LONG]);
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      { event: "edge.short_keys", part: "edge", version: null, keys: 2, shortest: 24 },
    ]);
    expect(lines.join()).not.toContain("guessable");
  });

  it("may be of any length in the local stack; long ones are worth no line", () => {
    expect(world({ SIGNING_KEYS: "k", LOCAL: "true" })).toEqual({ keys: ["k"], lines: [] });
    expect(world({ SIGNING_KEYS: LONG })).toEqual({ keys: [LONG], lines: [] });
    expect(world({})).toEqual({ keys: [], lines: [] });
  });
});

describe("a line of the log", () => {
  it.each([
    [{ VERSION: { id: "abc", tag: "v1.2.0", timestamp: "" } }, "v1.2.0"],
    [{ VERSION: { id: "abc", tag: "", timestamp: "" } }, "abc"],
    [{}, null],
  ])("says which part and which version wrote it: %j", (env, version) => {
    const lines: string[] = [];
    logOf(env, (line) => lines.push(line))("edge.bug", { message: "m" });
    expect(lines.map((line) => JSON.parse(line))).toEqual([{ event: "edge.bug", part: "edge", version, message: "m" }]);
  });
});
