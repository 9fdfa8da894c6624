// A plugin of typedoc. Types that valibot infers refer twice to the same declaration of a member, and typedoc warns of "multiple
// declarations with a comment", although both are the same comment. Such pairs of messages are dropped; all others are kept.

/** @param {import("typedoc").Application} app */
export function load(app) {
  const { logger } = app;
  const [warn, verbose] = [logger.warn.bind(logger), logger.info.bind(logger)];
  let held;
  const release = () => {
    if (held) warn(...held);
    held = undefined;
  };
  logger.warn = (...message) => {
    release();
    if (/has multiple declarations with a comment/.test(message[0])) held = message;
    else warn(...message);
  };
  logger.info = (...message) => {
    const places = String(message[0]).split("\n\t").slice(1);
    if (held && places.length > 1 && new Set(places).size === 1) {
      held = undefined;
      return;
    }
    release();
    verbose(...message);
  };
}
