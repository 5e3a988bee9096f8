import { createHmac } from "node:crypto";
export function sign(path, params, key) {
  const query = new URLSearchParams(Object.entries(params).sort(([a], [b]) => (a < b ? -1 : 1)));
  return createHmac("sha256", key).update(`${path}?${query}`).digest("base64url");
}
