import type { Episode } from './episode.ts';
import type { Target } from './subjects.ts';

/** What a directed episode does; reads in it are judged as all others are. */
export type EpisodeScript = (episode: Episode) => Promise<void>;

/**
 * Situations that chance alone seldom brings about, each one a way in which an old value could come back. Every process takes
 * every role, by chance.
 */
export const EPISODES: Readonly<Record<string, EpisodeScript>> = {
  /** A load that began before a purge ends after it. */
  async 'load across a purge'(episode) {
    const { holder, purger, random } = episode;
    const place = random.pick(['plain', 'leased', 'swr', 'page'] as const);
    const resource = place === 'page' ? episode.page() : episode.value(place);
    const other = resource.face === 'gateway' ? episode.page() : episode.value('plain');
    await episode.fill(holder, other);
    const { hold, reading } = await episode.hold(holder, resource);
    const target = episode.aim(resource);
    // Either the isolate that loads knows of the purge when its load ends, or it does not.
    const own = random.chance(0.4);
    await episode.purge(own ? holder : purger, [target]);
    if (!own && random.chance(0.6)) {
      await episode.waitForBound();
      await episode.cluster.reads.read(holder, other);
    }
    hold.release();
    await reading;
    await episode.readEverywhere(resource);
  },

  /** The origin confirms a stale value that was purged while it was asked. */
  async 'revalidation across a purge'(episode) {
    const { holder, purger, random } = episode;
    const resource = episode.value('quick');
    const other = episode.value('plain');
    await episode.fill(holder, other);
    await episode.fill(holder, resource);
    await episode.wait(260);
    const { hold, reading } = await episode.hold(holder, resource);
    await episode.purge(random.chance(0.4) ? holder : purger, [episode.aim(resource)]);
    await episode.waitForBound();
    await episode.cluster.reads.read(holder, other);
    hold.release();
    await reading;
    await episode.readEverywhere(resource, 8);
  },

  /** An isolate purges one thing right after another isolate has purged something that the first one holds. */
  async 'own purge after another one'(episode) {
    const { holder, purger, random } = episode;
    const resource = episode.value('plain');
    const own = episode.value('plain', 'other');
    await episode.fill(holder, own);
    await episode.fill(holder, resource);
    await episode.purge(purger, [episode.aim(resource)]);
    if (random.chance(0.5)) await episode.cluster.writes.set(holder, own);
    else await episode.purge(holder, [{ type: 'key', tenant: own.tenant, segments: own.segments }]);
    await episode.readEverywhere(resource);
    await episode.readEverywhere(resource, 2);
  },

  /** So many keys are purged that the mark which matters is trimmed before the isolate hears of it. */
  async 'flood of keys'(episode) {
    const { holder, purger, random } = episode;
    const resource = random.chance(0.7) ? episode.value('plain') : episode.page();
    await episode.fill(holder, resource);
    const { tenant, segments } = resource;
    await episode.purge(purger, [{ type: 'key', tenant, segments }]);
    await episode.flood(random.chance(0.7) ? 'keys' : 'sets', tenant);
    await episode.waitForBound();
    await episode.readEverywhere(resource);
  },

  /** The same with tags. */
  async 'flood of tags'(episode) {
    const { holder, purger, random } = episode;
    const resource = random.chance(0.7) ? episode.value('plain') : episode.page();
    await episode.fill(holder, resource);
    const target = episode.aim(resource);
    const { tenant } = resource;
    const tag: Target = { type: 'tag', tenant, tag: resource.tags[1] ?? '' };
    await episode.purge(purger, [target.type === 'key' ? tag : target]);
    await episode.flood('tags', tenant);
    await episode.waitForBound();
    await episode.readEverywhere(resource);
  },

  /** A load ends, and is written, when the mark that forbids it has been trimmed. */
  async 'late write after a flood'(episode) {
    const { holder, purger } = episode;
    const resource = episode.value('plain');
    const { hold, reading } = await episode.hold(holder, resource);
    const { tenant, segments } = resource;
    try {
      await episode.purge(purger, [{ type: 'key', tenant, segments }]);
      await episode.flood('keys');
    } finally {
      hold.release();
      await reading;
    }
    await episode.waitForBound();
    await episode.readEverywhere(resource);
  },

  /** A load that began before a value was set ends after it. */
  async 'load across a set'(episode) {
    const { holder, purger, random } = episode;
    const resource = episode.value(random.pick(['plain', 'leased', 'swr']));
    await episode.fill(purger, episode.value('plain'));
    const { hold, reading } = await episode.hold(holder, resource);
    await episode.cluster.writes.set(random.chance(0.3) ? holder : purger, resource);
    hold.release();
    await reading;
    await episode.readEverywhere(resource);
  },

  /** The ledger is lost right after a purge that other isolates have not heard of. */
  async 'loss of the ledger'(episode) {
    const { holder, purger, random } = episode;
    const resource = random.chance(0.7) ? episode.value('plain') : episode.page();
    // So that the ledger that is lost had a past: what was loaded then knew a mark.
    await episode.purge(holder, [{ type: 'tag', tenant: resource.tenant, tag: 'nothing' }]);
    await episode.fill(holder, resource);
    await episode.fill(purger, resource);
    await episode.purge(purger, [episode.aim(resource)]);
    await episode.dropLedger(resource.tenant);
    if (random.chance(0.5)) await episode.cluster.reads.read(purger, resource);
    await episode.waitForBound();
    await episode.readEverywhere(resource);
  },

  /** A copy moves to a faster tier right after a purge, before its isolate hears of it. */
  async 'promotion after a purge'(episode) {
    const { holder, purger, random } = episode;
    const resource = episode.value('fleeting');
    const other = episode.value('plain', 'other');
    await episode.fill(holder, other);
    await episode.fill(holder, resource);
    await episode.wait(150);
    // So that its view is as new as can be.
    await episode.waitForBound();
    await episode.cluster.reads.read(holder, other);
    const target = episode.aim(resource);
    await episode.purge(purger, [target]);
    // A write of its own: it knows a seq beyond the purge, and not the purge.
    if (random.chance(0.7)) await episode.cluster.writes.set(holder, other);
    await episode.cluster.reads.read(holder, resource);
    await episode.readEverywhere(resource, 8);
  },

  /** A purge whose request is slow arrives behind one that was sent later. */
  async 'slow purge behind a quick one'(episode) {
    const { holder, random, cluster } = episode;
    const slow = episode.purger;
    const quick = cluster.somebody(slow, holder);
    const resource = episode.value('plain');
    const other = episode.value('plain', 'other');
    for (const process of new Set([holder, slow, quick])) await episode.fill(process, other);
    await episode.fill(holder, resource);
    await episode.waitForBound();
    const undo = await episode.delay(slow, 250 + random.int(150));
    let purging: Promise<void>;
    try {
      purging = episode.purge(slow, [episode.aim(resource)]);
      await episode.wait(60);
      const { tenant, segments } = other;
      await episode.purge(quick, [{ type: 'key', tenant, segments }]);
      // Learns of the quick one, while the slow one is still on its way.
      await cluster.reads.read(holder, other);
      await purging;
    } finally {
      await undo();
    }
    await episode.readEverywhere(resource);
    await episode.readEverywhere(resource, 2);
  },

  /** A soft purge: what it hit is served while it is loaded anew, and never as fresh. */
  async 'soft purge'(episode) {
    const { holder, purger, random } = episode;
    const resource = episode.value(random.pick(['plain', 'swr', 'early']));
    await episode.fill(holder, resource);
    await episode.purge(purger, [episode.aim(resource)], 'soft');
    await episode.readEverywhere(resource);
  },
};
