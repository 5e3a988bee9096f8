import type {
  Claim,
  ClaimAnswer,
  DeadMessage,
  Handlers,
  Outcome,
  Settled,
  Submitted,
  WakeUpKeys,
} from "../ledger/contract.ts";

/** A ledger that answers what a test tells it and remembers what it was told. The rules are the real ledger's business. */
interface FakeLedger extends Handlers {
  claims: Map<string, Claim>;
  /** What every key that is not in `claims` is answered; each gets a generation of its own. */
  fallback: (key: string, gen: number) => Claim;
  answer: Omit<ClaimAnswer, "claims">;
  calls: string[];
  claimed: WakeUpKeys[][];
  recorded: Submitted[];
  outcomes: Map<string, Outcome>;
  ended: string[];
  dead: DeadMessage[];
  /** The answer to a settle or a submitted. */
  settles: (key: string, outcome: Outcome) => Settled;
  submits: (job: Submitted) => "go" | "stop";
  renews: () => "ok" | "lost";
  /** Throws instead of answering, while it returns true. */
  silent: (call: string) => boolean;
}

export function runClaim(gen: number, more: Partial<Extract<Claim, { do: "run" }>> = {}): Claim {
  return { do: "run", gen, floor: 0, input: null, notBefore: 0, attempts: 0, granted: "first", ...more };
}

export function createFakeLedger(): FakeLedger {
  let gen = 1000;
  function heard(call: string): void {
    ledger.calls.push(call);
    if (ledger.silent(call)) throw new Error("the ledger does not answer");
  }
  const ledger: FakeLedger = {
    claims: new Map(),
    fallback: (_key, fresh) => runClaim(fresh),
    answer: { ledgerId: "L1", open: 1, liveWaiting: 0, firstLookMs: 400 },
    calls: [],
    claimed: [],
    recorded: [],
    outcomes: new Map(),
    ended: [],
    dead: [],
    settles: () => "ok",
    submits: () => "go",
    renews: () => "ok",
    silent: () => false,
    async claim(_owner, wakeUps) {
      heard("claim");
      ledger.claimed.push(wakeUps);
      const keys = wakeUps.flatMap((wakeUp) => wakeUp.keys);
      const claims = keys.map((key) => {
        gen += 1;
        return [key, ledger.claims.get(key) ?? ledger.fallback(key, gen)] as const;
      });
      return { ...ledger.answer, claims: Object.fromEntries(claims) };
    },
    async renew() {
      heard("renew");
      return ledger.renews();
    },
    async submitted(_owner, jobs) {
      heard("submitted");
      ledger.recorded.push(...jobs);
      return Object.fromEntries(jobs.map((job) => [job.key, ledger.submits(job)]));
    },
    async settle(_owner, outcomes) {
      heard("settle");
      const entries = Object.entries(outcomes);
      for (const [key, outcome] of entries) ledger.outcomes.set(key, outcome);
      return Object.fromEntries(entries.map(([key, outcome]) => [key, ledger.settles(key, outcome)]));
    },
    async observeEnded(jobs) {
      heard("observeEnded");
      ledger.ended.push(...jobs);
    },
    async recordDead(messages) {
      heard("recordDead");
      ledger.dead.push(...messages);
    },
  };
  return ledger;
}
