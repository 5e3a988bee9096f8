import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { defineConfig } from "@prewarm/shared/config";
import { describe, expect, it } from "vitest";
import { tempFolder } from "../../../../test/temp-folder.ts";
import { createWorld } from "../../test/testing/fake-world.ts";
import { EXIT } from "../platform/exit-codes.ts";
import { runCli } from "../run-cli.ts";

const CONFIG = join(import.meta.dirname, "../../../../prewarm.config.ts");
const WORKERS = join(tempFolder("prewarm-smoke-"), "site.mjs");
writeFileSync(WORKERS, `export default ${JSON.stringify(defineConfig({ sources: [], edgeCache: "workers" }))};`);
const COUNTS = { queued: 0, processing: 0, retrying: 0, stored: 1, dead: 0, refused: 0, cancelled: 0 };
const RUN = {
  run: "r1",
  label: "smoke",
  lane: "bulk",
  state: "done",
  total: 1,
  done: 1,
  states: COUNTS,
  pace: { perSecond: 0, secondsLeft: 0, why: null, jobsLeft: 0, amountLeft: null },
  timeToReady: { p50: null, p95: null },
  existing: 0,
  createdAt: 1,
};

type Answering = (headers: Headers) => Response;

/** A deployment that works, but for what `broken` answers in its place; which calls it got. */
async function smoke(broken: Record<string, Answering> = {}, more: string[] = [], config = CONFIG) {
  const calls: string[] = [];
  let stored = 0;
  const works: Record<string, Answering> = {
    "GET /readyz": () => Response.json({ status: "ready", version: { id: "v", tag: "abc123" } }),
    "GET /healthz": () => Response.json({ status: "ok" }),
    "POST /api/v1/warm": () => {
      stored = 1;
      return Response.json({ run: "r1", rejected: [] }, { status: 202 });
    },
    "POST /api/v1/warm?dryRun=1": () => Response.json({ existing: stored }),
    "GET /api/v1/runs/r1": () => Response.json(RUN),
    "GET /images/probe.jpg": () =>
      new Response("bytes", { headers: { "content-type": "image/webp", "cache-status": "edge; hit" } }),
    "DELETE /api/v1/images/probe.jpg": () => {
      stored = 0;
      return Response.json({ state: "purging" }, { status: 202 });
    },
  };
  const world = createWorld({
    env: { ADMIN_TOKEN: "token" },
    fetch: async (url, init) => {
      const { pathname, search } = new URL(url);
      const name = `${init.method ?? "GET"} ${pathname}${search.startsWith("?dryRun") ? search : ""}`;
      calls.push(name);
      return (broken[name] ?? works[name] ?? (() => new Response(null, { status: 404 })))(new Headers(init.headers));
    },
  });
  const at = ["--config", config, "--url", "https://control.example.com", "--edge-url", "https://images.example.com"];
  const code = await runCli(["smoke", "probe.jpg", "--timeout", "20s", ...more, ...at], world.context, () => {});
  return { code, stdout: world.stdout(), calls };
}

describe("prewarm smoke", () => {
  it("warms, views and purges one image, and says which version did it", async () => {
    const { code, stdout } = await smoke();
    expect(stdout.replaceAll(/ +/g, " ").split("\n").slice(0, 7)).toEqual([
      "ok readyz ready, version abc123",
      "ok edge https://images.example.com answers",
      "ok warm 1 of 1 variant made",
      "ok stored R2 holds the variant",
      "ok view image/webp; edge; hit",
      "ok purge purging",
      "ok purged R2 holds it no more; the edge's copy ends within cacheSeconds",
    ]);
    expect(code).toBe(EXIT.ok);
  });

  it("says so where the ledger does not run the version that was deployed", async () => {
    const version = { id: "v", tag: "abc123" };
    const older = { id: "u", tag: "fed321" };
    const { code, stdout } = await smoke({
      "GET /readyz": () => Response.json({ status: "ready", version, ledger: older }),
    });
    expect([code, stdout]).toEqual([EXIT.ok, expect.stringContaining("version abc123, the ledger still fed321")]);
  });

  const status = (status: number, body: unknown) => () => Response.json(body, { status });
  it.each<[string, Record<string, Answering>, RegExp]>([
    [
      "a consumer that is not ready, with its reasons",
      { "GET /readyz": status(503, { status: "not ready", reasons: ["environment: ADMIN_TOKEN: it is not set"] }) },
      /^fault readyz .*ADMIN_TOKEN: it is not set/m,
    ],
    ["an edge that is not one", { "GET /healthz": status(404, {}) }, /^fault edge .*is it the edge's address/m],
    [
      "an image that no source holds",
      {
        "POST /api/v1/warm": status(202, {
          run: "r1",
          rejected: [{ index: 0, code: "source_unknown", message: "No source holds it." }],
        }),
      },
      /^fault warm .*No source holds it\. \(source_unknown\)/m,
    ],
    [
      "a variant that could not be made",
      { "GET /api/v1/runs/r1": status(200, { ...RUN, states: { ...COUNTS, stored: 0, dead: 1 } }) },
      /^fault warm .*"dead":1/m,
    ],
    [
      "two Workers with a bucket each",
      { "POST /api/v1/warm?dryRun=1": status(200, { existing: 0 }) },
      /^fault stored .*holds 0 of the variant, not 1/m,
    ],
    [
      "an edge that redirects what is stored",
      {
        "GET /images/probe.jpg": () =>
          new Response(null, { status: 302, headers: { "cache-status": "edge; fwd=miss" } }),
      },
      /^fault view .*answers 302.*edge; fwd=miss/m,
    ],
    [
      "a purge that leaves the object",
      { "DELETE /api/v1/images/probe.jpg": status(202, { state: "purging" }) },
      /^fault purged .*holds 1 of the variant, not 0/m,
    ],
  ])("finds %s, and stops there", async (_, broken, expected) => {
    const { code, stdout } = await smoke(broken);
    expect(stdout.replaceAll(/ +/g, " ")).toMatch(expected);
    expect(stdout.trim().split("\n").at(-1)).toMatch(/^fault/);
    expect(code).toBe(EXIT.failed);
  });
});

const VIEW = "GET /images/probe.jpg";
const PURGE = "DELETE /api/v1/images/probe.jpg";
const FOREVER = "public, max-age=31536000, immutable";

/** An account's Workers Cache in front of the edge: the first view is a miss, later ones are its copy until a purge, `slowMs` after it. */
function workersCache({ broken = {}, slowViews = 0 }: { broken?: Record<string, string>; slowViews?: number } = {}) {
  let views = 0;
  let [purged, slow] = [false, slowViews];
  const own: string[] = [];
  const answers: Record<string, Answering> = {
    [VIEW]: (headers) => {
      views += 1;
      own.push(headers.get("via") ?? "");
      const isGone = purged && slow <= 0;
      if (purged) slow -= 1;
      const status = isGone ? "BYPASS" : views === 1 ? "MISS" : "HIT";
      const said = broken[isGone ? "gone" : status] ?? status;
      if (isGone) return new Response("{}", { status: 404, headers: { "cf-cache-status": said } });
      const told = {
        "content-type": "image/webp",
        "cache-control": broken.control && views > 1 ? broken.control : FOREVER,
      };
      const age: Record<string, string> = views > 1 && broken.age === undefined ? { age: "0" } : {};
      const shown = broken.shown ? { [broken.shown]: "i-1" } : {};
      const part = headers.has("range") && broken.part === undefined ? 206 : 200;
      return new Response("bytes", {
        status: part,
        headers: { ...told, ...age, ...shown, ...(said === "" ? {} : { "cf-cache-status": said }) },
      });
    },
    [PURGE]: () => {
      purged = true;
      return Response.json({ state: "purging" }, { status: 202 });
    },
  };
  return { answers, own, views: () => views };
}

/** `prewarm smoke --cache` against it. The dry run counts what is stored by whether it was purged. */
async function smokeCache(options: Parameters<typeof workersCache>[0] = {}) {
  const cache = workersCache(options);
  let stored = 1;
  const found = await smoke(
    {
      ...cache.answers,
      [PURGE]: (headers) => {
        stored = 0;
        return cache.answers[PURGE]?.(headers) ?? Response.error();
      },
      "POST /api/v1/warm?dryRun=1": () => Response.json({ existing: stored }),
    },
    ["--cache"],
    WORKERS,
  );
  return { ...found, cache };
}

describe("prewarm smoke --cache", () => {
  it("sees a miss, a copy and its part, and the end of the copy after the purge", async () => {
    const { code, stdout, cache } = await smokeCache({ slowViews: 3 });
    const lines = stdout.replaceAll(/ +/g, " ").trim().split("\n");
    expect(lines.slice(4)).toEqual([
      expect.stringMatching(/^ok view image\/webp;.*; Cf-Cache-Status MISS$/),
      "ok kept Cf-Cache-Status HIT, a part of it too",
      "ok purge purging",
      expect.stringMatching(/^ok purged R2 holds it no more; .*queue of purges/),
      expect.stringMatching(/^ok emptied Cf-Cache-Status BYPASS after 1500 ms$/),
    ]);
    expect(code).toBe(EXIT.ok);
    // A few requests, and none but the first could order a variant.
    expect(cache.views()).toBe(7);
    expect(cache.own).toEqual(["", ...Array.from({ length: 6 }, () => "1.1 prewarm")]);
  });

  it.each<[string, Parameters<typeof workersCache>[0], RegExp]>([
    ["no cache in front", { broken: { MISS: "" } }, /^fault view .*no cache is in front/m],
    ["a copy that outlived an earlier purge", { broken: { MISS: "HIT" } }, /^fault view .*HIT at the first view/m],
    [
      "a cache that passes variants by",
      { broken: { MISS: "DYNAMIC" } },
      /^fault view .*does not go by Cloudflare-CDN/m,
    ],
    ["tags that viewers see", { broken: { shown: "cache-tag" } }, /^fault view viewers see Cache-Tag/m],
    ["a cache that keeps nothing", { broken: { HIT: "MISS" } }, /^fault kept Cf-Cache-Status is MISS for 5 s/m],
    [
      "another life at browsers",
      { broken: { control: "max-age=14400" } },
      /^fault kept browsers are told max-age=14400/m,
    ],
    ["a copy without its age", { broken: { age: "" } }, /^fault kept the copy has no Age/m],
    ["no parts", { broken: { part: "no" } }, /^fault kept a part is answered 200/m],
    [
      "a copy that outlives the purge",
      { slowViews: 99 },
      /^fault emptied Cf-Cache-Status is HIT for 5 s: the purge has not/m,
    ],
    ["a stale copy after the purge", { broken: { gone: "STALE" } }, /^fault emptied Cf-Cache-Status is STALE for 5 s/m],
  ])("finds %s, and stops there within a few requests", async (_, options, expected) => {
    const { code, stdout, cache } = await smokeCache(options);
    expect(stdout.replaceAll(/ +/g, " ")).toMatch(expected);
    expect(stdout.trim().split("\n").at(-1)).toMatch(/^fault/);
    expect(code).toBe(EXIT.failed);
    expect(cache.views()).toBeLessThanOrEqual(14);
  });

  it("has nothing to judge where each data centre has its own cache", async () => {
    expect((await smoke({}, ["--cache"])).code).toBe(EXIT.usage);
  });
});
