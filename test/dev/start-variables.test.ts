import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { developmentCredential, developmentEventSecret } from '../../dev/launcher/credential.ts';
import { createRunFolder, removeRunFolder, writeEnvFile } from '../../dev/launcher/run-folder.ts';
import { envFile } from '../../dev/launcher/env-file.ts';
import { readUserSettings, SettingsError } from '../../dev/launcher/user-settings.ts';
import { runVariables, type StackAddresses } from '../../dev/launcher/variables.ts';
import { SCOPES } from '../../src/config/config.ts';
import { credentialList } from '../../src/config/credential-list.ts';
import { eventSecretList } from '../../src/config/event-secret-list.ts';
import { tenantList } from '../../src/config/tenant-list.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tiercel-start-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const mode = (file: string) => (statSync(file).mode & 0o777).toString(8);
const credential = { id: 'development', token: 'a'.repeat(43) };

const secret = `whsec_${'A'.repeat(43)}=`;
const nothing = readUserSettings('');

/** The variables of a run, as the Worker gets them, beside what the user's file says. */
function run(userFile = '', more: Partial<StackAddresses> = {}) {
  const made = runVariables(
    {
      port: 8787,
      endpoint: { url: 'http://127.0.0.1:41', token: 't' },
      origin: 'http://127.0.0.1:42',
      warm: ['/cities/1'],
      credential,
      secret,
      ...more,
    },
    readUserSettings(userFile),
  );
  const file = parseEnv(envFile(made.variables));
  const list = (name: string): unknown => JSON.parse(file[name] ?? 'null');
  return { ...made, file, list };
}

describe('the variables of a run', () => {
  test('name the endpoint, the tenant and the preset', () => {
    const { file, list, notes } = run();
    expect({ ...file, TENANTS: list('TENANTS') }).toEqual({
      UPSTASH_REDIS_REST_URL: 'http://127.0.0.1:41',
      UPSTASH_REDIS_REST_TOKEN: 't',
      CREDENTIALS: expect.any(String) as string,
      EVENT_SECRETS: expect.any(String) as string,
      CACHE_PRESET: 'development',
      CACHE_PRIVATE_ORIGINS: 'allow',
      ADMIN_HOST: 'admin.localhost',
      TENANTS: [
        {
          id: 'demo',
          hosts: ['localhost', '127.0.0.1'],
          origin: 'http://127.0.0.1:42',
          warm: { base: 'http://localhost:8787', paths: ['/cities/1'] },
        },
      ],
    });
    expect(notes).toEqual([]);
  });

  test('hold the hash of the token, never the token', () => {
    const { file, list } = run();
    expect(JSON.stringify(file)).not.toContain(credential.token);
    expect(list('CREDENTIALS')).toEqual([
      {
        id: 'development',
        // printf 'a%.0s' $(seq 43) | sha256sum
        sha256: '66d34fba71f8f450f7e45598853e53bfc23bbd129027cbb131a2f4ffd7878cd0',
        tenant: 'demo',
        scopes: SCOPES,
      },
    ]);
  });

  test('say who sends events, and what these purge', () => {
    const rules = [{ on: 'city.updated', tags: ['city:{id}', 'cities'] }];
    const { list } = run('', { rules });
    expect(eventSecretList.parse(list('EVENT_SECRETS'))).toEqual([
      { id: 'cities', tenant: 'demo', secret },
    ]);
    expect(tenantList.parse(list('TENANTS'))).toMatchObject([{ id: 'demo', rules }]);
  });
});

describe('what the user’s .dev.vars says', () => {
  const mine = { id: 'mine', tenant: '*', secret: `whsec_${'B'.repeat(42)}A=` };
  const everybody = { id: 'all', sha256: 'c'.repeat(64), tenant: '*', scopes: ['purge'] };

  test('lists of secrets and credentials stay, and the launcher’s own come behind them', () => {
    const { list, notes } = run(
      `# mine\nEVENT_SECRETS=${JSON.stringify([mine])}\nexport CREDENTIALS='${JSON.stringify([everybody], null, 2)}'\n`,
    );
    expect(eventSecretList.parse(list('EVENT_SECRETS'))).toEqual([
      mine,
      { id: 'cities', tenant: 'demo', secret },
    ]);
    expect(credentialList.parse(list('CREDENTIALS'))).toMatchObject([
      everybody,
      { id: 'development', tenant: 'demo' },
    ]);
    expect(notes).toEqual([
      `CREDENTIALS: 1 from .dev.vars, and the launcher's own, 'development'`,
      `EVENT_SECRETS: 1 from .dev.vars, and the launcher's own, 'cities'`,
    ]);
  });

  test('an id of the launcher’s own that is taken, and an own secret under another name', () => {
    const taken = { ...mine, id: 'cities' };
    const { list, notes } = run(`EVENT_SECRETS='${JSON.stringify([taken])}'`);
    expect(eventSecretList.parse(list('EVENT_SECRETS'))).toMatchObject([
      taken,
      { id: 'cities-2', secret },
    ]);
    expect(notes.join()).toContain(`'cities-2'`);
    const renamed = [{ id: 'renamed', tenant: '*', secret }];
    const other = run(`EVENT_SECRETS='${JSON.stringify(renamed)}'`);
    expect(other.list('EVENT_SECRETS')).toEqual(renamed);
    expect(other.notes).toEqual(['EVENT_SECRETS: 1 from .dev.vars']);
  });

  test('what an earlier launcher wrote there is its own: replaced, and not told', () => {
    const old = [{ id: 'cities', tenant: 'demo', secret }];
    const { list, notes } = run(`EVENT_SECRETS='${JSON.stringify(old)}'\nCREDENTIALS=\n`);
    expect([list('EVENT_SECRETS'), notes]).toEqual([old, []]);
  });

  test.each([
    ['EVENT_SECRETS', 'whsec_c2VjcmV0', 'secret'],
    ['EVENT_SECRETS', '{"id":"mine"}', 'secret'],
    ['CREDENTIALS', "'[{]'", 'sha256'],
  ])('%s that is no JSON list is one sentence, without the value: %s', (name, value, member) => {
    const read = () => readUserSettings(`${name}=${value}\n`);
    expect(read).toThrow(SettingsError);
    expect(read).toThrow(
      new RegExp(
        `^${name} in \\.dev\\.vars is no JSON list: .*='\\[\\{[^\\n]*"${member}":[^\\n]*$`,
      ),
    );
    expect(read).not.toThrow(value);
  });

  test('the policy of a tenant goes to the Worker as it is written', () => {
    const policy = {
      ttl: { default: '1m' },
      negativeTtl: { 404: '30s' },
      query: { drop: ['utm_*'] },
      responseHeaders: { 'X-Frame-Options': 'DENY' },
      quotas: { loadsPerSecond: 5 },
      paths: [{ path: '/account/*', cache: 'bypass' }],
    };
    const tenants = [{ id: 'mine', hosts: ['localhost'], origin: 'demo', ...policy }];
    const { list } = run(`TENANTS='${JSON.stringify(tenants, null, 2)}'`);
    expect(list('TENANTS')).toEqual([{ ...tenants[0], origin: 'http://127.0.0.1:42' }]);
    expect(tenantList.safeParse(list('TENANTS')).success).toBe(true);
  });

  test('its TENANTS count, with the origin of this run where they say "demo"', () => {
    const tenants = [
      { id: 'acme', hosts: ['acme.localhost'], origin: 'http://127.0.0.1:99' },
      {
        id: 'cities',
        hosts: ['cities.test', 'cities.localhost'],
        origin: 'demo',
        rules: [{ on: 'city.updated', tags: ['city:{id}', '{$x}'] }],
        warm: { paths: ['/cities/1'] },
      },
    ];
    const file = `CACHE_PRESET: minimal\nTENANTS='${JSON.stringify(tenants, null, 2)}'\n`;
    const { list, variables, notes } = run(file);
    expect(list('TENANTS')).toEqual([
      tenants[0],
      {
        ...tenants[1],
        origin: 'http://127.0.0.1:42',
        warm: { base: 'http://cities.localhost:8787', paths: ['/cities/1'] },
      },
    ]);
    expect(Object.keys(variables)).not.toContain('CACHE_PRESET');
    expect(notes).toEqual([
      'with CACHE_PRESET, TENANTS from .dev.vars',
      'the origin "demo" is http://127.0.0.1:42',
    ]);
    // The token and the events are those of the tenant with the demo.
    expect(list('CREDENTIALS')).toMatchObject([{ tenant: 'cities' }]);
    expect(list('EVENT_SECRETS')).toMatchObject([{ tenant: 'cities' }]);
    expect(readUserSettings(file).tenant).toEqual({ id: 'cities', host: 'cities.localhost' });
  });

  test.each([
    ['nothing', '', 'demo', 'localhost'],
    ['no list', 'TENANTS=x', 'demo', 'localhost'],
    ['a list of anything', 'TENANTS=[1,{"id":2},null]', 'demo', 'localhost'],
    [
      'the first one where none has the demo',
      'TENANTS=[{"id":"a","hosts":["a.test"],"origin":"http://127.0.0.1:1"},{"id":"b","hosts":["localhost"]}]',
      'a',
      'a.test',
    ],
    [
      'localhost before others',
      'TENANTS=[{"id":"a","hosts":["a.localhost","localhost"]}]',
      'a',
      'localhost',
    ],
  ])('the tenant of the launcher’s own requests: %s', (_, file, id, host) => {
    expect(readUserSettings(file).tenant).toEqual({ id, host });
  });

  test('TENANTS that can’t be read are left to the Worker, which says what is wrong', () => {
    const { variables, notes } = run('TENANTS=x');
    expect(Object.keys(variables)).not.toContain('TENANTS');
    expect(notes).toEqual(['with TENANTS from .dev.vars']);
  });

  test('the last of two lines counts, one inside of a value or a comment does not', () => {
    const file = `ADMIN_HOST=a.test\nOTHER='x\nTENANTS=inside'\n# CACHE_PRESET=x\nexport ADMIN_HOST = b.test\n`;
    const user = readUserSettings(file);
    expect([user.adminHost, [...user.names]]).toEqual(['b.test', ['ADMIN_HOST', 'OTHER']]);
    expect(nothing.adminHost).toBeUndefined();
  });
});

test('JSON comes back out of an env file as it was, quotes and dollars included', () => {
  const value = { text: `it's "$HOME" and \\ and # and \`` };
  const text = envFile({ A: JSON.stringify(value), B: '2' });
  expect(JSON.parse(parseEnv(text)['A'] ?? '')).toEqual(value);
  expect(text).not.toContain('$');
});

describe('files on disk', () => {
  test('an env file is readable by its owner only', () => {
    const file = join(folder, 'vars');
    writeEnvFile(file, { A: '1', B: 'two' });
    expect([mode(file), readFileSync(file, 'utf8')]).toEqual(['600', "A='1'\nB='two'\n"]);
  });

  test('the development token survives restarts', () => {
    const file = join(folder, '.dev', 'credentials.json');
    const made = developmentCredential(file);
    expect(made.token).toMatch(/^[\w-]{43}$/);
    expect([mode(file), developmentCredential(file)]).toEqual(['600', made]);
  });

  test('the secret of events survives restarts, and one that is none is replaced', () => {
    const file = join(folder, '.dev', 'event-secret.json');
    const made = developmentEventSecret(file);
    expect(made).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect([mode(file), developmentEventSecret(file)]).toEqual(['600', made]);
    writeFileSync(file, '{"secret":"whsec_short"}');
    const other = developmentEventSecret(file);
    expect(other).not.toBe(made);
    expect(developmentEventSecret(file)).toBe(other);
  });

  test('a credentials file without a token is replaced', () => {
    const file = join(folder, 'credentials.json');
    writeFileSync(file, '{"id":"development","token":""}');
    const made = developmentCredential(file);
    expect([mode(file), developmentCredential(file)]).toEqual(['600', made]);
    expect(readdirSync(folder)).toEqual(['credentials.json']);
  });

  test('a run folder is made anew, and those of launchers that are gone are removed', () => {
    const dev = join(folder, '.dev');
    // No process can have this number: it is above every system's maximum.
    mkdirSync(join(dev, 'run-99999999', 'state'), { recursive: true });
    mkdirSync(join(dev, `run-${process.ppid}`));
    const made = createRunFolder(folder);
    expect(readdirSync(dev).toSorted()).toEqual(
      [`run-${process.pid}`, `run-${process.ppid}`].toSorted(),
    );
    expect(mode(made)).toBe('700');
    removeRunFolder(made);
    expect(readdirSync(dev)).toEqual([`run-${process.ppid}`]);
  });
});
