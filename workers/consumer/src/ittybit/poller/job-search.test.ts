import type { Observations, UnreportedJob } from "@prewarm/durable-queue";
import type { Scan } from "@prewarm/durable-queue/testing";
import { describe, expect, it } from "vitest";
import { createFakeClock } from "../../testing/fake-clock.ts";
import { Poller } from "./poller.ts";
import { ListingIttybit } from "./testing/listing-ittybit.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

/** A poller with nothing to do but to search for unreported jobs. */
function setup() {
  const clock = createFakeClock();
  const ittybit = new ListingIttybit(clock);
  const state = { unheard: [] as UnreportedJob[], scan: null as Scan | null };
  const found: Observations[] = [];
  const poller = new Poller({
    ittybit,
    clock,
    sleep: (ms: number) => clock.sleep(ms),
    log: () => undefined,
    view: {
      open: () => [],
      jobMs: () => 1_000,
      queueId: () => "L1",
      pace: () => ({ slots: { used: 1, all: 2 }, waiting: true, goal: 1 }),
      unreported: () => state.unheard,
      unnamed: () => new Set(state.unheard.map(({ gen }) => gen)),
      scan: () => state.scan,
    },
    report(news) {
      found.push(news);
      const told = new Set([...news.found.map(({ metadata }) => Number(metadata.gen)), ...news.unmade]);
      state.unheard = state.unheard.filter(({ gen }) => !told.has(gen));
    },
  });
  const make = (gen: number, ledger = "L1", takesMs = 100) => ittybit.make(takesMs, "job", { ledger, gen: `${gen}` });
  async function drive(ms: number): Promise<void> {
    for (const end = clock.now() + ms; clock.now() < end; ) {
      poller.keepRunning();
      await clock.sleep(SECOND);
    }
  }
  const gensFound = () => found.flatMap((news) => news.found.map(({ metadata }) => metadata.gen));
  const unmade = () => found.flatMap((news) => news.unmade);
  const lists = () => ittybit.calls.filter((call) => call.startsWith("list"));
  return { clock, ittybit, state, found, make, drive, gensFound, unmade, lists };
}

describe("a generation whose job nobody has told", () => {
  it("is found in Ittybit's list by the ledger and generation in its metadata, and its end with it", async () => {
    const { clock, state, make, drive, found, gensFound } = setup();
    make(5, "other");
    const { id } = make(5);
    clock.advance(SECOND);
    state.unheard = [{ gen: 5, since: clock.now(), sureAt: null }];
    await drive(2 * SECOND);
    expect(gensFound()).toEqual(["5"]);
    expect(found[0]?.ended.map((job) => job.id)).toEqual([id]);
  });

  it("that may be posted again never counts as without a job, and is searched for ever more rarely", async () => {
    const { clock, state, make, drive, unmade, lists } = setup();
    make(4);
    state.unheard = [{ gen: 5, since: clock.now(), sureAt: null }];
    await drive(30 * MINUTE);
    expect(unmade()).toEqual([]);
    expect(lists().length).toBeLessThan(30);
    const before = lists().length;
    await drive(30 * MINUTE);
    expect(lists().length - before).toBeLessThanOrEqual(7);
  });

  it("and that was given up has no job when two lists, read after its POST can have arrived, do not show it", async () => {
    const { clock, state, make, drive, unmade } = setup();
    make(4);
    const sureAt = clock.now() + 30 * SECOND;
    state.unheard = [{ gen: 5, since: clock.now(), sureAt }];
    await drive(30 * SECOND);
    expect(unmade()).toEqual([]);
    await drive(9 * SECOND);
    expect(unmade()).toEqual([]);
    await drive(6 * SECOND);
    expect(unmade()).toEqual([5]);
  });

  it.each([
    ["shows none of this ledger's metadata", ({ ittybit }: ReturnType<typeof setup>) => void ittybit.make(100)],
    [
      "is longer than ten pages",
      ({ make }: ReturnType<typeof setup>) => {
        for (let gen = 10; gen < 1_100; gen += 1) make(gen);
      },
    ],
    [
      "cannot be read",
      (world: ReturnType<typeof setup>) => {
        world.make(4);
        world.ittybit.blind = () => ({ kind: "unclear", failure: { code: "c", message: "m" } });
      },
    ],
    [
      "does not exist",
      (world: ReturnType<typeof setup>) => {
        world.make(4);
        world.ittybit.manner = "noList";
      },
    ],
  ])("does not count as without a job if the list %s", async (_, arrange) => {
    const world = setup();
    arrange(world);
    world.state.unheard = [{ gen: 5, since: world.clock.now(), sureAt: world.clock.now() }];
    await world.drive(2 * MINUTE);
    expect(world.unmade()).toEqual([]);
  });
});

describe("after a restore", () => {
  it("all pages are read once, from the given time on, and the older jobs of this ledger are reported", async () => {
    const { clock, state, make, drive, gensFound, lists } = setup();
    for (let gen = 1; gen <= 250; gen += 1) make(gen);
    make(7, "other");
    make(900);
    state.scan = { below: 500, from: clock.now() + 20 * SECOND };
    await drive(19 * SECOND);
    expect(lists()).toEqual([]);
    await drive(10 * SECOND);
    expect(
      gensFound()
        .map(Number)
        .sort((a, b) => a - b),
    ).toEqual(Array.from({ length: 250 }, (_, at) => at + 1));
    expect(lists()).toHaveLength(3);
    await drive(MINUTE);
    expect(lists()).toHaveLength(3);
  });

  it("the pages are read again if one read fails", async () => {
    const { clock, ittybit, state, make, drive, gensFound } = setup();
    for (let gen = 1; gen <= 150; gen += 1) make(gen);
    state.scan = { below: 500, from: clock.now() };
    let asked = 0;
    ittybit.blind = () => {
      asked += 1;
      return asked === 2 ? { kind: "unclear", failure: { code: "c", message: "m" } } : null;
    };
    await drive(20 * SECOND);
    expect(new Set(gensFound()).size).toBe(150);
  });
});
