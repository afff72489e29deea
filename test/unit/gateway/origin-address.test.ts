import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { OriginError } from '../../../src/errors.ts';
import { checkAddress } from '../../../src/gateway/origin-address.ts';
import { failureResponse } from '../../../src/gateway/failure.ts';
import { originTarget } from '../../../src/gateway/request-key.ts';
import { tenant } from '../support/tenants.ts';

const refusal = (origin: string, setting?: 'allow' | 'refuse'): OriginError | undefined => {
  try {
    checkAddress(tenant('acme', { origin }), setting);
    return undefined;
  } catch (error) {
    if (error instanceof OriginError) return error;
    throw error;
  }
};

describe('before each request to an origin', () => {
  it.each([
    'http://127.0.0.1:8000',
    'http://169.254.169.254',
    'http://[::1]',
    'http://localhost',
    'http://metadata.google.internal',
    'https://10.1.2.3/base',
  ])('%s is refused, unless private ones are allowed', (origin) => {
    for (const setting of ['refuse', undefined] as const)
      expect(refusal(origin, setting)).toMatchObject({ code: 'origin_refused', retryable: false });
    expect(refusal(origin, 'allow')).toBeUndefined();
  });

  it.each([
    ['nothing', ''],
    ['no URL', 'origin.example'],
    ['another scheme', 'ftp://origin.example'],
    ['a file', 'file:///etc'],
    ['a host that the path would be part of', 'https://origin.example@'],
    ['a user name', 'https://user@origin.example'],
    ['a query', 'https://origin.example?x='],
    ['a fragment', 'https://origin.example#'],
    ['a slash at its end', 'https://origin.example/'],
    ['dots in its path', 'https://origin.example/a/../b'],
    ['a host in another spelling', 'https://ORIGIN.example'],
    ['a spelling of an address', 'http://0x08080808'],
    ['its own default port', 'https://origin.example:443'],
    ['a space', ' https://origin.example'],
    ['a line feed', 'https://origin.example\n'],
  ])('one that is no base of URLs is refused, whatever is allowed: %s', (_what, origin) => {
    for (const setting of ['allow', 'refuse'] as const)
      expect(refusal(origin, setting)).toMatchObject({ code: 'origin_refused' });
  });

  test('what passes stays the same host and path, whatever is asked for', () => {
    const bases = ['https://origin.example', 'http://origin.example:8080/base', 'https://8.8.8.8'];
    const wild = fc
      .array(
        fc.oneof(
          fc.constantFrom(
            '/',
            '//',
            '\\',
            '@',
            ':',
            '..',
            '%2e%2e',
            '?',
            '#',
            '.',
            '[',
            'evil.example',
          ),
          fc.string({ maxLength: 5 }),
        ),
        { maxLength: 10 },
      )
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(fc.constantFrom(...bases), wild, (origin, rest) => {
        const asked = `https://acme.example/${rest}`;
        fc.pre(URL.canParse(asked));
        expect(refusal(origin)).toBeUndefined();
        const sent = new URL(origin + originTarget(new URL(asked)));
        expect(sent.origin).toBe(new URL(origin).origin);
        expect(sent.href.startsWith(`${origin}/`)).toBe(true);
        expect([sent.username, sent.password]).toEqual(['', '']);
      }),
      { numRuns: 1000 },
    );
  });

  test('the text is read once a tenant', () => {
    let reads = 0;
    const counted = new Proxy(tenant('acme'), {
      get(target, name): unknown {
        if (name === 'origin') reads += 1;
        return Reflect.get(target, name) as unknown;
      },
    });
    for (let time = 0; time < 5; time += 1) checkAddress(counted, 'refuse');
    expect(reads).toBe(1);
  });

  test('clients get a problem that names no address', async () => {
    const error = refusal('http://10.11.12.13:8080/secret');
    const answer = failureResponse(error, 'acme', () => {});
    const text = await answer.text();
    expect([answer.status, JSON.parse(text)]).toMatchObject([502, { code: 'origin_refused' }]);
    expect(text).not.toMatch(/10\.11|8080|secret/);
  });
});
