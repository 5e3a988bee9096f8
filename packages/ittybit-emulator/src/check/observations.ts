import sharp from "sharp";
import { type CheckSession, type FinishedJob, fetchPicture, finishJob, type Picture } from "./check-session.ts";
import { MAIN_OPTIONS } from "./essentials.ts";
import { isJson, unwrap } from "./read-job.ts";

/** The output of one more job, or why there is none. */
async function variant(session: CheckSession, name: string, options: object): Promise<Picture | string> {
  const { job } = await finishJob(session, name, options);
  if (job.state !== "done" || job.outputUrl === null) return `${job.word} ${JSON.stringify(job.error)}`;
  return fetchPicture(job.outputUrl);
}

export async function observeEnlarging(session: CheckSession): Promise<void> {
  const { width } = session.originalSize;
  const asked = Math.min(8192, width + 100);
  const picture = await variant(session, "enlarge", { width: asked, format: "webp", quality: "very_low" });
  if (typeof picture === "string") return session.note("enlarging", picture);
  const { width: got } = picture.metadata;
  const word = got === asked ? "yes" : got === width ? "no, the original's width" : "neither";
  session.note("enlarging", `${word}: ${width} asked at ${asked} is ${got}`);
}

const GREEN = "#00ff00";

export async function observeContain(session: CheckSession): Promise<void> {
  const options = { width: 160, height: 160, fit: "contain", background: GREEN, format: "png" };
  const picture = await variant(session, "contain", options);
  if (typeof picture === "string") return session.note("contain", picture);
  const { width, height } = picture.metadata;
  if (width !== 160 || height !== 160) return session.note("contain", `no padding: ${width}×${height}`);
  const corner = await sharp(picture.bytes)
    .ensureAlpha()
    .extract({ left: 0, top: 0, width: 1, height: 1 })
    .raw()
    .toBuffer();
  const isGreen = (corner[0] ?? 255) < 40 && (corner[1] ?? 0) > 200;
  session.note(
    "contain",
    `160×160, padded ${isGreen ? "with" : "without"} the background (corner ${[...corner].join(" ")})`,
  );
}

export async function observeQuality(session: CheckSession, highBytes: number): Promise<void> {
  const picture = await variant(session, "quality", { ...MAIN_OPTIONS, quality: "very_low" });
  if (typeof picture === "string") return session.note("quality", picture);
  const share = Math.round((100 * picture.bytes.byteLength) / highBytes);
  session.note("quality", `very_low is ${share} % of high's bytes`);
}

function idsOf(body: unknown): { ids: string[]; shape: string } {
  const { content, isEnvelope } = unwrap(body);
  const jobs: unknown[] = Array.isArray(content) ? content : [];
  const ids = jobs.flatMap((job) => (isJson(job) && typeof job.id === "string" ? [job.id] : []));
  const shape = !Array.isArray(content) ? "no array" : isEnvelope ? "array in an envelope" : "bare array";
  return { ids, shape };
}

/** Lists: shape, headers, order, and whether the `input` filter finds the original's jobs. */
export async function observeLists(session: CheckSession, main: FinishedJob): Promise<void> {
  const { client } = session;
  const recent = await client.call("GET", "/jobs?limit=100");
  const { ids, shape } = idsOf(recent.body);
  const headers = ["limit", "has-more", "link"].filter((name) => recent.headers.has(name));
  session.note("list", `${recent.status} ${shape}; headers ${headers.join(", ") || "none"}; ${recent.ms} ms`);
  const at = ids.indexOf(main.job.id ?? "");
  // Three more jobs were made after the main one.
  const order = at === -1 ? "the job is not on the first page" : at >= 3 ? "newest first" : "not newest first";
  session.note("list order", `${order} (the first of 4 jobs is number ${at + 1} of ${ids.length})`);
  const filtered = await client.call("GET", `/jobs?limit=100&input=${encodeURIComponent(session.options.original)}`);
  const found = idsOf(filtered.body).ids.includes(main.job.id ?? "");
  session.note("list by input", `${filtered.status}, ${found ? "finds the job" : "does not find the job"}`);
}
