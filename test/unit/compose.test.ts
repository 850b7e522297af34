import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';

interface Service {
  environment: Record<string, string | null>;
  command?: string[];
  healthcheck?: { test: string[] };
  [key: string]: unknown;
}
const { services } = parse(readFileSync('docker-compose.yml', 'utf8')) as { services: Record<string, Service> };

describe.each(Object.entries(services))('docker-compose.yml, the service %s', (_name, service) => {
  test('has no capability, no writable root, no way to more privileges, and limits', () => {
    expect(service).toMatchObject({
      cap_drop: ['ALL'],
      read_only: true,
      security_opt: ['no-new-privileges:true'],
      mem_limit: expect.stringMatching(/^\d+[mg]$/),
      pids_limit: expect.any(Number),
    });
    expect(service).not.toHaveProperty('privileged');
    expect(service).not.toHaveProperty('cap_add');
  });
});

test('Redis needs a password, which the gateway and the health check send and no argument contains', () => {
  const { redis, gateway } = services;
  expect(redis?.environment.REDIS_PASSWORD).toMatch(/^\$\{REDIS_PASSWORD:\?/);
  expect(redis?.command?.join(' ')).toContain('requirepass "$$REDIS_PASSWORD"');
  expect(redis?.command?.join(' ')).not.toContain('--requirepass');
  expect(redis?.healthcheck?.test.join(' ')).toContain('REDISCLI_AUTH');
  expect(gateway?.environment.REDIS_URL).toMatch(/:\$\{REDIS_PASSWORD\}@/);
  expect(redis).not.toHaveProperty('ports');
});
