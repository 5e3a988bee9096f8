import { describe, expect, it } from "vitest";
import { defineConfig, type UserConfig } from "./config.ts";
import { checkConfig } from "./config-check.ts";
import { deployNames, edgeUrlOf, leadsTo } from "./deploy.ts";

const sources = [{ prefix: "", url: "https://cdn.example.com/originals/{id}" }];
/** Raw: a user may write plain JavaScript. */
const check = (deploy: object, more: object = {}): string[] =>
  checkConfig(defineConfig({ sources, deploy, ...more } as UserConfig));

const EVERYTHING = {
  edge: ["images.example.com", { pattern: "example.com/images/*", zone: "example.com" }],
  edgeUrl: "https://example.com",
  control: "control.example.com",
  workersDev: true,
  name: "shop",
  names: { edge: "acme_edge", bucket: "variants", views: "acme_views" },
  buckets: { ORIGINALS: "photos", SCANS: { name: "scans", jurisdiction: "eu" } },
  jurisdiction: { bucket: "eu", ledger: "fedramp-high" },
  location: "weur",
  views: true,
  traceSampling: 1,
  destinations: { logs: ["a"], traces: ["b"] },
  vars: { ITTYBIT_API_URL: "https://api.example.com", ACCESS_OPERATORS: "*" },
  account: "0123456789abcdef0123456789abcdef",
};

describe("of deploy, checkConfig passes", () => {
  it.each<[string, string[]]>([
    ["none", check({})],
    ["two environments of which nothing is said", check({ staging: {}, production: {} })],
    [
      "every setting",
      check(
        { production: EVERYTHING },
        {
          sources: [
            { prefix: "", bucket: "ORIGINALS", key: "{id}" },
            { prefix: "s/", bucket: "SCANS", key: "{id}" },
          ],
        },
      ),
    ],
    [
      "one host for both Workers",
      check({
        a1: {
          edge: { pattern: "x.example.com/images/*", zone: "example.com" },
          control: { pattern: "x.example.com/*", zone: "example.com" },
        },
      }),
    ],
    [
      "the same names in two accounts",
      check({
        staging: { names: { bucket: "b-1" }, account: "0".repeat(32) },
        production: { names: { bucket: "b-1" }, account: "1".repeat(32) },
      }),
    ],
  ])("%s", (_, faults) => expect(faults).toEqual([]));
});

describe("of deploy, checkConfig finds", () => {
  it.each<[string, string[], RegExp]>([
    [
      "a misspelt setting",
      check({ staging: { egde: "a.example.com" } }),
      /^deploy\.staging\.egde: .*did you mean edge\?/,
    ],
    [
      "a misspelt name",
      check({ staging: { names: { buckte: "aaa" } } }),
      /^deploy\.staging\.names\.buckte: .*did you mean bucket\?/,
    ],
    [
      "an address for a host",
      check({ staging: { edge: "https://a.example.com" } }),
      /^deploy\.staging\.edge: write a host in lower case/,
    ],
    [
      "a route without a zone",
      check({ staging: { edge: { pattern: "a.example.com/*" } } }),
      /^deploy\.staging\.edge: write a host/,
    ],
    [
      "an edge over http",
      check({ staging: { edgeUrl: "http://a.example.com" } }),
      /^deploy\.staging\.edgeUrl: .*https/,
    ],
    ["a secret among the variables", check({ staging: { vars: { ADMIN_TOKEN: "t" } } }), /^deploy\.staging\.vars/],
    [
      "a place that is none",
      check({ staging: { location: "europe" } }),
      /^deploy\.staging\.location: write one of wnam/,
    ],
    [
      "a jurisdiction that R2 has not",
      check({ staging: { jurisdiction: "fedramp-high" as never } }),
      /^deploy\.staging\.jurisdiction: write one of eu, us, fedramp, or/,
    ],
    [
      "a name with a blank",
      check({ staging: { names: { edge: "my edge" } } }),
      /^deploy\.staging\.names\.edge: write 3 to 63/,
    ],
    ["an environment named local", check({ local: {} }), /^deploy\.local: name the environment/],
    ["an environment's name in capitals", check({ Staging: {} }), /^deploy\.Staging: name the environment/],
    [
      "an environment whose queues have two roles",
      check({ "work-2": {} }),
      /^deploy\.work-2: prewarm-live-work-2, prewarm-uploads-work-2, .*one word/,
    ],
    [
      "a queue without its role",
      check({ staging: { names: { dead: "acme-letters" } } }),
      /^deploy\.staging: acme-letters: .*one word/,
    ],
    [
      "one name for both Workers",
      check({ staging: { names: { edge: "acme", consumer: "acme" } } }),
      /^deploy\.staging: acme names both Workers/,
    ],
    [
      "one bucket for two environments",
      check({ staging: {}, production: { names: { bucket: "optimized-images-staging" } } }),
      /^deploy\.production: optimized-images-staging is deploy\.staging's already/,
    ],
    [
      "one bucket for two environments of which only the first names its account",
      check({
        staging: { account: "0".repeat(32) },
        production: { names: { bucket: "optimized-images-staging" } },
      }),
      /^deploy\.production: optimized-images-staging is deploy\.staging's already/,
    ],
    [
      "one bucket for two environments of which only the second names its account",
      check({
        staging: {},
        production: { names: { bucket: "optimized-images-staging" }, account: "0".repeat(32) },
      }),
      /^deploy\.production: optimized-images-staging is deploy\.staging's already/,
    ],
    [
      "one host for two environments",
      check({ staging: { edge: "a.example.com" }, production: { control: "a.example.com" } }),
      /^deploy\.production: a\.example\.com is deploy\.staging's already/,
    ],
    [
      "one host for both Workers",
      check({ staging: { edge: "a.example.com", control: "a.example.com" } }),
      /^deploy\.staging: a\.example\.com is written twice/,
    ],
    [
      "a source whose bucket no environment names",
      check({ staging: {} }, { sources: [{ prefix: "", bucket: "ORIGINALS", key: "{id}" }] }),
      /^deploy\.staging\.buckets: write ORIGINALS: "<name of the bucket>"/,
    ],
    [
      "a bucket that no source names",
      check({ staging: { buckets: { ORIGNALS: "photos" } } }),
      /^deploy\.staging\.buckets\.ORIGNALS: no source names this bucket/,
    ],
    [
      "a source's bucket with a name of ours",
      check(
        { staging: { buckets: { LEDGER: "photos" } } },
        { sources: [{ prefix: "", bucket: "LEDGER", key: "{id}" }] },
      ),
      /^deploy\.staging\.buckets\.LEDGER: this name is Prewarm's own/,
    ],
    [
      "a source on a host of the edge",
      check(
        { staging: { edge: "pics.example.com" } },
        { sources: [{ prefix: "", url: "https://pics.example.com/images/{id}" }] },
      ),
      /^sources\[0\]\.url: this is the edge's own route/,
    ],
    [
      "a source on the edge's address",
      check(
        { staging: { edgeUrl: "https://pics.example.com" } },
        { sources: [{ prefix: "", url: "https://pics.example.com/originals/{id}" }] },
      ),
      /^sources\[0\]\.url: this is the edge's own route/,
    ],
  ])("%s", (_, faults, expected) => expect(faults).toEqual([expect.stringMatching(expected)]));
});

describe("an environment", () => {
  it("has its own name in the names of its parts, and production has the plain ones", () => {
    expect(deployNames("production", {})).toEqual({
      edge: "prewarm-edge",
      consumer: "prewarm-consumer",
      bucket: "optimized-images",
      live: "prewarm-live",
      work: "prewarm-work",
      uploads: "prewarm-uploads",
      dead: "prewarm-dead",
      views: "prewarm_views",
    });
    expect(Object.values(deployNames("staging", {}))).toEqual([
      "prewarm-edge-staging",
      "prewarm-consumer-staging",
      "optimized-images-staging",
      ...["live", "work", "uploads", "dead"].map((role) => `prewarm-${role}-staging`),
      "prewarm_views_staging",
    ]);
  });

  it("of a second site shares no name with the first, whatever the environments are", () => {
    const names = ["staging", "production", "shop"].flatMap((environment) => [
      ...Object.values(deployNames(environment, {})),
      ...Object.values(deployNames(environment, { name: "shop" })),
    ]);
    expect(new Set(names).size).toBe(names.length);
  });

  it("answers at edgeUrl, else at the first host of edge that is one host's", () => {
    expect(edgeUrlOf({})).toBeNull();
    expect(edgeUrlOf({ edge: ["a.example.com", "b.example.com"] })).toBe("https://a.example.com");
    expect(edgeUrlOf({ edge: { pattern: "Example.com/images/*", zone: "example.com" } })).toBe("https://example.com");
    expect(edgeUrlOf({ edge: { pattern: "*.example.com/images/*", zone: "example.com" } })).toBeNull();
    expect(edgeUrlOf({ edge: "a.example.com", edgeUrl: "https://cdn.example.com" })).toBe("https://cdn.example.com");
  });

  it("leads to a path only where its first route takes it in", () => {
    const routes = ["example.com/*", "example.com/s*", "example.com/images/*", "example.com/staged/", "example.com"];
    const reached = routes.map((pattern) => leadsTo({ pattern, zone: "example.com" }, "/staged/"));
    expect(reached).toEqual([true, true, false, false, false]);
    expect([leadsTo("a.example.com", "/staged/"), leadsTo(undefined, "/staged/")]).toEqual([true, true]);
  });
});
