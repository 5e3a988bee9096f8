import { describe, expect, it } from "vitest";
import { withEnvironment } from "./config.ts";
import { setup } from "./testing/setup.ts";

describe("the environment", () => {
  const base = setup({ config: { signing: "all" } }).config;
  it("turns signing off by an empty SIGNING_KEYS, not by a missing one", () => {
    expect(withEnvironment(base, { SIGNING_KEYS: "" }).signing).toBe("off");
    expect(withEnvironment(base, {}).signing).toBe("all");
    expect(withEnvironment(base, { SIGNING_KEYS: "a" }).signing).toBe("all");
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
