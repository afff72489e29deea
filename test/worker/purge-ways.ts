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
  /** Default 1; a URL counts for each of the two schemes. */
  readonly targets?: 2;
}[] = [
  { what: 'tag', body: ({ tag }) => ({ tags: [tag] }) },
  {
    what: 'key',
    body: ({ host, path }) => ({ keys: [['g', 'https', host, ...path.split('/').slice(1), '?']] }),
  },
  { what: 'URL', body: ({ host, path }) => ({ urls: [`https://${host}${path}`] }), targets: 2 },
  {
    what: 'path prefix',
    body: ({ host, path }) => ({ prefixes: [`https://${host}${path.replace(/\/[^/]*$/, '')}`] }),
    targets: 2,
  },
  {
    what: 'key prefix',
    body: ({ host, path }) => ({
      prefixes: [['g', 'https', host, ...path.split('/').slice(1, -1)]],
    }),
  },
  {
    what: 'the host as a prefix',
    body: ({ host }) => ({ prefixes: [`https://${host}`] }),
    targets: 2,
  },
  { what: 'the whole tenant', body: () => ({ all: true }) },
];
