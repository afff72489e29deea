import { describe, expect, it, test } from 'vitest';
import { TenantRegistry } from '../../../src/access/tenants.ts';
import { tenant } from '../support/tenants.ts';

const acme = tenant('acme', { hosts: ['acme.example', 'www.acme.example'] });
const other = tenant('other', { hosts: ['127.0.0.1', 'localhost'] });
const registry = new TenantRegistry([acme, other]);

describe('the tenant of a request is found by its host name', () => {
  it.each([
    ['acme.example', 'acme'],
    ['www.acme.example', 'acme'],
    ['ACME.Example', 'acme'],
    ['127.0.0.1', 'other'],
    ['localhost', 'other'],
  ])('%s', (host, id) => {
    expect(registry.ofHost(host)?.id).toBe(id);
  });

  it.each([
    '',
    '.',
    'example',
    'x.acme.example',
    'acme.example.',
    'acme.example..',
    'acme.example:443',
    'acme',
    '__proto__',
    'constructor',
  ])('%j is nobody’s', (host) => {
    expect(registry.ofHost(host)).toBeUndefined();
  });
});

test('a tenant is found by its id, and by nothing else', () => {
  expect(registry.get('acme')).toBe(acme);
  expect(registry.get('acme.example')).toBeUndefined();
  expect(registry.get('constructor')).toBeUndefined();
});

test('all tenants, in the order of the configuration', () => {
  expect(registry.all()).toEqual([acme, other]);
  expect(new TenantRegistry([]).all()).toEqual([]);
});
