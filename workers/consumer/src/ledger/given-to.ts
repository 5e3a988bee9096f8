import type { AnyCall, Calls } from "@prewarm/control-schema/calls";
import type * as z from "zod";

type Part<C extends AnyCall, P extends string> =
  Calls[C] extends Record<P, infer S extends z.ZodType> ? z.output<S> : object;

/** What a call of the API gives to the read that answers it: the parameters of its path, and its query. */
export type GivenTo<C extends AnyCall> = Part<C, "params"> & Part<C, "query">;
