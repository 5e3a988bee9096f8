// `node bench/edge.ts`: requests per second of our edge against bare Workers that make the same platform calls in the same order and
// do none of our work, in one runtime, in interleaved rounds. Only the ratios mean anything, for
// R2, cache and queue are the local simulators. Rounds are short and many, so that whatever else the machine does falls on both sides.
// `--rounds N` (default 60); fails below the targets.
import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { convertV4MiniflareOptions, Miniflare, NoOpLog } from "miniflare";
import { bundleRelease } from "../dev/bundle.ts";
import { freePort } from "../dev/listen.ts";
import { type Figure, median, report } from "./figures.ts";
import type { Order, Report } from "./load-client.ts";

type Side = "ours" | "bare";

interface Scenario {
  name: string;
  target: number;
  /** Requests a round, per side. */
  requests: number;
  /** What our edge must answer, so that the right path is measured. */
  expected: string;
  /** The key's version: one for all requests, or a new one for each. */
  fresh: boolean;
  seeded: boolean;
  bare: string;
}

const MISS = "302 edge; fwd=uri-miss, store; fwd=uri-miss";
const SCENARIOS: Scenario[] = [
  {
    name: "cache hit",
    target: 0.85,
    requests: 80,
    expected: "200 edge; hit",
    fresh: false,
    seeded: true,
    bare: "hit",
  },
  {
    name: "cache hit, with the same headers",
    target: 0.85,
    requests: 80,
    expected: "200 edge; hit",
    fresh: false,
    seeded: true,
    bare: "hit-as-ours",
  },
  {
    name: "R2 hit",
    target: 0.85,
    requests: 40,
    expected: "200 edge; fwd=uri-miss, store; hit",
    fresh: true,
    seeded: true,
    bare: "stored",
  },
  {
    name: "coalesced miss",
    target: 0.8,
    requests: 80,
    expected: `${MISS}; detail=pending`,
    fresh: false,
    seeded: false,
    bare: "coalesced",
  },
  {
    name: "first miss",
    target: 0.8,
    requests: 40,
    expected: `${MISS}; detail=enqueued`,
    fresh: true,
    seeded: false,
    bare: "first",
  },
];

const CONNECTIONS = 16;
/** Of each side there are two Workers, started in the order ours, bare, bare, ours: the runtime favours some places in the row. */
const PLACES = ["ours", "bare", "bare", "ours"] as const;
/** Requests before anything is counted, so that the code is compiled as it is in a Worker that has lived for a while. */
const WARM_UP = 1500;
const IMAGE = new Uint8Array(30_000).fill(7);
const given = process.argv.indexOf("--rounds");
const rounds = given === -1 ? 60 : Number(process.argv[given + 1]);

interface Stage {
  miniflare: Miniflare;
  client: ChildProcess;
  ports: Record<Side, number[]>;
}

async function setUp(): Promise<Stage> {
  const code = {
    ours: await bundleRelease("workers/edge/src/worker.ts"),
    bare: await bundleRelease("bench/bare/worker.ts"),
  };
  const ports: Stage["ports"] = { ours: [], bare: [] };
  const workers = [];
  for (const [place, side] of PLACES.entries()) {
    const port = await freePort(0, false);
    ports[side].push(port);
    workers.push({
      name: `${side}-${place}`,
      modules: [{ type: "ESModule" as const, path: "worker.mjs", contents: code[side] }],
      compatibilityDate: "2026-11-01",
      r2Buckets: { IMAGES_BUCKET: "bench" },
      queueProducers: { LIVE_QUEUE: "bench" },
      unsafeDirectSockets: [{ host: "127.0.0.1", port }],
    });
  }
  const options = { host: "127.0.0.1", cf: false, log: new NoOpLog(), workers } as const;
  const miniflare = new Miniflare(convertV4MiniflareOptions(options));
  await miniflare.ready;
  return { miniflare, ports, client: fork(fileURLToPath(new URL("load-client.ts", import.meta.url).href)) };
}

function load(client: ChildProcess, order: Order): Promise<Report> {
  return new Promise((resolve, reject) => {
    const died = (): void => reject(new Error("the load client died"));
    client.once("exit", died);
    client.once("message", (report) => {
      client.off("exit", died);
      resolve(report as Report);
    });
    client.send(order);
  });
}

function keyOf(version: string): string {
  return `photo/@${version}/800-high.webp`;
}

async function seed({ miniflare }: Stage, versions: string[]): Promise<void> {
  const bucket = await miniflare.getR2Bucket("IMAGES_BUCKET", "ours-0");
  for (let at = 0; at < versions.length; at += 50) {
    await Promise.all(versions.slice(at, at + 50).map((version) => bucket.put(`variants/${keyOf(version)}`, IMAGE)));
  }
}

/** Requests per second of one side in one round. */
async function measure(stage: Stage, scenario: Scenario, side: Side, round: number): Promise<number> {
  const port = stage.ports[side][round % 2] ?? 0;
  const count = round < 2 && !scenario.fresh ? WARM_UP : scenario.requests;
  const name = scenario.name.replaceAll(/\W+/g, "-");
  const versions = Array.from({ length: count }, (_, n) => (scenario.fresh ? `${name}-${side}-${round}-${n}` : name));
  if (scenario.seeded && (scenario.fresh || round === 0)) await seed(stage, [...new Set(versions)]);
  const paths = versions.map((v) =>
    side === "ours" ? `/images/photo?w=800&f=webp&v=${v}` : `/${scenario.bare}/${keyOf(v)}`,
  );
  if (!scenario.fresh) await warm(port, paths[0] ?? "", scenario, side);
  const status = scenario.expected.slice(0, 3);
  const { seconds, answers } = await load(stage.client, { port, paths, connections: CONNECTIONS });
  const isRight = (said: string) => said === scenario.expected || (side === "bare" && said.startsWith(status));
  const right = Object.entries(answers).reduce((sum, [said, times]) => sum + (isRight(said) ? times : 0), 0);
  // A window may end within a round, and then one request in it is a first miss again.
  if (right < count - 2) throw new Error(`${scenario.name}, ${side}: ${JSON.stringify(answers)}`);
  return count / seconds;
}

/** Brings a side to the state that is measured: the copy in the cache, or the key in the isolate's memory. */
async function warm(port: number, path: string, scenario: Scenario, side: Side): Promise<void> {
  const first = side === "bare" && scenario.seeded ? path.replace(`/${scenario.bare}/`, "/stored/") : path;
  const url = `http://127.0.0.1:${port}`;
  for (let tries = 0; tries < 100; tries++) {
    const response = await fetch(url + (tries === 0 ? first : path), { redirect: "manual" });
    const size = (await response.arrayBuffer()).byteLength;
    const ready =
      side === "ours"
        ? `${response.status} ${response.headers.get("Cache-Status")}` === scenario.expected
        : !scenario.seeded || size > 0;
    if (ready && tries > 0) return;
  }
  throw new Error(`${scenario.name}, ${side}: never ready`);
}

async function compare(stage: Stage, scenario: Scenario): Promise<Figure> {
  const rates: Record<Side, number[]> = { ours: [], bare: [] };
  // Rounds 0 and 1 warm up the isolates and are not counted. Every other pair of rounds swaps who goes first.
  for (let round = 0; round < rounds + 2; round++) {
    for (const side of round % 4 < 2 ? (["ours", "bare"] as const) : (["bare", "ours"] as const)) {
      const rate = await measure(stage, scenario, side, round);
      if (round > 1) rates[side].push(rate);
    }
  }
  const ratios = rates.ours.map((rate, round) => rate / (rates.bare[round] ?? Number.NaN));
  const to = `a bare Worker's, ${median(rates.bare).toFixed(0)} a second here`;
  return { name: `${scenario.name}: requests a second`, to, ratios, atLeast: scenario.target };
}

const stage = await setUp();
try {
  const figures: Figure[] = [];
  for (const scenario of SCENARIOS) figures.push(await compare(stage, scenario));
  report("edge", figures);
} finally {
  stage.client.kill();
  await stage.miniflare.dispose();
}
