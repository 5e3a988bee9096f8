import type { createConsumer } from "../../../workers/consumer/src/create-consumer.ts";
import type { createEdge } from "../../../workers/edge/src/create-edge.ts";
import type { createRewriter } from "../../../workers/rewriter/src/create-rewriter.ts";
import type * as consumer from "./consumer.ts";
import type * as edge from "./edge.ts";
import type * as rewriter from "./rewriter.ts";

/** What a site sees is what there is: each line fails to compile when the code no longer has that type. */
export type Held = [
  Assignable<typeof createEdge, typeof edge.createEdge>,
  Assignable<typeof createConsumer, typeof consumer.createConsumer>,
  Assignable<typeof createRewriter, typeof rewriter.createRewriter>,
];

type Assignable<Code extends Seen, Seen> = Code;
