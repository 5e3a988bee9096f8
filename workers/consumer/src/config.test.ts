import { describe, expect, it } from "vitest";
import { tokensOf } from "./config.ts";

const LONG = "a-token-of-twenty-four-ch";

describe("the control API's tokens", () => {
  it("are refused when they are short, and the long ones hold", () => {
    expect(tokensOf({ ADMIN_TOKEN: `x,${LONG}`, VIEWER_TOKEN: "short" })).toEqual({
      adminTokens: [LONG],
      viewerTokens: [],
    });
  });

  it("may be of any length in the local stack, and absent", () => {
    expect(tokensOf({ ADMIN_TOKEN: "x", LOCAL: "true" })).toMatchObject({ adminTokens: ["x"] });
    expect(tokensOf({})).toEqual({ adminTokens: [], viewerTokens: [] });
  });
});
