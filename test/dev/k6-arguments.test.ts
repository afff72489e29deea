import { describe, expect, it } from 'vitest';
import { BadArguments, parseLoadArguments } from '../../dev/k6/arguments.ts';

const parse = (line: string) =>
  parseLoadArguments(line.split(' ').filter(Boolean), ['burst', 'smoke']);

describe('npm run load', () => {
  it.each([
    ['smoke', { scenario: 'smoke' }],
    ['burst --vus 20 --duration 2m', { scenario: 'burst', vus: 20, duration: '2m' }],
    ['smoke --target http://localhost:8787/', { target: 'http://localhost:8787' }],
    ['--target http://demo.localhost:1 smoke', { target: 'http://demo.localhost:1' }],
    ['smoke --target http://[::1]:8787', { target: 'http://[::1]:8787' }],
    ['smoke --target https://x.example --allow-remote', { target: 'https://x.example' }],
  ])('%s', (line, expected) => {
    expect(parse(line)).toMatchObject(expected);
  });

  it('--help', () => {
    expect(parse('--help')).toBe('help');
  });

  it.each([
    ['', 'Name a load scenario; these exist: burst, smoke.'],
    ['soak', 'There is no load scenario "soak"; these exist: burst, smoke.'],
    ['../smoke', 'There is no load scenario "../smoke"; these exist: burst, smoke.'],
    ['smoke burst', 'One scenario at a time: "burst" is one too many.'],
    ['smoke --duration 5', '--duration must be a number and a unit, such as 30s or 5m, not "5".'],
    ['smoke --vus 0', '--vus must be an integer from 1 to 9999, not "0".'],
    ['smoke --vus', "Option '--vus <value>' argument missing; --help shows what there is."],
    ['smoke --fast', "Unknown option '--fast'; --help shows what there is."],
    ['smoke --target localhost:8787', '--target must be an http or https address'],
    ['smoke --target http://localhost/?a=1', '--target must be an http or https address'],
    ['smoke --target http://10.0.0.7', '--target 10.0.0.7 is not this machine: add --allow-remote'],
    ['smoke --target http://127.0.0.1.evil.example', 'is not this machine'],
    ['smoke --target http://localhost.example', 'is not this machine'],
  ])('refuses "%s"', (line, sentence) => {
    expect(() => parse(line)).toThrow(BadArguments);
    expect(() => parse(line)).toThrow(sentence);
  });
});
