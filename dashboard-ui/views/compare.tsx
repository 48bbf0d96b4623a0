// Under work.

import type { JSX } from "preact";

export function CompareView({ parameters }: { readonly parameters: URLSearchParams }): JSX.Element {
  return <div class="page">{parameters.get("run")}</div>;
}
