// What the tests of hostile rollouts look for in a page, and what they do in a model's place.

/** Names elements that no view has. @param scripts  how many the document has of its own */
export const oddElements = (scripts: number): string => `[
  ...(document.querySelectorAll("script").length === ${scripts} ? [] : ["a script"]),
  ...[...document.querySelectorAll("img, iframe, object, embed, svg[onload], body style, a[href]:not([href^='#'])")]
    .map((element) => element.outerHTML.slice(0, 200)),
]`;

/** What a fault of ours would let a model's text do. */
export const intrusion = (address: string): string => `(async () => {
  const script = document.createElement("script");
  script.textContent = "window.ran = 1";
  document.body.append(script);
  document.body.insertAdjacentHTML("beforeend", '<img src="${address}/image" onerror="window.ran = 2">');
  await fetch("${address}/fetched").catch(() => {});
})()`;
