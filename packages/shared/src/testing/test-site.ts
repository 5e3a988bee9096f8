import { type Config, makeConfig, type UserConfig } from "../config.ts";

/** A site of a test, whose `limits` may name numbers that no site sets (`CHOSEN`). */
export type TestSite = Omit<Partial<UserConfig>, "limits"> & { limits?: Partial<Config["limits"]> };

const SOURCES = [{ prefix: "", url: "https://cdn.example.com/originals/{id}" }];

/** As `defineConfig`; a site that names no source has one. */
export function testSite({ limits = {}, ...site }: TestSite): Config {
  return makeConfig({ sources: SOURCES, ...site }, limits);
}
