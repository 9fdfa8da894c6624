/** Elements that are dropped with their contents; other elements that are not allowed are replaced by their contents. */
const DROPPED = new Set([
  "SCRIPT",
  "STYLE",
  "IFRAME",
  "OBJECT",
  "EMBED",
  "TEMPLATE",
  "SVG",
  "NOSCRIPT",
  "FORM",
]);
const KEPT = new Set(
  (
    "A AUDIO B BLOCKQUOTE BR CAPTION CODE DD DEL DETAILS DIV DL DT EM FIGCAPTION FIGURE H1 H2 H3 H4 H5 H6 HR I IMG KBD LI OL P " +
    "PRE S SMALL SPAN STRONG SUB SUMMARY SUP TABLE TBODY TD TFOOT TH THEAD TR U UL"
  ).split(" "),
);
const ATTRIBUTES = new Set([
  "align",
  "alt",
  "colspan",
  "controls",
  "height",
  "open",
  "rowspan",
  "start",
  "title",
  "width",
]);
/** Presentational MathML: none of these elements contains HTML, and none of the attributes an address. */
const FORMULA = new Set(
  (
    "math mfrac mi mmultiscripts mn mo mover mpadded mphantom mprescripts mroot mrow ms mspace msqrt mstyle msub msubsup " +
    "msup mtable mtd mtext mtr munder munderover none"
  ).split(" "),
);
const FORMULA_ATTRIBUTES = new Set(
  (
    "accent accentunder columnspan depth display displaystyle fence form height largeop linethickness lspace mathvariant " +
    "maxsize minsize movablelimits rowspan rspace scriptlevel separator stretchy symmetric voffset width"
  ).split(" "),
);
/** Alignment of a cell in its column. */
const FORMULA_CLASS = /^tml-(?:left|right)$/;
const MATHML = "http://www.w3.org/1998/Math/MathML";
const LINK = /^(?:https?:|mailto:|#|[\w./-]+(?:[?#]|$))/i;
const EMBEDDED = /^data:(?:image\/(?:png|jpeg|gif|webp)|audio\/[\w.-]+);base64,[\w+/=\s]*$/i;

/**
 * Returns a function that sanitizes HTML: no scripts, handlers, styles or forms. Links, formulas, and images and audio embedded
 * in the text are kept, so that a page loads nothing.
 */
export async function openSanitizer(): Promise<(html: string) => string> {
  const { JSDOM } = await import("jsdom");
  const { document } = new JSDOM("<!doctype html><body></body>").window;
  return (html) => {
    // A separate document, in which nothing is loaded or run.
    const { body } = document.implementation.createHTMLDocument();
    body.innerHTML = html;
    clean(body);
    return body.innerHTML;
  };
}

function clean(parent: Element): void {
  for (const element of [...parent.children]) {
    if (element.localName === "math" && element.namespaceURI === MATHML) {
      cleanFormula(element);
      continue;
    }
    const name = element.tagName.toUpperCase();
    if (DROPPED.has(name)) {
      element.remove();
      continue;
    }
    clean(element);
    if (KEPT.has(name)) cleanAttributes(element);
    else element.replaceWith(...element.childNodes);
  }
}

/**
 * HTML within a formula is dropped with its contents: parsers differ in how they read HTML inside MathML.
 */
function cleanFormula(formula: Element): void {
  for (const element of [...formula.children]) {
    if (element.namespaceURI !== MATHML || !FORMULA.has(element.localName)) element.remove();
    else cleanFormula(element);
  }
  for (const { name, value } of [...formula.attributes]) {
    const allowed = FORMULA_ATTRIBUTES.has(name) || (name === "class" && FORMULA_CLASS.test(value));
    if (!allowed) formula.removeAttribute(name);
  }
}

function cleanAttributes(element: Element): void {
  for (const { name, value } of [...element.attributes]) {
    const allowed =
      ATTRIBUTES.has(name) ||
      (name === "href" && LINK.test(value.trim())) ||
      (name === "src" && EMBEDDED.test(value));
    if (!allowed) element.removeAttribute(name);
  }
}
