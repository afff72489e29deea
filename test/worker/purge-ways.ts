/** One entry that a purge is to hit. */
export interface PurgedEntry {
  readonly host: string;
  readonly path: string;
  readonly tag: string;
}

/** Every way to name an entry in the body of a purge. */
export const PURGE_WAYS: readonly {
  readonly what: string;
  readonly body: (entry: PurgedEntry) => unknown;
}[] = [
  { what: 'tag', body: ({ tag }) => ({ tags: [tag] }) },
  {
    what: 'key',
    body: ({ host, path }) => ({ keys: [['g', 'https', host, ...path.split('/').slice(1), '?']] }),
  },
  { what: 'URL', body: ({ host, path }) => ({ urls: [`https://${host}${path}`] }) },
  {
    what: 'path prefix',
    body: ({ host, path }) => ({ prefixes: [`https://${host}${path.replace(/\/[^/]*$/, '')}`] }),
  },
  {
    what: 'key prefix',
    body: ({ host, path }) => ({
      prefixes: [['g', 'https', host, ...path.split('/').slice(1, -1)]],
    }),
  },
  { what: 'the host as a prefix', body: ({ host }) => ({ prefixes: [`https://${host}`] }) },
  { what: 'the whole tenant', body: () => ({ all: true }) },
];
