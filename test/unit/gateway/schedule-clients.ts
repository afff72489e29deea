import type { TenantPolicy } from '../../../src/tenant/policy.ts';
import type { Timeline } from '../engine/timeline.ts';
import { acme } from '../engine/world.ts';
import { parseBody, parseName } from './schedule-bodies.ts';
import type { Place } from './schedule-isolates.ts';
import type { Oracle } from './schedule-oracle.ts';
import { RESOURCES, type Step } from './schedule-plan.ts';

export const tenant: TenantPolicy = {
  id: acme,
  hosts: ['acme.example'],
  origin: 'https://origin.example',
  warm: { base: 'https://acme.example', paths: [] },
};

/** A request that reads. */
export type Question = Pick<Step, 'resource' | 'a' | 'b'> &
  Partial<Pick<Step, 'does' | 'reader' | 'range' | 'conditional'>>;

type Due = ReturnType<Oracle['due']>;

/** A client's request on its way. */
interface Asking {
  readonly place: Place;
  /** The tag that the client sends itself. */
  readonly own: string | null;
  /** What its isolate had to know when it began, or when the origin failed it. */
  due: Due;
}

interface ClientsOptions {
  readonly time: Timeline;
  readonly oracle: Oracle;
  /** How old what an isolate knows of others' purges may be, in milliseconds. */
  readonly boundMs: number;
  readonly say: (line: string) => void;
}

/** Those who ask the gateway, and show the oracle what they are served. */
export class Clients {
  /** How often what was served. */
  readonly counts = new Map<string, number>();
  readonly #options: ClientsOptions;
  readonly #asking = new Map<string, Asking>();
  readonly #tags = new Map<string, string>();
  #requests = 0;

  constructor(options: ClientsOptions) {
    this.#options = options;
  }

  nextId(): string {
    this.#requests += 1;
    return String(this.#requests);
  }

  count(what: string): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
  }

  /** The origin is asked for one of them. @param validator by which it is asked whether that still stands */
  arrived(id: string, validator: string | null): void {
    const asking = this.#asking.get(id);
    const tagged = parseName(validator ?? '');
    if (asking && tagged && validator !== asking.own)
      this.#options.oracle.validated(`#${id}`, tagged, this.#due(asking.place));
  }

  /** The origin fails one of them: what is served in its place is judged by what is known by then. */
  failed(id: string): void {
    const asking = this.#asking.get(id);
    if (asking) asking.due = this.#due(asking.place);
  }

  /**
   * Asks, and answers the version that was served.
   * @param at names the isolate, and whoever asks: a client remembers the tag of what it was given
   */
  async ask(
    place: Place,
    question: Question,
    at: { readonly isolate: number; readonly caller: number },
  ): Promise<number | undefined> {
    const { time, oracle, say } = this.#options;
    const { resource, a, b, reader, does, range = '', conditional = false } = question;
    const id = this.nextId();
    const headers = selecting(question);
    headers.set('x-id', id);
    if (does === 'range') headers.set('range', range);
    const remembered = `${at.caller} ${resource}`;
    const own = conditional ? (this.#tags.get(remembered) ?? null) : null;
    if (own !== null) headers.set('if-none-match', own);
    const method = does === 'head' ? 'HEAD' : 'GET';
    const fields = { a: a ?? '-', b: b ?? '-', c: reader ?? '-' };
    const asked = `a${fields.a}b${fields.b}c${fields.c}${does === 'range' ? ` ${range}` : ''}`;
    const what = `isolate ${at.isolate}: ${method} ${resource} #${id} (${asked})`;
    say(`${what} begins`);
    const known = this.#due(place);
    const asking: Asking = { place, own, due: known };
    this.#asking.set(id, asking);
    const beganAt = time.now();
    const request = new Request(RESOURCES[resource]?.url ?? '', { method, headers });
    const response = await place.gateway.handle(request, tenant, place.runtime);
    const text = await response.text().catch(() => undefined);
    this.#asking.delete(id);
    const status = response.headers.get('cache-status') ?? '';
    const serial = Number(response.headers.get('x-serial') ?? Number.NaN);
    const etag = response.headers.get('etag');
    if (etag !== null) this.#tags.set(remembered, etag);
    say(
      `${what}: ${response.status} ${status} answer ${serial} ${text?.slice(0, 21) ?? '(broken)'}`,
    );
    this.#note(response.status, status, method);
    const first = /^bytes (\d+)-/.exec(response.headers.get('content-range') ?? '')?.[1] ?? 0;
    const hasBody = BODIES.has(response.status) && method === 'GET' && text !== undefined;
    const body = hasBody ? parseBody(text, Number(first)) : undefined;
    if (hasBody && !body) oracle.violations.push(`${what} has a body of several, or a cut one`);
    const instead = status.includes('stale-if-error');
    // What has just been validated is not stale, although it may have no time of its own.
    const stale = instead || (status.includes('; hit') && status.includes('ttl=-'));
    const collapsed = status.includes('collapsed');
    const tagged = parseName(etag ?? '');
    const served = { what, resource, fields, serial, body, tagged, stale, collapsed, beganAt };
    oracle.served(served, instead ? asking.due : known);
    return body?.version;
  }

  #due(place: Place): Due {
    const { oracle, time, boundMs } = this.#options;
    return oracle.due(place, time.now(), boundMs);
  }

  #note(code: number, status: string, method: string): void {
    this.count(`${method} ${code}`);
    const fwd = /fwd=([a-z-]+)/.exec(status)?.[1];
    if (fwd !== undefined) this.count(`fwd ${fwd}`);
    else if (status.includes('ttl=-')) this.count('stale hit');
    else this.count(`hit (${/detail=([a-z-]+)/.exec(status)?.[1] ?? 'none'})`);
    for (const one of ['collapsed', 'fwd-status=304', 'stale-if-error'])
      if (status.includes(one)) this.count(one);
  }
}

/** Of answers of the origin's resources, and not about them. */
const BODIES: ReadonlySet<number> = new Set([200, 206, 404]);

/** The fields by which an answer may be selected. */
export function selecting({ a, b, reader }: Pick<Question, 'a' | 'b' | 'reader'>): Headers {
  const headers = new Headers();
  if (a !== undefined) headers.set('x-a', a);
  if (b !== undefined) headers.set('x-b', b);
  if (reader !== undefined) headers.set('cookie', reader);
  return headers;
}
