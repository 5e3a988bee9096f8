import { describe, expect, it } from "vitest";
import { queueRole } from "./queue-role.ts";

describe("a queue's role", () => {
  it.each([
    ["prewarm-live", "live"],
    ["prewarm-work", "work"],
    ["prewarm-uploads", "uploads"],
    ["prewarm-dead", "dead"],
    ["prewarm-uploads-staging", "uploads"],
    ["acme_uploads", "uploads"],
    ["staging-prewarm-dead-2", "dead"],
  ])("of %s is %s", (name, role) => expect(queueRole(name)).toBe(role));

  it.each(["prewarm", "prewarm-upload", "prewarm-uploadsstaging", "prewarm-live-dead", ""])(
    "is not told by the name “%s”",
    (name) => expect(queueRole(name)).toBeNull(),
  );
});
