import type { Clock } from "@prewarm/shared/clock";
import type { Transform } from "@prewarm/shared/transform";
import type { Size } from "../../output/expected-size.ts";
import { createIttybit, type Ittybit, type JobOrder, type Submission } from "../client.ts";
import type { IttybitJob } from "../dialects.ts";
import { jobOrder } from "../job-order.ts";
import { createRecorder, type Exchange } from "./recorder.ts";
import { stopped } from "./verdict.ts";

/** What a check is made of, and with. */
export interface CheckOptions {
  apiUrl: string;
  apiKey: string;
  acceptVersion: string | null;
  /** URL of an image the service can fetch. */
  original: string;
  /** Longest the whole check may take, in ms. */
  withinMs: number;
}

/** What a check has from its caller. */
export interface CheckPlatform {
  fetch: typeof fetch;
  clock: Clock;
  /** In ms; sooner when the caller gives up. */
  sleep(ms: number): Promise<void>;
}

/** What the steps of a check share. */
export interface Session {
  options: CheckOptions;
  /** The product's own client. */
  ittybit: Ittybit;
  /** For what is not Ittybit's API. */
  fetch: typeof fetch;
  exchanges: readonly Exchange[];
  /** The original's size as it is shown. */
  size: Size;
  now(): number;
  sleep(ms: number): Promise<void>;
  /** Unix ms. */
  deadline: number;
  /** How often Ittybit answered 429, and for how long it was waited in all. */
  throttles: { count: number; waitedMs: number };
  order(n: number, transform: Transform, input?: string): JobOrder;
}

/** Longest wait for 429s, all together. */
const THROTTLED_MAX_MS = 60_000;
const FIRST_WAIT_MS = 2_000;
const LONGEST_WAIT_MS = 8_000;

export function openSession(options: CheckOptions, size: Size, { fetch, clock, sleep }: CheckPlatform): Session {
  const recorder = createRecorder(fetch, clock.now);
  const { apiUrl: baseUrl, apiKey, acceptVersion } = options;
  const version = acceptVersion === null ? {} : { acceptVersion };
  const run = `check-${clock.now().toString(36)}${Math.floor(clock.random() * 1e6).toString(36)}`;
  return {
    options,
    ittybit: createIttybit({ baseUrl, apiKey, fetch: recorder.fetch, clock, ...version }),
    fetch,
    exchanges: recorder.exchanges,
    size,
    now: clock.now,
    sleep,
    deadline: clock.now() + options.withinMs,
    throttles: { count: 0, waitedMs: 0 },
    order: (n, transform, input = options.original) =>
      jobOrder({
        ledger: run,
        gen: n,
        key: `${n}`,
        transform,
        format: transform.format,
        input,
        size,
        focal: null,
        etag: null,
        alpha: false,
        again: false,
      }),
  };
}

/** Makes a call, and again after a wait as long as Ittybit answers 429. The last answer when the waits or the time are over. */
export async function patiently<T extends { kind: string; retryAfterMs?: number | null }>(
  session: Session,
  call: () => Promise<T>,
): Promise<T> {
  const { throttles } = session;
  for (let wait = FIRST_WAIT_MS; ; wait = Math.min(2 * wait, LONGEST_WAIT_MS)) {
    const answer = await call();
    if (answer.kind !== "throttled") return answer;
    throttles.count += 1;
    const ms = answer.retryAfterMs ?? wait;
    if (throttles.waitedMs + ms > THROTTLED_MAX_MS || session.now() + ms > session.deadline) return answer;
    throttles.waitedMs += ms;
    await session.sleep(ms);
  }
}

export function submit(session: Session, order: JobOrder): Promise<Submission> {
  return patiently(session, () => session.ittybit.submit(order));
}

const FIRST_LOOK_MS = 250;
const LOOK_MAX_MS = 2_000;

/**
 * Looks at a job until it has ended.
 * @throws Stop when it does not end in time, or Ittybit stops answering
 */
export async function ended(session: Session, id: string): Promise<IttybitJob> {
  for (let pause = FIRST_LOOK_MS; ; pause = Math.min(1.5 * pause, LOOK_MAX_MS)) {
    const look = await patiently(session, () => session.ittybit.get(id));
    if (look.kind === "job" && look.job.status !== "pending") return look.job;
    if (session.now() + pause > session.deadline) {
      const said = look.kind === "job" ? `it is still “${look.job.said}”` : `a look at it gave “${look.kind}”`;
      const seconds = Math.round(session.options.withinMs / 1000);
      throw stopped(
        "unchecked",
        "unreachable",
        `a job did not end within ${seconds} s: ${said}`,
        "try a longer --within",
      );
    }
    await session.sleep(pause);
  }
}
