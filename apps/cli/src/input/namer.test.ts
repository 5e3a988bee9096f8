import { defineConfig } from "@prewarm/shared/config";
import { describe, expect, it } from "vitest";
import { createNamer } from "./namer.ts";

const config = defineConfig({
  sources: [
    { prefix: "", url: "https://cdn.example.com/o/{id}?raw=1" },
    { prefix: "u/", url: "https://users.example.com/{id}.png" },
    { prefix: "b/", bucket: "ORIGINALS", key: "originals/{id}.jpg" },
  ],
});
const namer = createNamer(config, "https://images.example.com");

describe("URLs of originals", () => {
  it.each([
    ["https://cdn.example.com/o/photo?raw=1", "photo"],
    ["https://cdn.example.com/o/a/b%20c?raw=1#part", "a/b c"],
    ["https://CDN.example.com/o/caf%C3%A9(1)?raw=1", "café(1)"],
    ["https://cdn.example.com/o/caf%c3%a9%281%29?raw=1", "café(1)"],
    ["https://users.example.com/u/7.png", "u/7"],
  ])("%s is the image %s", (url, id) => {
    expect(namer.fromUrl(url)).toEqual({ id });
    expect(namer.fromText(url)).toEqual({ id });
  });

  it.each([
    ["https://cdn.example.com/o/photo", "the template's query is missing"],
    ["https://cdn.example.com/o/u/7?raw=1", "another source takes that id, so it would be another picture"],
    ["https://users.example.com/7.png", "the id has not the source's prefix"],
    ["https://cdn.example.com/other/photo?raw=1", "outside the template's path"],
    ["https://cdn.example.com.evil.example/o/photo?raw=1", "another host"],
    ["https://cdn.example.com/o/?raw=1", "an empty id"],
  ])("%s is none (%s)", (url) => {
    expect(() => namer.fromUrl(url)).toThrow("no configured source has this URL");
  });
});

it("says of the local stack's originals how they are told", () => {
  const url = "http://localhost:8791/originals/phone.jpg";
  expect(() => namer.fromUrl(url)).toThrow("say ORIGINALS_URL=http://localhost:8791/originals/{id}, or name the id");
});

it("reads image URLs of the edge without any configuration", () => {
  const plain = createNamer(null, "http://localhost:8787");
  expect(plain.fromText("http://localhost:8787/images/a%2Fb".replace("%2F", "/"))).toEqual({ id: "a/b" });
  expect(plain.fromText("http://localhost:8787/images/a?w=800&s=x&exp=1&sc=image&gclid=y")).toEqual({
    id: "a",
    transforms: ["w=800"],
  });
  expect(() => plain.fromText("https://cdn.example.com/o/a")).toThrow("no prewarm.config.ts");
});

it("reads bucket keys backwards", () => {
  expect(namer.fromKey("originals/b/1.jpg")).toEqual({ id: "b/1" });
  expect(() => namer.fromKey("elsewhere/1.jpg")).toThrow("no configured source has this key");
});
