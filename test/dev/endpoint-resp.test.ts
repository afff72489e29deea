import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeCommand, type Reply, RespParser, RespSyntaxError } from '../../dev/endpoint/resp.ts';

function encodeReply(reply: Reply): Buffer {
  switch (reply.type) {
    case 'status':
      return Buffer.from(`+${reply.text}\r\n`);
    case 'error':
      return Buffer.from(`-${reply.text}\r\n`);
    case 'integer':
      return Buffer.from(`:${reply.digits}\r\n`);
    case 'null':
      return Buffer.from('$-1\r\n');
    case 'bulk':
      return Buffer.concat([
        Buffer.from(`$${reply.bytes.length}\r\n`),
        reply.bytes,
        Buffer.from('\r\n'),
      ]);
    default:
      return Buffer.concat([
        Buffer.from(`*${reply.items.length}\r\n`),
        ...reply.items.map(encodeReply),
      ]);
  }
}

const line = fc.string({ unit: 'binary' }).filter((text) => !/[\r\n]/.test(text));
const leaf: fc.Arbitrary<Reply> = fc.oneof(
  fc.record({ type: fc.constantFrom('status' as const, 'error' as const), text: line }),
  fc
    .bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
    .map((value): Reply => ({ type: 'integer', digits: String(value) })),
  // Bytes that look like the protocol are the ones that would mislead a parser.
  fc
    .oneof(fc.uint8Array({ maxLength: 300 }), fc.constant(Buffer.from('\r\n$3\r\nabc\r\n*2\r\n')))
    .map((bytes): Reply => ({ type: 'bulk', bytes: Buffer.from(bytes) })),
  fc.constant<Reply>({ type: 'null' }),
);
const reply = fc.letrec<{ reply: Reply }>((tie) => ({
  reply: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    leaf,
    fc.array(tie('reply'), { maxLength: 5 }).map((items): Reply => ({ type: 'array', items })),
  ),
})).reply;

function feedInPieces(bytes: Buffer, sizes: Iterable<number>): Reply[] {
  const parser = new RespParser();
  const replies: Reply[] = [];
  let at = 0;
  for (const size of sizes) {
    if (at >= bytes.length) break;
    replies.push(...parser.feed(bytes.subarray(at, at + size)));
    at += size;
  }
  if (at < bytes.length) replies.push(...parser.feed(bytes.subarray(at)));
  return replies;
}

describe('RespParser', () => {
  test('reads any replies, fed one byte at a time', () => {
    fc.assert(
      fc.property(fc.array(reply, { minLength: 1, maxLength: 5 }), (replies) => {
        const bytes = Buffer.concat(replies.map(encodeReply));
        expect(feedInPieces(bytes, Array(bytes.length).fill(1))).toEqual(replies);
      }),
      { numRuns: 300 },
    );
  });

  test('reads any replies, cut anywhere', () => {
    fc.assert(
      fc.property(
        fc.array(reply, { minLength: 1, maxLength: 5 }),
        fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 60 }),
        (replies, sizes) => {
          const bytes = Buffer.concat(replies.map(encodeReply));
          expect(feedInPieces(bytes, sizes)).toEqual(replies);
        },
      ),
      { numRuns: 300 },
    );
  });

  test('gives each reply as soon as its last byte is there, and not before', () => {
    const parser = new RespParser();
    expect(parser.feed(Buffer.from('*2\r\n:1\r\n$2\r\nab\r'))).toEqual([]);
    expect(parser.feed(Buffer.from('\n+OK\r\n-E'))).toEqual([
      {
        type: 'array',
        items: [
          { type: 'integer', digits: '1' },
          { type: 'bulk', bytes: Buffer.from('ab') },
        ],
      },
      { type: 'status', text: 'OK' },
    ]);
    expect(parser.feed(Buffer.from('RR x\r\n'))).toEqual([{ type: 'error', text: 'ERR x' }]);
  });

  test('reads both forms of null and the empty array', () => {
    expect(new RespParser().feed(Buffer.from('$-1\r\n*-1\r\n*0\r\n'))).toEqual([
      { type: 'null' },
      { type: 'null' },
      { type: 'array', items: [] },
    ]);
  });

  test.each([
    ['HTTP/1.1 400 Bad Request\r\n', 'HTTP/1.1 400 Bad Request'],
    [':1x\r\n', '"1x" is not an integer'],
    ['$-2\r\n', '"-2" is not a length'],
    ['*9x\r\n', '"9x" is not a length'],
    ['$2\r\nabc\r\n', 'does not end where it should'],
  ])('refuses %j', (bytes, message) => {
    const feed = (): unknown => new RespParser().feed(Buffer.from(bytes));
    expect(feed).toThrow(RespSyntaxError);
    expect(feed).toThrow(message);
  });

  test('takes a command apart into bytes, not characters', () => {
    const command = ['SET', 'ключ', Buffer.from([0, 255, 13, 10])];
    expect(encodeCommand(command)).toEqual(
      Buffer.concat([
        Buffer.from('*3\r\n$3\r\nSET\r\n$8\r\nключ\r\n$4\r\n'),
        Buffer.from([0, 255, 13, 10, 13, 10]),
      ]),
    );
  });
});
