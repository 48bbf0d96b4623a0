// The page's beginning: takes the answers that a report holds, or the server's, and draws.

import { render } from "preact";
import { App } from "./app.js";
import { heldSource } from "./held.js";
import { serverSource } from "./source.js";
import { applyTheme, readTheme } from "./theme.js";

applyTheme(readTheme());

const held = document.getElementById("answers");
const root = document.getElementById("app");
if (root) {
  const source = held ? heldSource(JSON.parse(held.textContent ?? "{}") as Record<string, unknown>) : serverSource();
  render(<App source={source} />, root);
}
