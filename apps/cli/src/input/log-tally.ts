import type { Config } from "@prewarm/shared/config";
import type { LegacyLoss, LegacyReading } from "@prewarm/shared/legacy";
import { isPassThrough } from "@prewarm/shared/source";
import { expandTransforms, formatTransform } from "@prewarm/shared/transform";
import { recipesOf } from "@prewarm/shared/upload-recipe";
import { variantsOf } from "@prewarm/site-pages/page-fixes";
import type { LogLine } from "./read-log.ts";
import { createTopCounts } from "./top-counts.ts";

type Exactness = LegacyReading["exactness"];
/** `none`: an old URL that is refused, or shows the original as it is. */
type Warmth = "warm" | "cold" | "none";

/** What is lost by one parameter, over all requests. */
export interface LostParameter {
  parameter: string;
  kind: LegacyLoss["kind"];
  requests: number;
  /** The first address that it stands in. */
  example: string;
}

/** What a log says of the old URLs. Everything in it is bounded, so a log of any length is counted in the same memory. */
export interface LogTally {
  /** Counts a line; `read` reads the address of a request, and answers null where it is no old URL. */
  add(line: LogLine, read: (address: string) => LegacyReading | null): void;
  readonly lines: Record<"read" | "skipped" | "unread" | "failed" | "other", number>;
  readonly requests: Record<Exactness, number>;
  /** Requests whose variant an upload makes, or does not make, or that get no variant. */
  readonly variants: Record<Warmth, number>;
  /** Exact requests that get another width. */
  readonly rounded: number;
  /** The most frequent first. */
  parameters(): readonly LostParameter[];
  /** Lines of the configuration, each with the requests that lack it. */
  missingLines(most: number): readonly (readonly [line: string, requests: number])[];
  /** Widths in px that are not offered. */
  widths(most: number): readonly (readonly [width: string, requests: number])[];
  /** What was asked for most often, and is not refused. */
  pictures(most: number): readonly { id: string; query: string; requests: number }[];
}

/** Different parameters, lines and widths that are kept apart; a real log has a hundredth of them. */
const KEPT = 2000;
/** Characters of an example. */
const EXAMPLE_MAX = 200;

/** `pictures`: how many pictures `pictures()` will be asked for at most. `config`: of the site that answers the old URLs. */
export function createLogTally(pictures: number, config: Config): LogTally {
  const lines: LogTally["lines"] = { read: 0, skipped: 0, unread: 0, failed: 0, other: 0 };
  const requests: LogTally["requests"] = { exact: 0, approximate: 0, unsupported: 0, refused: 0 };
  const lost = new Map<string, LostParameter>();
  const wanted = createTopCounts(KEPT);
  const widths = createTopCounts(KEPT);
  // Four times as many as are asked for, so that what is forgotten was far from the end of the list.
  const seen = createTopCounts(4 * pictures);
  const warmthOf = warmthIn(config);
  const variants: LogTally["variants"] = { warm: 0, cold: 0, none: 0 };
  let rounded = 0;
  const count = (reading: LegacyReading, address: string): void => {
    const { id, query, exactness, losses, roundedFrom } = reading;
    requests[exactness] += 1;
    variants[warmthOf(reading)] += 1;
    // Nothing is shown of a refused one, so nothing of it is warmed.
    if (exactness !== "refused") seen.add(`${query} ${id}`);
    if (roundedFrom !== null) widths.add(String(roundedFrom));
    if (roundedFrom !== null && exactness === "exact") rounded += 1;
    for (const { parameter, kind } of losses) {
      const known = lost.get(parameter);
      if (known !== undefined) known.requests += 1;
      else if (lost.size < KEPT)
        lost.set(parameter, { parameter, kind, requests: 1, example: copyOf(address.slice(0, EXAMPLE_MAX)) });
    }
    for (const line of new Set(losses.flatMap(({ line }) => line ?? []))) wanted.add(line);
  };
  return {
    lines,
    requests,
    variants,
    get rounded() {
      return rounded;
    },
    add(line, read) {
      if (line.kind !== "request") lines[line.kind] += 1;
      else if ((line.request.status ?? 0) >= 400) lines.failed += 1;
      else {
        const reading = read(line.request.address);
        lines[reading === null ? "other" : "read"] += 1;
        if (reading !== null) count(reading, line.request.address);
      }
    },
    parameters: () => [...lost.values()].toSorted((one, other) => other.requests - one.requests),
    missingLines: (most) => wanted.top(most),
    widths: (most) => widths.top(most),
    pictures: (most) => seen.top(most).map(pictureOf),
  };
}

/** `text`: query and id, as `count` notes them. A query contains no blank. */
function pictureOf([text, requests]: readonly [text: string, requests: number]) {
  const end = text.indexOf(" ");
  return { id: text.slice(end + 1), query: text.slice(0, end), requests };
}

/** Whether an upload makes the variant of an old URL. */
function warmthIn(config: Config): (reading: LegacyReading) => Warmth {
  const made = variantsOf(recipesOf(config).upload, config);
  return ({ id, query, exactness }) => {
    if (exactness === "refused" || isPassThrough(config, id)) return "none";
    return expandTransforms(query, config).every((each) => made.has(formatTransform(each))) ? "warm" : "cold";
  };
}

/** The same text without what it was cut from: a slice keeps the whole piece of the log in memory. */
function copyOf(text: string): string {
  return Buffer.from(text).toString();
}
