import type { createFakeClock } from "../../../testing/fake-clock.ts";
import type { Ittybit, Listing, NoResult } from "../../client.ts";
import type { IttybitJob } from "../../dialects.ts";

interface Made {
  id: string;
  metadata: Record<string, string>;
  createdAt: number;
  endsAt: number;
}

/** Ittybit's reads with latencies and a list as one of the dialects has it: what calls were made, and how many at once. */
export class ListingIttybit implements Pick<Ittybit, "get" | "list"> {
  readonly jobs: Made[] = [];
  readonly calls: string[] = [];
  mostAtOnce = 0;
  /** How it lists: by cursor, ignoring cursors, refusing them, or not at all. */
  manner: "cursors" | "ignores" | "refuses" | "noList" = "cursors";
  /** Put before the ids that `get` answers with. */
  idPrefix = "";
  /** How long a call takes. */
  latencyMs: (call: string) => number = () => 120;
  /** Unknown to `get`, to `list`, or both. */
  readonly hidden = { get: new Set<string>(), list: new Set<string>() };
  /** The answer instead of what is there. */
  blind: (call: string) => NoResult | null = () => null;
  readonly #clock: ReturnType<typeof createFakeClock>;
  #atOnce = 0;

  constructor(clock: ReturnType<typeof createFakeClock>) {
    this.#clock = clock;
  }

  make(takesMs: number, name = "job", metadata: Record<string, string> = {}): Made {
    const now = this.#clock.now();
    const job = { id: `${name}_${this.jobs.length}`, metadata, createdAt: now, endsAt: now + takesMs };
    this.jobs.push(job);
    return job;
  }

  get(id: string) {
    return this.#answer(`get ${id}`, () => {
      const job = this.jobs.find((one) => one.id === id);
      if (job === undefined || this.hidden.get.has(id)) return { kind: "absent" } as const;
      const shown = this.#shown(job);
      return { kind: "job", job: { ...shown, id: `${this.idPrefix}${id}` } } as const;
    });
  }

  list({ after, next }: { after?: string; next?: string } = {}) {
    return this.#answer(`list ${after ?? next ?? ""}`.trim(), (): Listing => {
      if (this.manner === "noList") return { kind: "noList" };
      if (this.manner === "refuses" && after !== undefined) return { kind: "noCursor" };
      const all = this.jobs.filter(({ id }) => !this.hidden.list.has(id)).reverse();
      const start = next === undefined ? this.#start(all, after) : Number(next);
      if (start === null) return { kind: "noCursor" };
      const jobs = all.slice(start, start + 100);
      return {
        kind: "page",
        jobs: jobs.map((job) => this.#shown(job)),
        next: all.length > start + 100 ? `${start + 100}` : null,
        ignoresCursors: false,
      };
    });
  }

  #start(all: readonly Made[], after: string | undefined): number | null {
    if (after === undefined || this.manner === "ignores") return 0;
    const at = all.findIndex(({ id }) => id === after);
    return at < 0 ? null : at + 1;
  }

  #shown({ id, metadata, createdAt, endsAt }: Made): IttybitJob {
    const ended = this.#clock.now() >= endsAt;
    const words = ended
      ? ({ status: "done", said: "succeeded" } as const)
      : ({ status: "pending", said: "processing" } as const);
    const output = ended ? `https://store.example.net/${id}` : null;
    return { id, ...words, known: true, output, error: null, metadata, input: null, createdAt, finishedAt: null };
  }

  async #answer<T>(call: string, answer: () => T): Promise<T | NoResult> {
    this.calls.push(call);
    this.#atOnce += 1;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.#atOnce);
    const ms = this.latencyMs(call);
    await this.#clock.sleep(ms / 2);
    const said = this.blind(call) ?? answer();
    await this.#clock.sleep(ms / 2);
    this.#atOnce -= 1;
    return said;
  }
}
