/** The style of a notebook's page, light or dark as the reader's system is. */
export const PAGE_STYLE = `
:root { color-scheme: light dark; --ink: #1c2430; --soft: #667085; --paper: #fff; --code: #f5f6f8; --line: #d9dee6;
  --link: #1f5fbf; --bad: #a1260d; --bad-paper: #fdeeea; --key: #8a3ffc; --string: #0a6b3d; --number: #a04a00; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e9ef; --soft: #98a2b3; --paper: #14181f; --code: #1d232d; --line: #343c49;
    --link: #8ab4ff; --bad: #ffb4a3; --bad-paper: #3a1d18; --key: #c9a6ff; --string: #7fd6a4; --number: #ffb877; } }
* { box-sizing: border-box }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.55 system-ui, "DejaVu Sans", sans-serif }
main { max-width: 1040px; margin: 0 auto; padding: 1.5rem 1rem 4rem }
a { color: var(--link) }
nav { font-size: 14px }
section { margin: 1rem 0 }
.text { max-width: 46rem }
h1, h2, h3 { line-height: 1.25; margin: 1.6em 0 .5em }
h1 { margin-top: .6em }
.cell { position: relative }
.number { display: block; color: var(--soft); font: 12px/1.6 ui-monospace, "DejaVu Sans Mono", monospace }
pre { margin: .3rem 0; padding: .6rem .8rem; overflow: auto; max-height: 40rem; border-radius: 6px;
  font: 13px/1.5 ui-monospace, "DejaVu Sans Mono", monospace }
code { font-family: ui-monospace, "DejaVu Sans Mono", monospace; font-size: .9em }
pre code { font-size: inherit }
.code, .text pre { background: var(--code); border: 1px solid var(--line) }
.stderr { border-left: 3px solid var(--number) }
.error { background: var(--bad-paper); color: var(--bad) }
.comment { color: var(--soft) } .keyword { color: var(--key) } .string { color: var(--string) } .digit { color: var(--number) }
.html, .text { overflow-x: auto }
table { border-collapse: collapse; font-size: 14px; margin: .4rem 0 }
th, td { padding: .15rem .7rem; border-bottom: 1px solid var(--line) }
th { text-align: left; color: var(--soft); font-weight: 600 }
math { font-family: "Cambria Math", "STIX Two Math", "Latin Modern Math", "DejaVu Math TeX Gyre", math; font-size: 1.08em }
math[display="block"] { display: block math; margin: .7em 0 }
.tml-left { text-align: left } .tml-right { text-align: right; padding-right: 0 } .tml-right + .tml-left { padding-left: 0 }
td[align="right"] { font-variant-numeric: tabular-nums }
.figure { margin: .6rem 0; overflow-x: auto; background: #fff; border-radius: 6px }
img { max-width: 100%; height: auto }
figure { margin: .4rem 0 } figcaption { color: var(--soft); font-size: 13px }
.index li { margin: .4rem 0 }
@media print { pre { max-height: none } }
`;

/** Unpacks plotly.js and draws each figure over its picture when it comes into view. */
export const PAGE_SCRIPT = `
const packed = Uint8Array.from(atob(document.getElementById("plotly").textContent), (sign) => sign.charCodeAt(0));
const unpacked = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
const script = document.createElement("script");
script.textContent = await new Response(unpacked).text();
document.head.append(script);
const draw = async (box) => {
  const { data, layout } = JSON.parse(box.querySelector("script").textContent);
  box.replaceChildren();
  box.setAttribute("role", "img");
  box.style.minHeight = layout.height + "px";
  const width = Math.max(560, Math.min(layout.width ?? Infinity, box.clientWidth));
  await Plotly.newPlot(box, data, { ...layout, width }, CONFIG);
};
const seen = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) {
    if (!isIntersecting) continue;
    seen.unobserve(target);
    draw(target);
  }
}, { rootMargin: "600px" });
for (const box of document.querySelectorAll(".figure")) seen.observe(box);
`;
