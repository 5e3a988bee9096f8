import type { Assignment, ExchangeAnswer, ExchangeRequest, Held, Outcome } from "../calls.ts";
import type { Clock } from "../clock.ts";
import { CLAIMS_MAX } from "../limits.ts";
import { CALL_MS, LEASE_MIN_LEFT_MS, LEASE_MS, PAUSE_MS, TOKEN_AHEAD_MS } from "../times.ts";
import { type RunJob, runJob } from "./run-job.ts";

/** The outcome of a job whose call has not begun. */
const GIVEN_BACK: Outcome = { kind: "wait", what: "job", external: "none", until: null };

export interface RunnerDeps {
  /** The call of the queue: a method of the object, or an RPC. */
  exchange(request: ExchangeRequest): ExchangeAnswer | Promise<ExchangeAnswer>;
  /** The name of the runner. No two runners have the same. */
  owner: string;
  clock: Pick<Clock, "now">;
  sleep(ms: number): Promise<void>;
  run: RunJob;
  /** The time of one call, in ms. Default: CALL_MS. */
  callMs?: number;
}

type Answered = Extract<ExchangeAnswer, { status: "ok" }>;

/** A job of the runner. It needs no preparation, so the runner is ready for it at once. */
interface HeldCall extends Held {
  phase: "ready" | "admitted";
  /** The user's function was called. */
  isBegun: boolean;
  stop: AbortController;
}

/**
 * One runner: it claims jobs, runs the user's function for each, reports the outcomes, and leaves when the queue has no
 * work for it. A job is one call: when the function has ended, nothing of the job runs any more. Throws if the queue
 * does not answer. Then the lease ends by itself, and another runner repeats the calls under the same keys.
 */
export async function runJobs(deps: RunnerDeps): Promise<void> {
  const runner = new Runner(deps);
  try {
    await runner.work();
  } finally {
    runner.abortAll();
  }
}

class Runner {
  readonly #deps: RunnerDeps;
  readonly #held = new Map<number, HeldCall>();
  #settled: ExchangeRequest["settled"] = [];
  #calls = 0;
  #isDraining = false;
  #leaseUntil = 0;
  #queueId = "";
  #news = Promise.withResolvers<void>();

  constructor(deps: RunnerDeps) {
    this.#deps = deps;
  }

  async work(): Promise<void> {
    let answer = await this.#exchange({ first: true, leave: false });
    while (answer.status === "ok") {
      this.#take(answer);
      if (this.#isDraining && this.#held.size === 0) {
        await this.#exchange({ first: false, leave: true });
        return;
      }
      await this.#pause(answer);
      answer = await this.#exchange({ first: false, leave: false });
    }
  }

  abortAll(): void {
    for (const { stop } of this.#held.values()) stop.abort(new Error("the runner has lost its lease"));
    this.#held.clear();
  }

  async #exchange(call: Pick<ExchangeRequest, "first" | "leave">): Promise<ExchangeAnswer> {
    const { exchange, owner, clock } = this.#deps;
    const settled = this.#settled;
    this.#settled = [];
    this.#news = Promise.withResolvers();
    const room = this.#isDraining ? 0 : CLAIMS_MAX - this.#held.size;
    const calledAt = clock.now();
    this.#calls += 1;
    const told = { have: this.#have(), submitted: [], settled };
    const answer = await exchange({ owner, seq: this.#calls, role: "work", room, ...told, ...call });
    this.#leaseUntil = calledAt + LEASE_MS;
    return answer;
  }

  #have(): ExchangeRequest["have"] {
    return [...this.#held.values()].map(({ assignment: { id, gen }, phase }) => ({ id, gen, phase }));
  }

  #take({ queueId, stop, give, stay }: Answered): void {
    this.#queueId = queueId;
    for (const { id, gen } of stop) this.#stop(id, gen);
    for (const assignment of give) this.#add(assignment);
    if (stay) return;
    this.#isDraining = true;
    for (const { assignment, isBegun } of this.#held.values()) if (!isBegun) this.#stop(assignment.id, assignment.gen);
  }

  #add(assignment: Assignment): void {
    const known = this.#held.get(assignment.id);
    const isKnown = known?.assignment.gen === assignment.gen;
    if (known !== undefined && !isKnown) this.#stop(assignment.id, known.assignment.gen);
    const held: HeldCall = isKnown
      ? known
      : { assignment, phase: "ready", isBegun: false, stop: new AbortController() };
    this.#held.set(assignment.id, held);
    if (assignment.phase !== "admitted") {
      // The queue admits a job when its runner has reported that it is ready.
      this.#news.resolve();
      return;
    }
    Object.assign(held, { assignment, phase: "admitted" });
    void this.#run(held);
  }

  async #run(held: HeldCall): Promise<void> {
    const { clock, sleep, run, callMs = CALL_MS } = this.#deps;
    const { group, part, gen, notBefore, attempts } = held.assignment;
    // The queue's clock may be ahead.
    const early = Math.min(notBefore - clock.now(), TOKEN_AHEAD_MS);
    if (early > 0) await sleep(early);
    if (held.isBegun || held.stop.signal.aborted) return;
    // The queue has not answered for long. Another runner may repeat the call soon.
    if (this.#leaseUntil - clock.now() < LEASE_MIN_LEFT_MS) return this.#settle(held, GIVEN_BACK);
    held.isBegun = true;
    const job = { group, part, idempotencyKey: `pw-${this.#queueId}-${gen}`, attempt: attempts + 1 };
    this.#settle(held, await runJob(run, job, { stop: held.stop, ms: callMs, now: () => clock.now() }));
  }

  /**
   * A call that has begun is aborted, and its outcome reported when it has ended. A job that the runner does not hold came
   * with an answer that was lost, or has just been settled: of two outcomes the queue takes the first.
   */
  #stop(id: number, gen: number): void {
    const held = this.#held.get(id);
    if (held?.assignment.gen !== gen) {
      this.#report(id, gen, GIVEN_BACK);
      return;
    }
    held.stop.abort(new Error("the job was stopped"));
    if (!held.isBegun) this.#settle(held, GIVEN_BACK);
  }

  #settle({ assignment: { id, gen } }: Held, outcome: Outcome): void {
    // A runner without a lease holds nothing.
    if (this.#held.get(id)?.assignment.gen !== gen) return;
    this.#held.delete(id);
    this.#report(id, gen, outcome);
  }

  #report(id: number, gen: number, outcome: Outcome): void {
    this.#settled.push({ id, gen, outcome });
    this.#news.resolve();
  }

  /** Waits until the queue wants the next call, or until there is news for it. */
  async #pause({ again }: Answered): Promise<void> {
    const { sleep } = this.#deps;
    const isBusy = [...this.#held.values()].some(({ phase }) => phase === "admitted");
    const least = isBusy ? PAUSE_MS.busy : PAUSE_MS.least;
    await sleep(least);
    const rest = Math.min(again, PAUSE_MS.most) - least;
    if (rest > 0) await Promise.race([sleep(rest), this.#news.promise]);
  }
}
