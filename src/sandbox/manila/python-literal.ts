const ESCAPES: Record<string, string> = { n: '\n', t: '\t', r: '\r', '\\': '\\', "'": "'", '"': '"' };

/**
 * Reads a Python dict literal of strings, as Manila does with `metadata={'k': 'v'}` in a query (ast.literal_eval).
 * Null for anything else, which is a 500 in Manila.
 */
export function parseDict(text: string): Record<string, string> | null {
  let rest = text.trim();
  const take = (pattern: RegExp) => {
    const found = pattern.exec(rest);
    if (found) rest = rest.slice(found[0].length).trimStart();
    return found;
  };
  const string = () => {
    const found = take(/^'((?:[^'\\\n]|\\.)*)'|^"((?:[^"\\\n]|\\.)*)"/);
    return found && (found[1] ?? found[2] ?? '').replace(/\\(.)/g, (whole, letter: string) => ESCAPES[letter] ?? whole);
  };
  const dict: Record<string, string> = {};
  if (!take(/^\{/)) return null;
  while (!take(/^\}/)) {
    const key = string();
    const value = key !== null && take(/^:/) ? string() : null;
    if (key === null || value === null) return null;
    dict[key] = value;
    if (!take(/^,/) && !rest.startsWith('}')) return null;
  }
  return rest === '' ? dict : null;
}
