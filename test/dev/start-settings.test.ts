import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type RunningStack, startStack } from '../../dev/launcher/stack.ts';
import { type ScriptedOrigin, startScriptedOrigin } from './scripted-origin.ts';

/* The local stack with what a user has written into `.dev.vars`: tenants, tokens and secrets of one's own. */

const checkout = fileURLToPath(new URL('../..', import.meta.url));
const TOKEN = 'a-token-for-every-tenant';
const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const rules = [{ on: 'price.changed', tags: ['price:{id}'] }];
const userFile = `# mine
TENANTS='[
  { "id": "acme", "hosts": ["acme.localhost"], "origin": "demo", "rules": ${JSON.stringify(rules)} },
  { "id": "other", "hosts": ["other.localhost"], "origin": "http://127.0.0.1:9" }
]'
CREDENTIALS=${JSON.stringify([
  {
    id: 'everybody',
    sha256: createHash('sha256').update(TOKEN).digest('hex'),
    tenant: '*',
    scopes: ['purge'],
  },
])}
EVENT_SECRETS=${JSON.stringify([{ id: 'shop', tenant: '*', secret: SECRET }])}
`;

const onProgress = vi.fn<(part: string, line: string) => void>();
let root: string;
let origin: ScriptedOrigin;
let stack: RunningStack & { stop(): Promise<void> };
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'tiercel-start-'));
  symlinkSync(join(checkout, 'node_modules'), join(root, 'node_modules'));
  writeFileSync(join(root, '.dev.vars'), userFile);
  origin = await startScriptedOrigin();
  stack = await startStack({
    root,
    configFile: join(checkout, 'wrangler.toml'),
    redis: 'embedded',
    origin: origin.url,
    onProgress,
  });
}, 90_000);
afterAll(async () => {
  await stack?.stop();
  await origin?.stop();
  rmSync(root, { recursive: true, force: true });
}, 30_000);

/** Posts to a host of the stack: names under `.localhost` are this machine, whatever its resolver knows. */
function post(
  host: string,
  path: string,
  headers: Record<string, string>,
  body: string,
): Promise<{ status: number | undefined; body: unknown }> {
  const { port } = new URL(stack.url);
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        host: '127.0.0.1',
        port,
        path,
        method: 'POST',
        agent: new Agent(),
        headers: { host: `${host}:${port}`, 'content-type': 'application/json', ...headers },
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.on('end', () => resolve({ status: response.statusCode, body: JSON.parse(text) }));
      },
    );
    sent.on('error', reject).end(body);
  });
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

test('comes up under the tenant’s own host, and leaves the file as it was', () => {
  expect(new URL(stack.url).hostname).toBe('acme.localhost');
  expect(readFileSync(join(root, '.dev.vars'), 'utf8')).toBe(userFile);
  expect(
    onProgress.mock.calls.filter(([part]) => part === 'Worker').map(([, line]) => line),
  ).toEqual(
    expect.arrayContaining([
      'with TENANTS from .dev.vars',
      `the origin "demo" is ${origin.url}`,
      "CREDENTIALS: 1 from .dev.vars, and the launcher's own, 'development'",
      "EVENT_SECRETS: 1 from .dev.vars, and the launcher's own, 'cities'",
    ]),
  );
});

test('the launcher’s token is the first tenant’s, one’s own token is good for all of them', async () => {
  const path = '/_tiercel/v1/purge';
  const own = await post('acme.localhost', path, bearer(stack.credential.token), '{"all":true}');
  expect(own).toMatchObject({ status: 200, body: { tenant: 'acme' } });
  const all = '/v1/purge?tenant=*';
  const everything = await post(stack.adminHost, all, bearer(TOKEN), '{"all":true}');
  expect(everything).toMatchObject({ status: 200, body: { tenants: 1 } });
});

test('a secret of one’s own signs events that one’s own rules take', async () => {
  const event = { type: 'price.changed', data: { id: 7 }, tenant: 'acme' };
  const body = JSON.stringify(event);
  const at = new Date();
  const headers = {
    'webhook-id': 'msg_1',
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    'webhook-signature': new Webhook(SECRET).sign('msg_1', at, body),
  };
  expect(await post('acme.localhost', '/_tiercel/v1/events', headers, body)).toMatchObject({
    status: 200,
    body: { tenant: 'acme', outcomes: [{ outcome: 'applied', targets: 1 }] },
  });
});
