import { expect, test } from 'vitest';
import { problemResponse } from '../../../src/http/problem.ts';

const base = { status: 503, title: 'Service Unavailable', code: 'down', detail: 'It is down.' };

test('a problem is JSON of RFC 9457, for programs and for people', async () => {
  const response = problemResponse(base);
  expect(response.status).toBe(503);
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  const body = await response.text();
  expect(body.endsWith('\n')).toBe(true);
  expect(JSON.parse(body)).toEqual({ type: 'about:blank', ...base });
});

test('no cache stores it', () => {
  expect(problemResponse(base).headers.get('cache-control')).toBe('no-store');
});

test('further members and headers are added', async () => {
  const response = problemResponse({
    ...base,
    extra: { retryable: true, problems: ['a'] },
    headers: { 'retry-after': '1' },
  });
  expect(response.headers.get('retry-after')).toBe('1');
  expect(response.headers.get('cache-control')).toBe('no-store');
  expect(await response.json()).toMatchObject({ code: 'down', retryable: true, problems: ['a'] });
});
