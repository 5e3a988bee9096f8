import { printable } from "@prewarm/shared/printable";
import type { NoResult } from "../client.ts";
import type { Exchange } from "./recorder.ts";

/** What a check found in the end: `unchecked` says nothing about the service, only about key, bill, address or network. */
export interface Verdict {
  kind: "works" | "fails" | "unchecked";
  why: "ok" | "failed" | "auth" | "unreachable";
  sentence: string;
}

/** Ends a check early. */
export class Stop extends Error {
  readonly verdict: Verdict;

  constructor(verdict: Verdict) {
    super(verdict.sentence);
    this.name = "Stop";
    this.verdict = verdict;
  }
}

/** @param because without a full stop @param next what to do, as a clause */
export function stopped(
  kind: "fails" | "unchecked",
  why: "failed" | "auth" | "unreachable",
  because: string,
  next: string,
): Stop {
  const begins = kind === "fails" ? "Prewarm does not work with this service" : "Nothing could be checked";
  return new Stop({ kind, why, sentence: printable(`${begins}: ${because}; ${next}.`) });
}

/** What the codes of a connection that failed mean. */
const FAULTS: Record<string, string> = {
  ENOTFOUND: "there is no such host name",
  EAI_AGAIN: "the name of the host cannot be looked up",
  ECONNREFUSED: "nothing listens there",
  ECONNRESET: "the connection is cut",
  ETIMEDOUT: "it cannot be reached",
  UND_ERR_CONNECT_TIMEOUT: "it cannot be reached",
  UND_ERR_SOCKET: "the connection is cut",
  TimeoutError: "it takes the connection and does not answer within 15 s",
  CERT_HAS_EXPIRED: "its certificate has expired",
  DEPTH_ZERO_SELF_SIGNED_CERT: "its certificate is signed by nobody known",
  ERR_TLS_CERT_ALTNAME_INVALID: "its certificate is another host's",
};

function noAnswer(address: string, { fault }: Exchange): Stop {
  const meaning = FAULTS[fault ?? ""];
  const because = `${address} does not answer (${fault}${meaning === undefined ? "" : `: ${meaning}`})`;
  return stopped("unchecked", "unreachable", because, "look at ITTYBIT_API_URL and the network");
}

const ACCOUNT: Record<number, [because: string, next: string]> = {
  401: ["your key is refused", "copy it again from Ittybit's dashboard into ITTYBIT_API_KEY"],
  402: ["the account cannot pay", "settle it at Ittybit and run this again"],
  403: ["the key may not do this", "give it the right to make jobs, or the project it belongs to"],
};

/** Why a call that everything else rests on gave no result. @param last the call itself, as it was recorded */
export function stopOf(
  what: string,
  result: NoResult | { kind: "absent" },
  address: string,
  last: Exchange | undefined,
): Stop {
  if (last !== undefined && last.fault !== null) return noAnswer(address, last);
  if (result.kind === "throttled") {
    return stopped(
      "unchecked",
      "unreachable",
      "Ittybit kept answering 429, too many requests",
      "run this again when the account has less to do",
    );
  }
  if (typeof last?.body === "string" && /<html|<!doctype/i.test(last.body) && (last.status ?? 0) < 500)
    return notTheApi(address, `it answers ${last.status} with a web page`);
  if (result.kind === "account") {
    const { status, message } = result;
    if (status < 400)
      return stopped("unchecked", "unreachable", message, "set ITTYBIT_API_URL to where the API itself is");
    const known = ACCOUNT[status];
    if (known !== undefined) return stopped("unchecked", "auth", `${known[0]} (${status}: ${message})`, known[1]);
    return notTheApi(address, `it answers ${status} to ${what}`);
  }
  if (result.kind === "absent") return notTheApi(address, `it answers 404 to ${what}`);
  const { httpStatus, message } = result.failure;
  if (result.kind === "rejected")
    return stopped(
      "fails",
      "failed",
      `it refuses ${what} (${httpStatus}: ${message})`,
      "tell us, with what scripts/ittybit-lab records",
    );
  if (httpStatus !== undefined && httpStatus >= 500)
    return stopped("unchecked", "unreachable", `Ittybit answers ${httpStatus} to ${what}`, "run this again later");
  return notTheApi(address, `its answer to ${what} cannot be read (${message})`);
}

function notTheApi(address: string, because: string): Stop {
  return stopped(
    "unchecked",
    "unreachable",
    `${address} is not Ittybit's API: ${because}`,
    "look at ITTYBIT_API_URL, by default https://api.ittybit.com",
  );
}
