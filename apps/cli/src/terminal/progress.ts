import { printable } from "@prewarm/shared/printable";
import type { Output } from "../platform/context.ts";

/** Where the work stands. */
export interface Snapshot {
  /** `sending` or `making`. */
  label: string;
  unit: "images" | "variants" | "lines" | "pages";
  done: number;
  /** Null: not known, as when reading from a pipe. */
  total: number | null;
  /** Share done, 0–1, where it is known otherwise than by `total`: how much of a file has been read. */
  share?: number | null;
  failed: number;
  /** Times the server asked us to wait. */
  throttled: number;
}

export interface Progress {
  update(snapshot: Snapshot): void;
  /** A remark that stays, above the moving line. */
  note(text: string): void;
  /** Wipes the moving line. */
  end(): void;
}

interface ProgressOptions {
  out: Output;
  now(): number;
  /** False: plain lines, as for a log. */
  animate: boolean;
  quiet: boolean;
}

/** A moving line is redrawn at most 10 times a second, and a plain one written every 10 s. */
const DRAW_EVERY_MS = 100;
const PLAIN_EVERY_MS = 10_000;
/** The rate is that of this last stretch, in ms. */
const WINDOW_MS = 10_000;
const BAR_CELLS = 20;
const WIPE = "\r\u001b[2K";

/** The progress of a long command, on stderr. */
export function createProgress({ out, now, animate, quiet }: ProgressOptions): Progress {
  const every = animate ? DRAW_EVERY_MS : PLAIN_EVERY_MS;
  const meter = createRateMeter();
  let drawnAt = animate ? Number.NEGATIVE_INFINITY : now();
  let drawn = false;
  const wipe = (): void => {
    if (drawn) out.write(WIPE);
    drawn = false;
  };
  return {
    update(snapshot) {
      const at = now();
      const rate = meter.sample(snapshot, at);
      if (quiet || at - drawnAt < every) return;
      drawnAt = at;
      const line = formatSnapshot(snapshot, rate, animate);
      out.write(animate ? WIPE + fitColumns(line, out.columns) : `${line}\n`);
      drawn = animate;
    },
    note(text) {
      if (quiet) return;
      wipe();
      out.write(`${printable(text)}\n`);
      drawnAt = animate ? Number.NEGATIVE_INFINITY : drawnAt;
    },
    end: wipe,
  };
}

/** Units per second over the last stretch; null before there are two samples of one kind. */
function createRateMeter() {
  let samples: { at: number; done: number; share: number }[] = [];
  let label = "";
  return {
    sample(snapshot: Snapshot, at: number): Rate | null {
      if (snapshot.label !== label) samples = [];
      label = snapshot.label;
      const last = samples.at(-1);
      // One sample per draw at most, so that a million updates keep a hundred samples.
      if (last === undefined || at - last.at >= DRAW_EVERY_MS)
        samples.push({ at, done: snapshot.done, share: shareOf(snapshot) ?? 0 });
      while (samples.length > 2 && at - (samples[0]?.at ?? at) > WINDOW_MS) samples.shift();
      const first = samples[0];
      if (first === undefined || at <= first.at) return null;
      const seconds = (at - first.at) / 1000;
      return {
        done: (snapshot.done - first.done) / seconds,
        share: ((shareOf(snapshot) ?? 0) - first.share) / seconds,
      };
    },
  };
}

interface Rate {
  /** Units per second. */
  done: number;
  /** Share per second. */
  share: number;
}

function shareOf({ total, done, share }: Snapshot): number | null {
  if (share !== undefined && share !== null) return Math.min(1, share);
  return total === null || total === 0 ? null : Math.min(1, done / total);
}

function formatSnapshot(snapshot: Snapshot, rate: Rate | null, bar: boolean): string {
  const share = shareOf(snapshot);
  const { label, unit, done, total, failed, throttled } = snapshot;
  const eta = share === null || rate === null || rate.share <= 0 ? null : (1 - share) / rate.share;
  return [
    bar && share !== null ? `${label} ${drawBar(share)}` : label,
    `${formatCount(done)}${total === null ? "" : `/${formatCount(total)}`} ${unit}`,
    share === null ? null : `${Math.floor(share * 100)} %`,
    rate === null ? null : `${formatRate(rate.done)}/s`,
    eta === null ? null : `ETA ${formatSeconds(eta)}`,
    failed === 0 ? null : `${formatCount(failed)} failed`,
    throttled === 0 ? null : `throttled ${formatCount(throttled)}×`,
  ]
    .filter((part) => part !== null)
    .join("  ");
}

function drawBar(share: number): string {
  const full = Math.floor(share * BAR_CELLS);
  return `[${"#".repeat(full)}${"-".repeat(BAR_CELLS - full)}]`;
}

/** A line that wraps cannot be wiped, so it is cut one short of the width. */
function fitColumns(line: string, columns: number | undefined): string {
  return columns === undefined || columns <= 0 || line.length < columns ? line : line.slice(0, columns - 1);
}

export function formatCount(count: number): string {
  return count.toLocaleString("en-US");
}

function formatRate(rate: number): string {
  return rate >= 10 || rate === 0 ? formatCount(Math.round(rate)) : rate.toFixed(1);
}

/** `8 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h`. */
export function formatSeconds(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const units: [string, number][] = [
    ["d", 86_400],
    ["h", 3600],
    ["min", 60],
    ["s", 1],
  ];
  const at = units.findIndex(([, size]) => whole >= size);
  if (at === -1) return "0 s";
  const parts: string[] = [];
  let rest = whole;
  for (const [name, size] of units.slice(at, at + 2)) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) parts.push(`${count} ${name}`);
  }
  return parts.join(" ");
}
