import { describe, expect, it, test } from 'vitest';
import { parsePurgeBody } from '../../../src/gateway/purge-body.ts';
import { tenant } from '../support/tenants.ts';

const acme = tenant('acme', { hosts: ['acme.example', '127.0.0.1'] });
const parse = (value: unknown) => parsePurgeBody(value, acme);
const many = (count: number): string[] => Array.from({ length: count }, (_, at) => `t${at}`);

describe('the body of a purge names', () => {
  it.each<[string, unknown, string[]]>([
    ['a key as text', { keys: ['n:users:42'] }, ['k:n:users:42']],
    ['a key as segments', { keys: [['n', 'a:b', '~']] }, ['k:n:a%3Ab:%7E']],
    ['a tag, as it is', { tags: ['city:42', ' é'] }, ['t:city:42', 't: é']],
    [
      'a URL: every variant of it, under both schemes',
      { urls: ['https://acme.example/a?b'] },
      ['p:g:https:acme.example:a:?b', 'p:g:http:acme.example:a:?b'],
    ],
    [
      'the same URL under the other scheme: the same',
      { urls: ['http://acme.example/a?b'] },
      ['p:g:https:acme.example:a:?b', 'p:g:http:acme.example:a:?b'],
    ],
    [
      'both of them: once',
      { urls: ['https://acme.example/a', 'http://acme.example/a'] },
      ['p:g:https:acme.example:a:?', 'p:g:http:acme.example:a:?'],
    ],
    [
      'a URL with a port: that port under both schemes',
      { urls: ['http://127.0.0.1:8787/'] },
      ['p:g:http:127.0.0.1%3A8787::?', 'p:g:https:127.0.0.1%3A8787::?'],
    ],
    [
      'a URL with the port of its scheme, as the parser writes it',
      { urls: ['HTTPS://ACME.example:443/a/../é'] },
      ['p:g:https:acme.example:%25C3%25A9:?', 'p:g:http:acme.example:%25C3%25A9:?'],
    ],
    [
      'a URL with the port of the other scheme: it is a port only where it is not the default',
      { urls: ['https://acme.example:80/'] },
      ['p:g:https:acme.example%3A80::?', 'p:g:http:acme.example::?'],
    ],
    [
      'a path and what is below, under both schemes',
      { prefixes: ['https://acme.example/a/'] },
      ['p:g:https:acme.example:a', 'p:g:http:acme.example:a'],
    ],
    [
      'a host, under both schemes',
      { prefixes: ['https://acme.example'] },
      ['p:g:https:acme.example', 'p:g:http:acme.example'],
    ],
    ['a key prefix as text', { prefixes: ['n:users'] }, ['p:n:users']],
    ['a key prefix as segments', { prefixes: [['n', 'a/b']] }, ['p:n:a%2Fb']],
    ['the tenant', { all: true }, ['*']],
    [
      'a host of it, under both schemes',
      { hosts: ['ACME.example'] },
      ['p:g:https:acme.example', 'p:g:http:acme.example'],
    ],
    [
      'a host with a port',
      { hosts: ['127.0.0.1:8787'] },
      ['p:g:https:127.0.0.1%3A8787', 'p:g:http:127.0.0.1%3A8787'],
    ],
    [
      'a host with the port that is the default of one scheme, and a port of the other',
      { hosts: ['acme.example:443', 'acme.example:80'] },
      [
        'p:g:https:acme.example',
        'p:g:http:acme.example%3A443',
        'p:g:https:acme.example%3A80',
        'p:g:http:acme.example',
      ],
    ],
    ['a group, on every origin', { groups: ['x y'] }, ['t:\n\nx y']],
    [
      'a group of one origin, as the parser writes that',
      { groups: [{ origin: 'HTTPS://ACME.example:443/', name: 'x' }] },
      ['t:\nhttps://acme.example\nx'],
    ],
    [
      'a group of an origin with a port',
      { groups: [{ origin: 'http://127.0.0.1:8787', name: '' }] },
      ['t:\nhttp://127.0.0.1:8787\n'],
    ],
    [
      'several kinds',
      { keys: ['e:a'], tags: ['b'], prefixes: ['n'], all: true },
      ['k:e:a', 't:b', '*', 'p:n'],
    ],
    ['one thing twice, once', { tags: ['a', 'a'], keys: ['e:k', ['e', 'k']] }, ['k:e:k', 't:a']],
    ['hard purges only, also by name', { tags: ['a'], mode: 'hard' }, ['t:a']],
    ['a thousand targets', { tags: many(1000) }, many(1000).map((tag) => `t:${tag}`)],
  ])('%s', (_what, body, targets) => {
    // Which of them is marked first makes no difference.
    const parsed = parse(body);
    if ('problems' in parsed) throw new Error(parsed.problems.join('; '));
    expect(parsed.targets.toSorted()).toEqual(targets.toSorted());
    expect(parsed.mode).toBe('hard');
  });
});

describe('what is wrong with it is said, each at its place', () => {
  it.each<[string, unknown, (string | RegExp)[]]>([
    ['no object', [], [/^body: /]],
    ['nothing', null, [/^body: /]],
    [
      'an empty object',
      {},
      ['body: must name at least one of keys, urls, tags, prefixes, hosts, groups, all'],
    ],
    ['empty lists', { keys: [], tags: [] }, [/^body: must name at least one/]],
    ['an unknown member', { tag: ['a'] }, [/^body: .*tag/]],
    ['tags that are no list', { tags: 'a' }, [/^tags: /]],
    ['an empty tag', { tags: ['a', ''] }, ['tags.1: must not be empty']],
    ['a tag that is too long', { tags: ['x'.repeat(257)] }, [/^tags\.0: /]],
    ['an empty key', { keys: [''] }, [/^keys\.0: must not be empty/, /^keys\.0: must begin/]],
    ['a key of no segments', { keys: [[]] }, ['keys.0: must be a key, or a list of its segments']],
    ['a key that is a number', { keys: [1] }, ['keys.0: must be a key, or a list of its segments']],
    [
      'a key that nobody has: its purge would hit nothing',
      { keys: ['users:42'] },
      [/^keys\.0: must begin with g /],
    ],
    ['a prefix that no key has', { prefixes: ['users'] }, [/^prefixes\.0: must begin with g /]],
    [
      'a prefix that begins in the middle of a kind',
      { prefixes: [['n:a']] },
      [/^prefixes\.0: must begin with g /],
    ],
    ['a key of too many segments', { keys: [['n', ...many(128)]] }, [/^keys\.0: /]],
    ['a key of one empty segment', { keys: [['']] }, [/^keys\.0: /]],
    ['a prefix of one empty segment', { prefixes: [['']] }, [/^prefixes\.0: /]],
    ['all: false', { all: false }, ['all: must be true, or left out']],
    ['a mode that is none', { all: true, mode: 'SOFT' }, ["mode: must be 'hard' or 'soft'"]],
    ['a relative URL', { urls: ['/a'] }, ['urls.0: must be an absolute URL']],
    [
      'another scheme',
      { urls: ['ftp://acme.example/'] },
      ['urls.0: must begin with https:// or http://'],
    ],
    [
      'another tenant’s host',
      { urls: ['https://other.example/'] },
      ["urls.0: must be on one of the tenant's own hosts"],
    ],
    [
      'a host of it in front of another’s',
      { urls: ['https://acme.example@other.example/'] },
      ["urls.0: must be on one of the tenant's own hosts"],
    ],
    [
      'a prefix on another’s host',
      { prefixes: ['https://other.example/a'] },
      ["prefixes.0: must be on one of the tenant's own hosts"],
    ],
    [
      'a gateway key as text that no inspection shows',
      { keys: ['g:https:acme.example:8080:a:?'] },
      [/^keys\.0: must be a resource's key as inspection shows it/],
    ],
    [
      'the key of a variant as inspection shows it',
      { keys: [`g:https:acme.example:a:?:0123456789ab-${'0'.repeat(32)}`] },
      [/^keys\.0: must be a resource's key .* a variant's .* can't be purged alone: purge the URL/],
    ],
    [
      'the key of a part as inspection shows it',
      { keys: ['g:https:acme.example:a:?:206'] },
      [/^keys\.0: must be a resource's key .* a part's can't be purged alone: purge the URL/],
    ],
    [
      'a gateway key as inspection shows it, on another’s host',
      { keys: ['g:https:other.example:a:?'] },
      ["keys.0: must be on one of the tenant's own hosts"],
    ],
    [
      'a gateway prefix as text',
      { prefixes: ['g:https:acme.example'] },
      [/^prefixes\.0: must be a resource's key as inspection shows it/],
    ],
    [
      'a gateway key on another’s host',
      { keys: [['g', 'https', 'other.example', 'a', '?']] },
      ["keys.0: must be on one of the tenant's own hosts"],
    ],
    [
      'a gateway key on another’s host behind a host of it',
      { keys: [['g', 'https', 'acme.example@other.example', 'a', '?']] },
      [/^keys\.0: must have .* encoded/],
    ],
    [
      'a gateway prefix on another’s host',
      { prefixes: [['g', 'https', 'other.example']] },
      ["prefixes.0: must be on one of the tenant's own hosts"],
    ],
    [
      'a gateway key without its query: no entry has it',
      { keys: [['g', 'https', 'acme.example', 'a']] },
      ["keys.0: must end with the query, '?' for none"],
    ],
    [
      'a gateway key of a host alone',
      { keys: [['g', 'https', 'acme.example']] },
      ["keys.0: must end with the query, '?' for none"],
    ],
    [
      'a gateway key of another scheme',
      { keys: [['g', 'ftp', 'acme.example', 'a', '?']] },
      ['keys.0: must begin with https:// or http://'],
    ],
    ['a gateway key without a host', { keys: [['g', 'https']] }, [/^keys\.0: /]],
    ['a gateway key without anything', { keys: [['g']] }, [/^keys\.0: /]],
    ['a gateway key of a query alone', { keys: [['g', '?']] }, [/^keys\.0: /]],
    ['a gateway prefix without anything', { prefixes: [['g']] }, [/^prefixes\.0: /]],
    ['a gateway prefix of a scheme alone', { prefixes: [['g', 'https']] }, [/^prefixes\.0: /]],
    [
      'a prefix with a query',
      { prefixes: ['https://acme.example/a?b'] },
      ['prefixes.0: must not have a query; purge the URL instead'],
    ],
    [
      'a host of another',
      { hosts: ['other.example'] },
      ["hosts.0: must be on one of the tenant's own hosts"],
    ],
    ['a host that is a URL', { hosts: ['https://acme.example'] }, [/^hosts\.0: must be a host/]],
    ['a host with a path', { hosts: ['acme.example/a'] }, [/^hosts\.0: must be a host/]],
    [
      'a host of it in front of another’s',
      { hosts: ['acme.example@other.example'] },
      [/^hosts\.0: must be a host/],
    ],
    ['a host with a port that is none', { hosts: ['acme.example:99999'] }, [/^hosts\.0: /]],
    ['an empty host', { hosts: [''] }, ['hosts.0: must not be empty']],
    ['a tag with a control character', { tags: ['a', '\nx'] }, [/^tags\.1: .*control/]],
    ['a tag with a lone surrogate', { tags: ['\ud800'] }, [/^tags\.0: /]],
    ['a group that no field can name', { groups: ['é'] }, [/^groups\.0: /]],
    ['a group that is too long', { groups: ['x'.repeat(129)] }, [/^groups\.0: /]],
    ['a group without a name', { groups: [{ origin: 'https://acme.example' }] }, [/^groups\.0/]],
    [
      'a group of another’s origin',
      { groups: [{ origin: 'https://other.example', name: 'x' }] },
      ["groups.0: must be on one of the tenant's own hosts"],
    ],
    [
      'a group of an origin with a path',
      { groups: [{ origin: 'https://acme.example/a', name: 'x' }] },
      ['groups.0: must have an origin of scheme, host and port alone'],
    ],
    ['too many targets', { tags: many(1001) }, ['body: names 1001 targets; 1000 are allowed']],
    [
      'too many URLs: each is two targets',
      { urls: many(501).map((name) => `https://acme.example/${name}`) },
      ['body: names 1002 targets; 1000 are allowed'],
    ],
    ['several of them', { tags: [''], urls: 1, all: 'yes' }, [/^urls: /, /^tags\.0: /, /^all: /]],
    [
      'several of them, deeper',
      { urls: ['x', 'y'], prefixes: ['http://z/'] },
      [/^urls\.0/, /^urls\.1/, /^prefixes\.0/],
    ],
  ])('%s', (_what, body, problems) => {
    const parsed = parse(body);
    if (!('problems' in parsed)) throw new Error(`targets: ${parsed.targets.join(' ')}`);
    expect(parsed.problems).toEqual(
      problems.map((problem) =>
        typeof problem === 'string' ? problem : (expect.stringMatching(problem) as unknown),
      ),
    );
  });

  test('soft is another mode of the same targets', () => {
    expect(parse({ tags: ['a'], mode: 'soft' })).toEqual({ targets: ['t:a'], mode: 'soft' });
  });

  test('a number of targets is counted once each: a list with repetitions may be longer', () => {
    expect(parse({ tags: [...many(1000), ...many(500)] })).toMatchObject({ mode: 'hard' });
  });

  test.each<readonly [string, (count: number) => unknown]>([
    ['keys that are none', (count) => ({ keys: Array.from({ length: count }, () => 1) })],
    ['empty tags', (count) => ({ tags: Array.from({ length: count }, () => '') })],
    ['groups without a name', (count) => ({ groups: Array.from({ length: count }, () => ({})) })],
    ['a key of segments', (count) => ({ keys: [Array.from({ length: count }, () => 1)] })],
    ['names of no target', (count) => Object.fromEntries(many(count / 5).map((one) => [one, 1]))],
  ])('a mebibyte of mistakes is answered in few words: %s [trap:purge-weapon]', (_, bodyOf) => {
    const parsed = parse(bodyOf(340_000));
    if (!('problems' in parsed)) throw new Error('It names targets.');
    expect(JSON.stringify(parsed.problems).length).toBeLessThan(1000);
  });

  test('of so many, none is looked at', () => {
    let looks = 0;
    const names = new Proxy(many(20_000), {
      get(list, name, self): unknown {
        if (typeof name === 'string' && /^\d+$/.test(name)) looks += 1;
        return Reflect.get(list, name, self) as unknown;
      },
    });
    expect(parse({ tags: names })).toEqual({
      problems: ['body: names 20000 targets; 1000 are allowed'],
    });
    parse({ keys: [names] });
    // Being copied, perhaps. Judging one that is wrong takes a microsecond and a kilobyte.
    expect(looks).toBeLessThan(50_000);
  });

  test('of a key’s segments none is looked at behind one that is wrong [trap:purge-weapon]', () => {
    let looks = 0;
    const key = (): unknown =>
      new Proxy(
        Array.from({ length: 128 }, () => 1),
        {
          get(list, name, self): unknown {
            if (typeof name === 'string' && /^\d+$/.test(name)) looks += 1;
            return Reflect.get(list, name, self) as unknown;
          },
        },
      );
    // As many as a mebibyte holds: a kilobyte for each segment is more than an isolate has.
    const parsed = parse({ keys: Array.from({ length: 4000 }, key) });
    if (!('problems' in parsed)) throw new Error('It names targets.');
    expect(parsed.problems[0]).toBe('keys.0: must be a key, or a list of its segments');
    expect(looks).toBeLessThanOrEqual(8000);
  });

  test('of many mistakes a hundred are told', () => {
    const parsed = parse({ urls: Array.from({ length: 1500 }, () => 'x') });
    if (!('problems' in parsed)) throw new Error('It names targets.');
    expect(parsed.problems).toHaveLength(101);
    expect(parsed.problems.at(-1)).toBe('and 1400 more');
  });
});
