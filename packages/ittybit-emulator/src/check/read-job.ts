/** What any of the service's dialects says about a job. */
export interface ReadJob {
  id: string | null;
  /** The status as it was written. */
  word: string;
  state: "open" | "done" | "failed" | "cancelled";
  outputUrl: string | null;
  error: unknown;
  isEnvelope: boolean;
  /** `string`, `url` or `outputs`: where the output was found. */
  locator: "string" | "url" | "outputs" | null;
}

type Json = Record<string, unknown>;

const STATES: Record<string, ReadJob["state"]> = {
  succeeded: "done",
  completed: "done",
  ready: "done",
  failed: "failed",
  error: "failed",
  cancelled: "cancelled",
  canceled: "cancelled",
};

export function isJson(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** `{meta, data, …}` is taken off when the body has no status of its own. */
export function unwrap(body: unknown): { content: unknown; isEnvelope: boolean } {
  const isEnvelope = isJson(body) && "data" in body && !("status" in body) && !("object" in body);
  return { content: isEnvelope ? body.data : body, isEnvelope };
}

function locate(job: Json): Pick<ReadJob, "outputUrl" | "locator"> {
  const { output, outputs } = job;
  if (typeof output === "string") return { outputUrl: output, locator: "string" };
  if (isJson(output) && typeof output.url === "string") return { outputUrl: output.url, locator: "url" };
  const first: unknown = Array.isArray(outputs) ? outputs[0] : undefined;
  const url = isJson(first) ? first.url : first;
  return typeof url === "string" ? { outputUrl: url, locator: "outputs" } : { outputUrl: null, locator: null };
}

/** Reads a job without requiring any field: an unknown status is open. */
export function readJob(body: unknown): ReadJob {
  const { content, isEnvelope } = unwrap(body);
  const job = isJson(content) ? content : {};
  const word = typeof job.status === "string" ? job.status : "";
  const id = typeof job.id === "string" ? job.id : null;
  const error = job.error ?? null;
  return { id, word, state: STATES[word] ?? "open", error, isEnvelope, ...locate(job) };
}

/** The service's own name for an error, or how the body looks instead. */
export function errorShape(body: unknown): string {
  if (!isJson(body)) return typeof body === "string" ? "text" : typeof body;
  if (typeof body.kind === "string") return `{kind: "${body.kind}", message}`;
  if (isJson(body.error)) return `{error: {${Object.keys(body.error).join(", ")}}}`;
  return `{${Object.keys(body).join(", ")}}`;
}
