import { answer, createRoute, jsonBody, refusal, refusals, time, z } from "./common.ts";

export const session = z
  .object({
    role: z.enum(["viewer", "operator"]),
    who: z.string(),
    by: z.enum(["token", "cookie", "access"]),
    expiresAt: time.nullable(),
    environment: z.string(),
    edgeUrl: z.string().openapi({ description: "Where images are served; empty when not configured" }),
  })
  .openapi("Session");

export const sessionBody = z.strictObject({ token: z.string().min(1).max(512) }).openapi("SignIn");

export const openSessionRoute = createRoute({
  method: "post",
  path: "/api/v1/session",
  tags: ["session"],
  summary: "Sign in with a token; sets an HttpOnly, SameSite=Strict cookie",
  request: { body: jsonBody(sessionBody) },
  responses: { 200: answer(session, "Signed in"), ...refusals, 429: refusal("Too many tries") },
});

export const getSessionRoute = createRoute({
  method: "get",
  path: "/api/v1/session",
  tags: ["session"],
  summary: "Who am I",
  responses: { 200: answer(session, "The session"), ...refusals },
});

export const closeSessionRoute = createRoute({
  method: "delete",
  path: "/api/v1/session",
  tags: ["session"],
  summary: "Sign out",
  responses: { 204: { description: "Signed out" }, ...refusals },
});
