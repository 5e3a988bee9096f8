import type { Job, JobDetail } from "@prewarm/control-schema/jobs";
import { useEffect, useState } from "preact/hooks";
import { ask } from "../api/session.ts";
import { errorOf } from "../lib/error-of.ts";
import { count, plural, savedShare } from "../lib/format.ts";
import { isShowable, pictureUrl } from "../lib/paths.ts";
import { centreCrop, EDGE, similarity } from "../lib/similarity.ts";
import { transformWords } from "../lib/transform-words.ts";

/** Images that one sheet compares, and refused ones that it shows beside them. */
const PAIRS_MAX = 24;
const REFUSED_MAX = 8;
/** Pictures are loaded for so many images at once. */
const AT_ONCE = 4;
/** A picture that has not come after this time counts as not readable, in ms. */
const LOAD_MS = 20_000;

interface Pair {
  job: JobDetail;
  /** Null: they could not be compared; `why` says so. */
  score: number | null;
  why: string | null;
}

/** Original beside variant of a part of a run's images, the least alike first. The browser computes how alike they are. */
export function ContactSheet({ run }: { run: string }) {
  const [pairs, setPairs] = useState<readonly Pair[]>([]);
  const [state, setState] = useState<{ of: number } | Error | null>(null);
  useEffect(() => {
    const gone = new AbortController();
    compareRun(run, gone.signal, {
      begins: (of) => setState({ of }),
      has: (pair) => setPairs((all) => [...all, pair].sort((a, b) => rank(a) - rank(b))),
    }).catch((error: unknown) => gone.signal.aborted || setState(errorOf(error)));
    return () => gone.abort();
  }, [run]);
  if (state instanceof Error) return <p class="strip bad">{state.message}</p>;
  return (
    <>
      <p role="status" class="muted">
        {state === null || pairs.length < state.of
          ? `Compared ${count(pairs.length)} of ${state === null ? "…" : count(state.of)}.`
          : `${plural(pairs.length, "image")}, the least alike first.`}
      </p>
      <ul class="pairs">
        {pairs.map((pair) => (
          <Row key={pair.job.job} {...pair} />
        ))}
      </ul>
    </>
  );
}

/** Refused ones first, then those that could not be compared, then the least alike. */
function rank({ job, score }: Pair): number {
  return job.state === "refused" ? -2 : (score ?? -1);
}

function Row({ job, score, why }: Pair) {
  const [original, variant] = [job.originalUrl, job.state === "stored" ? pictureUrl(job.id, job.key) : null];
  return (
    <li>
      <a href={`/jobs/${job.job}`} class="break">
        {job.id}
      </a>
      <div>
        <Square url={job.state === "refused" ? null : original} name="Original" why={job.error?.message ?? why} />
        <Square url={variant} name="Variant" why="No variant" />
      </div>
      <p class="small-text muted">
        {score !== null && <b class="num">{Math.round(score * 100)} % alike</b>} {transformWords(job.transform)}
        {job.originalBytes !== null && job.bytes !== null && ` · ${savedShare(job.originalBytes, job.bytes)}`}
        {score === null && why !== null && ` · ${why}`}
      </p>
    </li>
  );
}

function Square({ url, name, why }: { url: string | null; name: string; why: string | null }) {
  if (isShowable(url)) return <img src={url} alt={name} loading="lazy" referrerpolicy="no-referrer" />;
  return <p class="muted small-text break">{why ?? "No URL serves this."}</p>;
}

interface Told {
  begins(of: number): void;
  has(pair: Pair): void;
}

async function compareRun(run: string, signal: AbortSignal, told: Told): Promise<void> {
  const list = async (state: Job["state"], most: number) => {
    const { jobs } = await ask("GET /api/v1/jobs", { query: { run, state: [state], limit: 200 }, signal });
    return [...new Map(jobs.map((job) => [job.id, job])).values()].slice(0, most);
  };
  const jobs = [...(await list("refused", REFUSED_MAX)), ...(await list("stored", PAIRS_MAX))];
  told.begins(jobs.length);
  const waiting = jobs.values();
  const work = async () => {
    for (const { job } of waiting) {
      const detail = await ask("GET /api/v1/jobs/{job}", { params: { job }, signal });
      const found = await compare(detail);
      if (signal.aborted) return;
      told.has({ job: detail, ...found });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

async function compare({ state, id, key, originalUrl }: JobDetail): Promise<Omit<Pair, "job">> {
  if (state !== "stored" || originalUrl === null) return { score: null, why: null };
  try {
    const [original, variant] = await Promise.all([load(originalUrl), load(pictureUrl(id, key))]);
    const like = { width: variant.naturalWidth, height: variant.naturalHeight };
    const whole = { width: original.naturalWidth, height: original.naturalHeight };
    const score = similarity(
      pixels(original, centreCrop(whole, like)),
      pixels(variant, [0, 0, like.width, like.height]),
    );
    return { score, why: null };
  } catch {
    return { score: null, why: "its host does not let this page read the picture (CORS)" };
  }
}

/** Of another host it is readable only where that sends `Access-Control-Allow-Origin`. */
async function load(url: string): Promise<HTMLImageElement> {
  const image = new Image();
  image.crossOrigin = "anonymous";
  image.referrerPolicy = "no-referrer";
  image.src = url;
  const late = new Promise<never>((_, reject) => setTimeout(reject, LOAD_MS, new Error("late")));
  await Promise.race([image.decode(), late]);
  return image;
}

/** A part of a picture as EDGE × EDGE pixels, on white. */
function pixels(image: HTMLImageElement, part: ReturnType<typeof centreCrop>): Uint8ClampedArray {
  const canvas = document.createElement("canvas");
  canvas.width = EDGE;
  canvas.height = EDGE;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (context === null) throw new Error("no canvas");
  context.fillStyle = "#fff";
  context.fillRect(0, 0, EDGE, EDGE);
  context.imageSmoothingQuality = "high";
  context.drawImage(image, ...part, 0, 0, EDGE, EDGE);
  return context.getImageData(0, 0, EDGE, EDGE).data;
}
