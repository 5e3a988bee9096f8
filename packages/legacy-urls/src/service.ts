import type { Config } from "@prewarm/shared/config";
import { deployHosts } from "@prewarm/shared/deploy";
import { secretList } from "@prewarm/shared/environment";
import { AppError, problemBody } from "@prewarm/shared/errors";
import { formatId } from "@prewarm/shared/image-id";
import type { LegacyEdge as EdgeOf, LegacyReading, LegacyService as ServiceOf } from "@prewarm/shared/legacy";
import { sign } from "@prewarm/shared/signature";
import type { Asked } from "./asked.ts";
import { isId, type NameImage } from "./image-of.ts";
import { nearestOpen } from "./nearest-open.ts";
import { openOffer, uploadOffer } from "./offer.ts";

export type LegacyService = ServiceOf<Config>;
export type LegacyEdge = EdgeOf<Config>;

/** What every service may be told. */
export interface ServiceOptions {
  /** Hosts whose URLs are read, such as `img.example.com`. Default: any host. */
  hosts?: readonly string[];
  /** From the service's name of an image to its id. Default: the name is the id. */
  id?: NameImage;
  /**
   * Whether a URL becomes the nearest of all that needs no signature (each width of `ladder` in each of `formats`), and not of what uploads
   * make. More URLs are exact then, and a variant that no upload makes is made at its first view. Default false.
   */
  exact?: boolean;
  /**
   * What becomes of an URL that hides the picture or a part of it (a blur, a watermark, a named transformation that `presets` lacks).
   * `refuse`: it is answered 403. `show`: the picture is shown without that. Default `refuse`.
   */
  hiding?: "refuse" | "show";
}

/** What only services that sign may be told. */
export interface SigningOptions extends ServiceOptions {
  /** Names of Worker secrets that hold the service's keys, each a comma-separated list; any of them verifies. Default: signatures are not looked at. */
  secrets?: readonly string[];
}

/** A signature and its end in Unix seconds. `absent`: the URL has none. */
export type Verdict = "absent" | "bad" | { expires: number | null };

/** How a service writes its URLs. */
export interface Grammar {
  name: string;
  /** Reads a URL; null: it is no image URL of the service. */
  parse(url: URL, config: Config): Asked | null;
  /** Judges the URL's signature. Default: the service signs nothing. */
  judge?(url: URL, keys: readonly string[]): Verdict | Promise<Verdict>;
}

/** Longer URLs are not read: no service's own pages have one. */
const URL_MAX = 4096;
/** A nearest answer may become exact when the configuration grows, so browsers ask again after a day. */
const APPROXIMATE_SECONDS = 86_400;

export function createService(grammar: Grammar, options: SigningOptions): LegacyService {
  const { hosts = [], id, secrets = [], exact = false, hiding = "refuse" } = options;
  const offerOf = exact ? openOffer : uploadOffer;
  const read = (url: URL, config: Config): LegacyReading | null => {
    if (url.href.length > URL_MAX || (hosts.length > 0 && !hosts.includes(url.host))) return null;
    const asked = grammar.parse(url, config);
    if (asked === null) return null;
    const named = nameOf(asked.id, id);
    const found = named === null ? null : nearestOpen({ ...asked, id: named }, offerOf(config));
    const literal = asked.literal === null ? null : nameOf(asked.literal, id);
    const reading = found === null || literal === null ? found : { ...found, literal };
    return reading?.exactness === "refused" && hiding === "show" ? shown(reading) : reading;
  };
  return {
    name: grammar.name,
    secrets,
    hosts,
    read,
    async serve(request, next, edge) {
      const url = /^(GET|HEAD)$/.test(request.method) ? URL.parse(request.url) : null;
      const reading = url === null ? null : read(url, edge.config);
      if (url === null || reading === null) return next(request);
      // Before its signature is judged: a right one was given for the hidden picture.
      if (reading.exactness === "refused") return refusal(hidden(reading), request.method);
      const ask = async (imageId: string): Promise<Response> => {
        const path = `/images/${formatId(imageId)}`;
        const proof = await proofOf(grammar, secrets, { url, path }, edge);
        const response = await next(new Request(`${url.origin}${path}?${reading.query}${proof}`, request));
        return response.status < 400
          ? told(response, grammar.name, reading, `${hostOf(hosts, url.host, edge)}${path}`)
          : response;
      };
      const response = await ask(reading.id);
      return reading.literal !== undefined && isMissing(response) ? ask(reading.literal) : response;
    },
  };
}

/** The site's id of a service's image; null: it names none. */
function nameOf(name: string, id: NameImage | undefined): string | null {
  const named = id === undefined ? name : id(name);
  return named !== null && isId(named) ? named : null;
}

/** Whether the edge knows that there is no such original. */
function isMissing({ headers }: Response): boolean {
  return headers.get("Cache-Status")?.includes("detail=missing") ?? false;
}

/** The reading of a site that shows what an old URL hid. */
function shown(reading: LegacyReading): LegacyReading {
  const losses = reading.losses.map((loss) =>
    loss.kind === "hiding" ? { ...loss, kind: "unsupported" as const } : loss,
  );
  return { ...reading, exactness: "unsupported", losses };
}

/** Not in the table of the edge's errors: only a site with old URLs carries it. */
const HIDDEN = { status: 403, message: "This URL hides its picture or a part of it, which cannot be done here." };

function hidden({ losses }: LegacyReading): AppError {
  const parameter = losses.find(({ kind }) => kind === "hiding")?.parameter;
  return new AppError("picture_hidden", { detail: `"${parameter}" hides the picture, or may.`, parameter }, HIDDEN);
}

/** An answer that nobody keeps. `method`: HEAD gets no body. */
function refusal(error: AppError, method: string): Response {
  const headers = {
    "Content-Type": "application/problem+json",
    "Cache-Control": "no-store",
    "Access-Control-Allow-Origin": "*",
  };
  return new Response(method === "HEAD" ? null : problemBody(error), { status: error.status, headers });
}

/** Where the image URL is found: on the host of the old URL, unless that one is the service's alone. */
function hostOf(hosts: readonly string[], asked: string, { config }: LegacyEdge): string {
  const environments = Object.values(config.deploy).map((environment) => deployHosts({ environment }));
  const own = environments.find((all) => all.includes(asked))?.find((host) => !hosts.includes(host));
  return hosts.length > 0 && own !== undefined ? `https://${own}` : "";
}

/**
 * What the image URL carries so that the edge judges it as the old one: nothing without a signature; the signature of the image where the old
 * one is right, so that its end and `access: "private"` hold; a wrong one where it is wrong, which the edge refuses as it refuses all.
 */
async function proofOf(
  { judge }: Grammar,
  secrets: readonly string[],
  { url, path }: { url: URL; path: string },
  { config, keys, clock, env }: LegacyEdge,
): Promise<string> {
  if (judge === undefined || secrets.length === 0) return "";
  const verdict = await judge(url, keysOf(secrets, env));
  if (verdict === "absent") return "";
  const [key] = keys;
  const isOver = verdict !== "bad" && verdict.expires !== null && clock.now() >= verdict.expires * 1000;
  if (verdict === "bad" || isOver) return "&s=bad";
  if (verdict.expires === null && config.access !== "private") return "";
  const query = `${verdict.expires === null ? "" : `exp=${verdict.expires}&`}sc=image`;
  return key === undefined ? "&s=bad" : `&${query}&s=${await sign(path, query, key, config)}`;
}

function keysOf(secrets: readonly string[], env: object): string[] {
  return Object.entries(env).flatMap(([name, value]) =>
    secrets.includes(name) && typeof value === "string" ? secretList(value) : [],
  );
}

/** The answer with the image URL that it belongs to, and whether it is only the nearest one. */
function told(response: Response, name: string, { query, exactness }: LegacyReading, place: string): Response {
  const answer = new Response(response.body, response);
  answer.headers.set("Link", `<${place}?${query}>; rel="canonical"`);
  if (exactness === "exact") return answer;
  answer.headers.append("Cache-Status", `${name}; detail=approximate`);
  const seconds = /^public, max-age=(\d{1,12}), immutable$/.exec(answer.headers.get("Cache-Control") ?? "")?.[1];
  if (seconds !== undefined)
    answer.headers.set("Cache-Control", `public, max-age=${Math.min(Number(seconds), APPROXIMATE_SECONDS)}`);
  return answer;
}

/** Whether two texts are the same; the time it takes tells only their lengths. */
export function isSameText(one: string, other: string): boolean {
  let differences = one.length ^ other.length;
  for (let at = 0; at < one.length; at += 1) differences |= one.charCodeAt(at) ^ other.charCodeAt(at);
  return differences === 0;
}
