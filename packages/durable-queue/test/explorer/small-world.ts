import { setImmediate as passTurns } from "node:timers/promises";
import {
  type ExchangeAnswer,
  type ExchangeRequest,
  exchange,
  JobQueue,
  LEASE_MS,
  type QueueEvent,
  QueueTx,
  type RunCall,
  type Sql,
} from "@prewarm/durable-queue";
import { runJobs } from "@prewarm/durable-queue/testing";

/** What may happen and need not, each once in a world at most. */
const TROUBLES = ["cancel", "crash", "reset", "lost", "doubled", "throws", "stall", "slow", "refused", "cut"] as const;
type Trouble = (typeof TROUBLES)[number];
/** What can happen next. With a trouble it need not happen. */
type Step<T = unknown> = [text: string, act: () => T, trouble?: Trouble];
type Result = Awaited<ReturnType<RunCall>>;

/** `jobs`: as `group/part`. `troubles`: how many may happen in one world, of these `kinds`; default: of all. */
export interface Bounds {
  jobs: readonly string[];
  concurrency: number;
  troubles: number;
  kinds?: readonly string[] | undefined;
}

/** `request`: its last call of the queue. `calledAt`: when the queue answered last, Unix ms. */
interface Runner {
  name: string;
  request: ExchangeRequest | null;
  calledAt: number;
}

/** A call of the service. `unclear`: it was cut off, and may have had its effect. */
interface ServiceCall {
  job: string;
  key: string;
  runner: Runner;
  begunAt: number;
  state: "running" | "done" | "failed" | "unclear";
}

/** What waits for one of some steps: a runner in its pause or for an answer, the end of a call, a call that comes twice. */
interface Waiting {
  runner: Runner | null;
  kind: "pause" | "answer" | "end" | "copy";
  told: unknown;
  steps: Step[];
}

/** Longer than a lease and than a call of the service. */
const MINUTE_MS = LEASE_MS + 1_000;
/** A lease is written when its row is 20 s behind, so an object that was reset may end it so much earlier. */
export const LEAST_LEASE_MS = LEASE_MS - 20_000;
/** A runner pauses for so long at least, and then until there is news. */
const PAUSE_MS = 100;
const REFUSED = { kind: "failed", failure: { code: "refused", message: "" } } as const;
/** The name of the first fault that is so. */
export const firstFault = (faults: Record<string, boolean>) =>
  Object.entries(faults).find(([, isSo]) => isSo)?.[0] ?? null;
const keyOf = (job: string) => ({ group: job.split("/")[0] ?? "", part: job.split("/")[1] ?? "" });

/** Counts events, each in the transaction in which it happens. */
class Told extends QueueTx {
  override onEvent({ kind }: QueueEvent): void {
    this.sql.exec("INSERT INTO told (kind, n) VALUES (?, 1) ON CONFLICT (kind) DO UPDATE SET n = n + 1", kind);
  }
}
const TOLD = { Tx: Told, tables: [["CREATE TABLE told (kind TEXT PRIMARY KEY, n INTEGER)"]] };

/** A queue whose runners call it from elsewhere. */
class RemoteQueue extends JobQueue {
  answer(request: ExchangeRequest, isBroken = false): ExchangeAnswer {
    return this.change((tx) => {
      const answer = exchange(tx, request, () => ({}));
      if (isBroken) throw new Error("the disk is full");
      return answer;
    });
  }
}

/**
 * A queue, two runners, a caller and a service. The queue and the runners are those of production. They do nothing but
 * in steps, and time passes in some steps only.
 */
export class SmallWorld {
  now = 1_800_000_000_000;
  alarmAt: number | null = null;
  /** A message to wake a runner is on its way. Two are one. */
  isWaking = false;
  runners: Runner[] = [];
  calls: ServiceCall[] = [];
  waiting: Waiting[] = [];
  /** The jobs that the queue has accepted, and those that were cancelled before it let them go. */
  accepted: string[] = [];
  never = new Set<string>();
  left = new Set<Trouble>(TROUBLES);
  troubles: number;
  fault: string | null = null;
  queue: RemoteQueue;
  readonly bounds: Bounds;
  readonly sql: Sql;
  #isOver = false;
  #names = 0;
  #fate: Trouble | null = null;
  #followUps: (() => void)[] = [];

  constructor(sql: Sql, bounds: Bounds) {
    this.sql = sql;
    this.bounds = bounds;
    this.troubles = bounds.troubles;
    this.queue = this.#open();
  }

  #open(): RemoteQueue {
    let isOpen = false;
    const wake = (): never => {
      this.isWaking = true;
      throw new Error("the runner starts elsewhere");
    };
    const setAlarm = async (at: number | null) => {
      this.alarmAt = at;
    };
    const storage = { getAlarm: async () => this.alarmAt, setAlarm, deleteAlarm: () => setAlarm(null) };
    const clock = { now: () => this.now, random: () => 0 };
    const sleep = () => new Promise<void>((resolve) => this.#followUps.push(resolve));
    const deps = { clock, sleep, log: () => undefined, newId: () => (isOpen ? wake() : "queue") };
    const options = { ratePerSecond: 1e6, burst: 100, maxAttempts: 2, concurrency: this.bounds.concurrency, ...TOLD };
    const queue = new RemoteQueue(this.sql, { storage, waitUntil: () => {} }, { options, run: wake }, deps);
    isOpen = true;
    return queue;
  }

  /** All that can happen next. */
  steps(): Step[] {
    const all = [...this.#ofCaller(), ...this.awaited().flatMap(({ steps }) => steps), ...this.#ofTime()];
    for (const runner of this.runners) all.push([`${runner.name} dies`, () => this.#forget(runner), "crash"]);
    if (this.#canWake()) all.push(["a wake-up starts a runner", () => this.#start(false)]);
    if (this.#canWake()) all.push(["a wake-up starts a runner, and comes twice", () => this.#start(true), "doubled"]);
    // The follow-up of a change is lost then.
    for (const [text, act, trouble] of [...all]) if (!trouble) all.push([`${text}; the object is reset`, act, "reset"]);
    const { kinds = TROUBLES } = this.bounds;
    const mayHappen = (trouble: Trouble) => this.troubles > 0 && this.left.has(trouble) && kinds.includes(trouble);
    return all.filter(([, , trouble]) => trouble === undefined || mayHappen(trouble));
  }

  async do([, act, trouble]: Step): Promise<void> {
    if (trouble !== undefined && this.left.delete(trouble)) this.troubles -= 1;
    await act();
    await passTurns();
    if (trouble === "reset") await this.#reset();
    await this.#settle();
  }

  #ofCaller(): Step[] {
    const { jobs } = this.bounds;
    const enqueue = () => {
      const request = { id: "e", jobs: jobs.map((job) => ({ ...keyOf(job), payload: job })) };
      if (this.queue.enqueue(request).status === "done") this.accepted.push(...jobs);
    };
    const cancel = (job: string) => {
      const isRunning = this.queue.job(keyOf(job))?.state === "running";
      if (this.queue.cancel(keyOf(job)) === "ok" && !isRunning) this.never.add(job);
    };
    if (this.accepted.length === 0) return [[`the caller enqueues ${jobs}`, enqueue]];
    const cancels = jobs.map((job): Step => [`${job} is cancelled`, () => cancel(job), "cancel"]);
    return [...cancels, ["the enqueue comes twice", enqueue, "doubled"]];
  }

  #ofTime(): Step[] {
    const kinds = this.awaited().map(({ kind }) => kind);
    const stall = () => {
      this.now += MINUTE_MS;
    };
    const steps: Step[] = [["a minute passes, and nobody moves", stall, "stall"]];
    if (kinds.includes("end")) steps.push(["a minute passes, and the runners call", () => this.#passSlowly(), "slow"]);
    // Runners call within seconds and calls end, so the alarm is late only after a stall.
    const isBusy = kinds.some((kind) => kind !== "pause") || this.#canWake();
    const isDue =
      (this.alarmAt ?? 0) <= this.now || !(isBusy || this.runners.some(({ calledAt }) => calledAt < this.now));
    return this.alarmAt === null || !isDue ? steps : [...steps, ["the alarm rings", () => this.#ring()]];
  }

  /** Waits for one of the steps, and answers or throws what that does. */
  #wait<T>(runner: Runner | null, kind: Waiting["kind"], told: unknown, steps: Step<T | Promise<T>>[]): Promise<T> {
    return new Promise((resolve) => {
      const go = (act: () => T | Promise<T>) => {
        this.waiting = this.waiting.filter((other) => other !== waiting);
        resolve((async () => act())());
      };
      const own = steps.map(([text, act, ...trouble]): Step => [text, () => go(act), ...trouble]);
      const waiting: Waiting = { runner, kind, told, steps: own };
      this.waiting.push(waiting);
    });
  }

  #canWake = (): boolean => this.isWaking && this.runners.length < 2;
  /** What waits, but for that of dead runners. */
  awaited = () => this.waiting.filter(({ runner }) => runner === null || this.runners.includes(runner));

  /** Lets everything happen that waits for no step, the follow-up of a change too. */
  async #settle(): Promise<void> {
    do {
      for (const follow of this.#followUps.splice(0)) follow();
      await passTurns();
    } while (this.#followUps.length > 0 && !this.#isOver);
  }

  async #reset(): Promise<void> {
    this.#followUps = [];
    this.queue = this.#open();
    await this.queue.load();
  }

  async #ring(): Promise<void> {
    this.now = Math.max(this.now, this.alarmAt ?? 0);
    this.alarmAt = null;
    await this.queue.alarm();
  }

  /** What waits goes on by its first step. */
  async #goOn(...kinds: Waiting["kind"][]): Promise<void> {
    for (const kind of kinds) {
      for (const { steps } of this.awaited().filter((one) => one.kind === kind)) steps[0]?.[1]();
      await this.#settle();
    }
  }

  async #passSlowly(): Promise<void> {
    for (const end = this.now + MINUTE_MS; this.now < end; ) {
      this.now += 10_000;
      await this.#goOn("answer", "pause", "answer");
      if ((this.alarmAt ?? this.now + 1) <= this.now) await this.#ring();
    }
  }

  #start(isWaking: boolean): void {
    this.isWaking = isWaking;
    this.#names += 1;
    const runner: Runner = { name: `runner ${this.#names}`, request: null, calledAt: this.now };
    this.runners.push(runner);
    const leave = () => {
      this.#forget(runner);
      const isCalling = this.calls.some((call) => call.runner === runner && call.state === "running");
      this.#judge(runner.name, { "has left, and its call goes on": isCalling });
    };
    runJobs({
      owner: runner.name,
      // Its clock is ahead, so it waits for no token.
      clock: { now: () => this.now + PAUSE_MS },
      sleep: async (ms) => (ms > PAUSE_MS ? undefined : this.#pause(runner)),
      exchange: (request) => this.#exchange(runner, request),
      run: (job) => this.#run(runner, { ...job, payload: "" }),
    }).then(leave, leave);
  }

  #forget(runner: Runner): void {
    this.runners = this.runners.filter((other) => other !== runner);
  }

  #pause(runner: Runner): Promise<void> {
    const { name } = runner;
    const fated = (fate: Trouble | null) => () => {
      this.#fate = fate;
    };
    return this.#wait(runner, "pause", null, [
      [`${name} calls the queue`, fated(null)],
      [`${name} calls the queue, and the call comes twice`, fated("doubled"), "doubled"],
      [`${name} calls the queue, which throws, and it gives up`, fated("throws"), "throws"],
      [`the call of ${name} is lost, and it gives up`, fated("lost"), "lost"],
    ]);
  }

  async #exchange(runner: Runner, request: ExchangeRequest): Promise<ExchangeAnswer> {
    const { name } = runner;
    const fate = this.#fate;
    this.#fate = null;
    runner.request = request;
    if (this.#isOver || fate === "lost") throw new Error("no answer");
    const age = this.now - runner.calledAt;
    const call = () => {
      const answer = this.queue.answer(request, fate === "throws");
      if (answer.status === "ok") runner.calledAt = this.now;
      return answer;
    };
    const answer = call();
    // An instance that begins anew forgets runners that hold nothing that is admitted.
    const isNew = !this.left.has("reset") || !this.left.has("throws");
    const isOk = answer.status === "ok";
    const { claims } = this.queue.transactions.memory;
    this.#judge(name, {
      "has lost its lease early": !isOk && !isNew && age < LEAST_LEASE_MS,
      "goes on though its lease is over": isOk && age >= LEASE_MS,
      "has left and keeps its lease": isOk && request.leave && claims.owner(name) !== null,
    });
    if (fate === "doubled") void this.#wait(null, "copy", request, [[`a call of ${name} comes again`, call]]);
    if (request.leave) return answer;
    const giveUp = () => {
      throw new Error("no answer");
    };
    return this.#wait(
      runner,
      "answer",
      [request, answer],
      [
        [`${name} hears the answer`, () => answer],
        [`the answer to ${name} is lost, and it calls again`, call, "lost"],
        [`the answer to ${name} is lost, and it gives up`, giveUp, "lost"],
      ],
    );
  }

  #run(runner: Runner, { group, part, idempotencyKey: key, attempt, signal }: Parameters<RunCall>[0]): Promise<Result> {
    const job = `${group}/${part}`;
    this.#judge(`${job} is called although it`, this.#faultsOf(job, key, attempt));
    const call: ServiceCall = { job, key, runner, begunAt: this.now, state: "running" };
    // Done once under a key, or under way, a job is not refused under it.
    const mayRefuse = this.calls.every((other) => other.key !== key || other.state === "failed");
    this.calls.push(call);
    signal.addEventListener("abort", () => {
      if (call.state === "running") call.state = "unclear";
      this.waiting = this.waiting.filter(({ told }) => told !== call);
    });
    const ended = (state: ServiceCall["state"], result: Result | Promise<Result>) => () => {
      call.state = state;
      return result;
    };
    const cut = () => ended("unclear", Promise.reject(new Error("cut off")))();
    const refusal: Step<Result | Promise<Result>> = [`the service refuses ${job}`, ended("failed", REFUSED), "refused"];
    return this.#wait<Result>(runner, "end", call, [
      [`the service has done ${job}`, ended("done", { kind: "done" })],
      ...(mayRefuse ? [refusal] : []),
      [`the connection of ${job} breaks`, cut, "cut"],
    ]);
  }

  /** Notes the first fault of this world. */
  #judge(who: string, faults: Record<string, boolean>): void {
    const fault = firstFault(faults);
    if (fault !== null && !this.#isOver) this.fault ??= `${who} ${fault}`;
  }

  /** Why a call must not begin. */
  #faultsOf(job: string, key: string, attempt: number): Record<string, boolean> {
    const { state, payload } = this.queue.job(keyOf(job)) ?? { state: "done", payload: "" };
    const calls = this.calls.filter((call) => call.job === job);
    const refusals = calls.filter((call) => call.key === key && call.state === "failed");
    const failures = calls.filter((call) => call.state === "failed" || call.state === "unclear").length;
    // A call that was cut off and its repeat count as one call, and end with the repeat.
    const latest = [...new Map(this.calls.map((call) => [call.key, call])).values()];
    const running = latest.filter((call) => call.state === "running" && this.now - call.begunAt < MINUTE_MS);
    const hasLease = (one: Runner) => this.runners.includes(one) && this.now - one.calledAt < LEAST_LEASE_MS;
    return {
      [`is ${state}`]: state !== "running",
      "was cancelled before any call": this.never.has(job),
      [`has the payload "${payload}"`]: payload !== job,
      "may have been done under another key": calls.some((call) => call.key !== key && call.state !== "failed"),
      // The queue never hears of a refusal whose runner dies first.
      "was refused under this key": refusals.some((call) => hasLease(call.runner)),
      "is called by another runner": calls.some((call) => call.state === "running" && hasLease(call.runner)),
      "is one too many": new Set([...running.map((call) => call.key), key]).size > this.bounds.concurrency,
      [`failed ${failures} times before attempt ${attempt}`]: attempt > failures + 1,
    };
  }

  /** What each runner would say next. Ends the world, with all timers of calls. */
  async last(): Promise<unknown[]> {
    this.#isOver = true;
    const runners = [...this.runners];
    await this.#goOn("answer", "pause");
    const requests = runners.map(({ request }) => request);
    for (const { kind, steps } of this.waiting) if (kind === "end") steps[0]?.[1]();
    await passTurns();
    return requests;
  }
}
