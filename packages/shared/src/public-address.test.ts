import { describe, expect, it } from "vitest";
import { refusalOf } from "./public-address.ts";
import { growthOf, LINEAR_MAX } from "./testing/slowness.ts";

describe("refusalOf", () => {
  it.each([
    "https://store.ittybit.net/org_123/out.webp",
    "https://cdn.example.co.uk:8443/x",
    "https://8.8.8.8/x",
    "https://168.63.129.17/x",
    "https://store.ittybit.net:443/x",
    "https://nip.io.example.com/x",
    "https://svc.example.com/x",
    "https://[2606:4700::1111]/x",
    "https://172.32.0.1/x",
    "https://100.63.255.255/x",
  ])("lets %s pass", (url) => {
    expect(refusalOf(new URL(url), false)).toBeNull();
  });

  it.each([
    ["https://127.0.0.1/", "loopback"],
    ["https://127.1/", "loopback, short"],
    ["https://2130706433/", "loopback, one number"],
    ["https://0x7f.0.0.1/", "loopback, hexadecimal"],
    ["https://0177.0.0.1/", "loopback, octal"],
    ["https://127.0.0.1./", "loopback, with a final dot"],
    ["https://１２７.0.0.1/", "loopback, wide digits"],
    ["https://0.0.0.0/", "unspecified"],
    ["https://10.1.2.3/", "private"],
    ["https://172.16.0.1/", "private"],
    ["https://172.31.255.255/", "private"],
    ["https://192.168.1.1/", "private"],
    ["https://100.64.0.1/", "carrier-grade NAT"],
    ["https://169.254.169.254/latest/meta-data", "cloud metadata"],
    ["https://192.0.0.192/", "protocol assignments, metadata at one cloud"],
    ["https://198.18.0.1/", "benchmarks"],
    ["https://203.0.113.7/", "documentation"],
    ["https://224.0.0.1/", "multicast"],
    ["https://255.255.255.255/", "broadcast"],
    ["https://[::1]/", "loopback"],
    ["https://[::]/", "unspecified"],
    ["https://[::ffff:127.0.0.1]/", "v4-mapped"],
    ["https://[::ffff:8.8.8.8]/", "v4-mapped, whatever is in it"],
    ["https://[::127.0.0.1]/", "v4-compatible"],
    ["https://[64:ff9b::7f00:1]/", "NAT64"],
    ["https://[64:ff9b:1::1]/", "local NAT64"],
    ["https://[2002:7f00:1::]/", "6to4"],
    ["https://[2001:0:7f00:1::]/", "Teredo"],
    ["https://[2001:db8::1]/", "documentation"],
    ["https://[fc00::1]/", "unique local"],
    ["https://[fd00:ec2::254]/", "metadata by IPv6"],
    ["https://[fe80::1]/", "link-local"],
    ["https://[ff02::1]/", "multicast"],
    ["https://localhost/", "a local name"],
    ["https://LOCALHOST./", "a local name, spelt otherwise"],
    ["https://a.localhost/", "a local name"],
    ["https://metadata.google.internal/", "a metadata name"],
    ["https://printer.local/", "a local name"],
    ["https://intranet/", "a name without a dot"],
    ["https://intranet../", "a name without a dot, with two at its end"],
    ["https://store..ittybit.net/", "a name with an empty part"],
    ["https://127.0.0.1../", "loopback, with two final dots"],
    ["https://168.63.129.16/machine", "a cloud's own address for its machines"],
    ["https://169.254.169.254.nip.io/", "a name that spells an address"],
    ["https://10-0-0-1.sslip.io/", "a name that spells an address"],
    ["https://kubernetes.default.svc/", "a cluster's own name"],
    ["https://db.svc/", "a cluster's own name"],
    ["https://api.cluster.local./", "a cluster's own name"],
    ["https://server.test/", "a name that is never public"],
    ["https://server.invalid/", "a name that is never public"],
    ["https://hidden.onion/", "a name outside DNS"],
    ["https://store.ittybit.net:22/", "another service's port"],
    ["https://store.ittybit.net:25/", "another service's port"],
    ["https://[2620:4f:8000::1]/", "a range that answers for private ones"],
    ["http://store.ittybit.net/", "no https"],
    ["http://127.0.0.1:9000/", "http on loopback outside development"],
    ["ftp://store.ittybit.net/", "no https"],
    ["https://user:pw@store.ittybit.net/", "credentials"],
  ])("refuses %s (%s)", (url) => {
    expect(refusalOf(new URL(url), false)).not.toBeNull();
  });

  it("in development opens http on loopback, and nothing else", () => {
    for (const url of ["http://127.0.0.1:9000/x", "http://localhost:9000/x", "http://[::1]:9000/x"]) {
      expect(refusalOf(new URL(url), true)).toBeNull();
    }
    for (const url of [
      "http://10.0.0.1/x",
      "http://store.ittybit.net/x",
      "http://169.254.169.254/x",
      "https://10.0.0.1/x",
    ]) {
      expect(refusalOf(new URL(url), true)).not.toBeNull();
    }
  });

  it("judges a host of up to 32,000 dots in time in proportion to its length", () => {
    const urlOf = (times: number) => new URL(`https://a${".".repeat(times * 8000)}b/`);
    expect(refusalOf(urlOf(4), false)).not.toBeNull();
    const growth = growthOf((times) => {
      const url = urlOf(times);
      return () => refusalOf(url, false);
    });
    expect(growth).toBeLessThan(LINEAR_MAX);
  });
});
