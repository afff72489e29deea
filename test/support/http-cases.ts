import { describe, expect, it } from 'vitest';
import { deploy, type Answer, type Deployment, type Isolate } from './deployment.ts';
import type {
  Case,
  Expected,
  Fields,
  From,
  Moment,
  OriginAnswer,
  Step,
  Topic,
  Value,
  Wanted,
} from './http-case.ts';
import { openOrigin, type ScriptedAnswer, type SeenRequest, type TestOrigin } from './origin.ts';
import { stage, type Stage } from './stage.ts';

const ASKED: Readonly<Record<From, number | undefined>> = {
  origin: 1,
  store: 0,
  validated: 1,
  // Whoever asks, and what asks for all behind the answer.
  instead: 2,
  gateway: 0,
  broken: undefined,
  forwarded: undefined,
  any: undefined,
};

let opened: Promise<TestOrigin> | undefined;
let lastNumber = 0;

/** Declares a test for each case. Its tenant, its path and its data centre are its own; the clock is moved, nobody sleeps. */
export function httpCases({ title, cases }: Topic): void {
  describe(title, () => {
    const { clock } = stage();
    const named = cases.map((one) => [`${one.section}: ${one.name}`, one] as const);
    it.each(named)('%s', async (_, one) => {
      opened ??= openOrigin();
      lastNumber += 1;
      const facts = await play(one, await opened, clock, `/case-${lastNumber}`);
      const side = (which: 1 | 2) =>
        Object.fromEntries(facts.map((fact) => [fact[0], fact[which]]));
      expect(side(1)).toEqual(side(2));
    });
  });
}

/** What was looked at, what it was and what it had to be. */
type Fact = readonly [what: string, actual: unknown, wanted: unknown];

/** What a step's answer of the origin was, for the steps that get it again. */
interface Given {
  readonly path: string;
  readonly method: string;
  readonly status: number;
  readonly body: string;
}

async function play(
  { steps, policy }: Case,
  origin: TestOrigin,
  clock: Stage['clock'],
  base: string,
): Promise<readonly Fact[]> {
  const deployment = await deploy({ origin: origin.url, ...(policy ? { policy } : {}) });
  const first = deployment.isolate();
  // HTTP-dates have whole seconds: so has the clock.
  clock.advance(1000 - (Date.now() % 1000));
  const start = Date.now();
  const counts = new Map<string, number>();
  const given: (Given | undefined)[] = [];
  const facts: Fact[] = [];
  let scripted: readonly OriginAnswer[] = [{}];
  for (const [index, step] of steps.entries()) {
    clock.advance((step.wait ?? 0) * 1000);
    const moment = {
      now: Date.now(),
      start,
      path: base,
      host: deployment.host,
      token: deployment.token,
    };
    const path = base + (step.request?.path ?? '');
    if (step.origin) scripted = 'length' in step.origin ? step.origin : [step.origin];
    const bodies = scripted.map((answer) => answer.body ?? `the answer of step ${index + 1}`);
    await origin.rescript(
      path,
      scripted.map((answer, position) => scriptOf(answer, bodies[position] ?? '', moment)),
    );
    if (step.purge) await purge(first, deployment, base, step.purge);
    const before = counts.get(path) ?? 0;
    const isolate = step.isolate === 'new' ? deployment.isolate() : first;
    const answer = await request(isolate, step, path, moment, { origin, clock, before });
    const asked = (await origin.seen(path)).slice(before);
    counts.set(path, before + asked.length);
    const from = step.expect?.from ?? 'origin';
    const method = step.request?.method ?? 'GET';
    const own = { path, method, status: scripted[0]?.status ?? 200, body: bodies[0] ?? '' };
    given.push(from === 'origin' ? own : undefined);
    const stored = given.findLast((one) => one?.path === path && one.method === 'GET');
    const of = step.expect?.of === undefined ? undefined : given[step.expect.of - 1];
    const source = of ?? (from === 'origin' ? own : stored);
    const outcome = { answer, asked, source, moment };
    for (const [what, actual, wanted] of judge(step, outcome))
      facts.push([`${index + 1}: ${what}`, actual, wanted]);
  }
  return facts;
}

function scriptOf(
  { headers, notModified, ...rest }: OriginAnswer,
  body: string,
  moment: Moment,
): Omit<ScriptedAnswer, 'target'> {
  return {
    ...rest,
    body,
    headers: made(headers ?? [], moment),
    ...(notModified ? { notModified: made(notModified, moment) } : {}),
  };
}

function made(fields: Fields, moment: Moment): readonly (readonly [string, string])[] {
  return fields.map(([name, value]) => [name, valueAt(value, moment)]);
}

function valueAt(value: Value, moment: Moment): string {
  return typeof value === 'function' ? value(moment) : value;
}

async function purge(
  isolate: Isolate,
  { host }: Deployment,
  path: string,
  mode: 'hard' | 'soft',
): Promise<void> {
  const answer = await isolate.purge({
    urls: [`https://${host}${path}`],
    mode,
  });
  if (answer.status !== 200) throw new Error(`The purge failed: ${answer.text}`);
}

/** Undefined when the client got no whole answer. */
async function request(
  isolate: Isolate,
  { request: asks = {}, slow }: Step,
  path: string,
  moment: Moment,
  { origin, clock, before }: { origin: TestOrigin; clock: Stage['clock']; before: number },
): Promise<Answer | undefined> {
  const { method = 'GET', headers = [], body } = asks;
  const sent = { headers: made(headers, moment), ...(body === undefined ? {} : { body }) };
  if (slow !== undefined) await origin.hold(path);
  const answer = isolate.send(method, path, sent).catch(() => undefined);
  if (slow !== undefined) {
    await expect.poll(() => origin.count(path)).toBe(before + 1);
    clock.advance(slow * 1000);
    await origin.release(path);
  }
  return answer;
}

interface Outcome {
  readonly answer: Answer | undefined;
  readonly asked: readonly SeenRequest[];
  readonly source: Given | undefined;
  readonly moment: Moment;
}

function judge(step: Step, { answer, asked, source, moment }: Outcome): readonly Fact[] {
  const wanted = step.expect ?? {};
  const from = wanted.from ?? 'origin';
  if (!answer) return [['answer', 'broken', from]];
  const facts: Fact[] = [];
  const compare = (
    what: string,
    fields: Readonly<Record<string, Wanted>> = {},
    get: (name: string) => unknown,
  ): void => {
    for (const [name, value] of Object.entries(fields))
      facts.push([`${what} ${name}`, ...sides(get(name) ?? null, value, moment)]);
  };
  const ofAnswer = ['origin', 'store', 'validated', 'instead'].includes(from);
  const status = wanted.status ?? (ofAnswer ? source?.status : from === 'broken' ? 502 : undefined);
  if (status !== undefined) facts.push(['status', answer.status, status]);
  const bodiless = step.request?.method === 'HEAD' || status === 304 || status === 204;
  const body = wanted.body ?? (ofAnswer ? (bodiless ? '' : source?.body) : undefined);
  if (body !== undefined) facts.push(['body', answer.text, body]);
  const count = wanted.asked ?? ASKED[from];
  if (count !== undefined) facts.push(['asked', asked.length, count]);
  if (from === 'forwarded') facts.push(['asked', asked.length > 0, true]);
  if (from === 'validated') facts.push(['answered', asked.at(-1)?.answered, 304]);
  if (from === 'gateway')
    facts.push(['type', answer.headers.get('content-type'), 'application/problem+json']);
  compare('header', wanted.headers, (name) => answer.headers.get(name));
  compare('cache-status', expectedStatus(from, wanted), (name) => answer.cacheStatus?.[name]);
  compare('sent', wanted.sent, (name) => asked.at(-1)?.headers[name]);
  return facts;
}

function expectedStatus(from: From, { cacheStatus }: Expected): Readonly<Record<string, Wanted>> {
  if (from === 'store') return { hit: true, fwd: null, ...cacheStatus };
  if (from === 'gateway' || from === 'broken' || from === 'any') return { ...cacheStatus };
  return { hit: null, fwd: /./, ...cacheStatus };
}

/** A pattern that matches is shown as what it matched. */
function sides(actual: unknown, wanted: Wanted, moment: Moment): [unknown, unknown] {
  if (wanted instanceof RegExp)
    return [actual, typeof actual === 'string' && wanted.test(actual) ? actual : String(wanted)];
  return [actual, typeof wanted === 'function' ? wanted(moment) : wanted];
}
