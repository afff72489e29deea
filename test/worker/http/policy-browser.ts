import { at, cc, fixed, topic, type Case, type Fields } from '../../support/http-case.ts';

const minute = { browserTtl: { max: '1m' } };
const hour = cc('max-age=3600');
const told = { 'cache-control': 'max-age=60', age: null, date: at(0), expires: null };

export const browsers = topic('a tenant’s times for browsers', [
  {
    section: 'browserTtl',
    name: 'count from delivery, of what came just now and of what is stored',
    policy: minute,
    steps: [
      {
        origin: {
          headers: cc('max-age=3600', ['age', '100'], ['expires', at(9)], ['etag', '"a"']),
        },
        expect: { headers: told },
      },
      { wait: 1000, expect: { from: 'store', headers: told, cacheStatus: { ttl: 2500 } } },
      {
        request: { headers: [['if-none-match', '"a"']] },
        expect: { from: 'store', status: 304, headers: told },
      },
      { request: { method: 'HEAD' }, expect: { from: 'store', headers: told } },
      {
        request: { headers: [['range', 'bytes=0-2']] },
        expect: { from: 'store', status: 206, body: 'the', headers: told },
      },
    ],
  },
  {
    section: 'browserTtl',
    name: 'of a body of unknown length',
    policy: minute,
    steps: [
      { origin: { headers: hour, chunked: true }, expect: { headers: told } },
      { wait: 9, expect: { from: 'store', headers: told } },
    ],
  },
  {
    section: 'browserTtl',
    name: 'of what is not stored for want of room',
    policy: { ...minute, maxBodyBytes: 4 },
    steps: [
      {
        origin: { headers: hour },
        expect: { headers: told, cacheStatus: { detail: 'too-large' } },
      },
      {
        origin: { headers: hour, chunked: true },
        expect: { headers: { 'cache-control': told['cache-control'] } },
      },
      { request: { method: 'HEAD' }, expect: { headers: told } },
    ],
  },
  {
    section: 'browserTtl',
    name: 'a part that is passed on, and one that is stored',
    policy: minute,
    steps: [
      {
        request: { headers: [['range', 'bytes=0-2']] },
        origin: {
          status: 206,
          body: 'abc',
          headers: [...hour, ['content-range', 'bytes 0-2/9'], ['etag', '"a"']],
        },
        expect: { headers: told },
      },
      {
        wait: 9,
        request: { headers: [['range', 'bytes=1-2']] },
        expect: { from: 'store', body: 'bc', headers: told },
      },
    ],
  },
  {
    section: 'browserTtl',
    name: 'with a longer time at the edge',
    policy: { ttl: { min: '1h' }, browserTtl: { min: '1m' } },
    steps: [
      { origin: { headers: cc('max-age=5') }, expect: { headers: told } },
      { wait: 3000, expect: { from: 'store', headers: told } },
    ],
  },
  {
    section: 'browserTtl',
    name: 'where the origin says nothing',
    policy: { ttl: { default: '1h' }, browserTtl: { default: '1m' } },
    steps: [
      { origin: { headers: [] }, expect: { headers: told } },
      { wait: 3000, expect: { from: 'store', headers: told } },
    ],
  },
  {
    section: 'browserTtl',
    name: 'what is told already keeps its age',
    policy: minute,
    steps: [
      { origin: { headers: cc('max-age=30', ['date', fixed(0)]) } },
      {
        wait: 9,
        expect: {
          from: 'store',
          headers: { 'cache-control': 'max-age=30', age: '9', date: fixed(0) },
        },
      },
    ],
  },
  ...['no-store', 'private, max-age=3600', 'no-cache, max-age=3600'].map((control): Case => ({
    section: 'browserTtl',
    name: `not of ${control}`,
    policy: minute,
    steps: [
      { origin: { headers: cc(control) }, expect: { headers: { 'cache-control': control } } },
    ],
  })),
  {
    section: 'browserTtl',
    name: 'not of what may not be stored for its cookie',
    policy: minute,
    steps: [
      {
        origin: { headers: cc('max-age=3600', ['set-cookie', 'a=b']) },
        expect: { headers: { 'cache-control': 'max-age=3600' } },
      },
      {
        request: { method: 'HEAD' },
        expect: { headers: { 'cache-control': 'max-age=3600' } },
      },
    ],
  },
  {
    section: 'browserTtl',
    name: 'not of a 304 that takes back that it may be stored',
    policy: minute,
    steps: [
      {
        origin: {
          headers: cc('max-age=10', ['etag', '"a"']),
          notModified: cc('max-age=3600', ['etag', '"a"'], ['set-cookie', 'a=b']),
        },
      },
      {
        wait: 10,
        expect: {
          from: 'validated',
          asked: 2,
          headers: { 'cache-control': 'max-age=3600' },
          cacheStatus: { detail: 'set-cookie' },
        },
      },
    ],
  },
  {
    section: 'browserTtl',
    name: 'not of an answer to POST',
    policy: minute,
    steps: [
      {
        request: { method: 'POST' },
        origin: { headers: hour },
        expect: { headers: { 'cache-control': 'max-age=3600' } },
      },
    ],
  },
]);

const added = { responseHeaders: { 'X-Frame-Options': 'DENY', 'x-own': 'policy' } };
const both = { 'x-frame-options': 'DENY', 'x-own': 'policy' };
const none = { 'x-frame-options': null, 'x-own': null };
const own: Fields = cc('max-age=60', ['x-own', 'origin'], ['etag', '"a"']);

export const fields = topic('fields that a tenant adds', [
  {
    section: 'responseHeaders',
    name: 'are on every answer of the origin and of the store, in place of its own',
    policy: added,
    steps: [
      { origin: { headers: own }, expect: { headers: both } },
      { expect: { from: 'store', headers: both } },
      {
        request: { headers: [['if-none-match', '"a"']] },
        expect: { from: 'store', status: 304, headers: both },
      },
      { request: { method: 'POST' }, expect: { headers: both } },
      { origin: { status: 500, headers: cc('no-store') }, expect: { headers: both } },
    ],
  },
  {
    section: 'responseHeaders',
    name: 'are on no problem of the gateway’s own',
    policy: added,
    steps: [
      { origin: { drop: true }, expect: { from: 'gateway', asked: 1, status: 502, headers: none } },
      {
        request: { headers: [['cache-control', 'only-if-cached']] },
        expect: { from: 'gateway', status: 504, headers: none },
      },
    ],
  },
]);
