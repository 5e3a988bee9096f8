import { describe, expect, it } from "vitest";
import { defineConfig } from "./config.ts";
import { checkConfig } from "./config-check.ts";

const check = (url: string) =>
  checkConfig(
    defineConfig({
      sources: [{ prefix: "", url: "https://cdn.example.com/{id}" }],
      events: [
        { url: "https://hooks.example.com/ok", secrets: ["S"] },
        { url, secrets: ["S"] },
      ],
    }),
  );

describe("of a function for events, checkConfig", () => {
  const checkAll = (events: unknown[]) =>
    checkConfig(
      defineConfig({ sources: [{ prefix: "", url: "https://cdn.example.com/{id}" }], events: events as never }),
    );
  const handle = () => undefined;
  it("passes a name and a function, with secrets and types or without", () =>
    expect(
      checkAll([
        { name: "chat", handle },
        { name: "pager", handle, secrets: ["S"], types: ["trouble.opened"] },
      ]),
    ).toEqual([]));
  it.each([
    ["no function", [{ name: "chat", handle: "chat.js" }], "events[0]: write { url, secrets } or { name, handle }"],
    ["no name", [{ handle }], "events[0]: write"],
    ["a name that is none", [{ name: "https://x", handle }], "events[0].name: write at most 40"],
    [
      "one name twice",
      [
        { name: "a", handle },
        { name: "a", handle },
      ],
      'events[1].name: "a" is events[0]\'s already',
    ],
  ])("refuses %s", (_, events, fault) => expect(checkAll(events)).toEqual([expect.stringContaining(fault)]));
});

describe("of an endpoint for events, checkConfig", () => {
  it.each([
    ["https://169.254.169.254/x", "name a public host"],
    ["https://10.0.0.1/", "name a public host"],
    ["https://metadata.google.internal/", "name a public host"],
    ["https://[fd00::1]/x", "name a public host"],
    ["https://0x7f.1.nip.io/", "name a public host"],
    ["https://intranet/", "name a public host"],
    ["https://user:pw@hooks.example.com/x", "leave user and password out"],
    ["https://user@hooks.example.com/x", "leave user and password out"],
    ["http://hooks.example.com/x", "use https"],
    ["ftp://hooks.example.com/x", "use https"],
    ["https://hooks.example.com/x#y", "leave the # and what follows out"],
    ["https://hooks.example.com/a/../x", "write it in its normal form: https://hooks.example.com/x"],
    ["https:// /", "write a whole https address"],
    ["/in", "write a whole https address"],
  ])("refuses %s as it would a source", (url, mend) => {
    expect(check(url)).toEqual([expect.stringContaining(`events[1].url: ${mend}`)]);
  });

  it.each([
    "https://hooks.example.com/services/T0/B0/SECRET?token=x",
    "https://hooks.example.com:8443/in",
    "http://localhost:9000/in",
    "http://127.0.0.1:9000/in",
  ])("passes %s", (url) => expect(check(url)).toEqual([]));
});
