// Installs the project's packages when they are missing or differ from package-lock.json, and is
// instant and silent when there is nothing to do. It runs before `npm start` and `npm test` on
// whatever Node the machine has, so it is plain JavaScript and uses nothing but Node's own modules.

import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { basename, delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const OLDEST_NODE = 20;
const PROGRESS_MS = 5000;

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** What stands in the way, as one or more clear sentences. */
class SetupError extends Error {}

/**
 * Makes sure that node_modules holds what package-lock.json says and that its Node runs.
 * Throws a SetupError with the reason and the remedy otherwise.
 */
export async function setUp() {
  const major = Number(process.versions.node.split('.')[0]);
  if (major < OLDEST_NODE) {
    throw new SetupError(
      `Node ${process.versions.node} is too old: Node ${OLDEST_NODE} or later is needed (https://nodejs.org).`,
    );
  }
  const lock = readJson(join(root, 'package-lock.json'));
  if (lock === undefined) {
    throw new SetupError(`package-lock.json is missing or not JSON in ${root}.`);
  }
  const difference = firstDifference(lock) ?? brokenNode(lock);
  if (difference === undefined) return;

  await install(difference);

  const remaining = firstDifference(lock);
  if (remaining !== undefined) {
    throw new SetupError(
      `npm ci has finished, but ${remaining}; try: rm -rf node_modules && npm ci`,
    );
  }
  const broken = brokenNode(lock);
  if (broken !== undefined) {
    throw new SetupError(
      `npm ci has finished, but ${broken}. The package "node" fetches it in an install script; npm skips those when ` +
        '`ignore-scripts=true` is set (npm config get ignore-scripts). Run: npm ci --ignore-scripts=false',
    );
  }
}

/** The first way in which node_modules differs from the lock file; optional packages depend on the machine. */
function firstDifference(lock) {
  const installed = readJson(join(root, 'node_modules', '.package-lock.json'));
  if (installed === undefined) return 'no packages are installed';
  for (const [path, wanted] of Object.entries(lock.packages)) {
    if (path === '' || wanted.link || wanted.optional) continue;
    const name = path.slice('node_modules/'.length);
    const found = installed.packages[path];
    if (found === undefined || !existsSync(join(root, path, 'package.json'))) {
      return `${name} ${wanted.version} is not installed`;
    }
    if (found.version !== wanted.version) {
      return `${name} is installed as ${found.version} instead of ${wanted.version}`;
    }
  }
  return undefined;
}

/** Why the project's own Node cannot be used, if so: absent, for another system, or another version. */
function brokenNode(lock) {
  const wanted = lock.packages['node_modules/node']?.version;
  if (wanted === undefined) return undefined;
  const { stdout } = spawnSync(join(root, 'node_modules', '.bin', 'node'), ['--version'], {
    encoding: 'utf8',
  });
  const found = stdout?.trim();
  if (found === `v${wanted}`) return undefined;
  return found
    ? `node_modules/.bin/node is ${found} instead of v${wanted}`
    : 'node_modules/.bin/node does not run';
}

async function install(reason) {
  const started = Date.now();
  const seconds = () => `${Math.round((Date.now() - started) / 1000)} s`;
  say(`Setting up: ${reason}. Running npm ci; the first time takes a minute or so.`);
  const progress = setInterval(() => say(`  npm ci: ${seconds()}`), PROGRESS_MS);
  try {
    await runNpm();
  } finally {
    clearInterval(progress);
  }
  say(`Setting up: packages installed in ${seconds()}.`);
}

async function runNpm() {
  const [command, ...before] = npmCommand(process.env);
  const flags = ['--loglevel=error', '--no-audit', '--no-fund', '--no-update-notifier'];
  // Development packages are needed also where NODE_ENV or an npmrc leaves them out.
  const parts = ['--include=dev', '--include=optional', '--include=peer'];
  const child = spawn(command, [...before, 'ci', ...flags, ...parts], {
    cwd: root,
    env: npmEnvironment(process.env),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const keep = (chunk) => (output = (output + chunk).slice(-20_000));
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const passOn = (signal) => child.kill(signal);
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const signal of signals) process.on(signal, passOn);
  try {
    const [code, signal] = await new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (...ending) => resolve(ending));
    });
    if (code === 0) return;
    const ending = code === null ? `was ended by ${signal}` : `failed with exit code ${code}`;
    throw new SetupError(`npm ci ${ending}; the packages are not installed.${npmErrors(output)}`);
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
    throw new SetupError('npm was not found on PATH; it comes with Node (https://nodejs.org).');
  } finally {
    for (const name of signals) process.off(name, passOn);
  }
}

/** The npm that called this script, if one did, on the Node it runs on itself; else npm on PATH. */
function npmCommand(env) {
  const { npm_execpath: npm, npm_node_execpath: node } = env;
  const known = npm && node && /^npm-cli\.[cm]?js$/.test(basename(npm));
  return known && existsSync(npm) && existsSync(node) ? [node, npm] : ['npm'];
}

/**
 * The environment for a nested npm: an outer npm describes itself and its flags in npm_* variables,
 * and puts node_modules/.bin first on PATH, which npm ci is about to delete.
 */
function npmEnvironment(env) {
  const aboutTheOuterCall =
    /^npm_(?!config_)|^npm_config_(?:global|location|(?:local_)?prefix|workspaces?|include(?:_workspace_root)?|omit|only|also|production|dry_run|package_lock(?:_only)?|bin_links|install_(?:strategy|links)|if_present|json|silent|loglevel)$/i;
  const clean = {};
  for (const [name, value] of Object.entries(env)) {
    if (!aboutTheOuterCall.test(name)) clean[name] = value;
  }
  clean.PATH = (env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => !/[\\/](?:node_modules[\\/]\.bin|node-gyp-bin)[\\/]?$/.test(folder))
    .join(delimiter);
  return clean;
}

/** What npm says went wrong, indented below the sentence: the first lines name it, later ones are usage. */
function npmErrors(output) {
  const lines = output.split('\n').map((line) => line.trim());
  const errors = lines.filter((line) => /^npm (?:error|ERR!)\s+\S/.test(line));
  const shown = errors.length > 0 ? errors.slice(0, 10) : lines.filter(Boolean).slice(-10);
  return shown.map((line) => `\n  ${line}`).join('');
}

function readJson(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

function say(line) {
  process.stderr.write(`${line}\n`);
}

/** Runs the set-up and answers whether it succeeded; says why on stderr if not. */
export async function setUpOrExplain() {
  try {
    await setUp();
    return true;
  } catch (error) {
    say(error instanceof SetupError ? error.message : String(error.stack));
    return false;
  }
}

if (
  process.argv[1] &&
  realpathSync(process.argv[1]) === realpathSync(fileURLToPath(import.meta.url))
) {
  process.exitCode = (await setUpOrExplain()) ? 0 : 1;
}
