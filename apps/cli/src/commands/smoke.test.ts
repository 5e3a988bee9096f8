import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createWorld } from "../../test/testing/fake-world.ts";
import { EXIT } from "../platform/exit-codes.ts";
import { runCli } from "../run-cli.ts";

const CONFIG = join(import.meta.dirname, "../../../../prewarm.config.ts");
const COUNTS = { queued: 0, processing: 0, retrying: 0, stored: 1, dead: 0, refused: 0, cancelled: 0 };
const RUN = {
  run: "r1",
  label: "smoke",
  lane: "bulk",
  state: "done",
  total: 1,
  done: 1,
  states: COUNTS,
  pace: { perSecond: 0, secondsLeft: 0, doneAt: null, doneBetween: null, why: null, jobsLeft: 0, amountLeft: null },
  paid: null,
  timeToReady: { p50: null, p95: null },
  existing: 0,
  createdAt: 1,
};

type Answering = () => Response;

/** A deployment that works, but for what `broken` answers in its place; which calls it got. */
async function smoke(broken: Record<string, Answering> = {}) {
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
      return (broken[name] ?? works[name] ?? (() => new Response(null, { status: 404 })))();
    },
  });
  const at = ["--config", CONFIG, "--url", "https://control.example.com", "--edge-url", "https://images.example.com"];
  const code = await runCli(["smoke", "probe.jpg", "--timeout", "20s", ...at], world.context, () => {});
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
      "ok purged R2 holds it no more; edges follow within 60 s",
    ]);
    expect(code).toBe(EXIT.ok);
  });

  it.each(["GET /readyz", "GET /healthz"])("names a cure where nothing answers %s", async (call) => {
    const refused = () => {
      throw new TypeError("fetch failed", { cause: new Error("connect ECONNREFUSED 127.0.0.1:8788") });
    };
    const { code, stdout } = await smoke({ [call]: refused });
    const [name, address] = call === "GET /readyz" ? ["control", "--url"] : ["images", "--edge-url"];
    expect(stdout).toMatch(new RegExp(`https://${name}\\.example\\.com is not reachable: connect ECONNREFUSED`));
    expect(stdout.trim().split("\n").at(-1)).toMatch(
      new RegExp(`^ *Deployed\\? prewarm deploy.*prewarm dev.*${address} or`),
    );
    expect(code).toBe(EXIT.failed);
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
