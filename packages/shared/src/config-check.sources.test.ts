import { describe, expect, it } from "vitest";
import { defineConfig, type UserConfig } from "./config.ts";
import { checkConfig } from "./config-check.ts";

const sources = [{ prefix: "", url: "https://cdn.example.com/originals/{id}" }];
const check = (user: Partial<UserConfig>): string[] => checkConfig(defineConfig({ sources, ...user }));
/** For what the compiler would refuse: a user may write plain JavaScript. */
const checkRaw = (user: object): string[] => check(user as Partial<UserConfig>);
const source = (url: string, more: Partial<UserConfig> = {}) => check({ sources: [{ prefix: "", url }], ...more });

describe("of sources, checkConfig passes", () => {
  it.each<[string, string[]]>([
    ["loopback over http", source("http://127.0.0.1:9000/o/{id}")],
    ["loopback by name", source("http://localhost:9000/images/{id}")],
    ["an id in the query", source("https://cdn.example.com/get?file={id}")],
    ["an extension after the id", source("https://cdn.example.com/o/{id}.jpg")],
    [
      "another server's /images/ when the edge's hosts are known",
      source("https://cdn.example.com/images/{id}", { deploy: { production: { edge: "images.example.com" } } }),
    ],
    [
      "another path on the edge's host",
      source("https://www.example.com/uploads/{id}", { deploy: { production: { edge: "www.example.com" } } }),
    ],
    ["a bucket", check({ sources: [{ prefix: "", bucket: "ORIGINALS", key: "o/{id}" }] })],
    [
      "a bucket whose originals are shown",
      check({ sources: [{ prefix: "", bucket: "B", key: "{id}", viewers: "redirect" }] }),
    ],
  ])("%s", (_, faults) => expect(faults).toEqual([]));
});

describe("of sources, checkConfig finds", () => {
  it.each<[string, string, RegExp, string[]]>([
    ["no source", "sources", /at least one/, check({ sources: [] })],
    ["a source of neither kind", "sources[0]", /prefix, url/, checkRaw({ sources: [{ prefix: "", path: "x" }] })],
    ["no hole", "sources[0].url", /exactly once/, source("https://cdn.example.com/originals/")],
    ["two holes", "sources[0].url", /exactly once/, source("https://cdn.example.com/{id}/{id}")],
    ["a hole in the host", "sources[0].url", /after its host/, source("https://{id}.example.com/x")],
    ["a hole against the host", "sources[0].url", /after its host/, source("https://cdn.example.com{id}")],
    ["no URL", "sources[0].url", /whole URL/, source("/originals/{id}")],
    ["another scheme", "sources[0].url", /whole URL/, source("ftp://cdn.example.com/{id}")],
    ["plain http", "sources[0].url", /https/, source("http://cdn.example.com/{id}")],
    [
      "http on a host that only looks like loopback",
      "sources[0].url",
      /https/,
      source("http://127.0.0.1.evil.com/{id}"),
    ],
    ["a password in the open", "sources[0].url", /user and password/, source("https://me:pw@cdn.example.com/{id}")],
    ["a fragment", "sources[0].url", /#/, source("https://cdn.example.com/{id}#x")],
    [
      "dots in the path",
      "sources[0].url",
      /https:\/\/cdn\.example\.com\/\{id\}/,
      source("https://cdn.example.com/a/../{id}"),
    ],
    [
      "upper case in the host",
      "sources[0].url",
      /cdn\.example\.com\/x\/\{id\}/,
      source("https://CDN.example.com/x/{id}"),
    ],
    [
      "the edge's own route, no host known",
      "sources[0].url",
      /own route/,
      source("https://images.example.com/images/{id}"),
    ],
    [
      "the edge's own route",
      "sources[0].url",
      /own route/,
      source("https://i.example.com/images/{id}.jpg", { deploy: { production: { edge: "i.example.com" } } }),
    ],
    [
      "the edge's originals",
      "sources[0].url",
      /own route/,
      source("https://i.example.com/originals/{id}", { deploy: { production: { edge: "i.example.com" } } }),
    ],
    [
      "a word for who may see them that is none",
      "sources[0]",
      /placeholder or redirect/,
      checkRaw({ sources: [{ prefix: "", bucket: "B", key: "{id}", viewers: true }] }),
    ],
    [
      "a URL whose originals should be hidden",
      "sources[0].viewers",
      /leave it out/,
      checkRaw({ sources: [{ prefix: "", url: "https://cdn.example.com/{id}", viewers: "placeholder" }] }),
    ],
    ["a prefix twice", "sources[1].prefix", /sources\[0\]/, check({ sources: [...sources, ...sources] })],
    [
      "a prefix with a slash before it",
      "sources[0].prefix",
      /without a slash/,
      check({ sources: [{ prefix: "/a", url: "https://cdn.example.com/{id}" }] }),
    ],
    [
      "a bucket's binding of no form",
      "sources[0].bucket",
      /letters, digits and _/,
      check({ sources: [{ prefix: "", bucket: "my bucket", key: "{id}" }] }),
    ],
    [
      "the variants' own bucket",
      "sources[0].bucket",
      /IMAGES_BUCKET/,
      check({ sources: [{ prefix: "", bucket: "IMAGES_BUCKET", key: "{id}" }] }),
    ],
  ])("%s, at %s", (_, path, mend, faults) => {
    expect(faults).toEqual([expect.stringMatching(mend)]);
    expect(faults[0]?.slice(0, path.length + 1)).toBe(`${path}:`);
  });
});

it.each([
  "169.254.169.254",
  "10.0.0.1",
  "[fd00::1]",
  "metadata.google.internal",
  "nas.local",
  "intranet",
  "169.254.169.254.nip.io",
])("of sources, checkConfig refuses the private host %s", (host) => {
  expect(source(`https://${host}/o/{id}`)).toEqual([expect.stringMatching(/^sources\[0\]\.url: .*public/)]);
});
