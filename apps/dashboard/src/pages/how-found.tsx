import type { Gate } from "@prewarm/control-schema/gate";
import { may } from "../api/session.ts";
import { count } from "../lib/format.ts";
import { ActButton } from "../ui/act-button.tsx";
import { Said, Time } from "../ui/time.tsx";

interface HowFoundProps {
  /** What the limit is called beside its number. */
  name: string;
  limit: Gate["limits"]["rate"];
  /** Lets it find itself. */
  find(): Promise<string>;
}

/** How a limit of the gate came about: automatic, with its last move and the reason, or a number. */
export function HowFound({ name, limit, find }: HowFoundProps) {
  const { mode, min, max, why, since } = limit;
  if (mode === "auto") {
    return (
      <p class="muted small-text">
        Automatic, between {min} and {count(max ?? 0)}. <Said>{why ?? "It has not changed yet."}</Said>
        {since !== null && (
          <>
            {" "}
            <Time at={since} />
          </>
        )}
      </p>
    );
  }
  return (
    <p class="muted small-text">
      {mode === "pinned" ? "Pinned by an operator." : "Set in the configuration."}{" "}
      {may("limits") && (
        <ActButton class="ghost" act={find} label={`Make automatic:  ${name}`}>
          Make automatic
        </ActButton>
      )}
    </p>
  );
}
