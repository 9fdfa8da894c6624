// A plugin of typedoc. Types that valibot infers name the one declaration of a member twice, and typedoc warns of "multiple
// declarations with a comment": the same comment, at the same place. Such pairs of messages are dropped, all others stay.

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
