import { extname } from "node:path";
import * as z from "zod";
import type { Context } from "../platform/context.ts";
import { CliError, EXIT, usageError } from "../platform/exit-codes.ts";
import { findMisfit } from "../platform/find-misfit.ts";
import { sendRequest } from "../platform/http-request.ts";
import { checkItem, type Namer, type Read } from "./item.ts";
import { readOne } from "./read-text.ts";

/*
 * R2 is listed through Cloudflare's REST API and not through S3: one API token does it, the same that deploys the Workers, and no S3 key
 * pair has to be made (developers.cloudflare.com/api/resources/r2/subresources/buckets/subresources/objects/methods/list, read 2026-11).
 */
const API = "https://api.cloudflare.com/client/v4";
/** The most that one page holds (same page). */
const PAGE_MAX = "1000";
const IMAGE_EXTENSIONS = /^\.(jpe?g|png|webp|avif|gif|heic|heif|tiff?|bmp|jfif)$/i;

interface R2Listing {
  bucket: string;
  prefix: string;
  /** `default`, or one of `JURISDICTIONS`. */
  jurisdiction: string | null;
}

/** One page of the listing, the parts that matter here. */
const Page = z.object({
  result: z.array(
    z.object({
      key: z.string(),
      etag: z.string().nullish(),
      http_metadata: z.object({ contentType: z.string().nullish() }).nullish(),
    }),
  ),
  result_info: z.object({ cursor: z.string().nullish(), is_truncated: z.boolean().optional() }).nullish(),
});
type Page = z.infer<typeof Page>;

/** The images in a bucket under a prefix, as `bucket/key`; the etag goes along, so that a replaced original is made anew. */
export async function* readR2Prefix(listing: R2Listing, namer: Namer, context: Context): AsyncGenerator<Read> {
  let cursor: string | null = null;
  do {
    const page: Page = await readPage(listing, cursor, context);
    for (const { key, etag = null, http_metadata: http } of page.result) {
      if (!isImage(key, http?.contentType ?? null)) continue;
      yield readOne(`${listing.bucket}/${key}`, () =>
        checkItem({ ...namer.fromKey(key), ...(etag === null ? {} : { sourceEtag: etag }) }),
      );
    }
    cursor = cursorAfter(page);
  } while (cursor !== null);
}

/** Goes by the type that the upload gave, else by the name. A key without an extension counts as an image, because ids often have none. */
export function isImage(key: string, contentType: string | null): boolean {
  if (key.endsWith("/")) return false;
  if (contentType?.startsWith("image/")) return true;
  const extension = extname(key);
  const untold = contentType === null || contentType === "application/octet-stream";
  return IMAGE_EXTENSIONS.test(extension) || (extension === "" && untold);
}

async function readPage(
  { bucket, prefix, jurisdiction }: R2Listing,
  cursor: string | null,
  context: Context,
): Promise<Page> {
  const { account, token } = readAccount(context);
  const query = new URLSearchParams({ per_page: PAGE_MAX, prefix, ...(cursor === null ? {} : { cursor }) });
  const base = context.env.CLOUDFLARE_API_BASE_URL || API;
  const url = `${base}/accounts/${encodeURIComponent(account)}/r2/buckets/${encodeURIComponent(bucket)}/objects?${query}`;
  const headers: Record<string, string> = { authorization: `Bearer ${token}` };
  if (jurisdiction !== null) headers["cf-r2-jurisdiction"] = jurisdiction;
  const answer = await sendRequest(context, { method: "GET", url, headers });
  if (answer.status === 401 || answer.status === 403)
    throw new CliError(EXIT.auth, "Cloudflare refuses CLOUDFLARE_API_TOKEN.", "It needs the right to read R2 storage.");
  if (answer.status === 404) throw usageError(`There is no R2 bucket ${bucket} in this account.`);
  if (answer.status !== 200) throw new CliError(EXIT.unreachable, `Listing ${bucket}: status ${answer.status}.`);
  const page = parseJson(answer.body);
  const misfit = findMisfit(page, Page, "the page");
  if (misfit === null) return page as Page;
  throw new CliError(EXIT.unreachable, `listing ${bucket}: the answer is not this API's: ${misfit}.`);
}

/** Where the next page starts; null: this is the last. */
function cursorAfter({ result, result_info: info }: Page): string | null {
  const more = info?.is_truncated ?? result.length > 0;
  return more && info?.cursor ? info.cursor : null;
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
}

function readAccount({ env }: Context): { account: string; token: string } {
  const { CLOUDFLARE_ACCOUNT_ID: account, CLOUDFLARE_API_TOKEN: token } = env;
  if (!account || !token)
    throw usageError(
      "--r2-prefix lists R2 through Cloudflare's API: set CLOUDFLARE_ACCOUNT_ID and CLOUDFLARE_API_TOKEN.",
    );
  return { account, token };
}
