import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Miniflare } from 'miniflare';
import { BuildFailure, run } from './command.ts';
import type { Door } from './doors.ts';
import type { Manifest } from './manifest.ts';
import { npm } from './npm.ts';
import type { Tarball } from './tarball.ts';

const templates = fileURLToPath(new URL('consumer', import.meta.url));

/** What the consumer is type-checked as: for Workers with either way to resolve modules, and for Node. */
export const typeProjects = ['bundler', 'nodenext', 'node'] as const;
export type TypeProject = (typeof typeProjects)[number];

/** An empty project that has installed the package as its users do. */
export class Consumer {
  readonly folder: string;
  readonly #root: string;
  readonly #env: NodeJS.ProcessEnv;

  private constructor(folder: string, root: string, env: NodeJS.ProcessEnv) {
    this.folder = folder;
    this.#root = root;
    this.#env = env;
  }

  /** Makes the project in `folder` and installs `tarball` and, in this project's versions, the types of both platforms. */
  static async install(
    folder: string,
    { root, env, manifest, tarball }: ConsumerParts,
  ): Promise<Consumer> {
    mkdirSync(folder);
    for (const name of readdirSync(templates)) {
      copyFileSync(join(templates, name), join(folder, name.replace(/\.txt$/, '')));
    }
    const own = { name: 'consumer', version: '1.0.0', private: true, type: 'module' };
    writeFileSync(join(folder, 'package.json'), JSON.stringify(own));
    const types = ['@cloudflare/workers-types', '@types/node'].map(
      (name) => `${name}@${manifest.devDependencies?.[name] ?? 'latest'}`,
    );
    // What npm has once fetched it takes from its own cache, so that only the first build needs the registry.
    await npm(['install', '--prefer-offline', tarball.path, ...types], folder);
    return new Consumer(folder, root, env);
  }

  /** Imports every door and runs the scenario in Node. */
  async runInNode(manifest: Manifest, doors: readonly Door[]): Promise<void> {
    const names = doors.map(({ subpath }) => subpath.replace('.', manifest.name));
    await this.#run('The consumer in Node', process.execPath, ['main.ts', ...names]);
  }

  /** Type-checks the consumer, the package's declarations included. Answers errors that other packages have of their own. */
  async checkTypes(project: TypeProject, name: string): Promise<string[]> {
    const what = `The type check of the consumer (${project})`;
    try {
      await this.#run(what, this.#tool('tsc'), [
        '-p',
        `tsconfig.${project}.json`,
        '--pretty',
        'false',
      ]);
      return [];
    } catch (error) {
      if (!(error instanceof BuildFailure)) throw error;
      const foreign = new RegExp(`^node_modules/(?!${name}/)`);
      // Lines that are indented go on with the error above.
      const errors = error.output.split('\n').filter((line) => /^\S/.test(line));
      if (errors.length === 0 || !errors.every((line) => foreign.test(line))) throw error;
      return errors;
    }
  }

  /** Bundles the consumer's Worker as wrangler does, and runs the scenario in workerd. */
  async runInWorkerd(compatibilityDate: string): Promise<void> {
    const output = join(this.folder, 'bundle');
    const wrangler = ['deploy', 'worker.ts', '--dry-run', '--name', 'consumer', '--outdir', output];
    await this.#run('Wrangler, for the consumer,', this.#tool('wrangler'), [
      ...wrangler,
      '--compatibility-date',
      compatibilityDate,
    ]);
    const contents = readFileSync(join(output, 'worker.js'), 'utf8');
    const miniflare = new Miniflare({
      host: '127.0.0.1',
      port: 0,
      workers: [
        {
          config: {
            type: 'worker',
            name: 'consumer',
            compatibilityDate,
            manifest: {
              mainModule: 'worker.js',
              modulesRoot: output,
              modules: { 'worker.js': { type: 'esm', contents } },
            },
            env: {},
          },
        },
      ],
    });
    try {
      const answer = await fetch(await miniflare.ready, { signal: AbortSignal.timeout(30_000) });
      const text = await answer.text();
      if (text !== 'ok') throw new BuildFailure('The consumer failed in workerd', text);
    } finally {
      await miniflare.dispose();
    }
  }

  #tool(name: string): string {
    return join(this.#root, 'node_modules', '.bin', name);
  }

  #run(name: string, file: string, args: readonly string[]): Promise<string> {
    return run({ name, file, args, cwd: this.folder, env: this.#env });
  }
}

/** What a consumer is made of. */
export interface ConsumerParts {
  /** This project, whose tools are used. */
  readonly root: string;
  readonly env: NodeJS.ProcessEnv;
  readonly manifest: Manifest;
  readonly tarball: Tarball;
}
