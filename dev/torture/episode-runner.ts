import { setTimeout as sleep } from 'node:timers/promises';
import { Episode, EpisodeAborted, type EpisodeParts } from './episode.ts';
import { EPISODES } from './episodes.ts';
import type { Random } from './random.ts';
import type { Tally } from './tally.ts';

const PAUSE_MS = [50, 400] as const;

/** Runs episodes, so many at a time, until the signal: all kinds in turn, each turn in another order. */
export async function runEpisodes(
  parts: EpisodeParts,
  tally: Tally,
  random: Random,
  lanes: number,
): Promise<void> {
  const names = Object.keys(EPISODES);
  let queue: string[] = [];
  let number = 0;
  const lane = async (): Promise<void> => {
    while (!parts.signal.aborted) {
      if (queue.length === 0) queue = random.shuffled(names);
      const name = queue.pop();
      const script = name === undefined ? undefined : EPISODES[name];
      if (name === undefined || !script) throw new Error('There are no episodes.');
      number += 1;
      const episode = new Episode(parts, random.fork(), number);
      tally.note(
        episode.tenant,
        `episode '${name}': ${episode.holder.index} holds, ${episode.purger.index} purges`,
      );
      try {
        await script(episode);
        tally.episodes.add(name);
      } catch (error) {
        if (!(error instanceof EpisodeAborted)) throw error;
        tally.episodesAborted.add(name);
      }
      await sleep(random.between(...PAUSE_MS));
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}
