// What stands in the place of a view that only the local server can fill.
import type { ServerState } from "../server.ts";

export function NeedsServer({ server, what }: { readonly server: ServerState; readonly what: string }) {
  if (server === undefined) return <p class="quiet">looking for the local server …</p>;
  return (
    <section class="welcome">
      <h1>{what}</h1>
      {server === "closed" ? (
        <p>
          The local server does not know this browser yet: open the whole link that <code>joulecast serve</code>{" "}
          printed.
        </p>
      ) : (
        <>
          <p>A web page cannot read the meters or the history of your machine. On it, run</p>
          <p>
            <code>joulecast serve --open</code>
          </p>
          <p class="quiet">It listens on this machine only.</p>
        </>
      )}
    </section>
  );
}
