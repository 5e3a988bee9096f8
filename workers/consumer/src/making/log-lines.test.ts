import { defineConfig } from "@prewarm/shared/config";
import { describe, expect, it } from "vitest";
import { createIttybit } from "../ittybit/client.ts";
import { OUTPUT_HOST } from "../testing/fake-ittybit.ts";
import { createMemoryBucket } from "../testing/memory-bucket.ts";
import { picture } from "../testing/pictures.ts";
import { batchWorld } from "./testing/batch-world.ts";

const KEY = "photo/400-high.webp";
const SIGNED = "https://edge.example.com/originals/photo?exp=1800000000&sig=S3CRET";

type World = ReturnType<typeof batchWorld>;

const eventsOf = ({ logs }: World) => logs.map((line) => line.split(" ")[0]);

describe("log lines", () => {
  it("are one a batch, and none for a variant that is stored", async () => {
    const world = batchWorld();
    for (let n = 0; n < 60; n += 1) world.ledger.add(`photo/${100 + n}-high.webp`);
    await world.shift();
    expect(world.ledger.kinds().filter((kind) => kind === "stored")).toHaveLength(60);
    expect(eventsOf(world)).toEqual(["batch.done"]);
    await world.miss("photo/900-high.webp");
    expect(eventsOf(world)).toEqual(["batch.done", "batch.done"]);
  });

  it("are one a failure", async () => {
    const world = batchWorld();
    world.ittybit.plan = ({ options }) => ({ ends: (options.width ?? 0) < 103 ? "failed" : "done" });
    for (let n = 0; n < 10; n += 1) world.ledger.add(`photo/${100 + n}-high.webp`);
    await world.shift();
    expect(eventsOf(world).toSorted()).toEqual(["batch.done", "job.failed", "job.failed", "job.failed"]);
  });
});

/** Ittybit by the real client, over a web that answers each call so. */
function answering(world: World, answer: (url: string) => Response): void {
  const { clock, deps } = world;
  const fetcher = (async (url: RequestInfo | URL) => answer(String(url))) as typeof fetch;
  deps.ittybit = createIttybit({ baseUrl: "https://api.example.com", apiKey: "k3y", fetch: fetcher, clock });
}

const json = (body: unknown, status = 200) => Response.json(body, { status });

describe("no log line holds a query string, where", () => {
  const faults: [string, string, (world: World) => void][] = [
    [
      "Ittybit refuses a request and repeats its address",
      "job.failed",
      (world) => answering(world, () => json({ message: `cannot read ${SIGNED}` }, 400)),
    ],
    [
      "Ittybit refuses the account",
      "job.failed",
      (world) => answering(world, () => json({ message: `no access to ${SIGNED}` }, 403)),
    ],
    [
      "Ittybit cannot be reached",
      "job.failed",
      (world) =>
        answering(world, () => {
          throw new TypeError(`fetch failed: ${SIGNED}`);
        }),
    ],
    [
      "Ittybit's address redirects",
      "job.failed",
      (world) => answering(world, () => new Response(null, { status: 302, headers: { location: SIGNED } })),
    ],
    [
      "a job fails and names its input",
      "job.failed",
      ({ ledger, clock }) => {
        const error = { kind: "input", message: `could not fetch ${SIGNED}` };
        const about = { status: "failed", said: "failed", known: true, output: null, error, metadata: {} } as const;
        const sight = { ...about, id: "job_1", input: SIGNED, createdAt: clock.now(), finishedAt: clock.now() };
        ledger.addLeft(KEY, { job: "job_1" });
        ledger.see({ ended: [sight] });
      },
    ],
    [
      "a result's address leads to a private host",
      "job.failed",
      ({ ittybit }) => {
        ittybit.plan = () => ({ output: "http://10.0.0.1/result?sig=S3CRET" });
      },
    ],
    [
      "R2 throws with an address",
      "variant.put_failed",
      ({ deps }) => {
        deps.images = { ...deps.images, put: () => Promise.reject(new Error(`put failed: ${SIGNED}`)) };
      },
    ],
    [
      "our own code throws with one",
      "job.unexpected",
      ({ deps }) => {
        deps.at = async (point) => {
          if (point === "downloaded") throw new TypeError(`cannot parse ${OUTPUT_HOST}/job_1?sig=S3CRET`);
        };
      },
    ],
    [
      "an original cannot be read",
      "job.failed",
      ({ deps }) => {
        deps.originals.bucket = () => ({ get: () => Promise.reject(new Error(`get failed: ${SIGNED}`)) });
      },
    ],
  ];

  it.each(faults)("%s", async (_name, event, befall) => {
    const world = batchWorld();
    const originals = createMemoryBucket();
    await originals.bucket.put("photo", await picture("jpeg", 1000, 500));
    world.deps.config = defineConfig({ sources: [{ prefix: "", bucket: "ORIGINALS", key: "{id}" }] });
    world.deps.originals.bucket = () => originals.bucket;
    world.deps.originals.bucketOriginalUrl = async () => SIGNED;
    world.ledger.add(KEY);
    befall(world);
    await world.shift();
    expect(eventsOf(world)).toContain(event);
    expect(world.logs.join("\n")).not.toMatch(/S3CRET|sig=|\?exp|k3y/);
  });
});
