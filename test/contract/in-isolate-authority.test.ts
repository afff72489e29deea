import { InIsolateAuthority } from '../../src/authority/in-isolate.ts';
import { keySpace } from '../support/entries.ts';
import { KEEP_ALL } from './authority-world.ts';
import { describeAuthority } from './authority.ts';

const HOUR_MS = 3_600_000;

describeAuthority('in the isolate, without Redis', (retention) => {
  let skew = 0;
  const source = {
    now: () => Date.now() + skew,
    randomId: () => crypto.randomUUID().replaceAll('-', ''),
  };
  const authority = new InIsolateAuthority(source, {
    bytes: 16 * 1_048_576,
    keys: keySpace,
    retention: { ...KEEP_ALL, ...retention },
  });
  return {
    authority,
    advance: (ms) => void (skew += ms),
    turnBack: async () => void (skew -= HOUR_MS),
    rollBack: 'a ledger in the memory of an isolate can be lost with it, never restored',
    otherProcess: 'a ledger in the memory of an isolate has no other process',
  };
});
