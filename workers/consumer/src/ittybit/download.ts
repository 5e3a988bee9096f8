import { errorText } from "@prewarm/shared/log";
import { refusalOf } from "@prewarm/shared/public-address";
import { readAtMost } from "@prewarm/shared/read-at-most";
import type { Body, Download, Failed, Unfetched } from "../engine.ts";
import { isSigned, secretsOf } from "../platform/signed-url.ts";

const TIMEOUT_MS = 30_000;
const MAX_HOPS = 3;

interface DownloadSettings {
  fetch: typeof fetch;
  /** Development only: the local emulator serves its results from http on loopback. */
  allowLoopbackHttp: boolean;
  maxBytes: number;
}

interface Answer {
  response: Response;
  /** Such as `store.example.net answered HTTP 403 (application/xml)`. */
  said: string;
}

function tooLarge(maxBytes: number): Failed {
  const failure = { code: "output_too_large", message: `the result is larger than ${maxBytes} bytes` };
  return { kind: "failed", class: "permanent", failure };
}

function unfetched(code: Unfetched["code"], status: number | null, message: string): Unfetched {
  return { kind: "unfetched", code, status, message };
}

/** A type as the host declares it, or that it declares none that can be read. */
function typeOf(response: Response): string {
  return /^[\w.+-]{1,40}\/[\w.+-]{1,60}/.exec(response.headers.get("content-type") ?? "")?.[0] ?? "no content type";
}

/** Follows redirects by hand and judges the address at every hop. No credentials go out. */
async function open(url: string, settings: DownloadSettings, signal: AbortSignal): Promise<Answer | Download> {
  let target = new URL(url);
  for (let hop = 0; hop <= MAX_HOPS; hop += 1) {
    const refusal = refusalOf(target, settings.allowLoopbackHttp);
    if (refusal !== null)
      return { kind: "failed", class: "transient", failure: { code: "output_blocked", message: refusal } };
    const response = await settings.fetch(target.href, {
      headers: { accept: "image/*", "accept-encoding": "identity" },
      redirect: "manual",
      signal,
    });
    const said = `${target.host} answered HTTP ${response.status} (${typeOf(response)})`;
    const location = response.headers.get("location");
    if (response.status < 300 || response.status > 399 || location === null) return { response, said };
    await response.body?.cancel();
    target = new URL(location, target);
  }
  return unfetched("output_unreachable", null, `${target.host} redirects in circles`);
}

/**
 * What it means that a result is refused. 404 and 410: it is no longer there; so does 401 or 403 under a signed URL, which has run out. 401 and
 * 403 without any signature: the Ittybit project keeps its files private (access rules), so that none of its results can be fetched.
 */
function refused({ response: { status }, said }: Answer, url: URL): Unfetched {
  if (status === 404 || status === 410) return unfetched("output_expired", status, said);
  if (status !== 401 && status !== 403) return unfetched("output_unreachable", status, said);
  if (isSigned(url)) return unfetched("output_expired", status, said);
  const because = "if it does so for every result, access rules keep the Ittybit project's files private";
  return unfetched("output_private", status, `${said}: ${because}; make them public (docs/internals/ittybit.md)`);
}

/** The length the body must have; null when chunked or encoded (then Content-Length counts other bytes). */
function declaredLength(response: Response): number | null {
  const encoding = response.headers.get("content-encoding") ?? "identity";
  const text = response.headers.get("content-length");
  return encoding === "identity" && text !== null && /^\d+$/.test(text) ? Number(text) : null;
}

async function readBody({ response, said }: Answer, maxBytes: number): Promise<Body> {
  const declared = declaredLength(response);
  const bytes = await readAtMost(response.body, maxBytes + 1);
  const total = bytes.byteLength;
  if (total > maxBytes) return tooLarge(maxBytes);
  if (declared !== null && total !== declared)
    return unfetched("output_invalid", response.status, `${said}, and ${total} of ${declared} bytes came`);
  return { kind: "bytes", bytes, from: said };
}

function unreachable(url: string, error: unknown): Unfetched {
  const host = URL.canParse(url) ? new URL(url).host : "the result's host";
  return unfetched("output_unreachable", null, `${host} did not answer: ${errorText(error, secretsOf(url))}`);
}

/**
 * Asks for a result. An address that must not be fetched is a failure. The body is read by `read`, whole or not at all and never beyond
 * `maxBytes`. Neither throws.
 */
export async function openDownload(url: string, settings: DownloadSettings): Promise<Download> {
  try {
    const answer = await open(url, settings, AbortSignal.timeout(TIMEOUT_MS));
    if ("kind" in answer) return answer;
    const { response } = answer;
    const bytes = declaredLength(response) ?? settings.maxBytes;
    if (response.ok && bytes <= settings.maxBytes) {
      const read = () => readBody(answer, settings.maxBytes).catch((error) => unreachable(url, error));
      return { kind: "open", bytes, read };
    }
    await response.body?.cancel();
    return response.ok ? tooLarge(settings.maxBytes) : refused(answer, new URL(url));
  } catch (error) {
    return unreachable(url, error);
  }
}
