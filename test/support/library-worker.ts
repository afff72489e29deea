import { createCache, inIsolate, memory, namespace, redis } from '../../src/index.ts';

/** What the process that starts this Worker says. */
interface Environment {
  /** Empty: there is no Redis. */
  readonly REDIS_URL: string;
  readonly REDIS_TOKEN: string;
  /** Where loaders load from; they are answered by text. */
  readonly ORIGIN: string;
  /** JSON: options of the cache. */
  readonly OPTIONS: string;
  /** What keeps work alive: `request` (that of the request), `default` (what the library finds) or `nothing`. */
  readonly HOLD: string;
}

/** A Worker of somebody who uses the library, in a process of its own; see test/dev/library-fixture.ts. */
export default {
  async fetch(request: Request, env: Environment, execution: ExecutionContext): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    cache ??= open(env);
    const tenant =
      env.HOLD === 'request' ? cache.forTenant('acme', execution) : cache.forTenant('acme');
    const asked = (name: string): string => searchParams.get(name) ?? '';
    switch (pathname) {
      case '/ready':
        return Response.json(cache.stats());
      case '/get': {
        const name = asked('namespace') === 'leased' ? 'leased' : 'values';
        const key = asked('key');
        const load = async (): Promise<string> => {
          const response = await fetch(`${env.ORIGIN}/${encodeURIComponent(key)}`);
          return response.text();
        };
        const all = Array.from({ length: Number(asked('times') || 1) }, () =>
          tenant[name].getOrSet(key, load),
        );
        return Response.json([...new Set(await Promise.all(all))]);
      }
      case '/fill': {
        const [how, kind = '', bytes, from, count] = ['how', 'kind', 'bytes', 'from', 'count'].map(
          asked,
        );
        const numbers = Array.from({ length: Number(count) }, (_, at) => Number(from) + at);
        const values = numbers.map((at) => made(kind, Number(bytes), at));
        const keys = numbers.map((at) => `${kind}:${at}`);
        if (how === 'load') await tenant.kept.getOrSetMany(keys, () => values);
        else await tenant.kept.setMany(keys.map((key, at) => [key, values[at]]));
        return Response.json(cache.stats().memory);
      }
      case '/read': {
        const [kind, from, count] = ['kind', 'from', 'count'].map(asked);
        const keys = Array.from(
          { length: Number(count) },
          (_, at) => `${kind}:${Number(from) + at}`,
        );
        const found = (await tenant.kept.getMany(keys)).filter((value) => value !== undefined);
        return Response.json({ found: found.length, memory: cache.stats().memory });
      }
      default:
        return new Response('There is no such path.', { status: 404 });
    }
  },
};

let cache: ReturnType<typeof open> | undefined;

function open(env: Environment) {
  return createCache({
    logLevel: 'silent',
    tiers: [memory()],
    ...(env.REDIS_URL === '' ? {} : { preset: 'development' }),
    ...(JSON.parse(env.OPTIONS) as { readonly hardTimeout?: number }),
    authority:
      env.REDIS_URL === '' ? inIsolate() : redis({ url: env.REDIS_URL, token: env.REDIS_TOKEN }),
    namespaces: {
      values: namespace<string>({ ttl: '10m', lease: false }),
      leased: namespace<string>({ ttl: '10m', lease: true }),
      kept: namespace<unknown>({ ttl: '10m', lease: false }),
    },
    ...(env.HOLD === 'nothing' && { waitUntil: () => {} }),
  });
}

/** A value of about so many bytes, another one for each number. */
function made(kind: string, bytes: number, at: number): unknown {
  const text = (length: number): string => {
    const start = `${at}-${length}-`;
    return start + String.fromCharCode(97 + (at % 26)).repeat(Math.max(0, length - start.length));
  };
  switch (kind) {
    case 'binary':
      return new Uint8Array(bytes).fill(at % 256);
    case 'text':
      return text(bytes);
    case 'wide':
      // Two bytes a character in the heap.
      return `\u2713${text(bytes / 2)}`;
    case 'object':
      return { id: at, ok: true, name: text(Math.max(4, bytes - 40)) };
    case 'rows': {
      const rows = [];
      for (let row = 0; row * 100 < bytes; row += 1)
        rows.push({
          id: at * 1000 + row,
          price: row + 0.5,
          tags: ['a', `t${row}`],
          name: text(40),
        });
      return rows;
    }
    case 'numbers':
      return Array.from({ length: bytes / 20 }, (_, index) => index + at / 7 + 0.1);
    case 'rich':
      return new Map([
        [text(bytes / 2), new Date(at)],
        [text(bytes / 2 - 1), new Date(0)],
      ]);
    default:
      throw new Error(`There is no kind '${kind}'.`);
  }
}
