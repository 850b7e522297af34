/**
 * A map as a Python dict of strings: what Manila's `metadata` filters take. It reads them with `ast.literal_eval`, and
 * answers a malformed one with 500 (manila api/v2/shares.py, share_accesses.py).
 */
export function pythonDict(map: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(map).map(([key, value]) => `${pythonString(key)}: ${pythonString(value)}`);
  return `{${pairs.join(', ')}}`;
}

function pythonString(text: string): string {
  const escaped = text
    .replace(/[\\']/g, '\\$&')
    .replace(/\p{Cc}/gu, (control) => `\\x${control.charCodeAt(0).toString(16).padStart(2, '0')}`);
  return `'${escaped}'`;
}
