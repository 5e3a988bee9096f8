import { WarmItem, WarmRequest, type warmOptions } from "@prewarm/control-schema/warm";
import { ApiError } from "@prewarm/shared/api-errors";
import { readCsv } from "@prewarm/shared/csv";
import { isTooDeep, parseForeignJson } from "@prewarm/shared/foreign-json";
import type * as z from "zod";
import { invalidInput } from "../platform/invalid-input.ts";
import { parseBody } from "../platform/request-body.ts";
import { decode, splitLines } from "./split-lines.ts";

const COLUMNS = ["id", "v", "sourceEtag", "recipe", "presets", "transforms"] as const;

/** One item as it came; `fault` when it could not even be read. */
export type RawItem = { value: unknown } | { fault: string };

interface WarmInput {
  items: AsyncIterable<RawItem> | Iterable<RawItem>;
  options: z.infer<typeof warmOptions>;
}

/** Opens a warm body by its content type. Throws `media_type_unsupported`, `body_invalid`, `body_too_deep`. */
export async function readWarmBody(request: Request): Promise<WarmInput> {
  const type = (request.headers.get("Content-Type") ?? "").split(";")[0]?.trim().toLowerCase();
  const body = request.body;
  if (body === null) throw new ApiError("body_invalid", { detail: "The body is empty." });
  if (type === "application/json") return readJson(body);
  if (type === "application/x-ndjson" || type === "application/ndjson" || type === "application/jsonl") {
    return { items: ndjsonItems(body), options: {} };
  }
  if (type === "text/csv") return { items: csvItems(body), options: {} };
  const allowed = ["application/json", "application/x-ndjson", "text/csv"];
  throw new ApiError("media_type_unsupported", { detail: `Send one of ${allowed.join(", ")}.`, allowed });
}

async function readJson(body: ReadableStream<Uint8Array>): Promise<WarmInput> {
  let text = "";
  for await (const piece of decode(body)) text += piece;
  const parsed = WarmRequest.safeParse(parseBody(text));
  if (!parsed.success) throw invalidInput("json", parsed.error);
  const { items, ...options } = parsed.data;
  return { items: items.map((value) => ({ value })), options };
}

async function* ndjsonItems(body: ReadableStream<Uint8Array>): AsyncGenerator<RawItem> {
  for await (const line of splitLines(decode(body))) {
    if (line === null) yield { fault: "The line is too long." };
    else if (line.trim() !== "") yield ndjsonItem(line.trim());
  }
}

/** A line is a JSON object, a JSON string, or the id as it stands. */
function ndjsonItem(line: string): RawItem {
  if (!line.startsWith("{") && !line.startsWith('"')) return { value: { id: line } };
  try {
    const value = parseForeignJson(line);
    return { value: typeof value === "string" ? { id: value } : value };
  } catch {
    return { fault: isTooDeep(line) ? "The line's JSON is nested too deeply." : "The line is not valid JSON." };
  }
}

async function* csvItems(body: ReadableStream<Uint8Array>): AsyncGenerator<RawItem> {
  let hasHeader = false;
  const rows = readCsv(decode(body), (names) => {
    checkHeader(names);
    hasHeader = true;
  });
  for await (const row of rows)
    yield "cells" in row ? { value: row.cells } : { fault: `Line ${row.line}: ${row.fault}.` };
  if (!hasHeader) throw new ApiError("body_invalid", { detail: "The CSV has no header." });
}

function checkHeader(names: readonly string[]): void {
  const unknown = names.find((name) => !COLUMNS.some((known) => known === name));
  if (unknown === undefined && names.includes("id") && new Set(names).size === names.length) return;
  const detail = `The first line of a CSV names its columns: id, and any of ${COLUMNS.slice(1).join(", ")}, each once.`;
  throw new ApiError("body_invalid", {
    detail,
    allowed: COLUMNS,
    ...(unknown === undefined ? {} : { column: unknown.slice(0, 100) }),
  });
}

/** Checks an item against the schema. Throws `body_invalid`. */
export function readItem(raw: RawItem): WarmItem {
  if ("fault" in raw) throw new ApiError("body_invalid", { detail: raw.fault });
  const parsed = WarmItem.safeParse(typeof raw.value === "string" ? { id: raw.value } : raw.value);
  if (!parsed.success) throw new ApiError("body_invalid", { detail: issueText(parsed.error.issues[0]) });
  return parsed.data;
}

function issueText(issue: { path: PropertyKey[]; message: string } | undefined): string {
  const path = issue?.path.map(String).join(".") ?? "";
  return path === "" ? "An item is an object with an id." : `${path}: ${issue?.message ?? ""}`;
}
