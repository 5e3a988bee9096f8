import type { Clock } from "@prewarm/shared/clock";
import type { Ittybit, JobOrder, Listing, NoResult, Submission } from "../ittybit/client.ts";
import type { IttybitJob, JobStatus } from "../ittybit/dialects.ts";

export interface FakeJob {
  id: string;
  order: JobOrder;
  createdAt: number;
  endsAt: number;
  ends: JobStatus;
  /** Null: done, but names no result. */
  output: string | null;
}

/** Ittybit in memory: idempotency keys, jobs that take their time, and whatever a test wants it to answer instead. */
export interface FakeIttybit extends Ittybit {
  jobs: FakeJob[];
  calls: string[];
  /** Reads for the ledger of a test: without `calls` and `blind`, which are about the handler's reads. */
  unnoted: Pick<Ittybit, "get" | "list">;
  /** A submission's answer instead of a job; `lost` makes the job and gives no answer. */
  refuse: (order: JobOrder) => NoResult | "lost" | null;
  /** The answer of `get` and `list` instead of what is there. */
  blind: (call: "get" | "list") => NoResult | null;
  /** False: this service has no list of jobs. */
  lists: boolean;
  /** How a new job will go. */
  plan: (order: JobOrder) => Partial<Pick<FakeJob, "ends" | "output">> & { ms?: number };
}

export const OUTPUT_HOST = "https://store.example.net";

/** For so long the same idempotency key is answered with the same job. */
const REPLAY_MS = 86_400_000;
const LOST: NoResult = { kind: "unclear", failure: { code: "upstream_unreachable", message: "connection reset" } };

function cursorOf(next: string): { after: string | undefined; order: string; limit: number } {
  const query = new URLSearchParams(next);
  return {
    after: query.get("after") ?? undefined,
    order: query.get("order") ?? "desc",
    limit: Number(query.get("limit")),
  };
}

export function createFakeIttybit(clock: Clock): FakeIttybit {
  const jobs: FakeJob[] = [];
  const byKey = new Map<string, FakeJob>();

  function view(job: FakeJob): IttybitJob {
    const ended = clock.now() >= job.endsAt;
    const status = ended ? job.ends : "pending";
    const said = { done: "succeeded", failed: "failed", cancelled: "cancelled", pending: "processing" }[status];
    return {
      id: job.id,
      status,
      said,
      known: true,
      output: status === "done" ? job.output : null,
      error: status === "failed" ? { kind: "encode_failed", message: "the encoder gave up" } : null,
      metadata: job.order.metadata,
      input: job.order.input,
      createdAt: job.createdAt,
      finishedAt: ended ? job.endsAt : null,
    };
  }

  function make(order: JobOrder): FakeJob {
    const id = `job_${String(jobs.length + 1).padStart(6, "0")}`;
    const { ms = 300, ...plan } = fake.plan(order);
    const output = `${OUTPUT_HOST}/${id}`;
    const job: FakeJob = { id, order, createdAt: clock.now(), endsAt: clock.now() + ms, ends: "done", output, ...plan };
    jobs.push(job);
    byKey.set(order.idempotencyKey, job);
    return job;
  }

  async function read(id: string): ReturnType<Ittybit["get"]> {
    const job = jobs.find((one) => one.id === id);
    return job === undefined ? { kind: "absent" } : { kind: "job", job: view(job) };
  }

  async function readList({ next, input, after, order = "desc", limit = 100 }: Parameters<Ittybit["list"]>[0] = {}) {
    if (!fake.lists) return { kind: "noList" } satisfies Listing;
    const asked = next === undefined ? { after, order, limit } : cursorOf(next);
    const matching = jobs.filter((job) => input === undefined || job.order.input === input);
    if (asked.order === "desc") matching.reverse();
    const cursor = matching.findIndex(({ id }) => id === asked.after);
    if (asked.after !== undefined && cursor === -1) return { kind: "noCursor" } satisfies Listing;
    const page = matching.slice(cursor + 1, cursor + 1 + asked.limit);
    const more = matching.length > cursor + 1 + asked.limit;
    const rest = more ? `limit=${asked.limit}&order=${asked.order}&after=${page.at(-1)?.id}` : null;
    return { kind: "page", jobs: page.map(view), next: rest, ignoresCursors: false } satisfies Listing;
  }

  const fake: FakeIttybit = {
    jobs,
    calls: [],
    unnoted: { get: read, list: readList },
    refuse: () => null,
    blind: () => null,
    lists: true,
    plan: () => ({}),
    async submit(order): Promise<Submission> {
      fake.calls.push(`submit ${order.idempotencyKey}`);
      const refusal = fake.refuse(order);
      if (refusal !== null && refusal !== "lost") return refusal;
      const last = byKey.get(order.idempotencyKey);
      const known = last !== undefined && clock.now() - last.createdAt < REPLAY_MS ? last : undefined;
      const job = known ?? make(order);
      return refusal === "lost" ? LOST : { kind: "made", job: view(job), replayed: known !== undefined };
    },
    async get(id) {
      fake.calls.push(`get ${id}`);
      return fake.blind("get") ?? read(id);
    },
    async list(query) {
      fake.calls.push("list");
      return fake.blind("list") ?? readList(query);
    },
  };
  return fake;
}
