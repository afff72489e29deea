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
import {
  credentialVariables,
  eventVariables,
  mergeEnvFile,
  runVariables,
} from '../../dev/launcher/variables.ts';
import { SCOPES } from '../../src/config/config.ts';
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

describe('the variables of a run', () => {
  const variables = runVariables({
    port: 8787,
    endpoint: { url: 'http://127.0.0.1:41', token: 't' },
    origin: 'http://127.0.0.1:42',
    warm: ['/cities/1'],
    credential,
  });

  test('name the endpoint, the tenant and the preset', () => {
    expect({ ...variables, TENANTS: JSON.parse(variables['TENANTS'] ?? '') as unknown }).toEqual({
      UPSTASH_REDIS_REST_URL: 'http://127.0.0.1:41',
      UPSTASH_REDIS_REST_TOKEN: 't',
      CREDENTIALS: expect.any(String) as string,
      CACHE_PRESET: 'development',
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
  });

  test('hold the hash of the token, never the token', () => {
    const { CREDENTIALS = '' } = credentialVariables(credential);
    expect(CREDENTIALS).not.toContain(credential.token);
    expect(JSON.parse(CREDENTIALS)).toEqual([
      {
        id: 'development',
        // printf 'a%.0s' $(seq 43) | sha256sum
        sha256: '66d34fba71f8f450f7e45598853e53bfc23bbd129027cbb131a2f4ffd7878cd0',
        tenant: 'demo',
        scopes: SCOPES,
      },
    ]);
  });
});

describe('the variables of events', () => {
  test('are what the Worker reads: who sends, and what that purges', () => {
    const secret = `whsec_${'A'.repeat(43)}=`;
    const { EVENT_SECRETS = '' } = eventVariables(secret);
    expect(eventSecretList.parse(JSON.parse(EVENT_SECRETS))).toMatchObject([
      { id: 'cities', tenant: 'demo' },
    ]);
    const rules = [{ on: 'city.updated', tags: ['city:{id}', 'cities'] }];
    const { TENANTS = '' } = runVariables({
      port: 1,
      endpoint: { url: 'http://127.0.0.1:41', token: 't' },
      origin: 'http://127.0.0.1:42',
      warm: [],
      credential,
      rules,
    });
    expect(tenantList.parse(JSON.parse(TENANTS))).toMatchObject([{ id: 'demo', rules }]);
  });
});

describe('mergeEnvFile', () => {
  test('keeps lines of other names, comments and order, and replaces its own in place', () => {
    const existing = [
      '# mine',
      'A=1',
      'export TENANTS=old',
      '',
      "B='two",
      "TENANTS=inside'",
      'C: 3',
    ];
    const merged = mergeEnvFile(existing.join('\n'), { TENANTS: '[]', NEW: 'x' });
    expect(merged.split('\n')).toEqual([
      '# mine',
      'A=1',
      "TENANTS='[]'",
      '',
      "B='two",
      "TENANTS=inside'",
      'C: 3',
      "NEW='x'",
      '',
    ]);
  });

  test('drops a second line that would override its own', () => {
    expect(mergeEnvFile('A=1\nB=2\nA=3\n', { A: 'x' })).toBe("A='x'\nB=2\n");
  });

  test('merging again changes nothing', () => {
    const once = mergeEnvFile('# c\nOTHER="a b"\n', { A: '{"x":1}' });
    expect(mergeEnvFile(once, { A: '{"x":1}' })).toBe(once);
  });

  test('JSON comes back as it was, quotes and dollars included', () => {
    const value = { text: `it's "$HOME" and \\ and # and \`` };
    const { A = '' } = parseEnv(mergeEnvFile('', { A: JSON.stringify(value) }));
    expect(JSON.parse(A)).toEqual(value);
    expect(A).not.toContain('$');
  });
});

describe('files on disk', () => {
  test('an env file is readable by its owner only, also one that was not', () => {
    const file = join(folder, '.dev.vars');
    writeFileSync(file, 'MINE=1\n', { mode: 0o644 });
    writeEnvFile(file, { A: '1' });
    expect([mode(file), readFileSync(file, 'utf8')]).toEqual(['600', "MINE=1\nA='1'\n"]);
    expect(readdirSync(folder)).toEqual(['.dev.vars']);
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
