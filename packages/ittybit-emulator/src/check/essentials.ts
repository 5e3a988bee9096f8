import { type CheckSession, type FinishedJob, fetchPicture, finishJob, jobBody } from "./check-session.ts";
import { errorShape, readJob } from "./read-job.ts";

/** Width of the main variant, in pixels. */
const MAIN_WIDTH = 200;
export const MAIN_OPTIONS = { width: MAIN_WIDTH, format: "webp", quality: "high" };

export async function checkKeys(session: CheckSession): Promise<void> {
  const { client } = session;
  const missing = await client.call("GET", "/jobs", { apiKey: null });
  session.expect("without a key", missing.status === 401, `${missing.status} ${errorShape(missing.body)}`);
  const wrong = await client.call("GET", "/jobs", { apiKey: "ittybit_wrong_key" });
  session.note(
    "with a wrong key",
    wrong.status === 200 ? "200 (any key is taken)" : `${wrong.status} ${errorShape(wrong.body)}`,
  );
}

export async function checkErrors(session: CheckSession): Promise<void> {
  const { client } = session;
  const absent = await client.call("GET", "/jobs/job_00000000000000000000000000");
  session.expect("unknown job", absent.status === 404, `${absent.status} ${errorShape(absent.body)}`);
  const body = { ...jobBody(session, MAIN_OPTIONS), kind: "no_such_kind" };
  const refused = await client.call("POST", "/jobs", { body, idempotencyKey: `${session.runId}-refused` });
  const isRefused = refused.status >= 400 && refused.status < 500;
  session.expect("unknown kind", isRefused, `${refused.status} ${errorShape(refused.body)}`);
}

/** Names the dialect by what a client has to read. */
function dialectOf({ job, words }: FinishedJob): string {
  const detail = `${words.join(" → ")}; id ${job.id?.split("_")[0]}_…; output ${job.locator ?? "not found"}`;
  if (job.isEnvelope) return `v2025 envelope (${detail})`;
  if (job.word === "succeeded" && job.locator === "string") return `reference (${detail})`;
  if (job.word === "completed" && job.locator === "url") return `guide (${detail})`;
  return `a mixture (${detail})`;
}

/** The main variant: made, found and decoded. */
export async function checkMainJob(session: CheckSession): Promise<FinishedJob> {
  const main = await finishJob(session, "main", MAIN_OPTIONS);
  const { job, created } = main;
  session.note("dialect", dialectOf(main));
  session.note("create", `${created.status} in ${created.ms} ms, status "${main.words[0]}"`);
  session.expect("the job ends well", job.state === "done", `${job.word} ${JSON.stringify(job.error)}`);
  session.note("time to done", `${main.tookMs} ms, ${main.looks} looks`);
  session.expect("an output is named", job.outputUrl !== null, job.outputUrl ?? "none");
  return main;
}

export async function checkOutput(session: CheckSession, { job }: FinishedJob): Promise<number> {
  const { response, bytes, metadata } = await fetchPicture(job.outputUrl ?? "");
  session.expect("output needs no key", response.ok, `${response.status} from ${new URL(response.url).host}`);
  const length = response.headers.get("content-length");
  session.note("output headers", `${response.headers.get("content-type")}, length ${length ?? "not told"}`);
  session.note("output cache-control", response.headers.get("cache-control") ?? "none");
  session.expect("output format", metadata.format === "webp", metadata.format);
  const { width, height } = session.originalSize;
  const expectedHeight = (MAIN_WIDTH * height) / width;
  const isRight = metadata.width === MAIN_WIDTH && Math.abs(metadata.height - expectedHeight) <= 1;
  session.expect(
    "width only keeps the shown aspect",
    isRight,
    `${width}×${height} → ${metadata.width}×${metadata.height}`,
  );
  const kept = (["exif", "icc", "xmp", "iptc"] as const).filter((name) => metadata[name] !== undefined);
  session.note("metadata kept", kept.join(", ") || "none");
  session.note("bytes at high", `${bytes.byteLength}`);
  return bytes.byteLength;
}

/** Same key again: after the end, so that a snapshot and the present state differ; then with another body. */
export async function checkReplay(session: CheckSession, main: FinishedJob): Promise<void> {
  const idempotencyKey = `${session.runId}-main`;
  const replay = await session.client.call("POST", "/jobs", { body: jobBody(session, MAIN_OPTIONS), idempotencyKey });
  const seen = readJob(replay.body);
  session.expect("replay is the same job", seen.id === main.job.id, `${replay.status}, id ${seen.id}`);
  session.note(
    "replay body",
    seen.word === main.words[0] ? `as created ("${seen.word}")` : `as it is now ("${seen.word}")`,
  );
  const other = jobBody(session, { ...MAIN_OPTIONS, width: MAIN_WIDTH + 1 });
  const conflict = await session.client.call("POST", "/jobs", { body: other, idempotencyKey });
  const isSame = readJob(conflict.body).id === main.job.id;
  session.note("same key, other body", `${conflict.status} ${isSame ? "the first job" : errorShape(conflict.body)}`);
}
