import { describe, expect, test } from 'vitest';
import {
  deployLibrary,
  type Library,
  type LibraryIsolate,
  type LibraryOptions,
  type Value,
} from '../support/library.ts';
import {
  flagsOf,
  readable,
  resealedFor,
  storedName,
  storedText,
  withMetadata,
} from '../support/library-frames.ts';
import { endpointOfThisFile, stage } from '../support/stage.ts';

stage();
const endpoint = await endpointOfThisFile();

const secretOf = (fill: number): Uint8Array => new Uint8Array(32).fill(fill);
const oldKey = { id: 'k1', secret: secretOf(1) };
const newKey = { id: 'k2', secret: secretOf(2) };
const GZIP = 1;
const ENCRYPTED = 2;

type Form = readonly [name: string, options: LibraryOptions, flags: number];

const forms: readonly Form[] = [
  ['in the clear', {}, 0],
  ['compressed', { compressionThreshold: 1 }, GZIP],
  ['encrypted', { encryptionKeys: [oldKey] }, ENCRYPTED],
  [
    'compressed and encrypted',
    { compressionThreshold: 1, encryptionKeys: [oldKey] },
    GZIP | ENCRYPTED,
  ],
];

/** Long enough for a compression to be worth it. */
const valueOf = (text: string): Value => ({ text: `${text} `.repeat(40), tags: ['a'] });
const [mine, foreign, loaded] = [valueOf('mine'), valueOf('foreign'), valueOf('loaded')];

interface Staged {
  readonly library: Library;
  readonly name: string;
  /** The stored text of the key that is read. */
  readonly own: string;
  readonly writer: LibraryIsolate;
}

/** Each way in which what lies under a name is no entry of that name. */
const tamperings: readonly (readonly [string, (staged: Staged) => string | Promise<string>])[] = [
  [
    'those of another key of the tenant',
    async ({ library, writer }) => {
      await writer.values.set('other', foreign);
      return storedText(endpoint, storedName(library.tenant, 'values', 'other'));
    },
  ],
  [
    "those of another namespace's key",
    async ({ library, writer }) => {
      await writer.others.set('key', foreign);
      return storedText(endpoint, storedName(library.tenant, 'others', 'key'));
    },
  ],
  [
    "those of another tenant's key of the same name",
    async ({ library, writer }) => {
      const tenant = `${library.tenant}-x`;
      await writer.of(tenant).values.set('key', foreign);
      return storedText(endpoint, storedName(tenant, 'values', 'key'));
    },
  ],
  ['cut short', ({ own }) => own.slice(0, Math.floor(own.length / 8) * 4)],
  ['the beginning only', ({ own }) => own.slice(0, 40)],
  ['nothing', () => ''],
  ['no frame', () => '{"text":"plain JSON"}'],
  ['an HTML page', () => '<!doctype html><title>Not here</title>'.repeat(10)],
  ['of another version', ({ own }) => own.replace('TCL1', 'TCL9')],
  [
    'altered in the middle',
    ({ own }) => {
      const at = own.length - 12;
      return own.slice(0, at) + (own[at] === 'A' ? 'B' : 'A') + own.slice(at + 1);
    },
  ],
  ['the same, and more behind it', ({ own }) => `${own.replace(/=+$/, '')}AAAA`],
];

/** By whoever owns the store and knows the format: the checksum fits. Only encryption tells these apart. */
const forgeries: readonly (readonly [string, (staged: Staged) => string | Promise<string>])[] = [
  [
    "another key's, its checksum made to fit",
    async ({ library, writer, name }) => {
      await writer.values.set('other', foreign);
      const text = await storedText(endpoint, storedName(library.tenant, 'values', 'other'));
      return resealedFor(name, text);
    },
  ],
  [
    "another tenant's, its checksum made to fit",
    async ({ library, writer, name }) => {
      const tenant = `${library.tenant}-x`;
      await writer.of(tenant).values.set('key', foreign);
      return resealedFor(name, await storedText(endpoint, storedName(tenant, 'values', 'key')));
    },
  ],
  [
    'given other tags',
    ({ name, own }) => withMetadata(name, own, (text) => text.replace('"a"', '"b"')),
  ],
  [
    'given a longer life',
    ({ name, own }) => withMetadata(name, own, (text) => text.replaceAll(/\b1(\d{12})\b/g, '2$1')),
  ],
  [
    'with its flag of encryption taken away',
    ({ name, own }) => {
      const head = own.slice(0, 52);
      const first = Uint8Array.fromBase64(own.slice(52));
      first[0] = (first[0] ?? 0) & ~ENCRYPTED;
      return resealedFor(name, head + first.toBase64());
    },
  ],
];

/** A value that was set, and what lies in Redis of it. */
async function stagedAs([, options, flags]: Form): Promise<Staged> {
  const library = deployLibrary(endpoint, { compressionThreshold: false, ...options });
  const writer = library.isolate();
  expect(await writer.values.set('key', mine)).toEqual({ stored: true });
  const name = storedName(library.tenant, 'values', 'key');
  const own = await storedText(endpoint, name);
  expect(flagsOf(own)).toBe(flags);
  expect(await library.isolate().values.get('key')).toEqual(mine);
  return { library, writer, name, own };
}

async function expectMiss({ library, name }: Staged): Promise<void> {
  const here = library.isolate();
  expect(await here.values.get('key')).toBeUndefined();
  expect(await here.values.has('key')).toBe(false);
  expect(await here.values.entry('key')).toBeUndefined();
  expect(await here.values.getMany(['key', 'none'])).toEqual([undefined, undefined]);
  const wrong = here.events.filter(({ type }) => type === 'frame_invalid');
  expect(wrong[0]).toMatchObject({ tenant: library.tenant, tier: 'redis' });
  const tampered = await storedText(endpoint, name);
  // A load puts a good one in its place: in a batch and alone.
  const many = library.isolate();
  expect(await many.values.getOrSetMany(['key'], () => [loaded])).toEqual([loaded]);
  await many.settled();
  expect(await library.isolate().values.get('key')).toEqual(loaded);
  await endpoint.command('SET', name, tampered);
  const one = library.isolate();
  expect(await one.values.getOrSet('key', () => loaded)).toEqual(loaded);
  await one.settled();
  expect(await library.isolate().values.get('key')).toEqual(loaded);
}

describe.each(forms)('what is stored %s', (...form) => {
  test.each(tamperings)('is a miss and an event when the bytes are %s', async (_name, tamper) => {
    const here = await stagedAs(form);
    const tampered = await tamper(here);
    expect(tampered).not.toBe(here.own);
    await endpoint.command('SET', here.name, tampered);
    await expectMiss(here);
  });

  test('is a miss when the name holds a list', async () => {
    const { library, name } = await stagedAs(form);
    await endpoint.command('DEL', name);
    await endpoint.command('RPUSH', name, 'a');
    const here = library.isolate();
    expect(await here.values.get('key')).toBeUndefined();
    expect(await here.values.getOrSet('key', () => loaded)).toEqual(loaded);
    expect(await here.leased.getOrSet('key', () => loaded)).toEqual(loaded);
    await here.settled();
    expect(here.cache.stats().stores.at(-1)).toMatchObject({ circuit: 'closed' });
  });
});

describe.each(forms.filter(([, , flags]) => (flags & ENCRYPTED) !== 0))(
  'what is stored %s',
  (...form) => {
    test.each(forgeries)('is a miss and an event when it is %s', async (_name, forge) => {
      const here = await stagedAs(form);
      const forged = await forge(here);
      expect(forged).not.toBe(here.own);
      await endpoint.command('SET', here.name, forged);
      await expectMiss(here);
    });
  },
);

describe('encryption', () => {
  const words = {
    text: 'The text of the value that nobody but us may read',
    tags: ['tag-in-the-clear'],
  };
  const encrypted = { encryptionKeys: [oldKey], compressionThreshold: false } as const;

  /** Everything that Redis holds of a tenant, base64 undone where it is a frame. */
  async function everythingOf(tenant: string): Promise<string> {
    const names = (await endpoint.command('KEYS', `*:t:${tenant}:*`)) as string[];
    const texts = await Promise.all(
      names.map(async (name) => {
        const type = await endpoint.command('TYPE', name);
        if (type !== 'string')
          return JSON.stringify(await endpoint.command('ZRANGE', name, 0, -1, 'WITHSCORES'));
        const text = await storedText(endpoint, name);
        return text.startsWith('TCL1') ? text + readable(text) : text;
      }),
    );
    return [...names, ...texts].join('\n');
  }

  test('leaves nothing readable of a value and of its type; tags, times and names are', async () => {
    const library = deployLibrary(endpoint, encrypted);
    const here = library.isolate();
    await here.values.set('set', words);
    await here.values.getOrSet('loaded', () => words);
    await here.leased.getOrSet('leased', () => words);
    await here.values.getOrSetMany(['many:1', 'many:2'], () => [words, words]);
    await here.others.set('bytes', new TextEncoder().encode(words.text));
    await here.others.set('rich', new Map([[words.text, new Date(0)]]));
    await here.settled();
    await here.values.touch('set', { ttl: '1h' });
    const stored = await everythingOf(library.tenant);
    for (const hidden of [
      'The text',
      'nobody but us',
      'application/json',
      'octet-stream',
      'devalue',
    ])
      expect(stored).not.toContain(hidden);
    expect(stored).toContain('tag-in-the-clear');
    expect(stored).toContain('n:values:many:2');

    const open = deployLibrary(endpoint, { ...encrypted, encryptionKeys: false });
    const there = open.isolate();
    await there.values.set('set', words);
    const clear = await everythingOf(open.tenant);
    expect(clear).toContain('The text of the value');
    expect(clear).toContain('application/json');
  });

  test('of the same value never makes the same bytes twice', async () => {
    const library = deployLibrary(endpoint, encrypted);
    const here = library.isolate();
    const name = storedName(library.tenant, 'values', 'same');
    const seen = new Set<string>();
    for (let at = 0; at < 5; at += 1) {
      await here.values.set('same', words);
      seen.add((await storedText(endpoint, name)).slice(-80));
    }
    expect(seen.size).toBe(5);
  });

  test('turns its keys: the new one encrypts, the old one still reads, and none reads without its key', async () => {
    const library = deployLibrary(endpoint, encrypted);
    await library.isolate().values.set('key', words);
    const turned = { encryptionKeys: [newKey, oldKey] };
    expect(await library.isolate(turned).values.get('key')).toEqual(words);
    // Before the turn is over everywhere, old isolates have to read what new ones write.
    expect(await library.isolate(turned).values.set('new', words)).toEqual({ stored: true });
    const both = { encryptionKeys: [oldKey, newKey] };
    expect(await library.isolate(both).values.getMany(['key', 'new'])).toEqual([words, words]);
    const onlyNew = library.isolate({ encryptionKeys: [newKey] });
    expect(await onlyNew.values.getMany(['key', 'new'])).toEqual([undefined, words]);
    expect(onlyNew.events).toContainEqual({
      type: 'frame_invalid',
      tenant: library.tenant,
      tier: 'redis',
      fault: 'key_id',
    });
    expect(await onlyNew.values.getOrSet('key', () => loaded)).toEqual(loaded);
    await onlyNew.settled();
    expect(await library.isolate(turned).values.get('key')).toEqual(loaded);
  });

  test('under another secret of the same id, switched on or switched off: a miss and an event', async () => {
    const library = deployLibrary(endpoint, encrypted);
    await library.isolate().values.set('key', words);
    for (const [encryptionKeys, fault] of [
      [[{ id: 'k1', secret: secretOf(9) }], 'decryption'],
      [false, 'key_id'],
    ] as const) {
      const here = library.isolate({ encryptionKeys });
      expect(await here.values.get('key')).toBeUndefined();
      expect(here.events).toContainEqual(expect.objectContaining({ type: 'frame_invalid', fault }));
    }
    await library.isolate({ encryptionKeys: false }).values.set('key', words);
    const here = library.isolate();
    expect(await here.values.get('key')).toBeUndefined();
    expect(here.events).toContainEqual(expect.objectContaining({ fault: 'unencrypted' }));
  });
});

describe('compression', () => {
  const rows = Array.from({ length: 400 }, (_, at) => ({ id: at, name: `name ${at}`, ok: true }));
  const plain = JSON.stringify(rows).length;

  test.each([
    ['compression on', {}, 0.3],
    ['compression and encryption on', { encryptionKeys: [oldKey] }, 0.3],
  ])('%s: large JSON takes less in Redis, by far', async (_, options, share) => {
    const library = deployLibrary(endpoint, options);
    const sizes: number[] = [];
    for (const compressionThreshold of [1000, false] as const) {
      const here = library.isolate({ compressionThreshold });
      await here.others.set('rows', rows);
      sizes.push((await storedText(endpoint, storedName(library.tenant, 'others', 'rows'))).length);
      expect(await library.isolate().others.get('rows')).toEqual(rows);
    }
    const [small = 0, large = 0] = sizes;
    expect(large).toBeGreaterThan(plain);
    expect(small).toBeLessThan(plain * share);
  });

  test('what is below the threshold, or gains nothing, is left as it is', async () => {
    const library = deployLibrary(endpoint, { compressionThreshold: 1000 });
    const here = library.isolate();
    await here.others.set('short', 'x'.repeat(900));
    await here.others.set('random', crypto.getRandomValues(new Uint8Array(5000)));
    for (const key of ['short', 'random']) {
      const text = await storedText(endpoint, storedName(library.tenant, 'others', key));
      expect(flagsOf(text) & GZIP).toBe(0);
    }
    expect(await library.isolate().others.get('short')).toBe('x'.repeat(900));
  });
});
