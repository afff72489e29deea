import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { startEndpoint } from '../../dev/endpoint/server.ts';
import { startOrigin } from '../../dev/origin/server.ts';
import { startRedis } from '../../dev/redis/redis.ts';
import { startControlServer } from './control-server.ts';

/**
 * Starts the real parts that the tests in workerd talk to, and hands over their addresses.
 * TIERCEL_TEST_REDIS chooses the Redis: `embedded` (default), `auto` or a redis:// URL.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const choice = process.env['TIERCEL_TEST_REDIS'] ?? 'embedded';
  const stops: (() => Promise<void>)[] = [];
  const stopAll = async (): Promise<void> => {
    for (const stop of stops.toReversed()) await stop();
  };
  try {
    const redis = await startRedis(choice);
    stops.push(() => redis.stop());
    const token = randomBytes(24).toString('hex');
    const endpoint = await startEndpoint({ redis: redis.connection, token });
    stops.push(() => endpoint.stop());
    if (redis.kind === 'url') {
      const command = (...words: readonly string[]): Promise<string> =>
        send(endpoint.url, token, words);
      await refuseUnlessEmpty(command, redis.description);
      stops.push(async () => void (await command('FLUSHALL')));
    }
    // A database of its own for every run: tests change its rows.
    const folder = mkdtempSync(join(tmpdir(), 'tiercel-test-'));
    stops.push(async () => rmSync(folder, { recursive: true, force: true }));
    const databaseFile = join(folder, 'cities.sqlite');
    const origin = await startOrigin({ databaseFile, onEvent: () => {} });
    stops.push(() => origin.stop());
    const control = await startControlServer(redis, choice.includes('://') ? 'embedded' : choice);
    stops.push(() => control.stop());

    project.provide('redisRestUrl', endpoint.url);
    project.provide('redisRestToken', token);
    project.provide('redisDescription', redis.description);
    project.provide('originUrl', origin.url);
    project.provide('controlUrl', control.url);
    project.provide('controlToken', control.token);
  } catch (error) {
    await stopAll();
    throw error;
  }
  return stopAll;
}

/** Tests flush their Redis. One that somebody named and that holds data is not for them. */
async function refuseUnlessEmpty(
  command: (...words: readonly string[]) => Promise<string>,
  description: string,
): Promise<void> {
  if (/db\d+:keys=/.test(await command('INFO', 'keyspace'))) {
    throw new Error(
      `${description} holds data, and the tests would flush it: give them an empty Redis.`,
    );
  }
}

async function send(url: string, token: string, words: readonly string[]): Promise<string> {
  const headers = { authorization: `Bearer ${token}` };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(words) });
  const text = await response.text();
  if (!response.ok)
    throw new Error(`${words.join(' ')} was answered by ${response.status}: ${text}`);
  return text;
}
