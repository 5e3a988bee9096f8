import fc from "fast-check";
import { expect, it } from "vitest";
import {
  CERTIFICATE,
  CERTIFICATE_URL,
  confirmation,
  snsMessage,
  TOPIC,
} from "../../workers/consumer/src/hooks/testing/sns.ts";
import type { Proof } from "../../workers/consumer/src/hooks/verifiers/proof.ts";
import { verifySns } from "../../workers/consumer/src/hooks/verifiers/sns.ts";
import { keysOf, SnsCertificates } from "../../workers/consumer/src/hooks/verifiers/sns-certificates.ts";
import { beginnings, changed, changes, lengthsOf, recipes, textOf } from "./fuzz.ts";

/** Each input is a question to the runtime's cryptography, so there are fewer than of the parsers. */
const RUNS = Number(process.env.FUZZ_RUNS ?? 10_000) / 20;
const NOW = Date.UTC(2026, 10, 24, 12);
const TIMEOUT_MS = 600_000;

function verifier() {
  const asked: string[] = [];
  const certificates = new SnsCertificates((async (url: string) => {
    asked.push(url);
    return new Response(CERTIFICATE);
  }) as unknown as typeof fetch);
  const verify = (message: unknown): Promise<Proof> => {
    const raw = Uint8Array.from(Buffer.from(JSON.stringify(message)));
    const sent = { headers: new Headers(), raw, url: "https://control.example.com/hooks/s3", now: NOW };
    return verifySns(sent, { kind: "sns", topics: [TOPIC] }, certificates);
  };
  return { asked, verify };
}

it(
  "certificates with bytes changed, left out and put in have a key or none, and never an error",
  async () => {
    const bytes = [...Buffer.from(CERTIFICATE.replace(/-----[A-Z ]+-----|\s/g, ""), "base64")];
    const edit = fc.tuple(fc.nat(bytes.length), fc.nat(3), fc.array(fc.nat(255), { maxLength: 4 }));
    let sound = 0;
    const judge = async (changed: readonly number[]) => {
      const text = Buffer.from(changed).toString("base64");
      if ((await keysOf(`-----BEGIN CERTIFICATE-----\n${text}\n-----END CERTIFICATE-----\n`)) !== null) sound += 1;
    };
    for (const length of lengthsOf(bytes)) await judge(bytes.slice(0, length));
    await fc.assert(
      fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 3 }), async (edits) => {
        const copy = [...bytes];
        for (const [at, left, put] of edits) copy.splice(at, left, ...put);
        await judge(copy);
      }),
      { numRuns: RUNS },
    );
    // Changes of names and of the signature leave the key as it is.
    expect(sound).toBeGreaterThan(RUNS / 20);
  },
  TIMEOUT_MS,
);

it(
  "messages with values changed prove what was signed, or nothing",
  async () => {
    const seeds = [snsMessage({ Message: "signed", Subject: "s" }), confirmation()];
    const { asked, verify } = verifier();
    const judge = async (seed: number, message: unknown) => {
      const proof = await verify(message);
      if (proof === null) return;
      const wanted = seed === 0 ? { id: "m-1", body: "signed" } : { id: "m-1", subscription: { topic: TOPIC } };
      expect(proof).toMatchObject(wanted);
    };
    for (const [seed, message] of seeds.entries()) for (const begun of beginnings(message)) await judge(seed, begun);
    await fc.assert(
      fc.asyncProperty(fc.nat(seeds.length - 1), changes, (seed, made) => judge(seed, changed(seeds[seed], made))),
      { numRuns: RUNS },
    );
    expect([...new Set(asked)]).toEqual([CERTIFICATE_URL]);
  },
  TIMEOUT_MS,
);

const PIECES =
  "https://|http://|HTTPS://|sns.|eu-central-1|us-east-1|.amazonaws.com|.cn|.evil.com|evil.com|@|user:pw@|:443|:80|/|//|\\|..|/../|%2e|%2f|a|.pem|?|#|\t|\n| |é|\u0000".split(
    "|",
  );

it(
  "addresses of certificates lead to the host of the topic's region, or nowhere",
  async () => {
    const { asked, verify } = verifier();
    const signed = snsMessage({ Message: "signed" });
    const base = fc.constantFrom(
      "",
      "https://sns.eu-central-1.amazonaws.com",
      "https://sns.eu-central-1.amazonaws.com/",
    );
    await fc.assert(
      // Few made texts end as a certificate's name does, and what ends otherwise is never asked for: one that is right comes first.
      fc.asyncProperty(base, recipes(PIECES), fc.constantFrom("", ".pem"), async (start, recipe, end) => {
        await verify({ ...signed, SigningCertURL: start + textOf(recipe, 400) + end });
      }),
      { numRuns: RUNS, examples: [["https://sns.eu-central-1.amazonaws.com/", [["one", 1]], ".pem"]] },
    );
    expect(asked.length).toBeGreaterThan(0);
    for (const url of asked) {
      const { protocol, host, username, pathname, href } = new URL(url);
      expect([protocol, host, username, href]).toEqual(["https:", "sns.eu-central-1.amazonaws.com", "", url]);
      expect(pathname).toMatch(/^\/[^/]+\.pem$/);
    }
  },
  TIMEOUT_MS,
);
