import { describe, expect, expectTypeOf, test } from 'vitest';
import {
  AuthorityUnavailable,
  ConfigError,
  createCache,
  InvalidEvents,
  InvalidSignature,
  invalidationRules,
  verifySignedEvents,
  type DomainEvent,
} from '../../src/index.ts';
import { deployLibrary, type Value } from '../support/library.ts';
import { endpointOfThisFile, stage } from '../support/stage.ts';
import { newSecret, signedHeaders } from '../support/webhook.ts';

const COHERENCE_MS = 4000;
const WINDOW_MS = 5 * 60_000;

const { clock } = stage();
const endpoint = await endpointOfThisFile();

const rules = invalidationRules<{
  'city.updated': { id: number; country: string };
  'city.viewed': object;
  broken: undefined;
  late: undefined;
  wild: { prefix: string };
}>()
  .on('city.updated', (city) => ({
    tags: [`city:${city.id}`],
    prefixes: [['n', 'values', city.country]],
    keys: [['n', 'values', 'last']],
  }))
  .on('city.updated', (city, event) => ({
    tags: [`event:${event.id}`, `soft:${city.id}`],
    mode: 'soft',
  }))
  .on('city.viewed', () => undefined)
  .on('broken', () => {
    throw new Error('S3cret');
  })
  // @ts-expect-error A rule is not asynchronous.
  .on('late', async () => ({ tags: ['x'] }))
  .on('wild', ({ prefix }) => ({ prefixes: [prefix] }));

const value = (...tags: string[]): Value => ({ text: 'old', tags });
const deployed = () => deployLibrary(endpoint, { coherenceMs: COHERENCE_MS, rules });
const updated = (id: number, country = 'AD'): DomainEvent => ({
  type: 'city.updated',
  id: `e${id}`,
  data: { id, country },
});

describe('an event', () => {
  test('purges what its rules name: here at once, elsewhere within the bound', async () => {
    const library = deployed();
    const [here, there] = [library.isolate(), library.isolate()];
    const stored: readonly (readonly [string, Value])[] = [
      ['a', value('city:7')],
      ['AD:1', value()],
      ['last', value()],
      ['b', value('soft:7')],
      ['ADE', value('city:70')],
    ];
    await here.values.setMany(stored);
    for (const isolate of [here, there])
      expect(await isolate.values.getMany(stored.map(([key]) => key))).toEqual(
        stored.map(([, one]) => one),
      );
    const result = await here.invalidate(updated(7));
    expect(result).toEqual({
      outcomes: [{ id: 'e7', type: 'city.updated', outcome: 'applied', targets: 5 }],
      repeated: false,
      coarsened: false,
      effectiveWithinMs: COHERENCE_MS,
    });
    for (const isolate of [here, there]) {
      expect(await isolate.values.getMany(['a', 'AD:1', 'last'])).toEqual([
        undefined,
        undefined,
        undefined,
      ]);
      expect(await isolate.values.get('b')).toBeUndefined();
      expect(await isolate.values.get('b', { stale: true })).toEqual(value('soft:7'));
      expect(await isolate.values.get('ADE')).toEqual(value('city:70'));
      clock.advance(COHERENCE_MS);
    }
  });

  test('that fails keeps no other back, and says nothing of its data', async () => {
    const here = deployed().isolate();
    await here.values.set('a', value('city:1'));
    const { outcomes } = await here.invalidate([
      { type: 'broken' },
      { type: 'late' },
      { type: 'wild', data: { prefix: 'x:S3cret' } },
      { type: 'unknown' },
      { type: 'city.viewed' },
      updated(1),
    ]);
    expect(outcomes.map(({ outcome, targets }) => [outcome, targets])).toEqual([
      ['failed', 0],
      ['failed', 0],
      ['failed', 0],
      ['unknown', 0],
      ['applied', 0],
      ['applied', 5],
    ]);
    expect(JSON.stringify(outcomes)).not.toContain('S3cret');
    expect(await here.values.get('a')).toBeUndefined();
    expect(here.stats().counters.domainEvents).toEqual({ applied: 2, unknown: 1, failed: 3 });
  });

  test('without rules is unknown', async () => {
    const here = deployLibrary(endpoint).isolate();
    expect(await here.invalidate(updated(1))).toMatchObject({ outcomes: [{ outcome: 'unknown' }] });
  });

  test('costs one request for each mode, whatever the number of events', async () => {
    const here = deployed().isolate();
    await here.values.get('a');
    await endpoint.resetCounts();
    await here.invalidate(Array.from({ length: 100 }, (_, at) => updated(at)));
    expect((await endpoint.counts()).requests).toBe(2);
  });
});

describe('a message with an id', () => {
  test('purges once, in whichever isolate', async () => {
    const library = deployed();
    const [here, there] = [library.isolate(), library.isolate()];
    expect(await here.invalidate(updated(1), { id: 'm' })).toMatchObject({ repeated: false });
    await here.values.set('a', value('city:1'));
    for (const isolate of [here, there])
      expect(await isolate.invalidate(updated(1), { id: 'm' })).toMatchObject({
        repeated: true,
        outcomes: [{ id: 'e1', outcome: 'applied', targets: 5 }],
      });
    clock.advance(COHERENCE_MS);
    expect(await here.values.get('a')).toEqual(value('city:1'));
    expect(await here.invalidate(updated(1), { id: 'n' })).toMatchObject({ repeated: false });
    expect(await here.values.get('a')).toBeUndefined();
    expect(here.stats().counters.messagesRepeated).toBe(1);
  });

  test('that was not acknowledged may be sent again', async () => {
    const here = deployed().isolate({ redisTimeout: 300 });
    await here.values.set('a', value('city:1'));
    await endpoint.setFaults({ status: 500 });
    const lost = here.invalidate(updated(1), { id: 'lost' });
    await expect(lost).rejects.toThrow(AuthorityUnavailable);
    await endpoint.clearFaults();
    expect(await here.invalidate(updated(1), { id: 'lost' })).toMatchObject({ repeated: false });
    expect(await here.values.get('a')).toBeUndefined();
  });
});

describe('what is wrong', () => {
  test.each<[string, unknown, unknown]>([
    ['no event', undefined, undefined],
    ['no type', [{ type: 'a' }, {}], undefined],
    ['no events', [], undefined],
    ['1,001 events', Array.from({ length: 1001 }, () => ({ type: 'a' })), undefined],
    ['an event of another tenant', { type: 'a', tenant: 'somebody-else' }, undefined],
  ])('%s is refused', async (_, events, options) => {
    const here = deployed().isolate();
    const call = here.invalidate(events as DomainEvent, options as undefined);
    await expect(call).rejects.toThrow(InvalidEvents);
  });

  test.each([
    ['an empty id', { id: '' }],
    ['no text', { id: 7 }],
    ['a long id', { id: 'x'.repeat(257) }],
    ['another option', { mode: 'soft' }],
  ])('%s is refused', async (_, options) => {
    const call = deployed()
      .isolate()
      .invalidate(updated(1), options as { id: string });
    await expect(call).rejects.toThrow(ConfigError);
  });

  test('rules that are none are refused by createCache, and so is a namespace of that name', () => {
    const make = (): unknown =>
      Reflect.apply(createCache, undefined, [{ rules: [], namespaces: { invalidate: {} } }]);
    expect(make).toThrow(/rules: is a list.*/s);
    expect(make).toThrow(/namespaces\.invalidate: /);
  });
});

test('a cache of one tenant invalidates by itself', async () => {
  const cache = createCache({
    tenant: 'acme',
    rules,
    logLevel: 'silent',
    namespaces: { values: {} },
  });
  await cache.values.set('last', 1);
  expect(await cache.invalidate(updated(1))).toMatchObject({ effectiveWithinMs: 0 });
  expect(await cache.values.get('last')).toBeUndefined();
});

describe('a webhook', () => {
  const [secret, newer] = [newSecret(), newSecret()];
  const request = (
    body: string,
    {
      secrets = [secret],
      at = Date.now(),
      sent = body,
    }: { secrets?: string[]; at?: number; sent?: string } = {},
  ) =>
    new Request('https://worker.example/hook', {
      method: 'POST',
      headers: signedHeaders(body, secrets, { id: 'msg_1', at }),
      body: sent,
    });
  const body = JSON.stringify([updated(1)]);
  const reasonOf = async (work: Promise<unknown>): Promise<unknown> =>
    work.then(
      () => 'none',
      (error: unknown) => (error instanceof InvalidSignature ? error.reason : error),
    );

  test('that is signed is read, and purges once', async () => {
    const here = deployed().isolate();
    const { id, events } = await verifySignedEvents(request(body), [newer, secret]);
    expect({ id, events }).toEqual({ id: 'msg_1', events: [updated(1)] });
    expect(await here.invalidate(events, { id })).toMatchObject({ repeated: false });
    expect(await here.invalidate(events, { id })).toMatchObject({ repeated: true });
    expectTypeOf(events).toEqualTypeOf<readonly DomainEvent[]>();
  });

  test('that is not, or too late or early, is refused', async () => {
    expect(await reasonOf(verifySignedEvents(request(body), newer))).toBe('mismatch');
    expect(await reasonOf(verifySignedEvents(request(body, { sent: `${body} ` }), secret))).toBe(
      'mismatch',
    );
    const bare = new Request('https://worker.example/', { method: 'POST', body });
    expect(await reasonOf(verifySignedEvents(bare, secret))).toBe('missing');
    expect(await reasonOf(verifySignedEvents(new Request('https://worker.example/'), secret))).toBe(
      'missing',
    );
    for (const at of [Date.now() - WINDOW_MS - 1000, Date.now() + WINDOW_MS + 2000])
      expect(await reasonOf(verifySignedEvents(request(body, { at }), secret))).toBe('timestamp');
    const later = { now: Date.now() + 2 * WINDOW_MS };
    expect(await reasonOf(verifySignedEvents(request(body), secret, later))).toBe('timestamp');
  });

  test('whose body is no events, or too large, is another error', async () => {
    const large = `{"type":"a","data":"${'x'.repeat(1_048_576)}"}`;
    for (const text of ['{', '{}', large])
      await expect(verifySignedEvents(request(text), secret)).rejects.toThrow(InvalidEvents);
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const writer = writable.getWriter();
    const writing = (async () => {
      for (let at = 0; at < 100; at += 1) await writer.write(new Uint8Array(65_536));
    })().catch(() => 'cancelled');
    const streamed = new Request('https://worker.example/', { method: 'POST', body: readable });
    await expect(verifySignedEvents(streamed, secret)).rejects.toThrow(InvalidEvents);
    expect(await writing).toBe('cancelled');
  });

  test('needs a secret', async () => {
    for (const none of ['', [], ['whsec_x'], [secret, 'plain']])
      await expect(verifySignedEvents(request(body), none)).rejects.toThrow(ConfigError);
    const said = await verifySignedEvents(request(body), 'S3cret').catch(String);
    expect(said).toContain('secrets[0]: must be ');
    expect(said).not.toContain('S3cret');
  });
});
