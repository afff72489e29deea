import {
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  test,
  vi,
  type MockInstance,
} from 'vitest';
import type { WarmReport } from '../../src/telemetry/warm-report.ts';
import { openEndpoint, type TestEndpoint } from '../support/control.ts';
import { deploy, type Deployment, type Isolate } from '../support/deployment.ts';
import { openOrigin, type TestOrigin } from '../support/origin.ts';
import { dataCentres, type DataCentres } from '../support/platform.ts';

let centres: DataCentres;
let endpoint: TestEndpoint;
let origin: TestOrigin;
let log: MockInstance<typeof console.log>;
beforeAll(async () => {
  [endpoint, origin] = await Promise.all([openEndpoint(), openOrigin()]);
  return () => endpoint.close();
});
beforeEach(() => {
  centres = dataCentres();
  log = vi.spyOn(console, 'log').mockImplementation(() => {});
});
afterEach(() => {
  log.mockRestore();
  centres.leave();
});

const deployed = (warm: readonly string[], variables = {}): Promise<Deployment> =>
  deploy({ origin: origin.url, redis: endpoint, warm, variables });

/** Runs the cron trigger and reads what it has reported. */
async function run(isolate: Isolate, deployment: Deployment): Promise<WarmReport> {
  await isolate.scheduled();
  const stats = await isolate.get('/_tiercel/v1/stats', {
    authorization: `Bearer ${deployment.token}`,
  });
  const { warming } = stats.json() as { warming: WarmReport };
  return warming;
}

const outcomes = (report: WarmReport): string[] => report.paths.map(({ outcome }) => outcome);

describe('the cron trigger', () => {
  test('loads the paths of the list, so that the first reader hits', async () => {
    const paths = ['/warm/1', '/warm/2?page=1', '/warm/3'];
    const deployment = await deployed(paths);
    const report = await run(deployment.isolate(), deployment);
    expect(report.paths).toEqual(
      paths.map((path) => ({ tenant: deployment.tenant, path, outcome: 'stored', status: 200 })),
    );
    expect(report.requests).toBeLessThanOrEqual(report.budget);
    const reader = deployment.isolate();
    for (const path of paths) {
      expect((await reader.get(path)).cacheStatus).toMatchObject({ hit: true });
      expect(await origin.count(path)).toBe(1);
    }
    centres.enter('elsewhere');
    const far = await deployment.isolate().get('/warm/1');
    expect(far.cacheStatus).toMatchObject({ hit: true, detail: 'redis' });
  });

  test('a second run hits and asks the origin for nothing', async () => {
    const paths = ['/twice/1', '/twice/2'];
    const deployment = await deployed(paths);
    await run(deployment.isolate(), deployment);
    const again = deployment.isolate();
    expect(outcomes(await run(again, deployment))).toEqual(['hit', 'hit']);
    for (const path of paths) expect(await origin.count(path)).toBe(1);
  });

  test('what was purged is loaded anew', async () => {
    const deployment = await deployed(['/purged']);
    const isolate = deployment.isolate();
    await run(isolate, deployment);
    // By another isolate, a moment ago: a run begins with what Redis says now, not with an old view.
    await deployment.isolate().purge({ all: true });
    expect(outcomes(await run(isolate, deployment))).toEqual(['stored']);
    expect(await origin.count('/purged')).toBe(2);
  });

  test('stays within its budget of outgoing requests, and reports what it skipped', async () => {
    const paths = Array.from({ length: 10 }, (_, at) => `/budget/${at}`);
    const deployment = await deployed(paths, { CACHE_WARM_REQUESTS: 20 });
    await endpoint.resetCounts();
    const report = await run(deployment.isolate(), deployment);
    const done = report.paths.length;
    expect(done).toBeGreaterThan(0);
    expect(outcomes(report)).toEqual(Array.from({ length: done }, () => 'stored'));
    expect(report.skipped).toBe(10 - done);
    expect(report.requests).toBeLessThanOrEqual(20);
    // What it counted is no less than what was sent, to Redis and to the origin.
    const { requests } = await endpoint.counts();
    const asked = await Promise.all(paths.map((path) => origin.count(path)));
    const toOrigin = asked.reduce((sum, count) => sum + count, 0);
    expect(toOrigin).toBe(done);
    expect(report.requests).toBeGreaterThanOrEqual(requests + toOrigin);
  });

  test('the smallest budget warms the first path and skips the rest', async () => {
    const deployment = await deployed(['/small/1', '/small/2'], { CACHE_WARM_REQUESTS: 20 });
    const report = await run(deployment.isolate(), deployment);
    expect(report).toMatchObject({ paths: [{ outcome: 'stored' }], skipped: 1 });
  });

  test('what may not be stored, and what fails, is said, and the next path is warmed', async () => {
    await origin.script({ target: '/said/private', headers: [['cache-control', 'private']] });
    await origin.script({ target: '/said/broken', status: 500 });
    const deployment = await deployed(['/said/private', '/said/broken', '/said/good']);
    const report = await run(deployment.isolate(), deployment);
    expect(report.paths.map(({ outcome, status }) => [outcome, status])).toEqual([
      ['not_stored', 200],
      ['failed', 500],
      ['stored', 200],
    ]);
  });

  test.each([
    ['stale-while-revalidate=600', 'fails', 'stale'],
    ['stale-while-revalidate=600', 'works', 'stored'],
    ['stale-if-error=600', 'fails', 'stale'],
    ['stale-if-error=600', 'works', 'stored'],
  ])('what is stale, with %s, while the origin %s: %s', async (windows, state, outcome) => {
    const path = `/stale/${crypto.randomUUID()}`;
    const headers = [['cache-control', `max-age=1, ${windows}`]] as const;
    await origin.script({ target: path, headers });
    const deployment = await deployed([path]);
    const isolate = deployment.isolate();
    expect(outcomes(await run(isolate, deployment))).toEqual(['stored']);
    await isolate.purge({ all: true, mode: 'soft' });
    const fails = { headers: [['cache-control', 'no-store']] as const, status: 503 };
    if (state === 'fails') await origin.script({ target: path, ...fails });
    const report = await run(isolate, deployment);
    expect(report.paths).toMatchObject([{ outcome, status: 200 }]);
    // A failure is looked into once more, for everybody, where it is not refreshed behind an answer anyway.
    const looksTwice = state === 'fails' && windows.startsWith('stale-if-error');
    expect(await origin.count(path)).toBe(looksTwice ? 3 : 2);
  });

  test('an origin that is away is reported, not thrown', async () => {
    const deployment = await deploy({ origin: 'http://127.0.0.1:1', warm: ['/a'] });
    const report = await run(deployment.isolate(), deployment);
    expect(report.paths).toMatchObject([{ outcome: 'failed', status: 502 }]);
  });

  test('what another cache says under our name is not taken for our own word', async () => {
    const target = '/warm/in-front';
    for (const [said, control, outcome] of [
      ['Tiercel; hit; ttl=5', 'no-store', 'not_stored'],
      ['Tiercel; fwd=uri-miss; stored', 'no-store', 'not_stored'],
      ['Tiercel; hit', 'max-age=60', 'stored'],
    ] as const) {
      const headers = [
        ['cache-status', said],
        ['cache-control', control],
      ] as const;
      await origin.script({ target, headers });
      const deployment = await deployed([target]);
      const report = await run(deployment.isolate(), deployment);
      expect(report.paths).toMatchObject([{ outcome, status: 200 }]);
    }
  });

  test('tenants take turns: the first path of each before the second of any', async () => {
    const tenants = ['one', 'two'].map((name) => {
      const id = `${name}-${crypto.randomUUID().slice(0, 8)}`;
      const paths = [`/${id}/1`, `/${id}/2`];
      return { id, hosts: [`${id}.test`], origin: origin.url, warm: { paths } };
    });
    const deployment = await deploy({ redis: endpoint });
    const isolate = deployment.isolate({
      TENANTS: tenants,
      CREDENTIALS: undefined,
      CACHE_WARM_REQUESTS: 100,
    });
    await isolate.scheduled(0);
    const report = JSON.parse(String(log.mock.calls[0]?.[0])) as WarmReport;
    const order = report.paths.map(({ path }) => path.slice(-1));
    expect(order).toEqual(['1', '1', '2', '2']);
    expect(new Set(report.paths.slice(0, 2).map(({ tenant }) => tenant)).size).toBe(2);
    expect(report.scheduledAt).toBe('1970-01-01T00:00:00.000Z');
  });

  test('without paths it asks nobody for anything', async () => {
    const deployment = await deployed([]);
    await endpoint.resetCounts();
    await deployment.isolate().scheduled();
    expect((await endpoint.counts()).requests).toBe(0);
  });

  test('reports itself in one line of JSON', async () => {
    const deployment = await deployed(['/line']);
    await deployment.isolate().scheduled();
    expect(log).toHaveBeenCalledTimes(1);
    expect(JSON.parse(String(log.mock.calls[0]?.[0]))).toMatchObject({
      event: 'warming',
      paths: [{ path: '/line', outcome: 'stored' }],
    });
  });
});
