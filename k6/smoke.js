// Smoke test of the gateway: a few virtual users read cities for some seconds. Says whether every answer is right and
// where it came from; says nothing about what the machine can bear.
//
//   npm run load -- smoke [--duration 10s] [--vus 3] [--target URL]
//
// TARGET    address of the gateway (a tenant's host), for instance http://localhost:8787
// DURATION  default 10s     VUS  default 3     SUMMARY  file for the figures as JSON

import { check, sleep } from 'k6';
import exec from 'k6/execution';
import http from 'k6/http';
import { Counter, Trend } from 'k6/metrics';
import { parseCacheStatus } from './lib/cache-status.js';
import { summarize, trendStats } from './lib/summary.js';

const target = __ENV.TARGET;
if (!target)
  throw new Error(
    'TARGET must be the address of a gateway: k6 run -e TARGET=http://localhost:8787 ...',
  );

/** Few enough that every city is asked for many times. */
const cities = 50;
const tiers = ['memory', 'regional', 'redis', 'hit', 'origin'];

const answers = new Counter('answers');
const answerDuration = new Trend('answer_duration', true);
const hits = new Counter('hits');
const hitDuration = new Trend('hit_duration', true);

export const options = {
  vus: Number(__ENV.VUS ?? 3),
  duration: __ENV.DURATION ?? '10s',
  summaryTrendStats: trendStats,
  thresholds: {
    http_req_failed: ['rate==0'],
    checks: ['rate==1'],
    // A threshold on a metric without a sample holds, so that there were hits is one of its own.
    hits: ['count>0'],
    hit_duration: ['p(95)<50'],
    // k6 keeps figures by tag only where a threshold names the tag.
    ...Object.fromEntries(
      tiers.flatMap((tier) => [
        [`answers{tier:${tier}}`, ['count>=0']],
        [`answer_duration{tier:${tier}}`, ['avg>=0']],
      ]),
    ),
  },
};

export default function readCity() {
  const id = 1 + (exec.scenario.iterationInTest % cities);
  const url = `${target}/cities/${id}`;
  // One name for all cities: k6 would keep figures for each URL.
  const first = http.get(url, { tags: { name: '/cities/{id}' } });
  const etag = first.headers['Etag'];
  const status = record(first);
  check(first, {
    'city is answered 200': (response) => response.status === 200,
    'city is the one asked for': (response) =>
      response.status === 200 && response.json('id') === id,
    'city has an ETag': () => etag !== undefined,
    'Cache-Status says where it came from': () => status !== null,
  });

  if (etag !== undefined) {
    const second = http.get(url, {
      headers: { 'If-None-Match': etag },
      tags: { name: '/cities/{id} If-None-Match' },
    });
    record(second);
    check(second, {
      'known ETag is answered 304': (response) => response.status === 304,
      '304 has no body': (response) => !response.body,
    });
  }

  if (exec.vu.iterationInInstance === 0) {
    const health = http.get(`${target}/_tiercel/healthz`, { tags: { name: 'healthz' } });
    check(health, { 'healthz is answered 200': (response) => response.status === 200 });
  }
  sleep(0.02);
}

function record(response) {
  const status = parseCacheStatus(response.headers['Cache-Status']);
  if (status === null) return null;
  const { duration } = response.timings;
  answers.add(1, { tier: status.tier });
  answerDuration.add(duration, { tier: status.tier });
  if (status.hit) {
    hits.add(1);
    hitDuration.add(duration);
  }
  return status;
}

export function handleSummary(data) {
  return summarize('smoke', data);
}
