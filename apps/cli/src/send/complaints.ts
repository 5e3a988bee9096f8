import { CliError, EXIT } from "../platform/exit-codes.ts";

/** The number of complaints that are shown. The rest is only counted, because a bad file would fill the screen. */
const SHOWN = 20;

export interface Complaints {
  add(place: string, reason: string): void;
  /** Adds complaints that are known by their number only. */
  count(more: number): void;
  total(): number;
  /** Says how many were not shown. */
  end(): void;
}

/** Bad lines and refused images. With more than `max` of them, throws exit code 5. */
export function createComplaints(note: (text: string) => void, max: number | null): Complaints {
  let total = 0;
  let shown = 0;
  const count = (more: number): void => {
    total += more;
    if (max !== null && total > max)
      throw new CliError(EXIT.limit, `Stopped: ${total} errors, --max-errors is ${max}.`);
  };
  return {
    add(place, reason) {
      if (shown < SHOWN) note(`${place}: ${reason}`);
      shown += 1;
      count(1);
    },
    count,
    total: () => total,
    end() {
      const hidden = total - Math.min(shown, SHOWN);
      if (hidden > 0) note(`… and ${hidden} more like these`);
    },
  };
}
