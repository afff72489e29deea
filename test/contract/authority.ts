import { describeBatches } from './authority-batch.ts';
import { describeByteCaps } from './authority-bytes.ts';
import { describeCommits } from './authority-commit.ts';
import { describeEpochs } from './authority-epoch.ts';
import { describeEverything } from './authority-everything.ts';
import { describeExamination } from './authority-examine.ts';
import { describeFencing } from './authority-fencing.ts';
import { describeHeads } from './authority-heads.ts';
import { describeLedger } from './authority-ledger.ts';
import { describeLeases } from './authority-lease.ts';
import { describeOnce } from './authority-once.ts';
import { describeRetention } from './authority-retention.ts';
import { describeSupersede } from './authority-supersede.ts';
import { describeTouches } from './authority-touch.ts';
import type { MakeWorld } from './authority-world.ts';

/** What every authority promises, as src/authority/authority.ts says it. */
export function describeAuthority(name: string, make: MakeWorld): void {
  describeLedger(name, make);
  describeEpochs(name, make);
  describeCommits(name, make);
  describeSupersede(name, make);
  describeBatches(name, make);
  describeTouches(name, make);
  describeLeases(name, make);
  describeFencing(name, make);
  describeEverything(name, make);
  describeHeads(name, make);
  describeOnce(name, make);
  describeRetention(name, make);
  describeByteCaps(name, make);
  describeExamination(name, make);
}
