import type { Context, MiddlewareHandler } from "hono";
import type { ApiEnv } from "./endpoint.ts";

/** The server's time of an answer, Unix ms: a client that gets 304 takes it in place of the `at` that it has. */
export const AT_HEADER = "Prewarm-At";

/**
 * Lets a client ask whether an answer has changed: each JSON answer of a read has an ETag of its content, and a request
 * that names it gets 304 without a body. The answer is computed all the same, so this saves bytes and no rows.
 */
export const revalidate: MiddlewareHandler<ApiEnv> = async (c, next) => {
  await next();
  if (c.req.method !== "GET" || c.res.status !== 200) return;
  if (!c.res.headers.get("Content-Type")?.startsWith("application/json")) return;
  // biome-ignore lint/plugin: this Worker's own answer
  const etag = c.res.headers.get("ETag") ?? (await etagOf(await c.res.clone().text()));
  c.header("ETag", etag);
  c.header("Cache-Control", "private, no-cache");
  c.header("Vary", "Authorization, Cookie");
  if (!namesIt(c.req.header("If-None-Match"), etag)) return;
  const { headers } = c.res;
  headers.delete("Content-Type");
  headers.delete("Content-Length");
  c.res = new Response(null, { status: 304, headers });
};

/** Tags an answer by the part of it that counts as a change. The time of the answer alone is none. */
export async function tagBy(c: Context<ApiEnv>, { at, ...content }: { at: number } & Record<string, unknown>) {
  c.header(AT_HEADER, String(at));
  c.header("ETag", await etagOf(JSON.stringify(content)));
}

async function etagOf(text: string): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return `W/"${btoa(String.fromCharCode(...new Uint8Array(hash).slice(0, 15)))}"`;
}

function namesIt(header: string | undefined, etag: string): boolean {
  const weak = (tag: string): string => tag.trim().replace(/^W\//, "");
  return header?.split(",").some((tag) => tag.trim() === "*" || weak(tag) === weak(etag)) ?? false;
}
