/** Whether an IPv4 address (as the URL parser prints it, whatever spelling was given) is one of the public internet's. */
function isPublicIpv4(host: string): boolean {
  const [a = 0, b = 0, c = 0] = host.split(".").map(Number);
  if (a === 0 || a === 10 || a === 127 || a >= 224) return false;
  if (a === 100 && b >= 64 && b <= 127) return false; // carrier-grade NAT
  if (a === 169 && b === 254) return false; // link-local, cloud metadata
  if (host === "168.63.129.16") return false; // Azure's own, as its machines see it
  if (a === 172 && b >= 16 && b <= 31) return false;
  if (a === 192 && (b === 168 || (b === 0 && (c === 0 || c === 2)) || (b === 88 && c === 99))) return false;
  if (a === 198 && (b === 18 || b === 19 || (b === 51 && c === 100))) return false;
  return !(a === 203 && b === 0 && c === 113);
}

/**
 * Only global unicast (2000::/3) is public. That refuses loopback, unspecified, v4-mapped and -compatible, NAT64
 * (64:ff9b::/96), unique local, link-local and multicast. Within it, addresses that wrap an IPv4 address and those for
 * documentation are refused.
 */
function isPublicIpv6(host: string): boolean {
  const [first = "", second = ""] = host.split(":");
  const a = first === "" ? 0 : Number.parseInt(first, 16);
  const b = second === "" ? 0 : Number.parseInt(second, 16);
  if (a < 0x2000 || a > 0x3fff) return false;
  if (a === 0x2002) return false; // 6to4
  if (a === 0x2620 && b === 0x4f) return false; // AS112, which answers for private ranges
  if (a === 0x2001 && (b <= 0x01ff || b === 0x0db8)) return false; // Teredo and other protocol assignments; documentation
  return !(a === 0x3fff && b <= 0x0fff); // documentation
}

/** The longest name that DNS knows, in characters. */
const HOST_MAX = 253;
/** Names of this machine, of a local network or a cluster, that are never public, or that spell an address (`10.0.0.1.nip.io`). */
const PRIVATE_NAME =
  /(^|\.)(localhost|local|internal|intranet|lan|home|corp|home\.arpa|svc|test|invalid|onion|nip\.io|sslip\.io|xip\.io|localtest\.me)$/;

export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(host);
}

/** Whether a URL's host, in lower case, is one of the public internet's by its spelling. What a name resolves to is not asked. */
export function isPublicHost(host: string): boolean {
  if (host.startsWith("[")) return isPublicIpv6(host.slice(1, -1));
  if (/^\d+\.\d+\.\d+\.\d+$/.test(host)) return isPublicIpv4(host);
  // One final dot only says that the name is complete.
  const name = host.endsWith(".") ? host.slice(0, -1) : host;
  const parts = name.split(".");
  return name.length <= HOST_MAX && parts.length > 1 && !parts.includes("") && !PRIVATE_NAME.test(name);
}

/** Why an address of the configuration may not be fetched, as a way to mend it; null: it may. http is for a server on this machine. */
export function addressFault(url: URL): string | null {
  const host = url.hostname.toLowerCase();
  if (url.protocol !== "https:" && !(url.protocol === "http:" && isLoopback(host)))
    return "use https; http is for loopback hosts only";
  if (!isLoopback(host) && !isPublicHost(host))
    return "name a public host: neither the Workers nor Ittybit reach a private network";
  if (url.username !== "" || url.password !== "")
    return "leave user and password out: whoever is shown the address reads them";
  return url.hash === "" ? null : "leave the # and what follows out";
}

/**
 * Why a result may not be fetched from this URL, or null when it may: https to a public host only, and `http` to loopback
 * where development allows it. A name that resolves to a private address passes here, but a Worker's fetch cannot reach one.
 */
export function refusalOf(url: URL, allowLoopbackHttp: boolean): string | null {
  const host = url.hostname.toLowerCase();
  if (url.username !== "" || url.password !== "") return "the URL holds credentials";
  if (url.protocol === "http:" && allowLoopbackHttp && isLoopback(host)) return null;
  if (url.protocol !== "https:") return `${url.protocol} is not fetched`;
  // Below 1024 other services listen: a mail server reads an HTTP request as mail.
  if (url.port !== "" && Number(url.port) < 1024) return `port ${url.port} is another service's`;
  return isPublicHost(host) ? null : "the host is not public";
}
