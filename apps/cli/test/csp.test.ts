import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { EXIT } from "../src/platform/exit-codes.ts";
import { emptyDirectory, runPrewarm } from "./testing/run-prewarm.ts";

const cwd = emptyDirectory();
const run = (args: string[]) => runPrewarm(args, { cwd });

describe("print csp", () => {
  const write = (sources: string) =>
    writeFileSync(join(cwd, "prewarm.config.mjs"), `export default { sources: [${sources}] };`);
  const csp = (...flags: string[]) =>
    run(["print", "csp", "--config", "prewarm.config.mjs", "--edge-url", "https://images.example.com/", ...flags]);

  it("prints what examples/plain shows, and a preconnect to the edge", async () => {
    write(`{ prefix: "", url: "https://originals.example.com/o/{id}" }`);
    const shown = readFileSync(join(import.meta.dirname, "../../../examples/plain/csp.txt"), "utf8").trim();
    const { code, stdout } = await csp("--placeholder");
    expect([code, stdout]).toEqual([
      EXIT.ok,
      `${shown}; style-src-attr 'unsafe-inline'\nLink: <https://images.example.com>; rel=preconnect\n`,
    ]);
  });

  it("names every host of originals once, and neither buckets nor the edge itself", async () => {
    write(`{ prefix: "", url: "https://a.example/{id}" }, { prefix: "b/", url: "https://a.example/b/{id}" },
      { prefix: "c/", bucket: "PHOTOS", key: "{id}" }, { prefix: "d/", url: "https://images.example.com/d/{id}" },
      { prefix: "e/", url: "http://e.example:8080/{id}" }`);
    const { stdout } = await csp("--json", "--scripts");
    const images = "https://images.example.com https://a.example http://e.example:8080";
    expect(JSON.parse(stdout)).toEqual({
      schema: "prewarm.csp/1",
      edge: "https://images.example.com",
      originals: ["https://a.example", "http://e.example:8080"],
      headers: {
        "Content-Security-Policy": `img-src 'self' ${images}; connect-src 'self' https://images.example.com`,
        Link: "<https://images.example.com>; rel=preconnect",
      },
    });
  });
});
