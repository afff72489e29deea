import { httpDate } from '../../../src/gateway/browser-time.ts';
import type { Fetch } from '../../../src/gateway/exchange.ts';
import type { Timeline } from '../engine/timeline.ts';
import type { Clients } from './schedule-clients.ts';
import { bodyOf, nameOf, render, type Rendered } from './schedule-bodies.ts';
import type { Oracle } from './schedule-oracle.ts';
import { RESOURCES, type Fault, type Shape } from './schedule-plan.ts';

interface State {
  version: number;
  shape: Shape;
  readonly faults: Fault[];
}

/** What the origin is told by whoever carries a schedule out. */
export interface OriginOptions {
  readonly time: Timeline;
  readonly oracle: Oracle;
  readonly shapes: readonly Shape[];
  /** Of so many reads one fails; 0: none, but for those that are said. */
  readonly failing: number;
  /** Waits for as long as the next answer, or body, takes. */
  readonly hold: () => Promise<void>;
  readonly say: (line: string) => void;
  readonly clients: Pick<Clients, 'arrived' | 'failed'>;
}

/** A resource that the gateway has been asked for, by the URL at the origin. */
const PATHS = RESOURCES.map(({ url }) => url.replace('https://acme.example', ''));

/** An origin whose resources have versions, each with a way of answering. It is honest: it varies by what it says. */
export class Origin {
  readonly #options: OriginOptions;
  readonly #states: readonly State[];
  #reads = 0;
  #healthy = false;
  readonly #written = new Map<string, number>();

  constructor(options: OriginOptions) {
    this.#options = options;
    this.#states = RESOURCES.map(() => ({ version: 0, shape: this.#shape(0), faults: [] }));
  }

  version(resource: number): number {
    return this.#state(resource).version;
  }

  /** Answers its event. */
  write(resource: number, shape: number): number {
    const state = this.#state(resource);
    const event = this.#options.oracle.replaced(resource, state.version);
    state.version += 1;
    state.shape = this.#options.shapes[shape] ?? state.shape;
    const { names, maxAge, further, validators, personal } = state.shape;
    const vary = `${names.join('+')}${state.shape.more ? '(+b)' : ''}`;
    this.#options.say(
      `origin: ${resource} is v${state.version}: vary=${vary} ${maxAge}${further} ${validators} ${personal}`,
    );
    return event;
  }

  /** The event of a write by a client's request; undefined for one that was refused, or has not come. */
  written(id: string): number | undefined {
    return this.#written.get(id);
  }

  break(resource: number, fault: Fault): void {
    this.#state(resource).faults.push(fault);
  }

  /** From now on nothing fails. */
  heal(): void {
    this.#healthy = true;
    for (const { faults } of this.#states) faults.length = 0;
  }

  readonly fetch: Fetch = async (url, init) => {
    const headers = new Headers(init.headers);
    const resource = PATHS.indexOf(url.slice('https://origin.example'.length));
    const id = headers.get('x-id') ?? '';
    this.#options.clients.arrived(id, headers.get('if-none-match'));
    const aborted = new Promise<never>((_, reject) => {
      init.signal?.addEventListener('abort', () => reject(new Error('aborted')));
    });
    aborted.catch(() => undefined);
    const answer =
      init.method === 'GET' || init.method === 'HEAD'
        ? this.#read(resource, init.method, headers, id)
        : this.#write(resource, headers, id);
    return Promise.race([answer, aborted]);
  };

  async #read(resource: number, method: string, headers: Headers, id: string): Promise<Response> {
    const { time, oracle, hold, say, clients } = this.#options;
    const { version, shape, faults } = this.#state(resource);
    const fault = faults.shift() ?? this.#fault();
    const asked = `origin: ${method} ${resource}${id === '' ? ' (refresh)' : ` of #${id}`}`;
    const { rendered, names } = render(resource, version, shape, headers);
    const fields = fieldsOf(rendered, names, shape, time.now());
    const lifetime = lifetimeOf(rendered, shape, time.now());
    const serial = oracle.answered({ at: time.now(), shape, lifetime });
    fields.set('x-serial', String(serial));
    const same = isSame(headers, fields);
    say(`${asked}: answer ${serial}: ${fault ?? (same ? '304' : nameOf(rendered))}`);
    await hold();
    if (typeof fault === 'number' || fault === 'unreachable') clients.failed(id);
    if (fault === 'unreachable') throw new TypeError('unreachable');
    if (fault === 'silent') await time.sleep(60_000);
    if (typeof fault === 'number') return new Response('down', { status: fault });
    say(`${asked}: answer ${serial} comes`);
    if (same) return new Response(null, { status: 304, headers: fields });
    const range =
      shape.status === 200 ? /^bytes=(\d*)-(\d*)$/.exec(headers.get('range') ?? '') : null;
    let body = bodyOf(rendered);
    if (range && method === 'GET') {
      const complete = body.length;
      const [, from = '', to = ''] = range;
      const first = from === '' ? complete - Number(to) : Number(from);
      const last = from === '' || to === '' ? complete - 1 : Math.min(Number(to), complete - 1);
      body = body.slice(first, last + 1);
      fields.set('content-range', `bytes ${first}-${last}/${complete}`);
    }
    if (!shape.streamed) fields.set('content-length', String(body.length));
    const status = range && method === 'GET' ? 206 : shape.status;
    return new Response(method === 'HEAD' ? null : this.#stream(body, fault === 'truncated'), {
      status,
      headers: fields,
    });
  }

  #fault(): Fault | undefined {
    const { failing } = this.#options;
    this.#reads += 1;
    if (this.#healthy || failing === 0 || this.#reads % failing !== 0) return undefined;
    return this.#reads % (2 * failing) === 0 ? 503 : 'unreachable';
  }

  async #write(resource: number, headers: Headers, id: string): Promise<Response> {
    const { time, oracle, hold, say } = this.#options;
    const [posting, shape] = (headers.get('x-posting') ?? '').split(' ');
    say(`origin: POST ${resource} of #${id}: ${posting}`);
    if (posting === 'refused') {
      await hold();
      return new Response('refused', { status: 409 });
    }
    const own = this.write(resource, Number(shape));
    this.#written.set(id, posting === 'other' ? this.write(1 - resource, Number(shape)) : own);
    const state = this.#state(resource);
    const { rendered, names } = render(resource, state.version, state.shape, headers);
    const fields = fieldsOf(rendered, names, state.shape, time.now());
    const lifetime = lifetimeOf(rendered, state.shape, time.now());
    const serial = oracle.answered({ at: time.now(), shape: state.shape, lifetime });
    fields.set('x-serial', String(serial));
    await hold();
    say(`origin: POST ${resource} of #${id}: answer ${serial} comes`);
    if (posting === 'lost') throw new TypeError('lost');
    if (posting === 'other')
      return new Response('done', { headers: { location: PATHS[1 - resource] ?? '' } });
    if (posting === 'nothing') return new Response('done');
    fields.set('content-location', PATHS[resource] ?? '');
    return new Response(this.#stream(bodyOf(rendered), false), { headers: fields });
  }

  /** In two pieces, the second one late. */
  #stream(body: string, truncated: boolean): ReadableStream<Uint8Array> {
    const { hold } = this.#options;
    const bytes = new TextEncoder().encode(body);
    let at = 0;
    return new ReadableStream({
      async pull(controller) {
        await hold();
        const end = at === 0 ? 50 : bytes.byteLength;
        if (at > 0 && truncated) {
          controller.error(new Error('truncated'));
          return;
        }
        controller.enqueue(bytes.slice(at, end));
        at = end;
        if (end >= bytes.byteLength) controller.close();
      },
    });
  }

  #state(resource: number): State {
    const state = this.#states[resource];
    if (!state) throw new Error(`There is no resource ${resource}.`);
    return state;
  }

  #shape(at: number): Shape {
    const shape = this.#options.shapes[at];
    if (!shape) throw new Error(`There is no shape ${at}.`);
    return shape;
  }
}

/** Each version was changed a second after the one before. */
const modifiedAt = (version: number, now: number): number =>
  Math.min(Date.UTC(2026, 6, 31, 23, 50) + version * 1000, now);

function fieldsOf(
  rendered: Rendered,
  names: readonly string[],
  shape: Shape,
  now: number,
): Headers {
  const headers = new Headers({ 'cache-tag': RESOURCES[rendered.resource]?.tags.join(', ') ?? '' });
  if (names.length > 0) headers.set('vary', names.join(', '));
  const isPersonal = rendered.p !== '*';
  if (isPersonal && shape.personal === 'set-cookie') headers.set('set-cookie', `s=${rendered.p}`);
  const isPrivate = isPersonal && shape.personal === 'private';
  const isUnsaid = shape.maxAge === undefined || (isPersonal && shape.personal === 'unsaid');
  if (!isUnsaid || isPrivate)
    headers.set(
      'cache-control',
      `max-age=${shape.maxAge ?? 60}${shape.further}${isPrivate ? ', private' : ''}`,
    );
  const { validators } = shape;
  const tag = `"${nameOf(rendered)}"`;
  if (validators === 'strong' || validators === 'both') headers.set('etag', tag);
  if (validators === 'weak') headers.set('etag', `W/${tag}`);
  if (validators === 'modified' || validators === 'both')
    headers.set('last-modified', httpDate(modifiedAt(rendered.version, now)));
  return headers;
}

/** In seconds, as heuristics have it where nothing is said. */
function lifetimeOf(rendered: Rendered, { maxAge, validators }: Shape, now: number): number {
  if (maxAge !== undefined) return maxAge;
  if (validators !== 'modified' && validators !== 'both') return 0;
  return (now - modifiedAt(rendered.version, now)) / 10_000;
}

function isSame(asked: Headers, fields: Headers): boolean {
  const match = asked.get('if-none-match');
  if (match !== null) {
    const tag = fields.get('etag');
    return tag !== null && match.replace(/^W\//, '') === tag.replace(/^W\//, '');
  }
  const since = asked.get('if-modified-since');
  const modified = fields.get('last-modified');
  return since !== null && modified !== null && Date.parse(modified) <= Date.parse(since);
}
