import { type Format, QUALITIES, type Quality } from "../../packages/shared/src/config.ts";
import type { Transform } from "../../packages/shared/src/transform.ts";
import { fetchOutput } from "../../workers/consumer/src/ittybit/check/essentials.ts";
import { ended, type Session, submit } from "../../workers/consumer/src/ittybit/check/session.ts";
import type { LabSession } from "./lab-session.ts";
import type { Observation } from "./observation.ts";
import { type Luma, readLuma } from "./png.ts";
import { ssim } from "./ssim.ts";

const WIDTH = 320;
/** A word means what it means in WebP, which a URL without a format is. */
const MEASURE = "webp";
const FORMATS = ["avif", "webp", "jpeg"] as const satisfies readonly Format[];
/** Words are told apart from here on. Chosen: below it two pictures look alike. */
const LEAST_GAIN = 0.003;

/** SSIM beside a PNG of the same size. */
type Measured = Record<(typeof FORMATS)[number], Record<Quality, number>>;

/** A job's result. @throws Error where there is none */
async function make(
  session: Session,
  n: number,
  transform: Transform,
  input?: string,
): Promise<{ url: string; bytes: Uint8Array }> {
  const made = await submit(session, session.order(n, transform, input));
  if (made.kind !== "made") throw new Error("failure" in made ? made.failure.message : made.kind);
  const job = await ended(session, made.job.id);
  const output = await fetchOutput(session, job);
  if (!output.ok || job.output === null) throw new Error(output.ok ? "the job names no result" : output.message);
  return { url: job.output, bytes: output.bytes };
}

/** As a PNG, which is the only format that is read here: Ittybit makes it of its own result. */
async function lumaOf(session: Session, n: number, transform: Transform, input?: string): Promise<Luma> {
  const luma = readLuma((await make(session, n, { ...transform, format: "png" }, input)).bytes);
  if (luma === null) throw new Error("its PNG is of a kind that is not read here");
  return luma;
}

async function measure(session: Session): Promise<Measured> {
  const base: Transform = { fit: null, pos: null, width: WIDTH, height: null, quality: "very_high", format: "png" };
  const reference = await lumaOf(session, 50, base);
  const measured: Partial<Measured> = {};
  for (const [f, format] of FORMATS.entries()) {
    const words = await Promise.all(
      QUALITIES.map(async (quality, q) => {
        const n = 51 + 2 * (f * QUALITIES.length + q);
        const { url } = await make(session, n, { ...base, format, quality });
        const luma = await lumaOf(session, n + 1, { ...base, width: null }, url);
        if (luma.width !== reference.width || luma.height !== reference.height) throw new Error("sizes differ");
        return [quality, ssim(reference, luma)] as const;
      }),
    );
    measured[format] = Object.fromEntries(words) as Record<Quality, number>;
  }
  return measured as Measured;
}

/** The word of this format that looks most like `quality` does in WebP; the word itself where another one gains little. */
export function nearestWord(words: Record<Quality, number>, quality: Quality, aim: number): Quality {
  const off = (word: Quality): number => Math.abs(words[word] - aim);
  const best = QUALITIES.toSorted((a, b) => off(a) - off(b))[0] ?? quality;
  return off(quality) - off(best) < LEAST_GAIN ? quality : best;
}

/** What each word for a quality means in each format, as SSIM, and which words would make them alike: 31 jobs. */
export async function observeQuality(session: LabSession): Promise<Observation[]> {
  if (!session.options.quality) return [];
  const measured = await measure(session);
  const rows = QUALITIES.map((quality) => {
    const seen = FORMATS.map((format) => `${format} ${measured[format][quality].toFixed(3)}`).join(", ");
    return { what: `quality ${quality}`, seen, differs: null };
  });
  const formats = FORMATS.flatMap((format) => {
    const words = QUALITIES.flatMap((quality) => {
      const word = nearestWord(measured[format], quality, measured[MEASURE][quality]);
      return word === quality ? [] : [`${quality}: "${word}"`];
    });
    return words.length === 0 ? [] : [`${format}: { ${words.join(", ")} }`];
  });
  if (formats.length === 0) return rows;
  const differs = "its words for quality look different by format";
  const setting = `ittybit: { qualities: { ${formats.join(", ")} } }`;
  const costs = "of two formats of one quality one has more bytes than it needs, or looks worse";
  return [...rows, { what: "qualities", seen: "differ by format", differs, costs, setting }];
}
