import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { openEndpoint } from '../support/control.ts';
import type { TestEndpoint } from '../support/control.ts';

/** Whether the endpoint answers within `ms`; the wait is the subject here: a held link must not answer. */
async function answersWithin(endpoint: TestEndpoint, ms: number): Promise<boolean> {
  try {
    const response = await fetch(endpoint.url, {
      method: 'POST',
      headers: { authorization: `Bearer ${endpoint.token}` },
      body: JSON.stringify(['PING']),
      signal: AbortSignal.timeout(ms),
    });
    return (await response.text()).includes('PONG');
  } catch {
    return false;
  }
}

test('these tests run in workerd and reach the local parts over loopback', async () => {
  expect(navigator.userAgent).toBe('Cloudflare-Workers');
  expect(inject('redisDescription')).not.toBe('');
  const city = await fetch(`${inject('originUrl')}/cities/1`);
  expect(city.status).toBe(200);
  await city.text();
});

describe('an endpoint of a test’s own', () => {
  let mine: TestEndpoint;
  let other: TestEndpoint;

  beforeAll(async () => {
    mine = await openEndpoint();
    other = await openEndpoint();
  });
  afterAll(async () => {
    await mine.close();
    await other.close();
  });

  test('counts only its own requests, on the Redis that all share', async () => {
    await mine.resetCounts();
    await other.resetCounts();
    await mine.command('SET', 'control:shared', 'seen by both');
    expect(await other.command('GET', 'control:shared')).toBe('seen by both');
    expect(await mine.counts()).toMatchObject({ requests: 1, commands: 1, byCommand: { SET: 1 } });
    expect(await other.counts()).toMatchObject({ requests: 1, byCommand: { GET: 1 } });
  });

  test('fails as told, and only there', async () => {
    await mine.setFaults({ status: 500 });
    await expect(mine.command('PING')).rejects.toThrow('500');
    expect(await other.command('PING')).toBe('PONG');
    await mine.clearFaults();
    expect(await mine.command('PING')).toBe('PONG');
  });

  test('holds every byte while its link is paused, and goes on afterwards', async () => {
    await mine.link('paused');
    expect(await answersWithin(mine, 300)).toBe(false);
    expect(await answersWithin(other, 5_000)).toBe(true);
    await mine.link('open');
    expect(await answersWithin(mine, 5_000)).toBe(true);
  });

  test('loses Redis while its link is cut, and finds it again', async () => {
    await mine.link('cut');
    expect(await answersWithin(mine, 5_000)).toBe(false);
    await mine.link('open');
    await expect.poll(() => answersWithin(mine, 5_000), { timeout: 10_000 }).toBe(true);
  });

  test('on the shared Redis it cannot be restarted', async () => {
    await expect(mine.restartRedis()).rejects.toThrow('409');
  });
});

test('a Redis of a test’s own loses everything when it is restarted, and is another process', async () => {
  const endpoint = await openEndpoint({ redis: 'own' });
  const runId = async (): Promise<string | undefined> =>
    /run_id:(\w+)/.exec(String(await endpoint.command('INFO', 'server')))?.[1];
  await endpoint.command('SET', 'control:own', 'here');
  const before = await runId();
  expect(before).toMatch(/^[0-9a-f]{40}$/);
  await endpoint.restartRedis();
  await expect.poll(() => answersWithin(endpoint, 5_000), { timeout: 10_000 }).toBe(true);
  expect(await endpoint.command('GET', 'control:own')).toBeNull();
  expect(await runId()).not.toBe(before);
  await endpoint.close();
});
