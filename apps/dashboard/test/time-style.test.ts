import { beforeAll, beforeEach, describe, expect, it, vi } from "vitest";

type Module = typeof import("../src/lib/time-style.ts");
const NOW = Date.UTC(2026, 10, 28, 16, 45);
let times: Module;

beforeAll(async () => {
  vi.stubEnv("TZ", "Europe/Berlin");
  const kept = new Map<string, string>();
  vi.stubGlobal("localStorage", { getItem: (name: string) => kept.get(name) ?? null, setItem: kept.set.bind(kept) });
  times = await import("../src/lib/time-style.ts");
});
beforeEach(() => times.setTimeStyle("relative"));

describe("one choice for every time", () => {
  it.each([
    ["relative", "6 min ago", "17:39:00", "bulk has been paused since 17:39, until 29 Nov 09:00."],
    ["local", "17:39:00", "17:39:00", "bulk has been paused since 17:39, until 29 Nov 09:00."],
    ["UTC", "16:39:00 UTC", "16:39:00 UTC", "bulk has been paused since 16:39 UTC, until 29 Nov 08:00 UTC."],
  ] as const)("%s", (style, moment, clock, sentence) => {
    times.setTimeStyle(style);
    const at = Date.UTC(2026, 10, 28, 16, 39);
    const said = "bulk has been paused since 2026-11-28T16:39Z, until 2026-11-29T08:00Z.";
    expect([times.moment(at, NOW), times.clockTime(at, NOW), times.inZone(said, NOW)]).toEqual([
      moment,
      clock,
      sentence,
    ]);
  });

  it("finds ten minutes of the log by a time of the last day, or by a day and a time", () => {
    const minute = 60_000;
    const around = (text: string) => times.aroundTime(text, NOW);
    const of = (at: number) => ({ from: at - 5 * minute, to: at + 5 * minute });
    // It is 17:45 in Berlin.
    expect(around("14:05")).toEqual(of(Date.UTC(2026, 10, 28, 13, 5)));
    expect(around("18:05")).toEqual(of(Date.UTC(2026, 10, 27, 17, 5)));
    times.setTimeStyle("UTC");
    expect(around("14:05")).toEqual(of(Date.UTC(2026, 10, 28, 14, 5)));
    expect(around("2026-11-24 14:05")).toEqual(of(Date.UTC(2026, 10, 24, 14, 5)));
    expect([around("purge"), around("25:99"), around("")]).toEqual([null, null, null]);
  });

  it("is the next one by the palette, and is kept", () => {
    times.nextTimeStyle();
    expect([times.timeStyle.value, localStorage.getItem("prewarm.times")]).toEqual(["local", "local"]);
  });

  it("a day is the reader's", () => {
    const berlin = Date.UTC(2026, 9, 24, 22);
    expect(times.spanOfDay("2026-10-25")).toEqual({ from: berlin, to: berlin + 25 * 3_600_000 - 1 });
    times.setTimeStyle("UTC");
    const utc = Date.UTC(2026, 9, 25);
    expect(times.spanOfDay("2026-10-25")).toEqual({ from: utc, to: utc + 86_400_000 - 1 });
    expect(times.spanOfDay("")).toEqual({});
  });
});
