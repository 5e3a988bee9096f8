import { readLines } from "./read-lines.ts";

/** A request that an access log tells of. */
export interface LoggedRequest {
  /** The address: whole, or from the path on. */
  address: string;
  /** Null: the log has none. */
  status: number | null;
}

/** What a log's line may be beside a request: empty, a comment, or of no form that is known. */
export type LogLine = { kind: "request"; request: LoggedRequest } | { kind: "skipped" } | { kind: "unread" };

/** Fields of JSON lines that hold an address, as CDNs and servers name them; the first that is there counts. */
const ADDRESS_FIELDS = ["ClientRequestURI", "url", "uri", "request_uri", "request", "path", "requestUrl"];
const HOST_FIELDS = ["ClientRequestHost", "host", "vhost"];
const STATUS_FIELDS = ["EdgeResponseStatus", "status", "status_code", "sc-status"];

/**
 * Reads an access log, line by line, in the form that each line has: JSON (Logpush and others; `field` names the one with the address),
 * CloudFront's and W3C's columns (`#Fields:`), the common and combined formats, or addresses alone.
 */
export async function* readLog(bytes: AsyncIterable<Uint8Array>, field: string | null): AsyncGenerator<LogLine> {
  let columns: readonly string[] = [];
  for await (const { text } of readLines(bytes)) {
    if (text?.startsWith("#")) {
      if (text.startsWith("#Fields:")) columns = text.slice("#Fields:".length).trim().split(/\s/);
      yield { kind: "skipped" };
    } else if (text === "") yield { kind: "skipped" };
    else yield text === null ? { kind: "unread" } : readLine(text, columns, field);
  }
}

function readLine(text: string, columns: readonly string[], field: string | null): LogLine {
  const request = text.startsWith("{")
    ? fromJson(text, field)
    : columns.length > 0
      ? fromColumns(text, columns)
      : fromText(text);
  return request === null ? { kind: "unread" } : { kind: "request", request };
}

function fromJson(text: string, field: string | null): LoggedRequest | null {
  let fields: Record<string, unknown>;
  try {
    fields = JSON.parse(text);
  } catch {
    return null;
  }
  const first = (names: readonly string[]): string | null => {
    const found = names
      .map((name) => fields[name])
      .find((value) => typeof value === "string" || typeof value === "number");
    return found === undefined ? null : String(found);
  };
  const written = first(field === null ? ADDRESS_FIELDS : [field]);
  // `request` is the whole line at nginx and Apache: `GET /a.jpg HTTP/1.1`.
  const address = written === null ? null : (REQUEST_LINE.exec(written)?.[1] ?? written);
  return address === null
    ? null
    : { address: behindHost(address, first(HOST_FIELDS)), status: statusOf(first(STATUS_FIELDS)) };
}

const REQUEST_LINE = /^(?:GET|HEAD) (\S+)/;

/** CloudFront writes tabs and W3C spaces; `-` is an empty field, and the query has a column of its own. */
function fromColumns(text: string, columns: readonly string[]): LoggedRequest | null {
  const values = text.split(text.includes("\t") ? "\t" : " ");
  const value = (...names: string[]): string | null => {
    const found = names.map((name) => values[columns.indexOf(name)]).find((each) => each !== undefined && each !== "-");
    return found ?? null;
  };
  const path = value("cs-uri-stem", "cs-uri");
  if (path === null) return null;
  const query = value("cs-uri-query");
  const address = query === null ? path : `${path}?${query}`;
  return {
    address: behindHost(address, value("x-host-header", "cs(Host)", "cs-host")),
    status: statusOf(value("sc-status")),
  };
}

/** `… "GET /a.jpg HTTP/1.1" 200 …`, or an address alone. */
function fromText(text: string): LoggedRequest | null {
  const [, line = "", rest = ""] = text.split('"', 3);
  const address = REQUEST_LINE.exec(line)?.[1];
  if (address !== undefined) return { address, status: statusOf(/^ (\d{3}) /.exec(rest)?.[1] ?? null) };
  return /^(?:\/|https?:\/\/)\S*$/.test(text) ? { address: text, status: null } : null;
}

function behindHost(address: string, host: string | null): string {
  return host === null || !address.startsWith("/") ? address : `https://${host}${address}`;
}

function statusOf(text: string | null): number | null {
  return text !== null && /^\d{3}$/.test(text) ? Number(text) : null;
}
