import { describe, expect, test } from 'vitest';
import { FlagError } from '../../dev/launcher/flag-error.ts';
import { parseFlags } from '../../dev/launcher/flags.ts';

describe('defaults and values', () => {
  test('nothing given: port 8787, automatic Redis, the demo origin', () => {
    expect(parseFlags([])).toEqual({ help: false, port: 8787, redis: 'auto' });
  });

  test('every flag, in both spellings', () => {
    const flags = ['--port', '0', '--redis=embedded', '--origin', 'https://example.com:8443/'];
    expect(parseFlags(flags)).toEqual({
      help: false,
      port: 0,
      redis: 'embedded',
      origin: 'https://example.com:8443',
    });
  });

  test('a Redis URL keeps its user, password and database', () => {
    const url = 'rediss://user:p%40ss@redis.example.com:6380/2';
    expect(parseFlags(['--redis', url]).redis).toBe(url);
  });

  test('an origin on another local port is no loop', () => {
    expect(parseFlags(['--origin', 'http://localhost:8000']).origin).toBe('http://localhost:8000');
  });
});

const names = 'the flags are --origin URL, --port N, --redis auto|embedded|URL and --help';
const portRange = 'a whole number from 0 to 65535 is allowed.';
const originShape =
  'a URL of scheme, host and port is allowed, for instance http://127.0.0.1:8000.';

describe('one sentence for each mistake', () => {
  test.each<[string[], string]>([
    [['--prot', '1'], `Unknown flag --prot: ${names}.`],
    [['-x'], `Unknown flag -x: ${names}.`],
    [['--port'], `--port needs a value: ${names}.`],
    [['--redis', '--port', '1'], `--redis needs a value: ${names}.`],
    [['--help=yes'], '--help takes no value.'],
    [
      ['8000'],
      `Unexpected argument "8000": ${names}, and npm wants "--" before them (npm start -- --port 0).`,
    ],
    [['--port', 'http'], `--port is "http": ${portRange}`],
    [['--port', '65536'], `--port is "65536": ${portRange}`],
    [['--port', '80.5'], `--port is "80.5": ${portRange}`],
    [['--port='], `--port is "": ${portRange}`],
    [['--port=-1'], `--port is "-1": ${portRange}`],
    [
      ['--redis', 'localhost'],
      '--redis is "localhost": auto, embedded, or a URL like redis://127.0.0.1:6379 is allowed.',
    ],
    [['--origin', 'example.com'], `--origin is "example.com": ${originShape}`],
    [['--origin', 'ftp://example.com'], `--origin is "ftp://example.com": ${originShape}`],
    [
      ['--origin', 'http://example.com/base'],
      `--origin is "http://example.com/base": ${originShape}`,
    ],
    [['--origin', 'http://me@example.com'], `--origin is "http://me@example.com": ${originShape}`],
    [
      ['--port', '9000', '--origin', 'http://127.0.0.1:9000'],
      `--origin is "http://127.0.0.1:9000", which is the Worker's own port 9000: give it another one with --port.`,
    ],
  ])('%j', (args, sentence) => {
    expect(() => parseFlags(args)).toThrow(new FlagError(sentence));
  });

  test('a wrong Redis URL with a password is not repeated', () => {
    expect(() => parseFlags(['--redis', 'http://me:secret@example.com'])).toThrow(
      '--redis is no such URL: auto, embedded, or a URL like redis://127.0.0.1:6379 is allowed.',
    );
  });
});
