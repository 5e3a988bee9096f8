import { describe, expect, it } from "vitest";
import { defineConfig, type VerifierConfig } from "./config.ts";
import { checkConfig } from "./config-check.ts";
import { checkEnvironment } from "./environment-check.ts";

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

describe("of a template whose holes touch, checkConfig", () => {
  const all = { timestampHeader: "x-time", idHeader: "x-id" };
  it.each([
    ["{id}{timestamp}{body}", "{id} and {timestamp}"],
    ["{id}{timestamp}.{body}", "{id} and {timestamp}"],
    ["{timestamp}{id}.{body}", "{timestamp} and {id}"],
    ["{timestamp}.{id}{body}", "{id} and {body}"],
    ["{timestamp}.{body}{id}", "{body} and {id}"],
    ["v0:{body}.{timestamp}{id}", "{timestamp} and {id}"],
  ])("refuses %s: what stands at the end of one could be moved into the other", (template, between) => {
    const mend = `hooks.one.verifier.template: write a separator between ${between}`;
    expect(check({ ...all, template })).toEqual([expect.stringContaining(mend)]);
  });

  it.each(["{id}.{timestamp}.{body}", "v0:{timestamp}:{id}:{body}", "{body}{timestamp}.{id}"])(
    "passes %s",
    (template) => expect(check({ ...all, template })).toEqual([]),
  );

  // Cloudinary's own form: JSON neither begins nor ends with a digit, a time is digits, and nobody else chooses the secret.
  it.each(["{body}{timestamp}{secret}", "{timestamp}{body}"])("passes %s", (template) =>
    expect(check({ timestampHeader: "x-time", template })).toEqual([]),
  );
});

describe("of a secret in two hooks, checkConfig", () => {
  const site = (first: string[], second: string[]) =>
    checkConfig(
      defineConfig({
        sources: [{ prefix: "", url: "https://cdn.example.com/{id}" }],
        hooks: {
          uploads: { verifier: { kind: "bearer", secrets: first }, mapper: { kind: "native" }, may: ["upload"] },
          twin: { verifier: { kind: "standard-webhooks", secrets: second }, mapper: { kind: "native" } },
        },
      }),
    );

  it("tells of it once, at the second: a delivery to one could be sent to the other, past its may", () => {
    expect(site(["A", "B"], ["C", "B"])).toEqual([
      expect.stringMatching(/^hooks\.twin\.verifier\.secrets: B is a secret of hooks\.uploads too/),
    ]);
  });

  it("passes secrets of their own, and one that stands in a hook twice", () => {
    expect(site(["A"], ["B"])).toEqual([]);
    expect(site(["A", "A"], ["B"])).toEqual([]);
  });

  it("leaves it to the check of the environment to find one value under two names", () => {
    const config = defineConfig({
      sources: [{ prefix: "", url: "https://cdn.example.com/{id}" }],
      hooks: {
        uploads: { verifier: { kind: "bearer", secrets: ["A", "OLD_A"] }, mapper: { kind: "native" } },
        twin: { verifier: { kind: "bearer", secrets: ["B"] }, mapper: { kind: "native" } },
      },
    });
    const told = (values: Record<string, string>) =>
      checkEnvironment(config, [], { value: (name) => values[name], hasBucket: () => true }).filter((fault) =>
        /^[AB]:|^OLD_A:/.test(fault),
      );
    const shared = told({ A: "v-1,v-2", OLD_A: "v-2", B: "v-3, v-2" });
    expect(shared).toEqual([expect.stringMatching(/^B: it has a value in common with A, a secret of hooks\.uploads/)]);
    expect(shared.join()).not.toMatch(/v-\d/);
    expect(told({ A: "v-1,v-2", OLD_A: "v-2", B: "v-3" })).toEqual([]);
  });
});
