import type { IttybitJob } from "../../workers/consumer/src/ittybit/dialects.ts";
import type { FakeIttybit } from "../../workers/consumer/src/testing/fake-ittybit.ts";
import type { VirtualClock } from "./virtual-clock.ts";

/** One page of a list, and whether there is another. */
export interface ListPage {
  jobs: object[];
  hasMore: boolean;
  /** From 1 on, where pages have numbers. */
  page: number;
  /** To the next page. */
  next: string;
}

/** How a service lists its jobs. */
export interface ListManner {
  /** Null: it has no list. */
  wrap: ((page: ListPage) => unknown) | null;
  headers?: (page: ListPage) => Record<string, string>;
  /** How a job is written; default: as the reference has it. */
  job?: (job: IttybitJob) => object;
  /** What the answer about one job is put into; default: nothing. */
  envelope?: (job: object) => object;
  /** False: `after` is taken no notice of, and pages have numbers. Default true. */
  cursors?: boolean;
}

const THERE_MS = 60;
const wire = ({ id, said, output, error, metadata, input, createdAt, finishedAt }: IttybitJob): object => ({
  id,
  object: "job",
  kind: "image",
  status: said,
  output,
  error,
  metadata,
  input,
  tasks: [],
  created_at: createdAt,
  finished_at: finishedAt,
});

/** Ittybit's HTTP in a world's own time, in the reference's words but for its list: for the product's own client. */
export class IttybitHttp {
  readonly calls: string[] = [];
  readonly #ittybit: FakeIttybit;
  readonly #clock: VirtualClock;
  readonly #manner: ListManner;

  constructor(ittybit: FakeIttybit, clock: VirtualClock, manner: ListManner) {
    this.#ittybit = ittybit;
    this.#clock = clock;
    this.#manner = manner;
  }

  readonly fetch = (async (url: string, init: RequestInit = {}) => {
    const { pathname, searchParams } = new URL(url);
    this.calls.push(`${init.method ?? "GET"} ${pathname}`);
    await this.#clock.sleep(THERE_MS);
    const answer = await this.#answer(pathname, searchParams, init);
    await this.#clock.sleep(THERE_MS);
    return answer;
  }) as typeof fetch;

  async #answer(path: string, query: URLSearchParams, init: RequestInit): Promise<Response> {
    if (init.method === "POST") return this.#make(init);
    if (path === "/jobs") return this.#list(query);
    const look = await this.#ittybit.get(path.slice("/jobs/".length));
    return look.kind === "job" ? Response.json(this.#shown(look.job)) : new Response("{}", { status: 404 });
  }

  async #make({ body, headers }: RequestInit): Promise<Response> {
    const { input, options, metadata } = JSON.parse(String(body));
    const idempotencyKey = new Headers(headers).get("idempotency-key") ?? "";
    const made = await this.#ittybit.submit({ input, options, metadata, idempotencyKey });
    if (made.kind !== "made") throw new Error(`the fake answered ${made.kind}`);
    return Response.json(this.#shown(made.job), { status: made.replayed ? 200 : 201 });
  }

  #shown(one: IttybitJob): object {
    const { job = wire, envelope = (inner) => inner } = this.#manner;
    return envelope(job(one));
  }

  async #list(query: URLSearchParams): Promise<Response> {
    const { wrap, headers = () => ({}), cursors = true, job = wire } = this.#manner;
    if (wrap === null) return new Response("{}", { status: 404 });
    const limit = Number(query.get("limit"));
    const page = Number(query.get("page") ?? 1);
    const looks = await Promise.all(this.#ittybit.jobs.map(({ id }) => this.#ittybit.get(id)));
    const all = looks.flatMap((look) => (look.kind === "job" ? [look.job] : [])).reverse();
    const after = cursors ? query.get("after") : null;
    const cursor = after === null ? -1 : all.findIndex(({ id }) => id === after);
    if (after !== null && cursor < 0) return new Response("{}", { status: 400 });
    const from = cursors ? cursor + 1 : (page - 1) * limit;
    const shown = all.slice(from, from + limit);
    const rest = cursors ? `after=${shown.at(-1)?.id}` : `page=${page + 1}`;
    const told = {
      jobs: shown.map(job),
      hasMore: all.length > from + limit,
      page,
      next: `/jobs?limit=${limit}&${rest}`,
    };
    return Response.json(wrap(told), { headers: headers(told) });
  }
}
