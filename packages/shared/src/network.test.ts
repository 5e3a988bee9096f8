import { describe, expect, it } from "vitest";
import { networkOf } from "./network.ts";

describe("networkOf", () => {
  it.each([
    ["192.0.2.1", "192.0.2.1", "an IPv4 address is a network of its own"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2", "written out"],
    ["2001:db8:1:2::1", "2001:db8:1:2", "compressed behind the network"],
    ["2001:db8::a:b:c:d", "2001:db8:0:0", "compressed within it"],
    ["2001:db8::1", "2001:db8:0:0", "compressed across its end"],
    ["2001:0DB8:0000::1", "2001:db8:0:0", "other spellings of the same"],
    ["2001:db8:1:0:a::", "2001:db8:1:0", "compressed at the end"],
    ["::1", "0:0:0:0", "compressed at the start"],
    ["::ffff:192.0.2.1", "192.0.2.1", "an IPv4 address inside"],
    ["fe80::1%eth0", "fe80:0:0:0", "with a zone"],
  ])("%s is in %s (%s)", (address, network) => expect(networkOf(address)).toBe(network));

  it("takes any text, of any length", () => {
    for (const text of ["", ":", ":::", "a::b::c", ":".repeat(100_000), "z:z"])
      expect(networkOf(text).length).toBeLessThan(64);
  });
});
