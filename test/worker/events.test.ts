import { describe, expect, test } from 'vitest';
import { answeredBy } from '../support/answered-by.ts';
import { deploy, isolate as isolateOf, type Answer, type Isolate } from '../support/deployment.ts';
import { openOrigin } from '../support/origin.ts';
import { endpointOfThisFile, stage } from '../support/stage.ts';
import { newSecret, sender, signedHeaders } from '../support/webhook.ts';

const COHERENCE_MS = 5000;
const WINDOW_MS = 5 * 60_000;

const { clock } = stage();
const endpoint = await endpointOfThisFile();
const origin = await openOrigin();

const SECRET = newSecret();
const OTHER_SECRET = newSecret();
const EVERYBODYS = newSecret();
const FOREIGN = newSecret();

let number = 0;

/** A deployment of two tenants with rules, and secrets of one, of the other and of both. */
async function deployed(variables: Readonly<Record<string, unknown>> = {}) {
  number += 1;
  const base = await deploy({ origin: origin.url, redis: endpoint });
  const { tenant, host, token } = base;
  const other = `${tenant}-o`;
  const rules = (of: string) => [
    { on: 'city.updated', tags: ['city:{id}'] },
    { on: 'city.moved', tags: ['country:{from.code}', 'country:{to.code}'] },
    { on: 'cities.updated', tags: ['city:{ids}'], mode: 'soft' },
    { on: 'page.updated', urls: [`https://${of}/page/{slug}`] },
    { on: 'tree.updated', prefixes: [`https://${of}/tree/{slug}`] },
    { on: 'both', tags: ['hard:{id}'] },
    { on: 'both', tags: ['soft:{id}'], mode: 'soft' },
    { on: 'all.updated', all: true },
  ];
  const shared = {
    ...base.variables,
    CACHE_COHERENCE_MS: COHERENCE_MS,
    CACHE_REDIS_TIMEOUT_MS: 1000,
    ADMIN_HOST: 'admin.test',
    TENANTS: JSON.stringify([
      { id: tenant, hosts: [host], origin: origin.url, rules: rules(host) },
      {
        id: other,
        hosts: [`o.${host}`],
        origin: origin.url,
        rules: rules(`o.${host}`),
      },
    ]),
    EVENT_SECRETS: JSON.stringify([
      { id: 'own', tenant, secret: SECRET },
      { id: 'own-2', tenant, secret: OTHER_SECRET },
      { id: 'other', tenant: other, secret: FOREIGN },
      { id: 'all', tenant: '*', secret: EVERYBODYS },
    ]),
    ...variables,
  };
  const isolate = (): Isolate => isolateOf(shared, host, token);
  const stats = async (of: Isolate): Promise<Record<string, unknown>> => {
    const answer = await of.get('/_tiercel/v1/stats', { authorization: `Bearer ${token}` });
    return (answer.json() as { counters: Record<string, unknown> }).counters;
  };
  return { tenant, other, host, token, isolate, stats, variables: shared };
}

const send = sender(SECRET);
const city = (id: unknown, more: object = {}) => ({ type: 'city.updated', data: { id }, ...more });

/** Puts what the origin answers on a path into the cache, with tags. */
async function cached(isolates: readonly Isolate[], tags: string): Promise<string> {
  const path = `/events/${(number += 1)}`;
  await origin.script({
    target: path,
    headers: [
      ['cache-control', 'max-age=600, stale-while-revalidate=600'],
      ['cache-tag', tags],
    ],
  });
  for (const isolate of isolates) await isolate.get(path);
  return path;
}

describe('a signed event', () => {
  test('purges what its rule names: here at once, elsewhere within the bound', async () => {
    const { tenant, isolate } = await deployed();
    const [here, there] = [isolate(), isolate()];
    const path = await cached([here, there], 'city:7, country:AD');
    const untouched = await cached([here, there], 'city:70');
    const answer = await send(here, city(7, { id: 'e1' }));
    expect(answer.status).toBe(200);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.json()).toEqual({
      tenant,
      outcomes: [{ id: 'e1', type: 'city.updated', outcome: 'applied', targets: 1 }],
      repeated: false,
      seq: expect.any(Number) as number,
      effectiveWithinMs: COHERENCE_MS,
    });
    expect(await answeredBy(origin, here, path)).toBe('origin');
    expect(await answeredBy(origin, here, untouched)).toBe('store');
    clock.advance(COHERENCE_MS);
    const before = await origin.count(path);
    const answerThere = await there.get(path);
    // What stands there by now is what was loaded after the purge.
    expect(answerThere.cacheStatus).toMatchObject({
      hit: true,
      detail: expect.stringMatching(/redis|regional/) as string,
    });
    expect(await origin.count(path)).toBe(before);
  });

  test('is seen by another isolate that loads anew itself', async () => {
    const { isolate } = await deployed();
    const [here, there] = [isolate(), isolate()];
    const path = await cached([here, there], 'city:8');
    await send(here, city(8));
    clock.advance(COHERENCE_MS);
    expect(await answeredBy(origin, there, path)).toBe('origin');
  });

  test('costs one request to Redis, and two where both modes are named', async () => {
    const { isolate } = await deployed();
    const here = isolate();
    await here.get('/warm-up');
    await endpoint.resetCounts();
    await send(
      here,
      Array.from({ length: 100 }, (_, at) => city(at)),
    );
    expect((await endpoint.counts()).requests).toBe(1);
    await endpoint.resetCounts();
    await send(here, { type: 'both', data: { id: 1 } });
    expect((await endpoint.counts()).requests).toBe(2);
    await endpoint.resetCounts();
    await send(here, { type: 'nobody.knows' });
    expect((await endpoint.counts()).requests).toBe(0);
  });

  test('of a soft rule makes stale, and is served while it is loaded anew', async () => {
    const { isolate } = await deployed();
    const here = isolate();
    const [soft, hard] = [await cached([here], 'city:1'), await cached([here], 'hard:1')];
    const softly = await cached([here], 'soft:1');
    expect(
      (await send(here, { type: 'cities.updated', data: { ids: [1, 2] } })).json(),
    ).toMatchObject({
      outcomes: [{ outcome: 'applied', targets: 2 }],
    });
    expect((await here.get(hard)).cacheStatus).toMatchObject({ hit: true });
    expect((await here.get(soft)).cacheStatus?.['detail']).not.toBe('purged');
    expect((await send(here, { type: 'both', data: { id: 1 } })).json()).toMatchObject({
      outcomes: [{ outcome: 'applied', targets: 2 }],
    });
    expect((await here.get(hard)).cacheStatus).toMatchObject({ detail: 'purged' });
    expect((await here.get(softly)).cacheStatus?.['detail']).not.toBe('purged');
  });

  test.each([
    ['a URL', 'page.updated', { slug: 'x y/z' }, '/page/x%20y%2Fz', '/page/x%20y'],
    ['a tree', 'tree.updated', { slug: 'x' }, '/tree/x/deep?q', '/tree/xy'],
  ])('names %s', async (_, type, data, hit, missed) => {
    const { isolate } = await deployed();
    const here = isolate();
    await here.get(hit);
    await here.get(missed);
    expect((await send(here, { type, data })).status).toBe(200);
    expect(await answeredBy(origin, here, hit)).toBe('origin');
    expect(await answeredBy(origin, here, missed)).toBe('store');
  });

  test('may be a CloudEvent, or a batch of them, and fields are taken from below', async () => {
    const { isolate } = await deployed();
    const here = isolate();
    const path = await cached([here], 'country:FR');
    const event = {
      specversion: '1.0',
      id: 'c-1',
      source: '/cities',
      type: 'city.moved',
      datacontenttype: 'application/json',
      time: '2026-08-01T00:00:00Z',
      data: { from: { code: 'AD' }, to: { code: 'FR' } },
    };
    const answer = await send(here, [event]);
    expect(answer.json()).toMatchObject({
      outcomes: [{ id: 'c-1', outcome: 'applied', targets: 2 }],
    });
    expect(await answeredBy(origin, here, path)).toBe('origin');
  });

  test('is counted, and so is what became of it', async () => {
    const { isolate, stats } = await deployed();
    const here = isolate();
    await send(here, [city(1), city(2), { type: 'nobody.knows' }, city(null)]);
    const twice = { id: 'twice' };
    await send(here, city(1), twice);
    await send(here, city(1), twice);
    await send(here, city(1), { secrets: [FOREIGN] });
    expect(await stats(here)).toMatchObject({
      domainEvents: { applied: 3, unknown: 1, failed: 1 },
      messagesRepeated: 1,
      signaturesRefused: { mismatch: 1 },
      purges: 2,
    });
  });
});

describe('the outcomes', () => {
  test('an event that no rule knows is answered as such', async () => {
    const { tenant, isolate } = await deployed();
    const answer = await send(isolate(), { type: 'nobody.knows', id: 'u' });
    expect(answer.status).toBe(200);
    expect(answer.json()).toEqual({
      tenant,
      outcomes: [{ id: 'u', type: 'nobody.knows', outcome: 'unknown', targets: 0 }],
      repeated: false,
      effectiveWithinMs: COHERENCE_MS,
    });
  });

  test('an event that fails keeps no other back: 207, the marks of the others are acknowledged', async () => {
    const { isolate } = await deployed();
    const here = isolate();
    const path = await cached([here], 'city:5');
    const answer = await send(here, [
      { type: 'city.updated', id: 'bad', data: { name: 'S3cret' } },
      city(5),
      { type: 'nobody.knows' },
    ]);
    expect(answer.status).toBe(207);
    expect(answer.json()).toMatchObject({
      outcomes: [
        { id: 'bad', outcome: 'failed', targets: 0, error: "The field 'id' is missing." },
        { outcome: 'applied', targets: 1 },
        { outcome: 'unknown' },
      ],
    });
    expect(await answeredBy(origin, here, path)).toBe('origin');
  });

  test('422 when all failed, and nothing is sent to Redis', async () => {
    const { tenant, isolate } = await deployed();
    const here = isolate();
    await here.get('/warm-up');
    await endpoint.resetCounts();
    const answer = await send(here, [city({}), { type: 'page.updated', data: { slug: '..' } }]);
    expect(answer.status).toBe(422);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(answer.json()).toMatchObject({
      code: 'events_failed',
      tenant,
      outcomes: [{ outcome: 'failed' }, { outcome: 'failed' }],
    });
    expect((await endpoint.counts()).requests).toBe(0);
  });

  test('what is told of a failed event holds nothing of its data', async () => {
    const { host, variables } = await deployed();
    const [first] = JSON.parse(variables.TENANTS) as { id: string }[];
    const rules = [
      { on: 'host', urls: ['https://{host}/a'] },
      { on: 'tag', tags: ['{tag}'] },
    ];
    const TENANTS = [{ ...first, rules }];
    const EVENT_SECRETS = [{ id: 'own', tenant: first?.id, secret: SECRET }];
    const here = isolateOf({ ...variables, TENANTS, EVENT_SECRETS }, host, '');
    const answer = await send(here, [
      { type: 'host', data: { host: "a'.s3cret.example" } },
      { type: 'tag', data: { tag: 's3cret, or two tags' } },
    ]);
    const { outcomes } = answer.json() as { outcomes: { error: string }[] };
    expect(outcomes.map(({ error }) => error.split(': ')[0])).toEqual(['urls.0', 'tags.0']);
    expect(answer.text).not.toContain('s3cret');
  });

  test('a message that failed in part is not remembered: it may be sent again once its rule is repaired', async () => {
    const { isolate } = await deployed();
    const here = isolate();
    const events = [city(5), city(null)];
    const message = { id: 'again' };
    expect((await send(here, events, message)).status).toBe(207);
    expect((await send(here, events, message)).json()).toMatchObject({ repeated: false });
  });

  test('a batch of 1,000 gets 1,000 outcomes, in order', async () => {
    const { isolate } = await deployed();
    const here = isolate();
    const path = await cached([here], 'city:998');
    const events = Array.from({ length: 1000 }, (_, at) =>
      at % 10 === 1 ? { type: 'nobody.knows' } : city(at % 10 === 2 ? null : at, { id: `e${at}` }),
    );
    const answer = await send(here, events);
    expect(answer.status).toBe(207);
    const { outcomes } = answer.json() as { outcomes: { id?: string; outcome: string }[] };
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(
      events.map((_, at) => (at % 10 === 1 ? 'unknown' : at % 10 === 2 ? 'failed' : 'applied')),
    );
    expect(outcomes[998]?.id).toBe('e998');
    expect(await answeredBy(origin, here, path)).toBe('origin');
  });

  test('a message of which every event fails purges nothing, however much it names', async () => {
    const { host, variables } = await deployed();
    const [first] = JSON.parse(variables.TENANTS) as { id: string }[];
    const rules = [
      { on: 'city.updated', tags: ['city:{id}'] },
      { on: 'much', keys: [['e', 'x'.repeat(640), '{ids}']] },
      { on: 'much', tags: ['{gone}'] },
    ];
    const TENANTS = [{ ...first, rules }];
    const EVENT_SECRETS = [{ id: 'own', tenant: first?.id, secret: SECRET }];
    const here = isolateOf({ ...variables, TENANTS, EVENT_SECRETS }, host, '');
    const path = await cached([here], 'city:1');
    const ids = Array.from({ length: 99 }, (_, at) => at);
    const much = Array.from({ length: 40 }, () => ({ type: 'much', data: { ids } }));
    const answer = await send(here, much);
    expect(answer.status).toBe(422);
    expect(answer.json()).not.toHaveProperty('coarsened');
    expect(answer.json()).not.toHaveProperty('seq');
    expect(await answeredBy(origin, here, path)).toBe('store');
    // Beside one that succeeds, its own targets are marked and no others.
    const mixed = await send(here, [{ type: 'city.updated', data: { id: 2 } }, ...much]);
    expect(mixed.status).toBe(207);
    expect(mixed.json()).not.toHaveProperty('coarsened');
    expect(await answeredBy(origin, here, path)).toBe('store');
  });

  test('more than 2,000 targets mark the tenant instead', async () => {
    const { isolate } = await deployed();
    const here = isolate();
    const path = await cached([here], 'something-else');
    const ids = (from: number) => Array.from({ length: 100 }, (_, at) => from + at);
    const events = (count: number) =>
      Array.from({ length: count }, (_, at) => ({
        type: 'cities.updated',
        data: { ids: ids(100 * at) },
      }));
    expect((await send(here, events(20))).json()).not.toHaveProperty('coarsened');
    expect(await answeredBy(origin, here, path)).toBe('store');
    expect((await send(here, events(21))).json()).toMatchObject({ coarsened: true });
    expect((await here.get(path)).cacheStatus).not.toMatchObject({ hit: true, ttl: 600 });
  });
});

describe('a signature', () => {
  test.each([
    ['of the first secret', [SECRET]],
    ['of the second secret, while they are rotated', [OTHER_SECRET]],
    ['of both', [SECRET, OTHER_SECRET]],
    ['of one that is not known and one that is', [FOREIGN, OTHER_SECRET]],
  ])('%s is right', async (_, secrets) => {
    const { isolate } = await deployed();
    expect((await send(isolate(), city(1), { secrets })).status).toBe(200);
  });

  test.each([
    ['five minutes ago', -WINDOW_MS],
    ['in five minutes', WINDOW_MS],
  ])('of %s is right, and a second further it is not', async (_, distance) => {
    const { isolate, stats } = await deployed();
    const here = isolate();
    const now = Math.floor(Date.now() / 1000) * 1000;
    clock.advance(now - Date.now());
    expect((await send(here, city(1), { at: now + distance })).status).toBe(200);
    const late = await send(here, city(1), { at: now + distance + Math.sign(distance) * 1000 });
    expect(late.status).toBe(401);
    // Nobody is told that it was the time: whoever has no secret would learn what to change.
    expect(late.text).toBe((await send(here, city(1), { secrets: [FOREIGN] })).text);
    expect(await stats(here)).toMatchObject({ signaturesRefused: { timestamp: 1, mismatch: 1 } });
  });

  /** Sends a message whose headers or body have been changed behind the signature. */
  async function changed(
    here: Isolate,
    change: (headers: Record<string, string>) => Record<string, string | undefined>,
    { body, sent = body, at = Date.now() }: { body: string; sent?: string; at?: number },
  ): Promise<Answer> {
    const made = change(signedHeaders(body, [SECRET], { id: 'changed', at }));
    const headers = Object.fromEntries(
      Object.entries(made).filter((entry): entry is [string, string] => entry[1] !== undefined),
    );
    return here.send('POST', '/_tiercel/v1/events', { headers, body: sent });
  }

  const body = JSON.stringify(city(1));
  const wrong: readonly (readonly [
    string,
    (headers: Record<string, string>) => Record<string, string | undefined>,
    string?,
  ])[] = [
    ['of another body', (headers) => headers, JSON.stringify(city(2))],
    ['of the same JSON written otherwise', (headers) => headers, `${body} `],
    ['of another id', (headers) => ({ ...headers, 'webhook-id': 'another' })],
    [
      'of another time',
      (headers) => ({ ...headers, 'webhook-timestamp': String(Math.floor(Date.now() / 1000) - 3) }),
    ],
    [
      'of another version',
      (headers) => ({
        ...headers,
        'webhook-signature': headers['webhook-signature']?.replace('v1,', 'v2,'),
      }),
    ],
    ['that is missing', (headers) => ({ ...headers, 'webhook-signature': undefined })],
    ['without an id', (headers) => ({ ...headers, 'webhook-id': undefined })],
    ['without a time', (headers) => ({ ...headers, 'webhook-timestamp': undefined })],
    [
      'with a time in another form',
      (headers) => ({ ...headers, 'webhook-timestamp': `${headers['webhook-timestamp']}.0` }),
    ],
    ['that is empty', (headers) => ({ ...headers, 'webhook-signature': 'v1,' })],
    [
      'that is shortened',
      (headers) => ({
        ...headers,
        'webhook-signature': headers['webhook-signature']?.slice(0, -4),
      }),
    ],
    ['of a foreign secret', () => signedHeaders(body, [FOREIGN])],
    ['of a foreign secret, too old as well', () => signedHeaders(body, [FOREIGN], { at: 0 })],
    ['that is right, and too old', () => signedHeaders(body, [SECRET], { at: 0 })],
  ];

  test('that is wrong in any way gets one answer, and purges nothing [trap:purge-weapon]', async () => {
    const { isolate, tenant } = await deployed();
    const here = isolate();
    const path = await cached([here], 'city:1, city:2');
    const answers = new Set<string>();
    for (const [, change, sent = body] of wrong) {
      const answer = await changed(here, change, { body, sent });
      expect(answer.status).toBe(401);
      expect(answer.headers.get('www-authenticate')).toBe('Webhook realm="tiercel"');
      answers.add(answer.text);
    }
    expect([...answers]).toHaveLength(1);
    expect([...answers][0]).toContain('"signature_invalid"');
    expect([...answers][0]).not.toContain(tenant);
    expect(await answeredBy(origin, here, path)).toBe('store');
    // The same, untouched, is right.
    expect((await changed(here, (headers) => headers, { body })).status).toBe(200);
  });

  test('of one tenant is none for another, and nobody is known where there are no secrets', async () => {
    const { isolate, host } = await deployed();
    const to = (here: Isolate, url: string, secret: string) => {
      const text = JSON.stringify(city(1));
      return here.send('POST', url, { headers: signedHeaders(text, [secret]), body: text });
    };
    const here = isolate();
    const other = `https://o.${host}/_tiercel/v1/events`;
    expect((await to(here, other, SECRET)).status).toBe(401);
    expect((await to(here, other, FOREIGN)).status).toBe(200);
    const { isolate: none } = await deployed({ EVENT_SECRETS: undefined });
    expect((await to(none(), '/_tiercel/v1/events', SECRET)).status).toBe(401);
  });

  test('of a secret of all: each event must name the tenant', async () => {
    const { isolate, tenant, other, stats } = await deployed();
    const here = isolate();
    const all = sender(EVERYBODYS);
    expect((await all(here, city(1, { tenant }))).status).toBe(200);
    expect((await all(here, [city(1, { tenant }), city(1)])).status).toBe(403);
    expect((await all(here, city(1, { tenant: other }))).status).toBe(403);
    expect((await all(here, city(1, { tenant: '*' }))).status).toBe(403);
    // Signed by both, it is the tenant's own that counts.
    const both = sender(EVERYBODYS, SECRET);
    expect((await both(here, city(1))).status).toBe(200);
    // And a tenant's own secret speaks for no other.
    expect((await send(here, city(1, { tenant: other }))).status).toBe(403);
    expect((await send(here, city(1, { tenant }))).status).toBe(200);
    expect(await stats(here)).toMatchObject({ signaturesRefused: { tenant: 4 } });
  });

  test('on the admin host a tenant that there is not is told to nobody else', async () => {
    const { isolate, tenant } = await deployed();
    const here = isolate();
    const ask = (id: string, secret: string, event: unknown) => {
      const text = JSON.stringify(event);
      return here.send('POST', `https://admin.test/v1/events?tenant=${id}`, {
        headers: signedHeaders(text, [secret]),
        body: text,
      });
    };
    expect((await ask(tenant, SECRET, city(1))).json()).toMatchObject({ tenant });
    const [known, unknown] = [
      await ask(tenant, FOREIGN, city(1)),
      await ask('nobody', SECRET, city(1)),
    ];
    expect(unknown.status).toBe(401);
    expect(unknown.text).toBe(known.text);
    for (const id of ['nobody', '', '*'])
      expect((await ask(id, EVERYBODYS, city(1, { tenant: id }))).status).toBe(400);
  });
});

describe('a message that is sent again [trap:purge-weapon]', () => {
  test('purges once, also in another isolate, and says so', async () => {
    const { isolate, tenant } = await deployed();
    const [here, there] = [isolate(), isolate()];
    const path = await cached([here], 'city:3');
    const message = { id: 'msg_1' };
    expect((await send(here, city(3), message)).json()).toMatchObject({ repeated: false });
    expect(await answeredBy(origin, here, path)).toBe('origin');
    for (const isolated of [here, there]) {
      const again = await send(isolated, city(3), message);
      expect(again.status).toBe(200);
      expect(again.json()).toEqual({
        tenant,
        outcomes: [{ type: 'city.updated', outcome: 'applied', targets: 1 }],
        repeated: true,
        seq: expect.any(Number) as number,
        effectiveWithinMs: COHERENCE_MS,
      });
    }
    clock.advance(COHERENCE_MS);
    expect(await answeredBy(origin, here, path)).toBe('store');
    expect((await send(here, city(3), { id: 'msg_2' })).json()).toMatchObject({ repeated: false });
    expect(await answeredBy(origin, here, path)).toBe('origin');
  });

  test('is the same message also when it is signed anew, with the newer secret', async () => {
    const { isolate } = await deployed();
    const here = isolate();
    await send(here, city(3), { id: 'retry', at: Date.now() - 60_000 });
    const again = await send(here, city(3), { id: 'retry', secrets: [OTHER_SECRET] });
    expect(again.json()).toMatchObject({ repeated: true });
  });

  test('is another message with another body, and another tenant’s is its own', async () => {
    const { isolate, host } = await deployed();
    const here = isolate();
    const message = { id: 'shared' };
    await send(here, city(3), message);
    expect((await send(here, city(4), message)).json()).toMatchObject({ repeated: false });
    // Two senders that count their messages alike: what the second says happened later, and purges as well.
    const second = city(3, { id: 'later' });
    expect((await send(here, second, message)).json()).toMatchObject({ repeated: false });
    const text = JSON.stringify(city(3));
    const foreign = await here.send('POST', `https://o.${host}/_tiercel/v1/events`, {
      headers: signedHeaders(text, [FOREIGN], message),
      body: text,
    });
    expect(foreign.json()).toMatchObject({ repeated: false });
  });

  test('at the same time marks once', async () => {
    const { isolate } = await deployed();
    const isolates = [isolate(), isolate(), isolate(), isolate()];
    const event = { type: 'both', data: { id: 9 } };
    const answers = await Promise.all(isolates.map((here) => send(here, event, { id: 'at-once' })));
    const repeated = answers.map((answer) => (answer.json() as { repeated: boolean }).repeated);
    expect(repeated.filter((one) => !one).length).toBeGreaterThan(0);
    const ledgers = await send(isolate(), event, { id: 'at-once' });
    expect(ledgers.json()).toMatchObject({ repeated: true });
    const { seq } = ledgers.json() as { seq: number };
    // Two marks, one of each mode: the newest was made by whoever was not a repetition.
    const own = answers.flatMap((answer) => {
      const told = answer.json() as { repeated: boolean; seq: number };
      return told.repeated ? [] : [told.seq];
    });
    expect(Math.max(...own)).toBe(seq);
  });

  test('is done by no rule that was not there before: a new rule marks what the old ones did not', async () => {
    const { isolate, host, variables } = await deployed();
    const events = [city(3), { type: 'new.type', data: {} }];
    const message = { id: 'ruled' };
    expect((await send(isolate(), events, message)).json()).toMatchObject({
      outcomes: [{ outcome: 'applied' }, { outcome: 'unknown' }],
    });
    const tenants = JSON.parse(variables.TENANTS) as { rules: object[] }[];
    for (const tenant of tenants) tenant.rules.push({ on: 'new.type', tags: ['new'] });
    const repaired = isolateOf({ ...variables, TENANTS: tenants }, host, '');
    expect((await send(repaired, events, message)).json()).toMatchObject({
      repeated: false,
      outcomes: [{ outcome: 'applied' }, { outcome: 'applied' }],
    });
  });
});

test('a message of which only the marks of one mode are there marks those of the other', async () => {
  const { isolate, host, variables } = await deployed();
  const tenants = JSON.parse(variables.TENANTS) as { rules: { on: string; mode?: string }[] }[];
  for (const tenant of tenants)
    tenant.rules = tenant.rules.filter(({ on, mode }) => on === 'both' && mode === undefined);
  const half = isolateOf({ ...variables, TENANTS: tenants }, host, '');
  const here = isolate();
  const path = await cached([here], 'soft:2');
  const event = { type: 'both', data: { id: 2 } };
  const message = { id: 'half' };
  expect((await send(half, event, message)).json()).toMatchObject({ outcomes: [{ targets: 1 }] });
  expect((await send(here, event, message)).json()).toMatchObject({
    repeated: false,
    outcomes: [{ targets: 2 }],
  });
  expect((await here.get(path)).cacheStatus).not.toMatchObject({ hit: true, ttl: 600 });
  expect((await send(here, event, message)).json()).toMatchObject({ repeated: true });
});

describe('while Redis does not answer', () => {
  test.each([
    ['resets', { reset: true }],
    ['hangs', { hang: true }],
  ] as const)('and %s: 503, and the same message works later', async (_, fault) => {
    const { isolate } = await deployed({ CACHE_REDIS_TIMEOUT_MS: 300 });
    const here = isolate();
    const path = await cached([here], 'city:6');
    const message = { id: 'lost' };
    await endpoint.setFaults(fault);
    const refused = await send(here, city(6), message);
    expect(refused.status).toBe(503);
    expect(refused.headers.get('content-type')).toBe('application/problem+json');
    expect(refused.json()).toMatchObject({ code: 'authority_unavailable', retryable: true });
    await endpoint.clearFaults();
    const again = await send(here, city(6), message);
    expect(again.status).toBe(200);
    expect(again.json()).toMatchObject({ repeated: false, outcomes: [{ outcome: 'applied' }] });
    expect(await answeredBy(origin, here, path)).toBe('origin');
    expect((await send(here, city(6), message)).json()).toMatchObject({ repeated: true });
  });
});

test('a message whose acknowledgement is lost has marked: sent again, it is told as repeated, with its outcomes', async () => {
  const { isolate } = await deployed();
  const here = isolate();
  const path = await cached([here], 'city:6');
  const message = { id: 'reply-lost' };
  await endpoint.setFaults({ truncate: true, match: 'EVALSHA', times: 1 });
  expect((await send(here, city(6), message)).status).toBe(503);
  await endpoint.clearFaults();
  expect((await send(here, city(6), message)).json()).toMatchObject({
    repeated: true,
    outcomes: [{ outcome: 'applied', targets: 1 }],
  });
  expect(await answeredBy(origin, here, path)).toBe('origin');
});

test('a message purges also where the heads of all ledgers are broken', async () => {
  const prefix = 'broken-heads';
  const { isolate } = await deployed({ CACHE_KEY_PREFIX: prefix });
  const here = isolate();
  const path = await cached([here], 'city:7');
  expect(await answeredBy(origin, here, path)).toBe('store');
  const [heads] = (await endpoint.command('KEYS', `${prefix}:*heads`)) as string[];
  await endpoint.command('SET', String(heads), 'no sorted set');
  const first = await send(here, city(7), { id: 'm' });
  expect(first.json()).toMatchObject({ repeated: false, outcomes: [{ outcome: 'applied' }] });
  expect(await answeredBy(origin, here, path)).toBe('origin');
});

describe('a request that is none', () => {
  const raw = (here: Isolate, text: string): Promise<Answer> =>
    here.send('POST', '/_tiercel/v1/events', {
      headers: signedHeaders(text, [SECRET]),
      body: text,
    });

  test.each([
    ['no JSON', '{', ['body: is not valid JSON']],
    ['no body', '', ['body: is not valid JSON']],
    ['text', '"city.updated"', ['body: must be an event: an object with a type']],
    ['an empty batch', '[]', ['body: must hold 1 to 1000 events, and holds 0']],
    [
      '1,001 events',
      JSON.stringify(Array.from({ length: 1001 }, () => city(1))),
      ['body: must hold 1 to 1000 events, and holds 1001'],
    ],
    [
      'a batch with several problems',
      '[{"type":"a"},{"id":7,"type":""},null]',
      [
        '1.id: must be a text of 1 to 256 characters',
        '1.type: must not be empty',
        '2: must be an event: an object with a type',
      ],
    ],
  ])('%s is a 400 with every problem', async (_, text, problems) => {
    const { isolate } = await deployed();
    const answer = await raw(isolate(), text);
    expect(answer.status).toBe(400);
    expect(answer.json()).toMatchObject({ code: 'bad_request', problems });
  });

  test('is too large from 1 MiB on', async () => {
    const { isolate } = await deployed();
    const of = (bytes: number): string => {
      const [head, tail] = ['{"type":"a","data":"', '"}'];
      return head + 'x'.repeat(bytes - head.length - tail.length) + tail;
    };
    expect((await raw(isolate(), of(1_048_576))).status).toBe(200);
    expect((await raw(isolate(), of(1_048_577))).status).toBe(413);
  });

  test('has another method', async () => {
    const { isolate } = await deployed();
    for (const url of ['/_tiercel/v1/events', 'https://admin.test/v1/events?tenant=x']) {
      const answer = await isolate().send('GET', url);
      expect(answer.status).toBe(405);
      expect(answer.headers.get('allow')).toBe('POST');
    }
  });

  test('has no bearer token instead of a signature', async () => {
    const { isolate, token } = await deployed({ EVENT_SECRETS: undefined });
    const answer = await isolate().send('POST', '/_tiercel/v1/events', {
      headers: { authorization: `Bearer ${token}` },
      body: JSON.stringify(city(1)),
    });
    expect(answer.status).toBe(401);
  });
});
