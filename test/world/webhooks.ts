import { createHmac } from "node:crypto";
import type { FakeJob } from "../../workers/consumer/src/testing/fake-ittybit.ts";
import { WEBHOOK_SECRET } from "./door.ts";
import type { VirtualClock } from "./virtual-clock.ts";

/** How a job's end is told. */
export interface Telling {
  /** How long after the end each copy is sent, ms; before it where negative. None: the webhook is lost. */
  copies: number[];
  /** What the body says: the job, another id, that the job still runs, that it failed, or nothing of a job. */
  says: "job" | "foreign" | "running" | "failed" | "nothing";
  signature: "right" | "wrong" | "none";
  token: "right" | "wrong";
}

export const PLAIN: Telling = { copies: [50], says: "job", signature: "right", token: "right" };
/** The host of the result that each body names, signed or not: nothing may be fetched from it. */
export const EVIL_HOST = "https://evil.example.com";
const WIRE_MS = 20;
/** As the pages have it: again with backoff until it is answered 200. */
const TRIES = 4;
const BACKOFF_MS = 1_000;

export interface Sent {
  at: number;
  job: string;
  status: number;
}

interface Wiring {
  clock: VirtualClock;
  door(request: Request): Promise<Response>;
  /** Asked for each new job. */
  how(): Telling;
}

/** Ittybit's other half: calls the address in a job's order when the job has ended, well or badly. */
export class Webhooks {
  readonly sent: Sent[] = [];
  readonly #world: Wiring;
  readonly #known = new Set<string>();

  constructor(world: Wiring) {
    this.#world = world;
  }

  /** A job was made. It is told of once, however often it is asked for. */
  made(job: FakeJob): void {
    const { clock, how } = this.#world;
    const url = job.order.webhookUrl;
    // No page tells of a hook for a cancelled job.
    if (url === undefined || this.#known.has(job.id) || job.ends === "cancelled") return;
    this.#known.add(job.id);
    const telling = how();
    const after = Math.max(0, job.endsAt - clock.now());
    for (const late of telling.copies) clock.after(Math.max(0, after + late), () => void this.#send(url, job, telling));
  }

  async #send(url: string, job: FakeJob, telling: Telling): Promise<void> {
    const { clock, door } = this.#world;
    const other = [...this.#known].find((id) => id !== job.id) ?? "job_999999";
    const body = JSON.stringify(bodyOf(job, other, telling));
    const key = telling.signature === "right" ? WEBHOOK_SECRET : "somebody else's";
    const signature = createHmac("sha256", key).update(body).digest("hex");
    const headers = telling.signature === "none" ? {} : { "Ittybit-Signature": signature };
    const address = telling.token === "right" ? url : `${url.slice(0, -4)}BBBB`;
    for (let tries = 1; tries <= TRIES; tries += 1) {
      await clock.sleep(WIRE_MS);
      const { status } = await door(new Request(address, { method: "POST", body, headers }));
      this.sent.push({ at: clock.now(), job: job.id, status });
      if (status === 200) return;
      await clock.sleep(BACKOFF_MS * 2 ** (tries - 1));
    }
  }
}

function bodyOf(job: FakeJob, other: string, { says }: Telling): unknown {
  if (says === "nothing") return { hello: "world" };
  const output = `${EVIL_HOST}/${job.id}`;
  const { metadata } = job.order;
  if (says === "running") return { id: job.id, status: "processing", metadata };
  if (says === "foreign") return { id: other, status: "succeeded", output, metadata };
  return says === "failed" || job.ends === "failed"
    ? { id: job.id, status: "failed", error: { kind: "encode_failed", message: "so it says" }, metadata }
    : { id: job.id, status: "succeeded", output, metadata };
}
