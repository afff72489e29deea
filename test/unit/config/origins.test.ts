import { describe, expect, it, test } from 'vitest';
import { PRESET_NAMES } from '../../../src/config/config.ts';
import { PRODUCTION, loading } from './loading.ts';

const { load, problemsOf } = loading(PRODUCTION);

const at = (origin: string): readonly unknown[] => [
  { id: 'a', hosts: ['a.example'], origin: 'https://a-origin.example' },
  { id: 'b', hosts: ['b.example', 'localhost'], origin },
];
const LOOPBACK =
  'TENANTS[1].origin: must be public: its host is a loopback address. CACHE_PRIVATE_ORIGINS=allow permits it';

describe('CACHE_PRIVATE_ORIGINS', () => {
  it.each(PRESET_NAMES.map((name) => [name]))('what the preset %s says of it', (preset) => {
    const refused = ['staging', 'production', 'ai-production'].includes(preset);
    const variables = { CACHE_PRESET: preset };
    expect(problemsOf(variables, at('http://127.0.0.1:8000'))).toEqual(refused ? [LOOPBACK] : []);
    expect(load(variables).privateOrigins).toBe(refused ? 'refuse' : 'allow');
  });

  test('goes before the preset, both ways', () => {
    const allowed = load({ CACHE_PRIVATE_ORIGINS: 'allow' }, at('http://10.0.0.8'));
    expect([allowed.privateOrigins, allowed.tenants[1]?.origin]).toEqual([
      'allow',
      'http://10.0.0.8',
    ]);
    const refused = { CACHE_PRESET: 'development', CACHE_PRIVATE_ORIGINS: 'refuse' };
    expect(problemsOf(refused, at('http://127.0.0.1'))).toEqual([LOOPBACK]);
  });

  it.each([
    ['http://169.254.169.254/latest', 'a link-local address'],
    ['http://0xa9fea9fe', 'a link-local address'],
    ['https://[::ffff:10.0.0.1]', 'an IPv4 address inside of an IPv6 address'],
    ['https://[fd00::1]:8443', 'a unique local address'],
    ['http://metadata.google.internal', 'a name of private networks (.internal)'],
    ['http://metadata.google.internal.', 'a name of private networks (.internal)'],
    ['http://redis:6379', 'a name without a dot, which only a private network knows'],
  ])('refuses %s, and does not repeat it', (origin, reason) => {
    const [problem, ...others] = problemsOf({}, at(origin));
    expect(others).toEqual([]);
    expect(problem).toBe(
      `TENANTS[1].origin: must be public: its host is ${reason}. CACHE_PRIVATE_ORIGINS=allow permits it`,
    );
    expect(problem).not.toContain(origin);
  });

  test('takes a public origin whatever it says', () => {
    expect(problemsOf({ CACHE_PRIVATE_ORIGINS: 'refuse' }, at('https://8.8.8.8/base'))).toEqual([]);
  });

  test('must be one of its words', () => {
    expect(problemsOf({ CACHE_PRIVATE_ORIGINS: 'off' })).toEqual([
      expect.stringMatching(/^CACHE_PRIVATE_ORIGINS: .*allow, refuse/),
    ]);
  });

  test('says nothing where the preset is none: that one is the problem', () => {
    expect(problemsOf({ CACHE_PRESET: 'fast' }, at('http://127.0.0.1'))).toHaveLength(1);
  });
});

describe('an origin that is this Worker itself', () => {
  test('is not told by a name of this machine, where those are allowed', () => {
    const variables = { ADMIN_HOST: 'localhost', CACHE_PRIVATE_ORIGINS: 'allow' };
    const tenants = [{ id: 'b', hosts: ['b.example'], origin: 'http://localhost:8000' }];
    expect(problemsOf(variables, tenants)).toEqual([]);
  });

  const itself = 'must not be a host of a tenant: the Worker would ask itself';
  it.each([
    ['its own host', 'https://b.example/x', itself],
    ['another tenant’s', 'http://a.example:81', itself],
    ['another tenant’s with the dot of the root', 'https://a.example.', itself],
    ['another tenant’s in capitals', 'https://A.EXAMPLE', itself],
    [
      'the operators’',
      'https://admin.example',
      'must not be the ADMIN_HOST: the Worker would ask itself',
    ],
    [
      'the operators’ with the dot',
      'https://admin.example./x',
      'must not be the ADMIN_HOST: the Worker would ask itself',
    ],
  ])('%s is refused', (_what, origin, message) => {
    expect(problemsOf({ ADMIN_HOST: 'admin.example' }, at(origin))).toEqual([
      `TENANTS[1].origin: ${message}`,
    ]);
  });
});
