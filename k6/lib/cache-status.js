// The Cache-Status field (RFC 9211) of an answer, as far as load scripts need it. Plain JavaScript without imports, so
// that k6 runs it and the tests of the project can, too.

/**
 * The member of one cache in a Cache-Status field, or null when that cache did not speak.
 *
 * `Tiercel; hit; ttl=59; detail=memory` gives
 * `{ hit: true, fwd: null, stored: false, detail: 'memory', tier: 'memory' }`.
 *
 * `tier` says where the answer came from: the detail of a hit (`hit` when it has none), else `origin`.
 */
export function parseCacheStatus(field, cache = 'Tiercel') {
  if (!field) return null;
  // Members run from the origin towards the client. A cache that was passed twice spoke last as the last one.
  const member = split(field, ',')
    .map((text) => split(text, ';'))
    .findLast(([name]) => unquote(name).toLowerCase() === cache.toLowerCase());
  if (!member) return null;

  const parameters = new Map(
    member.slice(1).map((text) => {
      const [name, ...value] = split(text, '=');
      return [name, value.length === 0 ? true : unquote(value.join('='))];
    }),
  );
  const hit = parameters.get('hit') === true;
  const detail = parameters.get('detail') ?? null;
  return {
    hit,
    fwd: parameters.get('fwd') ?? null,
    stored: parameters.get('stored') === true,
    detail,
    tier: hit ? (detail ?? 'hit') : 'origin',
  };
}

/** Splits at a separator outside quoted strings. */
function split(text, separator) {
  const parts = [''];
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (quoted && character === '\\') {
      parts[parts.length - 1] += character + (text[at + 1] ?? '');
      at += 1;
      continue;
    }
    if (character === '"') quoted = !quoted;
    if (character === separator && !quoted) parts.push('');
    else parts[parts.length - 1] += character;
  }
  return parts.map((part) => part.trim());
}

function unquote(text) {
  return text.startsWith('"') ? text.slice(1, -1).replace(/\\(["\\])/g, '$1') : text;
}
