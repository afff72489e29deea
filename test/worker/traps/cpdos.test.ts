import { describe, expect, test } from 'vitest';
import { deploy } from '../../support/deployment.ts';
import { at, cc, topic, type Case, type Fields } from '../../support/http-case.ts';
import { httpCases } from '../../support/http-cases.ts';
import { openOrigin } from '../../support/origin.ts';

/* Cache-poisoned denial of service (Nguyen et al., CCS 2019). */

const ODD: Readonly<Record<string, Fields>> = {
  'a header of 5 KB (HHO)': [['x-oversized', 'x'.repeat(5000)]],
  'many headers that are large together (HHO)': Array.from(
    { length: 20 },
    (_, number) => [`x-part-${number}`, 'x'.repeat(420)] as const,
  ),
  'a method override (HMO)': [['x-http-method-override', 'DELETE']],
  'a method override of another name (HMO)': [['x-method-override', 'POST']],
};
const STATUSES = [400, 404, 405, 413, 414, 431, 500, 501, 503];
const FRESHNESS: Readonly<Record<string, Fields>> = {
  'that says it is fresh': cc('public, max-age=600'),
  'that has not changed for a day': [['last-modified', at(-86_400)]],
};

const cases = Object.entries(ODD).flatMap(([what, headers]) =>
  STATUSES.flatMap((status) =>
    Object.entries(FRESHNESS).map(([how, fields]): Case => ({
      section: what,
      name: `a ${status} ${how}`,
      steps: [
        { request: { headers }, origin: { status, headers: fields } },
        { origin: { headers: cc('max-age=60') }, expect: { status: 200 } },
        { expect: { from: 'store', status: 200 } },
      ],
    })),
  ),
);
httpCases(
  topic('an error that an odd request has caused is for that request alone [trap:cpdos]', cases),
);

httpCases(
  topic(
    'an error that nothing but a request can cause is stored for nobody [trap:cpdos]',
    [413, 431].map((status): Case => ({
      section: `${status}`,
      name: 'to an ordinary request, fresh by its own word',
      steps: [
        { origin: { status, headers: cc('public, max-age=600') } },
        { origin: { headers: cc('max-age=60') }, expect: { status: 200 } },
      ],
    })),
  ),
);

/** What a server refuses before it looks at what is asked for. */
const REFUSED: readonly (readonly [what: string, field: Fields[number], status: number])[] = [
  ['a header of 16 KB (HHO)', ['x-oversized', 'x'.repeat(16_384)], 431],
  ['a control character (HMC)', ['x-metachar', 'a\x07b'], 400],
  ['another control character (HMC)', ['x-metachar', 'a\x1bb'], 400],
];
httpCases(
  topic(
    'a request that an HTTP server itself refuses [trap:cpdos]',
    REFUSED.map(([section, field, status]): Case => ({
      section,
      name: 'leaves the page to all others',
      steps: [
        {
          request: { headers: [field] },
          origin: { headers: cc('max-age=60') },
          expect: { from: 'any', status },
        },
        { expect: { status: 200 } },
        { expect: { from: 'store', status: 200 } },
      ],
    })),
  ),
);

const origin = await openOrigin();

describe('an odd request that leads [trap:cpdos]', () => {
  test.each(Object.entries(ODD))(
    '%s: who asks at the same time gets the page',
    async (_, headers) => {
      const here = (await deploy({ origin: origin.url })).isolate();
      const path = `/led-${crypto.randomUUID()}`;
      const [[name] = ['']] = headers;
      await origin.rescript(path, [
        { body: 'the page', headers: [['cache-control', 'max-age=60']] },
        { to: name, status: 400, headers: [['cache-control', 'max-age=60']] },
      ]);
      // What never reaches an origin can't be told apart there: it answers all of them by an error until they have come.
      if (name.includes('method-override'))
        await origin.rescript(path, [{ status: 400, headers: [['cache-control', 'max-age=60']] }]);
      await origin.hold(path);
      const fields = headers.map(([one, value]): [string, string] => [one, String(value)]);
      const odd = here.send('GET', path, { headers: fields });
      await expect.poll(() => origin.count(path)).toBe(1);
      const clean = here.get(path);
      await origin.pass(path, 1);
      expect((await odd).status).toBe(400);
      await origin.rescript(path, [{ body: 'the page' }]);
      await origin.release(path);
      const { status, text } = await clean;
      expect([status, text]).toEqual([200, 'the page']);
      expect((await here.get(path)).status).toBe(200);
    },
  );
});
