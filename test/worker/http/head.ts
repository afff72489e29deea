import { cc, topic, type Case, type Fields } from '../../support/http-case.ts';

const tag: Fields = [['etag', '"v1"']];
const once = cc('max-age=10');
const valid = (headers: Fields) => ({ headers, notModified: headers });
const asHead = { request: { method: 'HEAD' } } as const;

export const head = topic('HEAD [trap:head]', [
  {
    section: 'RFC 9110 9.3.2',
    name: 'is answered out of what GET has stored, without the body',
    steps: [
      { origin: { headers: [...once, ...tag] } },
      { ...asHead, expect: { from: 'store', headers: { 'content-length': '20', etag: '"v1"' } } },
    ],
  },
  {
    section: 'RFC 9110 9.3.2',
    name: 'with nothing stored goes to the origin as HEAD, and GET asks for the whole',
    steps: [
      { ...asHead, origin: { headers: once }, expect: { headers: { 'content-length': '20' } } },
      { request: {} },
    ],
  },
  {
    section: 'RFC 9111 4.3.5',
    name: 'with the same validator and length makes what is stored fresh anew',
    steps: [
      { origin: { headers: [...once, ...tag, ['x-field', '1']] } },
      {
        ...asHead,
        wait: 11,
        origin: { headers: cc('max-age=1000', ...tag, ['x-field', '2']), body: 'x'.repeat(20) },
        expect: { from: 'forwarded', status: 200, body: '' },
      },
      { request: {}, expect: { from: 'store', headers: { 'x-field': '2' } } },
    ],
  },
  ...(
    [
      ['another tag', { headers: cc('max-age=1000', ['etag', '"v2"']), body: 'x'.repeat(20) }],
      ['another length', { headers: cc('max-age=1000', ...tag), body: 'x'.repeat(21) }],
    ] as const
  ).map(([what, origin]): Case => ({
    section: 'RFC 9111 4.3.5',
    name: `with ${what} says that what is stored is stale`,
    steps: [
      { origin: { headers: [...once, ...tag, ['x-old', '1']] } },
      { ...asHead, wait: 11, origin, expect: { from: 'forwarded', status: 200, body: '' } },
      {
        request: {},
        origin,
        expect: { from: 'any', status: 200, body: origin.body, headers: { 'x-old': null } },
      },
    ],
  })),
  ...(['soft', undefined] as const).map((purge): Case => ({
    section: 'RFC 9111 4.3.5',
    name: `with nothing but the same length says nothing of what is stored${purge ? ', and was purged softly' : ''}`,
    steps: [
      { origin: { headers: once, body: 'count 1' } },
      {
        ...asHead,
        ...(purge ? { purge } : { wait: 11 }),
        origin: { headers: cc('max-age=600'), body: 'count 2' },
        expect: { from: 'forwarded', status: 200, body: '' },
      },
      { request: {}, expect: { from: 'any', status: 200, body: 'count 2' } },
    ],
  })),
  {
    section: 'RFC 9111 4.3.5',
    name: 'with an error changes nothing of what is stored',
    steps: [
      { origin: valid([...once, ...tag]) },
      { ...asHead, wait: 11, origin: { status: 410, headers: once } },
      { request: {}, origin: valid([...once, ...tag]), expect: { from: 'validated', of: 1 } },
    ],
  },
]);
