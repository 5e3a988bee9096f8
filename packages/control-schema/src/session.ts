import { ACTS } from "@prewarm/shared/acts";
import * as z from "zod";
import { type CallTable, REFUSALS } from "./call.ts";
import { time } from "./words.ts";

export const Session = z
  .object({
    role: z.enum(["viewer", "operator"]),
    who: z.string(),
    may: z.array(z.enum(ACTS)).meta({ description: "Acts that the server lets it do" }),
    by: z.enum(["token", "cookie", "access"]),
    expiresAt: time.nullable(),
    environment: z.string(),
    edgeUrl: z.string().meta({ description: "Where images are served; empty when not configured" }),
    recipes: z.array(z.string()).meta({ description: "Names of recipes that can be warmed" }),
  })
  .meta({ id: "Session" });
export type Session = z.infer<typeof Session>;

export const SignIn = z.strictObject({ token: z.string().min(1).max(512) }).meta({ id: "SignIn" });

export const sessionCalls = {
  "POST /api/v1/session": {
    id: "signIn",
    tag: "session",
    may: "public",
    summary: "Sign in with a token; sets an HttpOnly, SameSite=Strict cookie",
    description: "The cookie lives for twelve hours, and ends with the token that it was made from.",
    body: SignIn,
    answers: { 200: [Session, "Signed in"] },
    refusals: { ...REFUSALS, 429: "Too many tries" },
  },
  "GET /api/v1/session": {
    id: "getSession",
    tag: "session",
    may: "asking",
    summary: "Who am I",
    description: "With the acts that the server lets the caller do.",
    answers: { 200: [Session, "The session"], 204: [z.null(), "Nobody: no token, and no session"] },
  },
  "DELETE /api/v1/session": {
    id: "signOut",
    tag: "session",
    may: "viewer",
    summary: "Sign out",
    description: "The session ends on every machine that has its cookie.",
    answers: { 204: [z.null(), "Signed out"] },
  },
} as const satisfies CallTable;
