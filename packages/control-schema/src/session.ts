import { ACTS } from "@prewarm/shared/acts";
import * as z from "zod";
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
