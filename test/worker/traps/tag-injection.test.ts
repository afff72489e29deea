import { describe, expect, test } from 'vitest';
import { answeredBy } from '../../support/answered-by.ts';
import { deploy } from '../../support/deployment.ts';
import { openOrigin } from '../../support/origin.ts';
import { stage } from '../../support/stage.ts';

stage();
const origin = await openOrigin();

let number = 0;
async function page(...fields: readonly (readonly [string, string])[]): Promise<string> {
  number += 1;
  const target = `/tagged-${number}`;
  await origin.script({ target, headers: [['cache-control', 'max-age=600'], ...fields] });
  return target;
}

/** By which caches are told tags, or to purge. */
const CLAIMS = [
  'Cache-Tag',
  'Cache-Tags',
  'Cache-Groups',
  'Cache-Group-Invalidation',
  'Surrogate-Key',
  'Surrogate-Keys',
  'Surrogate-Control',
  'Edge-Cache-Tag',
  'X-Cache-Tags',
  'X-Magento-Tags',
  'xkey',
  'xkey-purge',
  'X-LiteSpeed-Tag',
  'X-LiteSpeed-Purge',
  'X-Purge',
  'X-Invalidates',
  'X-Ban-Url',
];

describe('tags in a request [trap:tag-injection]', () => {
  test.each(CLAIMS)('%s is no tag of the answer', async (name) => {
    const path = await page(['cache-tag', 'own']);
    const here = (await deploy({ origin: origin.url })).isolate();
    await here.get(path, { [name]: 'victim' });
    await here.purge({ tags: ['victim'], groups: ['victim'] });
    expect(await answeredBy(origin, here, path)).toBe('store');
    await here.purge({ tags: ['own'] });
    expect(await answeredBy(origin, here, path)).toBe('origin');
  });

  test('do not reach the origin', async () => {
    const path = await page();
    const here = (await deploy({ origin: origin.url })).isolate();
    const ours = ['Cache-Tag', 'Cache-Groups', 'Cache-Group-Invalidation', 'Surrogate-Key', 'xkey'];
    await here.get(path, Object.fromEntries(ours.map((name) => [name, 'victim'])));
    const [seen] = await origin.seen(path);
    expect(Object.keys(seen?.headers ?? {})).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/^(?:cache-[gt]|surrogate|xkey)/)]),
    );
  });
});

describe('tags of an answer [trap:tag-injection]', () => {
  test.each([
    ['10,000 of them', Array.from({ length: 10_000 }, (_, at) => `t${at}`).join(',')],
    ['one of 10 KB', `a, ${'x'.repeat(10_000)}`],
    ['65 of them', Array.from({ length: 65 }, (_, at) => `t${at}`).join(',')],
  ])('%s: the client is served, nothing is stored, and that is said', async (_, tags) => {
    const path = await page(['cache-tag', tags]);
    const deployment = await deploy({ origin: origin.url });
    const here = deployment.isolate();
    for (let time = 1; time <= 2; time += 1) {
      const answer = await here.get(path);
      expect(answer.status).toBe(200);
      expect(answer.headers.has('cache-tag')).toBe(false);
      expect(answer.cacheStatus).toMatchObject({ detail: 'too-many-tags' });
    }
    const stats = await here.get('/_tiercel/v1/stats', {
      authorization: `Bearer ${deployment.token}`,
    });
    expect(stats.json()).toMatchObject({
      counters: { tagsDropped: { 'cache-tag': expect.any(Number) as number } },
    });
  });

  test('spaces and commas: each name once, as it stands between commas', async () => {
    const path = await page(['cache-tag', ' a b ,, c,c ,\td\t, '], ['cache-tag', 'e']);
    const here = (await deploy({ origin: origin.url })).isolate();
    await here.get(path);
    for (const none of ['a', 'b', 'a%20b', 'A B', ' a b', 'c,c', 'd ', ''])
      await here.purge({ tags: [none] });
    expect(await answeredBy(origin, here, path)).toBe('store');
    for (const tag of ['a b', 'c', 'd', 'e']) {
      expect((await here.purge({ tags: [tag] })).status).toBe(200);
      expect(await answeredBy(origin, here, path)).toBe('origin');
      expect(await answeredBy(origin, here, path)).toBe('store');
    }
  });

  test.each(['t:other:x', '~ledger', '*', 'g:https:other.test', '{other}', '../other', '%2a'])(
    '%s is a name like any other',
    async (tag) => {
      const path = await page(['cache-tag', tag]);
      const other = await page(['cache-tag', 'x']);
      const here = (await deploy({ origin: origin.url })).isolate();
      for (const one of [path, other]) await here.get(one);
      expect((await here.purge({ tags: [tag] })).status).toBe(200);
      expect(await answeredBy(origin, here, path)).toBe('origin');
      expect(await answeredBy(origin, here, other)).toBe('store');
    },
  );
});
