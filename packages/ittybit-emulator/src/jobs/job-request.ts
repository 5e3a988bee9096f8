import type * as z from "zod";
import { ApiError, invalidRequest } from "../errors.ts";
import {
  FORMATS_BY_KIND,
  type ImageOptions,
  imageOptions,
  type JobKind,
  strictImageOptions,
} from "../pixels/image-options.ts";
import type { PictureOrder } from "../pixels/renderer.ts";
import type { Settings } from "../settings.ts";

/** A create request that was found well-formed: what a job is made from. */
export interface JobRequest extends PictureOrder {
  /** `s3://bucket/key`, or null for Ittybit's own store. */
  output: string | null;
  metadata: Record<string, unknown>;
  webhookUrl: string | null;
}

/** The reference's table; `webhook_url` is in the guides only. */
const FIELDS = new Set(["input", "kind", "options", "output", "metadata"]);
const LEGACY_FIELDS = new Set(["url", "kind", "connection_id", "destination", "metadata", "webhook_url"]);

/** What the dialects differ in. */
interface RequestRules {
  oldRequests: boolean;
  webhookField: boolean;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Dialects B and C wrote `url` and flat options; the profiles of 2025 read both spellings. */
function modernised(body: Record<string, unknown>): Record<string, unknown> {
  if (typeof body.url !== "string" || body.input !== undefined) return body;
  const flat = Object.entries(body).filter(([name]) => !LEGACY_FIELDS.has(name) && name !== "options");
  const options = { ...Object.fromEntries(flat), ...(isRecord(body.options) ? body.options : {}) };
  const { kind, metadata, webhook_url, destination } = body;
  return { input: body.url, kind, options, metadata, webhook_url, output: destination };
}

function parseInput(input: unknown): string {
  if (input === undefined || input === null || input === "") throw invalidRequest("input is required");
  if (typeof input !== "string") throw invalidRequest("input must be a string");
  if (!/^(https?|s3):\/\/[^/\s]/i.test(input) || !URL.canParse(input)) {
    throw new ApiError(400, "invalid_input", "input must be a http://, https://, or s3:// URL");
  }
  return input;
}

function parseKind(kind: unknown): JobKind {
  if (kind === undefined || kind === null) throw invalidRequest("kind is required");
  if (typeof kind !== "string" || !Object.hasOwn(FORMATS_BY_KIND, kind)) {
    throw invalidRequest(`kind must be one of ${Object.keys(FORMATS_BY_KIND).join(", ")}`);
  }
  return kind as JobKind;
}

function issueText(error: z.ZodError): string {
  const issue = error.issues[0];
  const path = ["options", ...(issue?.path ?? [])].join(".");
  return `${path} ${issue?.message ?? "is invalid"}`;
}

/** `jpg` is a guide's spelling: the reference knows `jpeg` only. */
function checkFormat(kind: JobKind, options: ImageOptions, settings: Settings): void {
  if (options.format === undefined) return;
  if (options.format === "jpg" && kind === "image" && settings.profile !== "reference") return;
  const allowed: readonly string[] = FORMATS_BY_KIND[kind];
  if (!allowed.includes(options.format)) {
    const message = `format ${options.format} is not supported for kind ${kind}; use ${allowed.join(", ")}`;
    throw new ApiError(400, "format_unsupported", message);
  }
}

function parseOptions(kind: JobKind, options: unknown, settings: Settings): ImageOptions {
  if (options === undefined || options === null) return {};
  if (!isRecord(options)) throw invalidRequest("options must be an object");
  const isPicture = kind === "image" || kind === "animation";
  if (!isPicture) return options;
  const parsed = (settings.strict ? strictImageOptions : imageOptions).safeParse(options);
  if (!parsed.success) throw invalidRequest(issueText(parsed.error));
  checkFormat(kind, parsed.data, settings);
  return options as ImageOptions; // as given, not as parsed: answers repeat them in their order
}

function parseOutput(output: unknown): string | null {
  if (output === undefined || output === null) return null;
  if (typeof output !== "string" || !/^s3:\/\/[^/\s]+\/[^\s]+$/.test(output)) {
    throw invalidRequest("output must be an s3://bucket/key URL");
  }
  return output;
}

function isLoopback(url: URL): boolean {
  return url.hostname === "localhost" || url.hostname === "[::1]" || url.hostname.startsWith("127.");
}

/** @throws ApiError 400 */
export function parseWebhookUrl(value: unknown, settings: Settings): string | null {
  if (value === undefined || value === null) return null;
  if (typeof value !== "string" || !URL.canParse(value)) throw invalidRequest("webhook_url must be a URL");
  const url = new URL(value);
  const allowed = url.protocol === "https:" || (settings.allowHttpLoopbackWebhooks && isLoopback(url));
  if (!allowed) throw invalidRequest("webhook_url must use https");
  return value;
}

/**
 * The body of `POST /jobs` as a job request.
 * @throws ApiError 400 `invalid_input`, `format_unsupported` or `request_invalid`
 */
export function parseJobRequest(body: unknown, settings: Settings, dialect: RequestRules): JobRequest {
  if (!isRecord(body)) throw invalidRequest("the body must be a JSON object");
  const fields = dialect.oldRequests ? modernised(body) : body;
  if (settings.strict) {
    const unknown = Object.keys(fields).find(
      (name) => !FIELDS.has(name) && !(name === "webhook_url" && dialect.webhookField),
    );
    if (unknown !== undefined) throw invalidRequest(`unknown field ${unknown}`);
  }
  const { metadata } = fields;
  if (metadata !== undefined && metadata !== null && !isRecord(metadata)) {
    throw invalidRequest("metadata must be an object");
  }
  const kind = parseKind(fields.kind);
  return {
    input: parseInput(fields.input),
    kind,
    options: parseOptions(kind, fields.options, settings),
    output: parseOutput(fields.output),
    metadata: metadata ?? {},
    webhookUrl: parseWebhookUrl(fields.webhook_url, settings),
  };
}
