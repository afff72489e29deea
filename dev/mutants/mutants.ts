/** One change of a source file: `find` must be there exactly once. */
export interface Edit {
  /** From the root of the project, with `/`. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/** A build that is broken on purpose: a test that does not find it out is blind. */
export interface Mutant {
  readonly name: string;
  /** What it breaks, in one sentence. */
  readonly breaks: string;
  readonly edits: readonly Edit[];
}

const PRESENT_STAMP = 'parts.coherence.view(key.tenant).stamp';

/** Every mechanism of the protocol that the property test and the torture run must miss when it is gone. */
export const mutants: readonly Mutant[] = [
  {
    name: 'stamp-after-load',
    breaks: 'A load is stamped with what is known when it ends, not when it began.',
    edits: [
      {
        file: 'src/engine/load.ts',
        find: 'parts.failures.clear(key.fullName);\n  settle(parts, source, made, begun, runtime);',
        replace: `parts.failures.clear(key.fullName);\n  settle(parts, source, made, { ...begun, stamp: ${PRESENT_STAMP} }, runtime);`,
      },
      {
        file: 'src/engine/load-many.ts',
        find: 'stamp: stamps[at], startedAt',
        replace: `stamp: ${PRESENT_STAMP}, startedAt`,
      },
      {
        file: 'src/gateway/read.ts',
        find: 'stamp: missed.stamp, startedAt',
        replace: 'stamp: engine.coherence.view(key.tenant).stamp, startedAt',
      },
    ],
  },
  {
    name: 'worker-clock-marks',
    breaks:
      'The seq of a purge is the time of the worker that purges, each of which has a clock of its own.',
    edits: [
      {
        file: 'src/coherence/coherence.ts',
        find: 'this.view(tenant).cursor,\n      once,',
        replace:
          "Object.assign({ epoch: '', seen: 0 }, this.view(tenant).cursor, { clock: sentAt * 1000 }),\n      once,",
      },
      // The model takes the time from the cursor.
      {
        file: 'src/authority/ledger.ts',
        find: 'return cursor.epoch === this.epoch && this.#last < cursor.seen;',
        replace:
          'this.clock = cursor.clock;\n    return cursor.epoch === this.epoch && this.#last < cursor.seen;',
      },
      {
        file: 'src/authority/ledger.ts',
        find: '    for (const target of targets) {',
        replace:
          '    const clock = this.clock;\n    this.clock = undefined;\n    for (const target of targets) {',
      },
      {
        file: 'src/authority/ledger.ts',
        find: 'this.#last = Math.max(this.#last + 1, nowMicros);\n      map.set(target, this.#last);',
        replace:
          'const seq = clock ?? Math.max(this.#last + 1, nowMicros);\n      this.#last = Math.max(this.#last, seq);\n      map.set(target, seq);',
      },
      // Processes on one machine have one clock: each isolate here has one that is off by up to a second.
      {
        file: 'src/authority/redis/calls.ts',
        find: "mode === 'hard' ? 'h:' : 's:',",
        replace:
          "(mode === 'hard' ? 'h:' : 's:') +\n          (cursor?.clock === undefined\n            ? ''\n            : '@' + (cursor.clock + Math.round((globalThis.clockOff ??= Math.random() - 0.5) * 2e6))),",
      },
      {
        file: 'src/authority/redis/scripts.ts',
        find: "  after = issue(after)\n  added = added + redis.call('ZADD', ledger, text(after), ARGV[8] .. ARGV[at])",
        replace:
          "  after = tonumber(string.match(ARGV[8], '@(%d+)') or issue(after))\n  newest = after\n  added = added + redis.call('ZADD', ledger, text(after), string.sub(ARGV[8], 1, 2) .. ARGV[at])",
      },
    ],
  },
  {
    name: 'floor-ignored',
    breaks:
      'The rule does not look at the floor, to which trimmed tag, prefix, tenant and soft marks have moved.',
    edits: [
      {
        file: 'src/coherence/marks.ts',
        find: ' || asOf < known.floor) return',
        replace: ') return',
      },
    ],
  },
  {
    name: 'key-floor-ignored',
    breaks: 'The rule does not look at the key floor, to which trimmed hard key marks have moved.',
    edits: [
      {
        file: 'src/coherence/marks.ts',
        find: "  if (!exactPerKey && asOf < known.keyFloor) return 'invalid';\n",
        replace: '',
      },
    ],
  },
  {
    name: 'epoch-ignored',
    breaks:
      'The rule does not look at the epoch: after a loss, what was loaded before counts again.',
    edits: [
      {
        file: 'src/coherence/marks.ts',
        find: 'epoch !== known.epoch || ',
        replace: '',
      },
      // The floors of a new ledger protect as well, as long as the clock of Redis never goes back. Here each is made by a
      // clock that is an hour behind: harmless where the epoch counts.
      {
        file: 'src/authority/redis/scripts.ts',
        find: '  floor = issue(0)\n',
        replace: '  floor = issue(0) - 3600000000\n',
      },
    ],
  },
  {
    name: 'promotion-restamps',
    breaks: 'A copy that is put into a tier is stamped with the time at which it is put there.',
    edits: [
      {
        file: 'src/engine/promotion.ts',
        find: '  const { key, entry, prepared, heldAt } = promotion;\n',
        replace:
          '  const { key, prepared, heldAt } = promotion;\n  const { stamp } = promotion.entry;\n  const asOf = Math.max(stamp.asOf, runtime.now() * 1000);\n  const entry = { ...promotion.entry, stamp: { ...stamp, asOf } };\n',
      },
    ],
  },
  {
    name: 'revalidation-restamps',
    breaks:
      'A value that its source says still holds is stamped with what is known when the answer comes.',
    edits: [
      {
        file: 'src/engine/load.ts',
        find: 'parts.failures.clear(key.fullName);\n  settle(parts, source, made, begun, runtime);',
        replace: `parts.failures.clear(key.fullName);\n  const still = stale !== undefined && made.prepared === stale.prepared;\n  settle(parts, source, made, still ? { ...begun, stamp: ${PRESENT_STAMP} } : begun, runtime);`,
      },
    ],
  },
  {
    name: 'late-write-unconditional',
    breaks:
      'What a load made is stored whatever has been purged, trimmed or stored since it began.',
    edits: [
      {
        file: 'src/authority/ledger.ts',
        find: "if (stamp.asOf < this.#floor || stamp.asOf < this.#keyFloor) return 'floor';",
        replace: "if (stamp.asOf >= 0) return 'stored';",
      },
      {
        file: 'src/authority/redis/scripts.ts',
        find: "if asOf < floor or asOf < keyFloor then return 'floor' end",
        replace: "if asOf >= 0 then return 'stored' end",
      },
    ],
  },
  {
    name: 'own-seq-advances-view',
    breaks: 'The seq of an own mark moves the view, past marks of others that it has not seen.',
    edits: [
      {
        file: 'src/coherence/view.ts',
        find: 'this.newest = Math.max(this.newest, seq);',
        replace:
          'this.newest = Math.max(this.newest, seq);\n    this.seen = Math.max(this.seen, seq);',
      },
      {
        file: 'src/coherence/coherence.ts',
        find: 'current.absorbConfirmed(ledger, sentAt, order));\n    // The marks are acknowledged',
        replace:
          'current.absorbConfirmed(\n        { ...ledger, marks: ledger.marks.filter((one) => one.mode === mode && targets.includes(one.target)) }, sentAt, order));\n    // The marks are acknowledged',
      },
    ],
  },
  {
    name: 'heads-hide-changes',
    breaks: 'A view counts as checked although the heads have told a change of its ledger.',
    edits: [
      {
        file: 'src/coherence/heads.ts',
        find: 'return moved === undefined || moved <= covered.seen;',
        replace: 'return moved === undefined || moved > 0;',
      },
    ],
  },
];
