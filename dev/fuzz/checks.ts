import { parseList, Token } from 'structured-headers';
import { type Answer, fieldValues } from './answer.ts';
import { canariesIn } from './canary.ts';
import { isFramed, isWellFormed, type RawRequest, valuesOf } from './request.ts';
import { ADMIN_HOST, type FuzzTenant, TENANTS } from './tenants.ts';
import type { Outcome } from './wire.ts';

/** What must never happen, by name; docs/guide/fuzzing.md says what each means. */
export const INVARIANTS = [
  'own-500',
  'malformed',
  'no-answer',
  'truncated',
  'desync',
  'other-tenant',
  'own-secret',
  'canary',
  'cookie',
  'cache-status',
  'body',
  'tags',
  'key',
  'clean',
  'origin-saw',
  'log',
  'memory',
  'crash',
] as const;
export type Invariant = (typeof INVARIANTS)[number];

export interface Finding {
  readonly invariant: Invariant;
  /** What was seen, in one sentence. */
  readonly detail: string;
}

/** What an origin of the run puts on everything that it says: its tenant and what it was up to. */
export const ORIGIN_MARK = 'x-fuzz-origin';
/** In {@link ORIGIN_MARK}: the body ends before its framing says so. */
export const BROKEN = 'broken';

/** Everything that is wrong with what came of one request. */
export function checkOutcome(
  request: RawRequest,
  outcome: Outcome,
  tenants: readonly FuzzTenant[] = TENANTS,
): Finding[] {
  const found: Finding[] = [];
  const add = (invariant: Invariant, detail: string): void =>
    void found.push({ invariant, detail });
  const sound = isWellFormed(request) && request.ends !== true;
  switch (outcome.kind) {
    case 'malformed':
      add('malformed', `What came is no HTTP/1.1: ${outcome.reason}.`);
      checkSecrets(request, outcome.raw, undefined, tenants, add);
      return found;
    case 'silent':
      if (sound) add('no-answer', 'There was no answer, nor an end of the connection.');
      checkSecrets(request, outcome.raw, undefined, tenants, add);
      return found;
    case 'closed':
      if (sound) add('no-answer', 'The connection was closed without an answer.');
      return found;
    case 'answer':
  }
  const { answer, rest } = outcome;
  checkStatus(request, answer, sound, add);
  if (rest !== '' && isFramed(request) && isWellFormed(request))
    add('desync', `Behind the answer came ${JSON.stringify(rest.slice(0, 80))}.`);
  if (!answer.complete && !isBroken(answer) && sound)
    add('truncated', `The body broke off after ${answer.body.length} bytes.`);
  checkSecrets(request, answer.raw, answer, tenants, add);
  // Behind a body that is longer than announced stands another request of the same client.
  const behind = isFramed(request) ? [] : request.body.split('\r\n');
  checkSecrets({ ...request, lines: [...request.lines, ...behind] }, rest, undefined, tenants, add);
  checkCanaries(request, answer, tenants, add);
  checkCacheStatus(request, answer, tenants, add);
  checkBody(answer, add);
  return found;
}

type Add = (invariant: Invariant, detail: string) => void;

function checkStatus(request: RawRequest, answer: Answer, sound: boolean, add: Add): void {
  if (answer.status !== 500 || fieldValues(answer, ORIGIN_MARK).length > 0) return;
  // What the runtime says of a request that it gives no Worker.
  const isRuntimes =
    (answer.body === 'Internal Server Error' || request.method === 'HEAD') &&
    fieldValues(answer, 'content-type').length === 0;
  if (isRuntimes && !sound) return;
  add('own-500', `A 500 that is not the origin's: ${JSON.stringify(answer.body.slice(0, 200))}.`);
}

function isBroken(answer: Answer): boolean {
  return fieldValues(answer, ORIGIN_MARK).some((mark) => mark.includes(BROKEN));
}

/** The tenants that a request is for: more than one where it names several. */
export function tenantsOf(
  request: RawRequest,
  tenants: readonly FuzzTenant[],
): readonly FuzzTenant[] {
  const authority = /^[a-z][a-z0-9+.-]*:\/\/(?:[^/?#]*@)?([^/?#]*)/i.exec(request.target)?.[1];
  const hosts = [...valuesOf(request, 'host'), ...(authority === undefined ? [] : [authority])].map(
    (host) => host.toLowerCase().replace(/:\d*$/, '').replace(/\.$/, ''),
  );
  return tenants.filter(
    (tenant) =>
      tenant.hosts.some((host) => hosts.includes(host)) ||
      (hosts.includes(ADMIN_HOST) && holdsToken(request, tenant)),
  );
}

function holdsToken(request: RawRequest, { token }: FuzzTenant): boolean {
  return valuesOf(request, 'authorization').some((value) => value.includes(token));
}

/** No byte of another tenant, and none of what nobody may see. What the client itself has sent may come back. */
function checkSecrets(
  request: RawRequest,
  raw: string,
  answer: Answer | undefined,
  tenants: readonly FuzzTenant[],
  add: Add,
): void {
  const own = tenantsOf(request, tenants);
  const sent = [request.target, ...request.lines, request.body].join('\n');
  const isShown = (secret: string): boolean => raw.includes(secret) && !sent.includes(secret);
  const shown = tenants.filter(({ secret }) => isShown(secret));
  for (const tenant of tenants) {
    const isOwn = own.includes(tenant);
    if (isShown(tenant.token)) add('own-secret', `The token of '${tenant.id}' is in the answer.`);
    if (!isOwn && (shown.includes(tenant) || isShown(tenant.tag)))
      add('other-tenant', `The answer holds what only '${tenant.id}' has.`);
    else if (
      isOwn &&
      !tenant.exposesTags &&
      isShown(tenant.tag) &&
      !(isOwnRoute(request) && holdsToken(request, tenant))
    )
      add('tags', `A tag of '${tenant.id}' is in the answer, and its tags are not shown.`);
  }
  if (shown.length > 1)
    add('other-tenant', `The answer holds what ${shown.map(({ id }) => id).join(' and ')} have.`);
  if (answer === undefined || own.some(({ exposesTags }) => exposesTags)) return;
  for (const name of ['cache-tag', 'cache-groups', 'cache-group-invalidation'])
    if (fieldValues(answer, name).length > 0)
      add('tags', `The answer has ${name}, and the tenant's tags are not shown.`);
}

/** A route of the gateway's own, for whoever holds a token: what it shows is of others by its nature. */
function isOwnRoute({ target }: RawRequest): boolean {
  return target.includes('/_tiercel/') || target.startsWith('/v1/');
}

/** What another client has sent comes back to that client alone, unless the request says the same. */
function checkCanaries(
  request: RawRequest,
  answer: Answer,
  tenants: readonly FuzzTenant[],
  add: Add,
): void {
  if (isOwnRoute(request) && tenants.some((tenant) => holdsToken(request, tenant))) return;
  const own = canariesIn([request.target, ...request.lines, request.body].join('\n'));
  const foreign = [...canariesIn(answer.raw)].filter((number) => !own.has(number));
  if (foreign.length > 0)
    add('canary', `The answer holds what request ${foreign.join(', ')} has sent.`);
}

function checkCacheStatus(
  request: RawRequest,
  answer: Answer,
  tenants: readonly FuzzTenant[],
  add: Add,
): void {
  const lines = fieldValues(answer, 'cache-status');
  if (lines.length === 0) return;
  let members: ReturnType<typeof parseList>;
  try {
    members = parseList(lines.join(', '));
  } catch {
    add(
      'cache-status',
      `Cache-Status is no List: ${JSON.stringify(lines.join(', ').slice(0, 200))}.`,
    );
    return;
  }
  const isOurs = ([name]: (typeof members)[number]): boolean =>
    name instanceof Token && name.toString() === 'Tiercel';
  const last = members.at(-1);
  if (last === undefined || !isOurs(last) || members.filter(isOurs).length > 1)
    add(
      'cache-status',
      `Our member of Cache-Status is not the last, or not alone: ${lines.join(', ')}.`,
    );
  const parameters = last?.[1];
  if (parameters?.get('hit') === true && parameters.has('fwd'))
    add('cache-status', `A hit that went forward: ${lines.join(', ')}.`);
  const mayKnow = tenantsOf(request, tenants).some((tenant) =>
    valuesOf(request, 'tiercel-debug').some((value) => value.includes(tenant.token)),
  );
  if (parameters?.has('key') === true && !mayKnow)
    add('key', `The key is told to one who may not know it: ${lines.join(', ')}.`);
}

function checkBody(answer: Answer, add: Add): void {
  const [range] = fieldValues(answer, 'content-range');
  if (answer.status !== 206 || range === undefined || answer.framing === 'none') return;
  const [, first, last] = /^bytes (\d+)-(\d+)\/(?:\d+|\*)$/.exec(range) ?? [];
  // The origin's own nonsense is passed on; what we make of a store is ours.
  if (!/Tiercel; hit/.test(fieldValues(answer, 'cache-status').join(', '))) return;
  const length = Number(last) - Number(first) + 1;
  if (!(length === answer.body.length))
    add('body', `Content-Range is ${range}, and ${answer.body.length} bytes came.`);
}
