import type { Config } from "@prewarm/shared/config";
import { type TestSite, testSite } from "@prewarm/shared/testing/test-site";

export type Overrides = Pick<TestSite, "sources" | "gate" | "budget" | "limits" | "access" | "ittybit" | "events">;

export function testConfig({ sources, ...more }: Overrides = {}): Config {
  return testSite({ sources: sources ?? [{ prefix: "", url: "https://originals.example/{id}" }], ...more });
}
