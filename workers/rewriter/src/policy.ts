/* What a Content-Security-Policy says of images from the edge. */

/** Whether a header or a `<meta>` forbids the page at `page` to show images of `edge`. A list of policies forbids what one of them forbids. */
export function forbidsImages(policies: string, edge: URL, page: URL): boolean {
  return policies.split(",").some((policy) => {
    const sources = sourcesOf(policy, "img-src") ?? sourcesOf(policy, "default-src");
    return sources !== null && !sources.some((source) => allows(source, edge, page));
  });
}

/** The directive's sources; null: the policy does not have it. Of a directive that is given twice the first counts. */
function sourcesOf(policy: string, directive: string): string[] | null {
  const words = policy.split(";").map((text) => text.trim().split(/\s+/));
  const found = words.find(([name]) => name?.toLowerCase() === directive);
  return found === undefined ? null : found.slice(1);
}

function allows(text: string, edge: URL, page: URL): boolean {
  const source = text.toLowerCase();
  if (source === "*") return true;
  if (source === "'self'") return edge.origin === page.origin;
  if (/^[a-z][a-z\d+.-]*:$/.test(source)) return allowsScheme(source, edge);
  // A scheme has slashes behind it; a host may have a port.
  const [, scheme, host = "", port, path = "/"] =
    /^(?:([a-z][a-z\d+.-]*:)\/\/)?([^/:]*)(?::([^/]*))?(\/.*)?$/.exec(source) ?? [];
  return (
    allowsScheme(scheme ?? page.protocol, edge) &&
    allowsHost(host, edge) &&
    allowsPort(port, edge) &&
    // A path that ends with a slash allows all that lies below; image URLs begin with this one.
    path.endsWith("/") &&
    "/images/".startsWith(path)
  );
}

/** A policy that allows http allows https as well. */
function allowsScheme(scheme: string, edge: URL): boolean {
  return scheme === edge.protocol || (scheme === "http:" && edge.protocol === "https:");
}

function allowsHost(host: string, edge: URL): boolean {
  if (host === "*") return true;
  return host.startsWith("*.") ? edge.hostname.endsWith(host.slice(1)) : host !== "" && host === edge.hostname;
}

/** Without a port the default one is meant, which `URL` leaves out. */
function allowsPort(port: string | undefined, edge: URL): boolean {
  return port === "*" || (port ?? "") === edge.port;
}
