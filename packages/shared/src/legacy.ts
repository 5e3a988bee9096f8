/**
 * A service whose URLs go on working after the move (docs/moving-from.md). `@prewarm/legacy-urls` makes each, so that a site carries only
 * what it uses. `C` is the configuration, which lists services.
 */
export interface LegacyService<C> {
  /** Such as `cloudinary`; answers name it in `Cache-Status`. */
  name: string;
  /** Names of the secrets that the service's URLs are signed with; none: signatures are not looked at. */
  secrets: readonly string[];
  /** The hosts whose URLs it reads; none: any host. */
  hosts: readonly string[];
  /** Reads an old URL. Null: it is no image URL of this service. Never throws. */
  read(url: URL, config: C): LegacyReading | null;
  /** Answers an old URL through `next`, as the edge answers the image URL that it stands for; everything else goes to `next` as it is. */
  serve(request: Request, next: (request: Request) => Promise<Response>, edge: LegacyEdge<C>): Promise<Response>;
}

/** What a service needs of the edge. */
export interface LegacyEdge<C> {
  config: C;
  /** Signing keys of the edge; the first signs. */
  keys: readonly string[];
  clock: { now(): number };
  /** The Worker's environment, which holds the services' secrets. */
  env: object;
}

/** What an old URL stands for. */
export interface LegacyReading {
  id: string;
  /** The id to ask for if the original of `id` is missing: the old URL's file name as it is. */
  literal?: string;
  /** The canonical query of a URL in the open set, such as `w=800&q=high&f=auto`, or `p=card`. */
  query: string;
  /**
   * `approximate`: some value became the nearest one. `unsupported`: a parameter has no counterpart, and the picture is shown without it.
   * `refused`: a parameter hides the picture or a part of it, and has no counterpart, so nothing is shown.
   */
  exactness: "exact" | "approximate" | "unsupported" | "refused";
  /** What is lost, a row for each parameter; empty when exact. */
  losses: readonly LegacyLoss[];
  /** The width that was asked for in px where another one is served: the next that is offered, or the widest; else null. */
  roundedFrom: number | null;
}

export interface LegacyLoss {
  /** As the service writes it, such as `e_sepia` or `blur`. */
  parameter: string;
  kind: "approximate" | "unsupported" | "hiding";
  /** The line of prewarm.config.ts that would make it exact, such as `ratios: "4:5"`. */
  line?: string;
}
