import { jobOptions } from "@prewarm/consumer/ittybit/job-request";
import { type Film, FilmFault } from "@prewarm/shared/film/film";
import { readFilm } from "@prewarm/shared/film/read-film";
import { orientedSize, readImageHeader } from "@prewarm/shared/image-header";
import { readAtMost } from "@prewarm/shared/read-at-most";
import type { Transform } from "@prewarm/shared/transform";
import { fetchOutput } from "./essentials.ts";
import type { Observation } from "./observation.ts";
import { ended, type Session, submit } from "./session.ts";

const STILL: Transform = { fit: null, pos: null, width: 120, height: null, quality: "high", format: "webp" };
/** Seconds past the end of a film. */
const PAST = 60;
/** Encoders round halves either way. */
const TOLERANCE_PX = 1;

type Still = { bytes: Uint8Array; width: number; height: number } | { said: string };

/** The header, as the consumer reads it; why there is none, as text. */
async function lookAt(url: string, session: Session): Promise<Film | string> {
  const part = async (from: number, length: number): Promise<Response> =>
    session.fetch(url, { headers: { range: `bytes=${from}-${from + length - 1}` } });
  try {
    const first = await part(0, 1);
    await first.body?.cancel();
    const total = Number(first.headers.get("content-range")?.split("/")[1]);
    if (first.status !== 206 || !(total > 0)) return `its host answers a range with ${first.status}`;
    return await readFilm(async (from, length) => readAtMost((await part(from, length)).body, length), total);
  } catch (error) {
    return error instanceof FilmFault ? error.message : "it cannot be fetched from here";
  }
}

async function still(session: Session, n: number, input: string, film: Film, start: number): Promise<Still> {
  const options = jobOptions(STILL, film, null, start);
  const made = await submit(session, { ...session.order(n, STILL, input), options });
  if (made.kind !== "made") return { said: "failure" in made ? `refused: ${made.failure.message}` : made.kind };
  const job = await ended(session, made.job.id);
  if (job.status !== "done") return { said: `${job.said}: ${job.error?.message ?? "no reason"}` };
  const output = await fetchOutput(session, job);
  const header = output.ok ? readImageHeader(output.bytes) : null;
  if (!output.ok || header === null) return { said: output.ok ? "the result is no picture" : output.message };
  return { bytes: output.bytes, ...orientedSize(header) };
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}

/** What the service does with a film: whether it hears a time, what it makes past the end, and whether it turns: three jobs. */
export async function observeVideo(session: Session): Promise<Observation[]> {
  const { video } = session.options;
  if (video === null) return [];
  const film = await lookAt(video, session);
  if (typeof film === "string") return [{ what: "the film", seen: `not tried: ${film}`, differs: null }];
  const middle = Math.floor(film.seconds / 2);
  const [first, later, past] = [
    await still(session, 90, video, film, 0),
    await still(session, 91, video, film, middle),
    await still(session, 92, video, film, Math.ceil(film.seconds) + PAST),
  ];
  if ("said" in first || "said" in later) {
    const costs = "leave posters() out of prewarm.config.ts: each poster would be paid for and fail";
    const seen = [first, later].flatMap((one) => ("said" in one ? one.said : []))[0] ?? "";
    return [{ what: "a film's still", seen, differs: "it makes no stills of films", costs }];
  }
  return [timeOf(first, later, middle), pastOf(past, later, film), turnOf(first, film)];
}

function timeOf(first: { bytes: Uint8Array }, later: { bytes: Uint8Array }, middle: number): Observation {
  const what = "a still's time";
  if (!isSame(first.bytes, later.bytes)) return { what, seen: `0 s and ${middle} s differ`, differs: null };
  const costs = "all posters of a film may be one picture; the same is seen of a film that does not move";
  return { what, seen: `0 s and ${middle} s are one picture`, differs: "it makes one still for two times", costs };
}

/** Prewarm asks for none: what is seen here is for the documentation. */
function pastOf(past: Still, later: { bytes: Uint8Array }, { seconds }: Film): Observation {
  const what = `${PAST} s past the end (${seconds.toFixed(1)} s)`;
  if ("said" in past) return { what, seen: past.said, differs: null };
  return { what, seen: isSame(past.bytes, later.bytes) ? "the still of the middle" : "a still", differs: null };
}

function turnOf(still: { width: number; height: number }, { width, height, rotation }: Film): Observation {
  const what = "a turned film";
  const isRight = Math.abs(still.height - (still.width * height) / width) <= TOLERANCE_PX;
  const shape = `${still.width} × ${still.height} of ${width} × ${height}`;
  if (isRight && rotation === 0) return { what, seen: `not tried: the film is not turned (${shape})`, differs: null };
  if (isRight) return { what, seen: `turned by ${rotation}°, as players show it (${shape})`, differs: null };
  const costs = "their posters end dead, and viewers get the placeholder";
  const differs = rotation === 0 ? "its stills have another shape than the film" : "it does not turn films";
  return { what, seen: shape, differs, costs };
}
