import { describe, expect, test } from '@jest/globals';
import { readShareAction } from '../../src/transport/compute-api/action-body.ts';

/** The message of the error for a body. */
function errorOf(body: string): string {
  try {
    readShareAction(Buffer.from(body), 'application/json');
    return 'none';
  } catch (error) {
    return (error as Error).message;
  }
}

describe('an argument nested 100,000 levels deep', () => {
  const levels = 100_000;
  test.each([
    ['lists', `${'['.repeat(levels)}${']'.repeat(levels)}`],
    ['objects', `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`],
  ])('%s -> the error of the validator', (_what, argument) => {
    expect(errorOf(`{"share_attach": ${argument}}`)).toMatch(/^Invalid input for field\/attribute share_attach/);
  });
});

describe('a body that is not JSON', () => {
  test.each([
    ['{"share_attach": {"a": 1,}}', 'trailing comma at line 1 column 25: JSON has none after the last property'],
    ['{"share_attach": [1, \n 2,\n\t ]}', 'trailing comma at line 2 column 3: JSON has none after the last property'],
    ['{"share_attach": {"a": ",}", "b": "\\",}"', /^Malformed request body: (?!trailing comma)/],
    ['{"share_attach": {"a": "\\\\",}}', 'trailing comma at line 1 column 28: JSON has none after the last property'],
    ['{"share_attach": 1, , }', 'trailing comma at line 1 column 21: JSON has none after the last property'],
    ['{"share_attach": 1, x }', /^Malformed request body: (?!trailing comma)/],
  ])('%j -> %s', (body, message) => {
    expect(errorOf(body)).toMatch(message instanceof RegExp ? message : `Malformed request body: ${message}`);
  });

  // 8 MiB take a fraction of a second in linear time, and hours in quadratic time
  const MANY = 4 * 1024 * 1024;
  test.each([
    ['escaped quotes in an unterminated string', `{"share_attach": "${'\\"'.repeat(MANY)}`],
    ['unterminated strings', `{"share_attach": ${'"\n'.repeat(MANY)}`],
    ['commas and blanks', `{"share_attach": ${', '.repeat(MANY)}`],
    ['backslashes', `{"share_attach": "${'\\\\'.repeat(MANY)}`],
    ['the name again and again', '"share_attach'.repeat(MANY / 8)],
  ])('8 MiB of %s -> read in linear time', (_what, body) => {
    expect(errorOf(body)).not.toBe('');
  });
});
