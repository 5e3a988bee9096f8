import { type LookupAddress, type LookupOptions, lookup as lookUpName } from "node:dns";
import { type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import type { LookupFunction } from "node:net";
import { pipeline, type Readable } from "node:stream";
import { createBrotliDecompress, createGunzip } from "node:zlib";
import { isPublicHost } from "@prewarm/shared/public-address";

/** An answer of the site. */
export interface SiteAnswer {
  /** Where the answer came from, after redirects. */
  url: URL;
  status: number;
  /** Its `Content-Type`, or "". */
  type: string;
  /** Where it redirects, if that was not followed. */
  location: URL | null;
  /** Its `Content-Security-Policy`, and its `Access-Control-Allow-Origin`; null: it has none. */
  policy: string | null;
  sharedWith: string | null;
  /** Decoded. It must be read or destroyed. */
  body: Readable;
}

export interface SiteRequest {
  /** `User-Agent`, `Accept` and the like. No cookie is ever sent. */
  headers: Readonly<Record<string, string>>;
  /** Whether a redirect to this address is followed. */
  follows(next: URL): boolean;
}

export type SiteFetch = (url: URL, request: SiteRequest) => Promise<SiteAnswer>;

export interface SiteAccess {
  /** The origin of a server of our own on this machine, which may be asked. Null: none. */
  own: string | null;
  /** Whether any address of a private network may be asked. */
  allowsPrivate: boolean;
  /** Longest that an answer may take with its body, in ms. */
  timeoutMs: number;
  /** Aborts when nothing is to be asked any more. */
  stop: AbortSignal;
  /** The addresses of a name. Default: the system's. */
  resolve?(name: string): Promise<LookupAddress[]>;
}

/** Something is not asked, or not read to its end. The message says why. */
export class Refused extends Error {}

const REDIRECTS_MAX = 5;

/**
 * Asks a site as a browser would, without cookies. An address of a private network is refused at the connection itself, so that a name cannot
 * point elsewhere between a check and the request. Rejects with Refused, or with the network's error.
 */
export function createSiteFetch(access: SiteAccess): SiteFetch {
  return async (start, { headers, follows }) => {
    const signal = AbortSignal.any([access.stop, AbortSignal.timeout(access.timeoutMs)]);
    for (let [url, n] = [start, 0]; n <= REDIRECTS_MAX; n += 1) {
      const message = await open(url, { ...headers, "accept-encoding": "gzip, br" }, signal, access);
      const { statusCode: status = 0, headers: said } = message;
      const isMoved = status >= 300 && status < 400 && said.location !== undefined;
      const location = isMoved ? URL.parse(said.location ?? "", url) : null;
      if (isMoved && location === null) throw refused(message, "it redirects to what is no address");
      if (location === null || !follows(location))
        return {
          url,
          status,
          type: said["content-type"] ?? "",
          location,
          policy: said["content-security-policy"]?.toString() ?? null,
          sharedWith: said["access-control-allow-origin"] ?? null,
          body: decoded(message),
        };
      message.destroy();
      url = location;
    }
    throw new Refused(`it redirects more than ${REDIRECTS_MAX} times`);
  };
}

function refused(message: IncomingMessage, why: string): Refused {
  message.destroy();
  return new Refused(why);
}

function open(
  url: URL,
  headers: Record<string, string>,
  signal: AbortSignal,
  { own, allowsPrivate, resolve = resolveName }: SiteAccess,
): Promise<IncomingMessage> {
  if (!/^https?:$/.test(url.protocol)) throw new Refused(`${url.protocol} is not fetched`);
  if (url.username !== "" || url.password !== "") throw new Refused("the address holds credentials");
  const isAllowed = allowsPrivate || url.origin === own;
  if (!isAllowed && !isPublicHost(url.hostname)) throw new Refused(`${url.hostname} is a private address`);
  const lookup = (name: string, { all }: LookupOptions, done: Looked): void => {
    resolve(name).then(
      (found) => {
        const closed = found.find(({ address }) => !isPublicAddress(address));
        const [first] = found;
        if (closed !== undefined) done(new Refused(`${name} is at ${closed.address}, a private address`), []);
        else if (first === undefined) done(new Refused(`${name} has no address`), []);
        else if (all) done(null, found);
        else done(null, first.address, first.family);
      },
      (error: Error) => done(error, []),
    );
  };
  return new Promise((done, fail) => {
    const request = url.protocol === "https:" ? requestHttps : requestHttp;
    request(url.href, { headers, signal, ...(isAllowed ? {} : { lookup }) }, done)
      .on("error", fail)
      .end();
  });
}

type Looked = Parameters<LookupFunction>[2];

function resolveName(name: string): Promise<LookupAddress[]> {
  return new Promise((done, fail) => {
    lookUpName(name, { all: true }, (error, found) => (error === null ? done(found) : fail(error)));
  });
}

function isPublicAddress(address: string): boolean {
  // As the URL parser writes it; what it cannot parse, such as an address with a zone, is private.
  const host = URL.parse(address.includes(":") ? `http://[${address}]/` : `http://${address}/`)?.hostname;
  return host !== undefined && isPublicHost(host);
}

/** The body as it was before it was compressed. */
function decoded(message: IncomingMessage): Readable {
  const coding = message.headers["content-encoding"]?.toLowerCase() ?? "";
  const decoder = coding === "br" ? createBrotliDecompress() : /^(x-)?gzip$/.test(coding) ? createGunzip() : null;
  // An error of either is an error of what is read.
  return decoder === null ? message : pipeline(message, decoder, () => {});
}

/** Reads a body to its end. Rejects with Refused beyond `max` bytes, when the body is given up. */
export async function readAll(body: Readable, max: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    // Leaving the loop destroys the body.
    if (bytes > max) throw new Refused(`it is larger than ${max / 1_000_000} MB`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
