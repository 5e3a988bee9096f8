/* What a Content-Security-Policy allows. */

/** Whether a header or a `<meta>` forbids the page at `page` to show images of `edge`. A list of policies forbids what one of them forbids. */
export function forbidsImages(policies: string, edge: URL, page: URL): boolean {
  return policies.split(",").some((policy) => {
    const directives = directivesOf(policy);
    const sources = directives.get("img-src") ?? directives.get("default-src");
    return sources !== undefined && !sources.some((source) => allows(source, edge, page, "/images/"));
  });
}

/** The values of a policy's directives, by their names in small letters. Of a directive that is given twice the first counts. */
export function directivesOf(policy: string): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const text of policy.split(";")) {
    const [name = "", ...values] = text.trim().split(/\s+/);
    const lower = name.toLowerCase();
    if (lower !== "" && !found.has(lower)) found.set(lower, values);
  }
  return found;
}

/**
 * Whether a source of a policy of the page at `page` allows `url`, as far as its origin decides. `below`: also all that lies below this path,
 * which ends with a slash; null: at least one path.
 */
export function allows(text: string, url: URL, page: URL, below: string | null): boolean {
  const source = text.toLowerCase();
  if (source === "*") return true;
  if (source === "'self'") return url.origin === page.origin;
  if (/^[a-z][a-z\d+.-]*:$/.test(source)) return allowsScheme(source, url);
  // A scheme has slashes behind it; a host may have a port.
  const [, scheme, host = "", port, path = "/"] =
    /^(?:([a-z][a-z\d+.-]*:)\/\/)?([^/:]*)(?::([^/]*))?(\/.*)?$/.exec(source) ?? [];
  return (
    allowsScheme(scheme ?? page.protocol, url) &&
    allowsHost(host, url) &&
    allowsPort(port, url) &&
    // A path that ends with a slash allows all that lies below.
    (below === null || (path.endsWith("/") && below.startsWith(path)))
  );
}

/** A policy that allows http allows https as well. */
function allowsScheme(scheme: string, url: URL): boolean {
  return scheme === url.protocol || (scheme === "http:" && url.protocol === "https:");
}

function allowsHost(host: string, url: URL): boolean {
  if (host === "*") return true;
  return host.startsWith("*.") ? url.hostname.endsWith(host.slice(1)) : host !== "" && host === url.hostname;
}

/** Without a port the default one is meant, which `URL` leaves out. */
function allowsPort(port: string | undefined, url: URL): boolean {
  return port === "*" || (port ?? "") === url.port;
}
