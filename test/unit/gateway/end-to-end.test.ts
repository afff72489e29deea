import { expect, test } from 'vitest';
import { endToEnd } from '../../../src/gateway/end-to-end.ts';

const request = (headers: Record<string, string>): Request =>
  new Request('https://acme.example/', { headers });

test('what Connection names ends here', () => {
  const { headers } = endToEnd(request({ connection: 'x-own', 'x-own': '1', 'x-other': '2' }));
  expect(headers.has('x-own')).toBe(false);
  expect(headers.get('x-other')).toBe('2');
});

test.each(['cf-connecting-ip', 'CF-IPCountry', 'Cf-Ray'])(
  'what the platform says of the client does not: %s',
  (name) => {
    const { headers } = endToEnd(
      request({ connection: `x-own, ${name}`, 'x-own': '1', [name]: '9' }),
    );
    expect(headers.get(name)).toBe('9');
    expect(headers.has('x-own')).toBe(false);
  },
);
