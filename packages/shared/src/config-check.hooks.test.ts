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

describe("of keys that a sender publishes, checkConfig", () => {
  const TOPIC = "arn:aws:sns:eu-central-1:123456789012:uploads";
  const EMAIL = "pubsub@my-project.iam.gserviceaccount.com";
  const site = (...verifiers: unknown[]) =>
    checkConfig(
      defineConfig({
        sources: [{ prefix: "", url: "https://cdn.example.com/{id}" }],
        hooks: Object.fromEntries(
          verifiers.map((verifier, n) => [`h${n}`, { verifier: verifier as VerifierConfig, mapper: { kind: "s3" } }]),
        ),
      }),
    );

  it.each([
    { kind: "sns", topics: [TOPIC] },
    { kind: "sns", topics: [TOPIC, "arn:aws-cn:sns:cn-north-1:123456789012:a_b-C"], confirm: false },
    { kind: "sns", topics: ["arn:aws-us-gov:sns:us-gov-west-1:123456789012:uploads"] },
    { kind: "google-oidc", emails: [EMAIL] },
    { kind: "google-oidc", emails: [EMAIL], audience: "https://control.example.com/hooks/gcs" },
  ])("passes %j", (verifier) => expect(site(verifier)).toEqual([]));

  it.each([
    [{ kind: "sns" }, "topics"],
    [{ kind: "sns", topics: [] }, "topics: name at least one topic"],
    [{ kind: "sns", topics: ["uploads"] }, "topics[0]: write the ARN"],
    [{ kind: "sns", topics: ["arn:aws:sns:eu-central-1.evil.com:123456789012:x"] }, "topics[0]: write the ARN"],
    [{ kind: "sns", topics: ["arn:aws:sns:*:123456789012:x"] }, "topics[0]: write the ARN"],
    [{ kind: "sns", topics: [`${TOPIC}.fifo`] }, "topics[0]: write the ARN of a standard topic"],
    [{ kind: "sns", topics: [`${TOPIC}:d93b6bdf-8dbb-4c6f`] }, "topics[0]: write the ARN"],
    [{ kind: "sns", topics: [TOPIC], confirm: "no" }, "confirm: write true or false"],
    [{ kind: "google-oidc" }, "emails"],
    [{ kind: "google-oidc", emails: [] }, "emails: name at least one service account"],
    [{ kind: "google-oidc", emails: ["*"] }, "emails[0]: write a service account's address"],
    [{ kind: "google-oidc", emails: [EMAIL], audience: "" }, "audience: write the audience"],
    [{ kind: "google-oidc", emails: [EMAIL], secrets: ["S"] }, "secrets: "],
  ])("refuses %j", (verifier, mend) =>
    expect(site(verifier)).toEqual([expect.stringContaining(`hooks.h0.verifier.${mend}`)]),
  );

  it("refuses a topic or an audience in two hooks: a delivery to one could be sent to the other", () => {
    const sns = { kind: "sns", topics: [TOPIC] };
    const google = { kind: "google-oidc", emails: [EMAIL] };
    expect(site(sns, sns)).toEqual([expect.stringContaining(`h1.verifier.topics: ${TOPIC} is a topic of hooks.h0`)]);
    expect(site({ ...google, audience: "a" }, { ...google, audience: "a" })).toEqual([
      expect.stringContaining("h1.verifier.audience: a is the audience of hooks.h0 too"),
    ]);
    // Each names its own address.
    expect(site(google, google)).toEqual([]);
  });

  it("needs no secret, and asks for none", () => {
    const hooks = { s3: { verifier: { kind: "sns", topics: [TOPIC] }, mapper: { kind: "s3" } } } as const;
    const config = defineConfig({ sources: [{ prefix: "", url: "https://cdn.example.com/{id}" }], hooks });
    const given = { value: () => undefined, hasBucket: () => true };
    expect(checkEnvironment(config, [], given).filter((fault) => fault.includes("hook"))).toEqual([]);
  });
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
