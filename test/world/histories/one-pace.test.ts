import type { WaitingFor } from "@prewarm/control-schema/jobs";
import type { Pace } from "@prewarm/control-schema/pace";
import type { Run } from "@prewarm/control-schema/runs";
import { LANES, type Lane } from "@prewarm/shared/job";
import { span } from "@prewarm/shared/words";
import fc from "fast-check";
import { expect, it } from "vitest";
import type { LedgerStats } from "../../../workers/consumer/src/ledger/calls.ts";
import { histories } from "./commands.ts";
import { HistoryWorld } from "./history-world.ts";
import { gateLook } from "./ledger-look.ts";
import { makePictures } from "./pictures.ts";
import { play } from "./play.ts";

const HISTORIES = Number(process.env.HISTORIES ?? 10);
const SEED = Number(process.env.SEED ?? 20_261_129);
const TIME_MS = 900_000;
/** Minutes of a history in which the overview is looked at: a pause may last days. */
const LOOKS_MAX = 200;

type Paces = LedgerStats["paces"];

/** A history's world that looks at the overview every minute, and judges what it says about time. */
class PaceWorld extends HistoryWorld {
  readonly seen = { told: 0, held: 0, quiet: 0 };
  #looks = 0;
  #before: { changes: number; bornAt: number; paces: Paces } | null = null;

  protected override eachMinute(): void {
    super.eachMinute();
    if (this.#looks >= LOOKS_MAX) return;
    this.#looks += 1;
    this.#look();
    // Within a second often nothing changes.
    for (const ms of [300, 1_000]) this.clock.after(ms, () => this.#look());
  }

  #look(): void {
    const { stats, runs } = this.object.look((ledger) => ({
      stats: ledger.stats(),
      runs: ledger.listRuns({ limit: 50, state: "open" }).runs,
    }));
    this.#hasOneAnswer(stats, runs);
    this.#hasNoneWhileClosed(stats);
    this.#doesNotGrow(stats.paces);
  }

  #hasOneAnswer({ paces, waitingFor, counts }: LedgerStats, runs: Run[]): void {
    for (const lane of LANES) this.#isTold(lane, paces[lane], waitingFor[lane]);
    for (const run of runs) this.#isTold(run.run, run.pace, run.waitingFor);
    for (const { run, lane, pace, states } of runs) {
      const { queued, processing, retrying } = counts[lane];
      const isAlone = (["queued", "processing", "retrying"] as const).every(
        (name) => states[name] === counts[lane][name],
      );
      if (isAlone && queued + processing > 0 && pace.secondsLeft !== paces[lane].secondsLeft)
        this.invariants.violation(`${run} is all of ${lane}: ${JSON.stringify([pace, paces[lane], retrying])}`);
    }
    const lanes = LANES.map((lane) => paces[lane].secondsLeft);
    const most = lanes.includes(null) ? null : Math.max(...lanes.map(Number));
    if (paces.all.secondsLeft !== most)
      this.invariants.violation(`everything takes ${paces.all.secondsLeft} s, its lanes ${lanes}`);
  }

  /** The sentence and the number say the same. */
  #isTold(scope: string, { secondsLeft, why }: Pace, waitingFor: WaitingFor): void {
    if (waitingFor?.code !== "line") return;
    this.seen.told += 1;
    const words = secondsLeft === null ? (why ?? "no reason") : `about ${span(secondsLeft * 1000)}`;
    if (!waitingFor.text.includes(words.replace(/\.$/, "")))
      this.invariants.violation(`${scope}: "${waitingFor.text}" and ${JSON.stringify({ secondsLeft, why })}`);
  }

  #hasNoneWhileClosed({ paces, counts }: LedgerStats): void {
    for (const lane of LANES.filter((one) => this.#isClosed(one))) {
      if (counts[lane].queued + counts[lane].retrying === 0) continue;
      this.seen.held += 1;
      for (const scope of [lane, "all"] as const)
        if (paces[scope].secondsLeft !== null)
          this.invariants.violation(`${lane} is closed, and ${scope} takes ${paces[scope].secondsLeft} s`);
    }
  }

  #isClosed(lane: Lane): boolean {
    const { paused, breaker, throttledUntil, closedUntil } = gateLook(this.sql);
    const now = this.clock.now() + this.skewMs;
    return (
      paused.includes(lane) ||
      (breaker.state === "open" && now < breaker.until) ||
      now < Math.max(throttledUntil, closedUntil)
    );
  }

  #doesNotGrow(paces: Paces): void {
    const changes = Number(this.sql.exec("SELECT total_changes() AS n")[0]?.n);
    const { bornAt } = this.object;
    const before = this.#before;
    this.#before = { changes, bornAt, paces };
    if (before === null || before.changes !== changes || before.bornAt !== bornAt) return;
    for (const scope of [...LANES, "all"] as const) {
      const [was, is] = [before.paces[scope].secondsLeft, paces[scope].secondsLeft];
      if (was !== null && was > 0) this.seen.quiet += 1;
      if (was !== null && is !== null && is > was) this.invariants.violation(`${scope} grows from ${was} s to ${is} s`);
    }
  }
}

it(
  `in ${HISTORIES} random histories no scope has two answers, one while nothing may run, or one that grows while nothing changes`,
  async () => {
    const pictures = await makePictures();
    const sum = { told: 0, held: 0, quiet: 0 };
    const history = fc.asyncProperty(fc.nat(), histories(60, ["pause", "accept"]), async (chance, commands) => {
      const world = new PaceWorld(chance, pictures);
      try {
        await play(world, commands);
        for (const name of ["told", "held", "quiet"] as const) sum[name] += world.seen[name];
      } finally {
        world.close();
      }
    });
    await fc.assert(history, { numRuns: HISTORIES, seed: SEED, interruptAfterTimeLimit: TIME_MS });
    console.log(`seed ${SEED}: ${JSON.stringify(sum)}`);
    expect(Math.min(sum.told, sum.held, sum.quiet)).toBeGreaterThan(HISTORIES);
  },
  TIME_MS + 60_000,
);
