import type { Exchange } from "../../workers/consumer/src/ittybit/check/recorder.ts";

/*
 * A recording that anybody may read. An allow-list: what is not known to be harmless is replaced by its type and length. Ids and addresses
 * get stand-ins of the same shape, the same for the same, so that what belongs together still does.
 */

export const RECORD_SCHEMA = "prewarm.ittybit-record/1";

export interface Recording {
  schema: typeof RECORD_SCHEMA;
  /** Such as `2026-11-25`. */
  date: string;
  dialect: string;
  exchanges: {
    method: string;
    path: string;
    sent: unknown;
    status: number | null;
    headers: Record<string, string>;
    body: unknown;
  }[];
}

/** Fields whose words are Ittybit's own, or ours. */
const WORDS = new Set(
  "status kind object type format fit quality position background code version topics order state mime".split(" "),
);
const HEADERS = new Set("content-type date link has-more limit retry-after server".split(" "));
const WORD = /^[a-z0-9][a-z0-9_./ -]{0,39}$/i;
const NAME = /^[a-z_][\w-]{0,39}$/i;
const TIME = /^\d{4}-\d\d-\d\d(T[\d:.]+(Z|[+-]\d\d:?\d\d))?$/;
const ID = /^([a-z]{2,12}_)([A-Za-z0-9]{3,64})$/;
/** Of a message that is kept: plain words, no digits, addresses or names in quotes. */
const MESSAGE = /^[A-Za-z ,.;:'’()-]{1,120}$/;
const MESSAGES = new Set("message detail reason title error".split(" "));

interface Names {
  ids: Map<string, string>;
  urls: Map<string, string>;
}

function stand(id: string, { ids }: Names): string {
  const known = ids.get(id);
  if (known !== undefined) return known;
  const [, prefix = "", rest = ""] = ID.exec(id) ?? [];
  const made =
    prefix +
    String(ids.size + 1)
      .padStart(rest.length, "0")
      .slice(-rest.length);
  ids.set(id, made);
  return made;
}

function standUrl(url: URL, names: Names): string {
  const known = names.urls.get(url.href);
  if (known !== undefined) return known;
  const extension = /\.(?:jpe?g|png|webp|avif|gif)$/i.exec(url.pathname)?.[0] ?? "";
  const depth = url.pathname.split("/").length - 1;
  const path = [...Array(Math.max(0, depth - 1)).fill("x"), `${names.urls.size + 1}${extension}`].join("/");
  const query = [...url.searchParams.keys()].filter((name) => NAME.test(name)).map((name) => `${name}=x`);
  const made = `${url.protocol}//host.example/${path}${query.length === 0 ? "" : `?${query.join("&")}`}`;
  names.urls.set(url.href, made);
  return made;
}

function text(value: string, field: string, names: Names): string {
  if (ID.test(value)) return stand(value, names);
  if (/^(https?|s3):\/\//i.test(value) && URL.canParse(value)) return standUrl(new URL(value), names);
  if (WORDS.has(field) && WORD.test(value)) return value;
  if (TIME.test(value)) return value;
  if (MESSAGES.has(field) && MESSAGE.test(value)) return value;
  return `<text of ${value.length}>`;
}

/** Values deeper than this are no part of any answer we know. */
const DEPTH = 12;

function clean(value: unknown, field: string, names: Names, depth = 0): unknown {
  if (typeof value === "string") return text(value, field, names);
  if (typeof value !== "object" || value === null) return value;
  if (depth >= DEPTH) return "<deep>";
  if (Array.isArray(value)) return value.map((one) => clean(one, field, names, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([name, inner], n) => [
      NAME.test(name) && !ID.test(name) ? name : `<name ${n}>`,
      // Our own values stand in metadata, whatever their names.
      field === "metadata" && typeof inner === "string"
        ? `<text of ${inner.length}>`
        : clean(inner, name, names, depth + 1),
    ]),
  );
}

/** Paths are ours: words, and ids. */
function cleanPath(path: string, names: Names): string {
  const { pathname, searchParams } = new URL(path, "http://host.example");
  const place = pathname.split("/").map((part) => (ID.test(part) ? stand(part, names) : part));
  const query = [...searchParams].map(([name, value]) => {
    const harmless = /^\d{1,6}$/.test(value) || name === "order";
    return `${name}=${harmless ? value : ID.test(value) ? stand(value, names) : "x"}`;
  });
  return place.join("/") + (query.length === 0 ? "" : `?${query.join("&")}`);
}

function cleanHeaders(headers: Headers, names: Names): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of headers) {
    if (/ratelimit|rate-limit/.test(name)) kept[name] = /^[\d ,;=a-z]{1,80}$/i.test(value) ? value : "x";
    else if (name === "link")
      kept[name] = value.replace(/<([^<>]*)>/g, (_, to: string) => `<${cleanPath(pathOf(to), names)}>`);
    else if (HEADERS.has(name)) kept[name] = value;
    // The name alone: whose request it was is nobody's business.
    else if (/request-id/.test(name)) kept[name] = "x";
  }
  return kept;
}

function pathOf(address: string): string {
  const { pathname, search } = new URL(address, "http://host.example");
  return pathname + search;
}

export function sanitise(exchanges: readonly Exchange[], dialect: string, date: string): Recording {
  const names: Names = { ids: new Map(), urls: new Map() };
  return {
    schema: RECORD_SCHEMA,
    date,
    dialect,
    exchanges: exchanges.map(({ method, path, sent, status, headers, body }) => ({
      method,
      path: cleanPath(path, names),
      sent: clean(sent, "", names),
      status,
      headers: cleanHeaders(headers, names),
      body: typeof body === "string" ? `<text of ${body.length}>` : clean(body, "", names),
    })),
  };
}
