import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { deploy, isolate } from '../support/deployment.ts';
import { openOrigin, type TestOrigin } from '../support/origin.ts';

let origin: TestOrigin;
beforeAll(async () => {
  origin = await openOrigin();
});
beforeEach(() => void vi.spyOn(console, 'error').mockImplementation(() => {}));
afterEach(() => void vi.restoreAllMocks());

describe('[trap:ssrf] a tenant’s origin', () => {
  test.each(['staging', 'production', 'ai-production'])(
    'that is private is refused by the preset %s, for the setting that allows it',
    async (preset) => {
      const { host, variables } = await deploy({ origin: origin.url });
      const change = { CACHE_PRESET: preset, CACHE_ENCRYPTION_KEYS: 'off' };
      const refusing = isolate({ ...variables, ...change }, host, '');
      const answer = await refusing.get('/');
      expect([answer.status, answer.json()]).toEqual([
        500,
        expect.objectContaining({
          code: 'config_invalid',
          problems: [
            {
              field: 'TENANTS[0].origin',
              message:
                'must be public: its host is a loopback address. CACHE_PRIVATE_ORIGINS=allow permits it',
            },
          ],
        }),
      ]);
      expect(await origin.count('/')).toBe(0);
      const allowing = isolate(
        { ...variables, ...change, CACHE_PRIVATE_ORIGINS: 'allow' },
        host,
        '',
      );
      expect((await allowing.get(`/allowed/${preset}`)).status).toBe(200);
    },
  );

  test.each([301, 302, 303, 307, 308])(
    'that redirects to the inside with %s has its redirect passed on, and nothing else is asked',
    async (status) => {
      const { isolate: next } = await deploy({ origin: origin.url });
      const target = `/out/${status}`;
      for (const location of ['http://169.254.169.254/latest/meta-data', `${origin.url}/inside`]) {
        await origin.rescript(target, [{ status, headers: [['location', location]] }]);
        const answer = await next().get(target);
        expect([answer.status, answer.headers.get('location')]).toEqual([status, location]);
      }
      expect(await origin.count('/inside')).toBe(0);
    },
  );
});
