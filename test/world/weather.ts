import { ALARM_LATE_MS } from "@prewarm/durable-queue";
import { CRASH_POINTS, type CrashPoint } from "../../workers/consumer/src/making/crash-points.ts";
import type { Chance } from "./chance.ts";

/** A way there and back: how long each takes, and what gets lost on it. `drop`: the call is heard, and its connection drops before the answer. */
export interface Hop {
  ms: number;
  backMs: number;
  lost: "call" | "answer" | "drop" | null;
}

const SEND_MS = 20;

/**
 * What becomes of an alarm whose time has come. "lost": it does not fire, and none reads as set. "stuck": it does not fire, and its time,
 * which is past, reads as set for good. "twice": it fires, and once more after its handler has ended. A number: it fires so many ms late.
 */
export type AlarmFate = "fires" | "lost" | "stuck" | "twice" | number;

/** What goes wrong next. Each is asked once for each thing that could. */
export interface Weather {
  /** A call of the ledger's, or one it makes itself (its queue). */
  wire(): Hop;
  /** A call of R2's. */
  store(call: string): Hop;
  /** What becomes of a send of wake-ups: it throws before, after half of, or after all of them are sent. */
  send(): "sent" | "none" | "half" | "all";
  /** How long a send takes. */
  sendMs(): number;
  /** R2 takes no second write of one key within a second; a put of it fails. */
  refusesWrite(): boolean;
  /** A put that lands so much later; `answered`: its caller waits for it, else it soon learns of no answer. */
  latePut(): { ms: number; answered: boolean } | null;
  /** In how many ms each copy of a message can be delivered: none of a lost one, two of a doubled one. */
  message(): number[];
  /** What befalls a handler at a named point: death, or so many ms in which it does nothing. */
  point(point: CrashPoint, key: string | undefined): "dies" | number;
  alarm(): AlarmFate;
}

/** What a script may let go wrong; each entry strikes once, at the next thing it fits. */
export interface Faults {
  crash: CrashPoint[];
  stall: { point: CrashPoint; ms: number }[];
  lostCalls: number;
  lostAnswers: number;
  /** Calls of the ledger that are heard and whose connection drops then, which the platform marks as retryable. */
  droppedAnswers: number;
  alarms: AlarmFate[];
  /** R2 calls that fail; R2 calls that do their work and whose answer is lost. */
  store: number;
  storeAnswers: number;
  /** Deletes and lists of R2 that take so much longer. */
  lateDeletes: number[];
  lateLists: number[];
  /** Sends of wake-ups that throw before, after half of, or after all of them are sent. */
  sends: ("none" | "half" | "all")[];
  /** Calls of the ledger, of R2 and of the queue that hang for so long before they fail. */
  hungCalls: number[];
  hungStore: number[];
  hungSends: number[];
  latePuts: { ms: number; answered: boolean }[];
  lateMessages: number[];
  doubledMessages: number;
  lostMessages: number;
}

export function noFaults(): Faults {
  const lists = { crash: [], stall: [], latePuts: [], lateMessages: [], lateDeletes: [], lateLists: [], sends: [] };
  const hung = { hungCalls: [], hungStore: [], hungSends: [], alarms: [] };
  const counts = { lostCalls: 0, lostAnswers: 0, droppedAnswers: 0, store: 0, storeAnswers: 0 };
  return { ...lists, ...hung, ...counts, doubledMessages: 0, lostMessages: 0 };
}

type Counted<T> = { [K in keyof T]: T[K] extends number ? K : never }[keyof T];

/** Takes one of a counted fault; false when there is none. */
export function strike<T>(faults: T, name: Counted<T>): boolean {
  const left = faults[name] as number;
  if (left <= 0) return false;
  (faults as Record<Counted<T>, number>)[name] = left - 1;
  return true;
}

function takeOf<T>(list: T[], fits: (one: T) => boolean): T | undefined {
  const at = list.findIndex(fits);
  return at < 0 ? undefined : list.splice(at, 1)[0];
}

/** Fair but for what a script has ordered. */
export function scripted(faults: () => Faults, chance: Chance): Weather {
  return {
    wire() {
      const hop = { ms: chance.between(1, 21), backMs: chance.between(1, 21) };
      const hung = faults().hungCalls.shift();
      if (hung !== undefined) return { ...hop, ms: hung, lost: "call" };
      if (strike(faults(), "lostCalls")) return { ...hop, lost: "call" };
      if (strike(faults(), "droppedAnswers")) return { ...hop, lost: "drop" };
      return { ...hop, lost: strike(faults(), "lostAnswers") ? "answer" : null };
    },
    store(call) {
      const { lateDeletes, lateLists } = faults();
      const late = call === "delete" ? lateDeletes.shift() : call === "list" ? lateLists.shift() : 0;
      const hop = { ms: chance.between(2, 32) + (late ?? 0), backMs: 0 };
      const hung = faults().hungStore.shift();
      if (hung !== undefined) return { ...hop, ms: hung, lost: "call" };
      if (strike(faults(), "store")) return { ...hop, lost: "call" };
      return { ...hop, lost: strike(faults(), "storeAnswers") ? "answer" : null };
    },
    send: () => faults().sends.shift() ?? "sent",
    sendMs: () => faults().hungSends.shift() ?? SEND_MS,
    refusesWrite: () => true,
    latePut: () => faults().latePuts.shift() ?? null,
    message() {
      if (strike(faults(), "lostMessages")) return [];
      const first = (faults().lateMessages.shift() ?? 0) + chance.between(0, 1_000);
      return strike(faults(), "doubledMessages") ? [first, chance.between(0, 60_000)] : [first];
    },
    point(point) {
      const { crash, stall } = faults();
      if (takeOf(crash, (one) => one === point) !== undefined) return "dies";
      return takeOf(stall, (one) => one.point === point)?.ms ?? 0;
    },
    alarm: () => faults().alarms.shift() ?? "fires",
  };
}

/** Chances of what goes wrong on our side of Ittybit. */
export interface Rates {
  /** Of a ledger call: not heard; heard, answer lost; slow. */
  callLost: number;
  answerLost: number;
  callSlow: number;
  /** Of an R2 call: refused; done, answer lost. Of a put: no answer now, lands later. */
  storeFails: number;
  storeAnswerLost: number;
  putLate: number;
  /** Of a message: lost, doubled, delayed for up to five minutes. */
  messageLost: number;
  messageDoubled: number;
  messageDelayed: number;
  /** Of a named point of the handler: it dies there; it stalls there for up to 14 minutes. Points passed seldom count more. */
  crash: number;
  stall: number;
  /** Of the object's alarm: lost, stuck, late or fired twice, each as often as the others. */
  alarmFails: number;
}

export const STORM: Rates = {
  callLost: 0.004,
  answerLost: 0.006,
  callSlow: 0.01,
  storeFails: 0.002,
  storeAnswerLost: 0.002,
  putLate: 0.004,
  messageLost: 0.02,
  messageDoubled: 0.05,
  messageDelayed: 0.02,
  crash: 0.0005,
  stall: 0.0002,
  alarmFails: 0.02,
};

const ALARM_FAULTS: readonly AlarmFate[] = ["lost", "stuck", "twice", ALARM_LATE_MS];

export const CALM: Rates = {
  callLost: 0,
  answerLost: 0,
  callSlow: 0,
  storeFails: 0,
  storeAnswerLost: 0,
  putLate: 0,
  messageLost: 0,
  messageDoubled: 0,
  messageDelayed: 0,
  crash: 0,
  stall: 0,
  alarmFails: 0,
};

const STALL_MAX_MS = 14 * 60_000;
/** A point passed this often is no longer rare. */
const RARE_BELOW = 150;
const RARE_CRASH = 0.02;

/** Everything at once, each thing by its chance. */
export function byRates(rates: () => Rates, chance: Chance): Weather {
  const passed = new Map<CrashPoint, number>(CRASH_POINTS.map((point) => [point, 0]));
  const lostOf = (call: number, answer: number): Hop["lost"] => {
    if (chance.hits(call)) return "call";
    return chance.hits(answer) ? "answer" : null;
  };
  return {
    wire() {
      const { callLost, answerLost, callSlow } = rates();
      const ms = chance.hits(callSlow) ? chance.between(500, 8_000) : chance.between(1, 15);
      const lost = lostOf(callLost, answerLost);
      return { ms, backMs: chance.between(1, 15), lost: lost === "answer" && chance.hits(0.5) ? "drop" : lost };
    },
    store() {
      const { storeFails, storeAnswerLost } = rates();
      return { ms: chance.between(2, 60), backMs: 0, lost: lostOf(storeFails, storeAnswerLost) };
    },
    send() {
      const { callLost, answerLost } = rates();
      if (chance.hits(callLost)) return chance.hits(0.5) ? "none" : "half";
      return chance.hits(answerLost) ? "all" : "sent";
    },
    sendMs: () => SEND_MS,
    refusesWrite: () => true,
    latePut: () => (chance.hits(rates().putLate) ? { ms: chance.between(1_000, 300_000), answered: false } : null),
    message() {
      const { messageLost, messageDoubled, messageDelayed } = rates();
      if (chance.hits(messageLost)) return [];
      const slowest = chance.hits(messageDelayed) ? 300_000 : 1_000;
      // Without faults messages keep their order.
      const delay = (): number => (messageDelayed === 0 ? 50 : chance.between(10, slowest));
      return chance.hits(messageDoubled) ? [delay(), delay()] : [delay()];
    },
    point(point) {
      const times = (passed.get(point) ?? 0) + 1;
      passed.set(point, times);
      const { crash, stall } = rates();
      if (chance.hits(crash > 0 && times < RARE_BELOW ? RARE_CRASH : crash)) return "dies";
      return chance.hits(stall) ? chance.between(30_000, STALL_MAX_MS) : 0;
    },
    alarm: () => (chance.hits(rates().alarmFails) ? (chance.pick(ALARM_FAULTS) ?? "lost") : "fires"),
  };
}
