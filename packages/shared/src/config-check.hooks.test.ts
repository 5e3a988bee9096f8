import { describe, expect, it } from "vitest";
import { defineConfig, type VerifierConfig } from "./config.ts";
import { checkConfig } from "./config-check.ts";

const check = (more: object) => {
  const verifier = { kind: "hmac", secrets: ["S"], header: "x-signature", ...more } as VerifierConfig;
  return checkConfig(
    defineConfig({
      sources: [{ prefix: "", url: "https://cdn.example.com/{id}" }],
      hooks: { one: { verifier, mapper: { kind: "native" } } },
    }),
  );
};

describe("of a hook's times, checkConfig", () => {
  it("refuses one that is not signed: whoever has an old body could give it a new one", () => {
    const unsigned = "hooks.one.verifier.template: put {timestamp} into it";
    expect(check({ timestampHeader: "x-time" })).toEqual([expect.stringContaining(unsigned)]);
    expect(check({ timestampHeader: "x-time", template: "{id}.{body}", idHeader: "x-id" })).toEqual([
      expect.stringContaining(unsigned),
    ]);
  });

  it.each([
    [{ timestampHeader: "x-time", template: "{timestamp}.{body}" }],
    [{ timestampHeader: "x-signature", prefix: "v1=", template: "{timestamp}.{body}" }],
    [{}],
  ])("passes %j", (more) => expect(check(more)).toEqual([]));
});
