/**
 * What one customer has: an IPv4 address, or an IPv6 network of 64 bits (`2001:db8:1:2`, without leading zeros), however the address is
 * spelt. Text that is no address gives some short name for it.
 */
export function networkOf(address: string): string {
  const text = address.slice(0, 45); // The longest IPv6 address.
  const inside = text.slice(text.lastIndexOf(":") + 1);
  if (inside.includes(".")) return inside;
  const [left = [], right = []] = text.split("::", 2).map((part) => (part === "" ? [] : part.split(":")));
  const zeros = new Array<string>(Math.max(0, 8 - left.length - right.length)).fill("0");
  const groups = text.includes("::") ? [...left, ...zeros, ...right] : left;
  return groups
    .slice(0, 4)
    .map((group) => (Number.parseInt(group, 16) || 0).toString(16))
    .join(":");
}
