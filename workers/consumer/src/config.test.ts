import { defineConfig } from "@prewarm/shared/config";
import { checkEnvironment } from "@prewarm/shared/environment-check";
import { describe, expect, it } from "vitest";
import { tokensOf } from "./config.ts";

const LONG = "a-token-of-twenty-four-ch";

describe("the control API's tokens", () => {
  it("are refused when they are short, and the long ones hold", () => {
    expect(tokensOf({ ADMIN_TOKEN: `x,${LONG}`, VIEWER_TOKEN: "short" })).toEqual({
      adminTokens: [LONG],
      viewerTokens: [],
    });
    const given = {
      value: (name: string) => ({ ADMIN_TOKEN: `x,${LONG}`, VIEWER_TOKEN: "short" })[name],
      hasBucket: () => true,
    };
    const told = checkEnvironment(
      defineConfig({ sources: [{ prefix: "", url: "https://o.example/{id}" }] }),
      [],
      given,
    );
    expect(told).toEqual(
      expect.arrayContaining([
        expect.stringContaining("ADMIN_TOKEN: it is shorter than 24 characters"),
        expect.stringContaining("VIEWER_TOKEN: it is shorter than 24 characters"),
      ]),
    );
  });

  it("may be of any length in the local stack, and absent", () => {
    expect(tokensOf({ ADMIN_TOKEN: "x", LOCAL: "true" })).toMatchObject({ adminTokens: ["x"] });
    expect(tokensOf({})).toEqual({ adminTokens: [], viewerTokens: [] });
  });
});
