import { describe, expect, it } from "vitest";
import { START } from "../testing/api-world.ts";
import { type AccessContext, findCaller } from "./guard.ts";

const access = { aud: "app-1", team: null, operators: ["*"] };
const deps = {
  adminTokens: ["admin"],
  viewerTokens: ["viewer"],
  access,
  clock: { now: () => START, random: () => 0 },
  ledger: { isSessionOver: async () => false },
};
const context = (aud: string): AccessContext => ({ aud, getIdentity: async () => ({ email: "a@example.com" }) });
const ask = (
  headers: Record<string, string>,
  given: AccessContext | undefined,
  settings: typeof access | null = access,
) =>
  findCaller(new Request("https://x", { headers }), { ...deps, access: settings }, { verifier: null, context: given });

describe("findCaller", () => {
  it("believes the platform's word for the configured application only", async () => {
    expect(await ask({}, context("app-1"))).toMatchObject({ role: "operator", who: "a@example.com", by: "access" });
    expect(await ask({}, context("app-2"))).toBeNull();
    expect(await ask({}, context("app-1"), null)).toBeNull();
    expect(await ask({}, undefined)).toBeNull();
  });

  it("refuses a wrong token even where Access would let in", async () => {
    expect(await ask({ Authorization: "Bearer wrong" }, context("app-1"))).toBeNull();
    expect(await ask({ Authorization: "Basic admin" }, context("app-1"))).toBeNull();
    expect(await ask({ Authorization: "Bearer viewer" }, context("app-1"))).toMatchObject({
      role: "viewer",
      by: "token",
    });
  });

  it("takes an empty or cut secret for none", async () => {
    const none = { ...deps, adminTokens: [""], viewerTokens: [] };
    const request = new Request("https://x", { headers: { Authorization: "Bearer " } });
    expect(await findCaller(request, none, { verifier: null, context: undefined })).toBeNull();
  });
});
