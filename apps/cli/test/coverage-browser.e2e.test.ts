import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { browserProgram } from "../../dashboard/test/browser.ts";
import { EXIT } from "../src/platform/exit-codes.ts";
import { type FakeLedger, startFakeLedger } from "./testing/fake-ledger.ts";
import { startFakeSite } from "./testing/fake-site.ts";
import { emptyDirectory, runPrewarm } from "./testing/run-prewarm.ts";

/* `coverage --browser`: what only scripts ask for, in a real Chromium. */

const CONFIG = `export default { sources: [{ prefix: "", url: "https://o.example/{id}" }], pages: { widths: [320, 640], formats: ["webp"] } };`;

let api: FakeLedger;
let edge: Awaited<ReturnType<typeof startFakeSite>>;
let env: Record<string, string>;
const cwd = emptyDirectory();

beforeAll(async () => {
  api = await startFakeLedger();
  // It answers nothing: whoever asks the edge for a picture orders it.
  edge = await startFakeSite({});
  const { executablePath, args, env: own } = await browserProgram();
  const names = ["LD_LIBRARY_PATH", "FONTCONFIG_PATH", "LANG"].flatMap((name) =>
    own[name] ? [`${name}='${own[name]}'`] : [],
  );
  const program = join(cwd, "chromium.sh");
  writeFileSync(
    program,
    `#!/bin/sh\n${names.map((one) => `export ${one}\n`).join("")}exec '${executablePath}' ${args.join(" ")} "$@"\n`,
  );
  chmodSync(program, 0o755);
  env = { PREWARM_EDGE_URL: edge.url, CHROMIUM: program };
  writeFileSync(join(cwd, "prewarm.config.mjs"), CONFIG);
  mkdirSync(join(cwd, "dist/sub"), { recursive: true });
});
afterAll(async () => {
  await Promise.all([api?.close(), edge?.close()]);
});

const run = (args: readonly string[], more: Record<string, string> = {}) =>
  runPrewarm(["coverage", ...args, "--config", "prewarm.config.mjs", "--json"], {
    cwd,
    url: api.url,
    env: { ...env, ...more },
  });

const scripted = () => `<body style="height: 9000px"><img src="${edge.url}/images/plain?w=320"><script>
  const add = (id, width) => { const image = new Image(); image.src = "${edge.url}/images" + "/" + id + "?w=" + width; document.body.append(image); };
  add("built", 320);
  addEventListener("scroll", () => add("later", 640), { once: true });
  new Image().src = "${edge.url}/images" + "/never-shown?w=320";
</script>`;

const urlsOf = ({ stdout }: { stdout: string }) =>
  JSON.parse(stdout)
    .problems.map(({ url }: { url: string }) => url)
    .toSorted();

it("finds in a folder what scripts ask for, also after scrolling, and asks the edge for nothing", async () => {
  writeFileSync(join(cwd, "dist/sub/page one.html"), scripted());
  expect(urlsOf(await run(["--html", "dist"]))).toEqual(["plain?w=320"]);
  const ended = await run(["--html", "dist", "--browser", "--gate"]);
  expect(ended).toMatchObject({ code: EXIT.failed });
  expect(urlsOf(ended)).toEqual(["built?w=320", "later?w=640", "never-shown?w=320", "plain?w=320"]);
  expect(JSON.parse(ended.stdout).problems.find(({ url }: { url: string }) => url === "plain?w=320").place).toBe(
    "sub/page one.html:1",
  );
  expect(edge.asked).toEqual([]);
});

it("finds the same on the web, and a page that never ends stops nothing", async () => {
  const site = await startFakeSite({
    "/": `<a href="/a">a</a><a href="/b">b</a>`,
    "/a": scripted(),
    "/b": `<script>while (true);</script>`,
  });
  const ended = await run(["--site", site.url, "--browser", "--rate", "100", "--page-timeout", "6s"]);
  await site.close();
  expect(urlsOf(ended)).toEqual(["built?w=320", "later?w=640", "never-shown?w=320", "plain?w=320"]);
  expect(JSON.parse(ended.stdout).notRead).toMatchObject([
    { page: `${site.url}/b`, kind: "failed", why: "it does not end within 6 s in the browser" },
  ]);
  expect(edge.asked).toEqual([]);
});

it("says what is missing without a browser, and with what is none", async () => {
  expect(await run(["--html", "dist", "--browser"], { CHROMIUM: "" })).toMatchObject({
    code: EXIT.usage,
    stderr: expect.stringContaining("Set CHROMIUM to the path"),
  });
  expect(await run(["--html", "dist", "--browser"], { CHROMIUM: "/bin/true" })).toMatchObject({
    code: EXIT.usage,
    stderr: expect.stringContaining("does not start as a headless browser"),
  });
  expect(await run(["--html", "dist", "--browser"], { CHROMIUM: "/no/such" })).toMatchObject({ code: EXIT.usage });
});
