import { targetName, type Target } from './subjects.ts';

/** Targets as the HTTP route takes them. */
export function httpPurge(targets: readonly Target[]): Readonly<Record<string, unknown>> {
  const keys: (readonly string[])[] = [];
  const urls: string[] = [];
  const tags: string[] = [];
  const prefixes: (string | readonly string[])[] = [];
  let all = false;
  for (const target of targets) {
    switch (target.type) {
      case 'key':
        keys.push(target.segments);
        break;
      case 'tag':
        tags.push(target.tag);
        break;
      case 'tenant':
        all = true;
        break;
      case 'prefix': {
        const [owner, scheme, host, ...path] = target.segments;
        const query = path.at(-1)?.startsWith('?') ? path.pop() : undefined;
        if (owner !== 'g' || host === undefined) prefixes.push(target.segments);
        else if (query === undefined) prefixes.push(`${scheme}://${host}/${path.join('/')}`);
        else urls.push(`${scheme}://${host}/${path.join('/')}${query === '?' ? '' : query}`);
        break;
      }
      case 'everything':
        throw new Error(`The HTTP route has no purge of ${targetName(target)}.`);
    }
  }
  return {
    ...(keys.length > 0 && { keys }),
    ...(urls.length > 0 && { urls }),
    ...(tags.length > 0 && { tags }),
    ...(prefixes.length > 0 && { prefixes }),
    ...(all && { all: true }),
  };
}

/**
 * Targets as a tenant's `purge()` of the library takes them. It has no way to name the query of a page: in place of a page
 * its path is purged, which hits more.
 */
export function libraryPurge(targets: readonly Target[]): Readonly<Record<string, unknown>> {
  const keys: (readonly string[])[] = [];
  const prefixes: (readonly string[])[] = [];
  for (const target of targets) {
    if (target.type !== 'key' && target.type !== 'prefix') continue;
    const { type, segments } = target;
    if (segments[0] === 'g' && segments.at(-1)?.startsWith('?') === true)
      prefixes.push(segments.slice(0, -1));
    else if (type === 'key') keys.push(segments);
    else prefixes.push(segments);
  }
  const tags = targets.flatMap((target) => (target.type === 'tag' ? [target.tag] : []));
  return {
    ...(keys.length > 0 && { keys }),
    ...(prefixes.length > 0 && { prefixes }),
    ...(tags.length > 0 && { tags }),
    ...(targets.some(({ type }) => type === 'tenant') && { all: true }),
  };
}
