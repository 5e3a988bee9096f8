import { ask } from "../api/session.ts";
import { useResource } from "../api/use-resource.ts";
import { count, percent } from "../lib/format.ts";
import { Sparkline } from "../ui/sparkline.tsx";
import { Time } from "../ui/time.tsx";
import { View } from "../ui/view.tsx";

const worded = (share: number) => percent(share / 100);

/** How much of what the pages of each site ask for is warm; nothing where the configuration names no sites. */
export function Sites() {
  const resource = useResource("sites", (signal) => ask("GET /api/v1/sites", { signal }), 30_000);
  return (
    <View resource={resource} what="the sites">
      {({ sites }) =>
        sites.map(({ name, last, history }) => (
          <section class="card" key={name}>
            <h2>{name}</h2>
            {last && (
              <>
                <p>
                  <b class="num">{worded(last.share)}</b> of {count(last.pages)} pages' image URLs are warm{" "}
                  <Time at={last.endedAt} />. <span class="break">{last.fault}</span>
                </p>
                <Sparkline label="Warm" values={history.map(({ share }) => share).reverse()} format={worded} />
                <ul>
                  {last.problems.slice(0, 9).map(({ path, reason, place }) => (
                    <li class="break" key={path}>
                      {path}: {reason}, {place}
                    </li>
                  ))}
                </ul>
              </>
            )}
          </section>
        ))
      }
    </View>
  );
}
