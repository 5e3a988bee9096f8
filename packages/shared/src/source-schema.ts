import * as z from "zod";
import type { SourceConfig } from "./config.ts";
import { addressFault, isLoopback } from "./public-address.ts";
import { bindingName, type Fault, ownFunction, repeated, rule } from "./schema-parts.ts";

/* `sources` of prewarm.config.ts. */

/** The edge's and the consumer's own bucket: originals among the variants would be purged with them. */
const STORE_BINDING = "IMAGES_BUCKET";

const sourceSchema = z
  .union(
    [
      z.strictObject({ prefix: z.string(), url: z.union([z.string(), ownFunction<(id: string) => string | null>()]) }),
      z.strictObject({
        prefix: z.string(),
        bucket: bindingName,
        key: z.string(),
        viewers: z.enum(["placeholder", "redirect"], "write placeholder or redirect").optional(),
        maxUnsignedPx: z.int("write a whole number of px").min(1, "write 1 px or more").optional(),
      }),
    ],
    "write { prefix, url } or { prefix, bucket, key }, all texts, or a function as url; beside a bucket, viewers may be placeholder or redirect, and maxUnsignedPx a number",
  )
  .superRefine(rule(sourceFaults));

export const sourcesSchema = z
  .array(sourceSchema)
  .min(1, 'name at least one place originals come from: { prefix: "", url: "https://…/{id}" }')
  .superRefine(
    rule((sources: readonly SourceConfig[]) =>
      repeated(
        sources.map(({ prefix }) => prefix),
        (index, first) => ({
          path: [index, "prefix"],
          mend: `"${sources[index]?.prefix}" is sources[${first}]'s already: only that one would be used`,
        }),
      ),
    ),
  );

function sourceFaults(source: SourceConfig): Fault[] {
  const faults: Fault[] = [];
  const [field, template] = "url" in source ? ["url", source.url] : ["key", source.key];
  if (typeof template === "function") {
    // What it returns is judged at each call.
  } else if (template.split("{id}").length !== 2)
    faults.push({ path: [field], mend: "write {id} exactly once, where the id belongs" });
  else if ("url" in source) faults.push(...urlMends(template).map((mend) => ({ path: [field], mend })));
  if (/^\//.test(source.prefix)) faults.push({ path: ["prefix"], mend: "ids begin without a slash: leave it out" });
  if ("bucket" in source && source.bucket === STORE_BINDING) {
    const mend = `${STORE_BINDING} keeps the variants: bind the originals' bucket under another name`;
    faults.push({ path: ["bucket"], mend });
  }
  return faults;
}

function urlMends(template: string): string[] {
  const filled = template.replace("{id}", "x");
  const [head = ""] = template.split("{id}");
  if (!/^https?:\/\/[^/?#]+\//.test(head) || !URL.canParse(filled))
    return ["write a whole URL with {id} after its host, such as https://cdn.example.com/originals/{id}"];
  const url = new URL(filled);
  const mend = addressFault(url);
  if (mend !== null) return [mend];
  return url.href === filled ? [] : [`write it in its normal form: ${withId(url.href)}`];
}

/** A filled template with `{id}` where its last x stands. */
function withId(href: string): string {
  const at = href.lastIndexOf("x");
  return `${href.slice(0, at)}{id}${href.slice(at + 1)}`;
}

const OWN_ROUTE =
  "this is the edge's own route, so that an original would be asked of the edge for ever: name the server that keeps the originals" +
  " (if this is one, write the edge's own hosts into deploy)";

/**
 * A source that is the edge itself. `edgeHosts` are its known hosts. While none is known, /images/ anywhere but on a loopback host is taken for its
 * route.
 */
export function ownRouteFaults(source: SourceConfig, edgeHosts: readonly string[]): Fault[] {
  const template = "url" in source && typeof source.url === "string" ? source.url : "";
  const url = urlMends(template).length === 0 ? URL.parse(template.replace("{id}", "x")) : null;
  if (url === null || template.split("{id}").length !== 2) return [];
  const isOwn =
    edgeHosts.length === 0
      ? url.pathname.startsWith("/images/") && !isLoopback(url.hostname)
      : /^\/(images|originals)\//.test(url.pathname) &&
        (edgeHosts.includes(url.host) || edgeHosts.includes(url.hostname));
  return isOwn ? [{ path: ["url"], mend: OWN_ROUTE }] : [];
}
