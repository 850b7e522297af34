/** Medians, and the lines of the table. */

/** One line of the table: benchmark, stack, figures, and the bar that the stack is compared with. */
export interface Line {
  readonly bench: string;
  readonly stack: string;
  readonly figures: Readonly<Record<string, string>>;
  /** For the gateway's lines: the bar, and whether it is met. */
  readonly bar?: { readonly text: string; readonly isMet: boolean };
}

/** The median: the mean of the two middle values of an even number. */
export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  return ((low ?? 0) + (high ?? 0)) / 2;
}

/** The quantile: the value below which this share of the numbers lies. */
export function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

export function ratio(a: number, b: number): string {
  return `${(a / b).toFixed(2)} ×`;
}

export const number = (value: number, digits = 0) =>
  value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });

/** Whether a ratio meets a bar, as the table shows it. */
export function barOf(name: string, value: number, { atMost, atLeast }: { atMost?: number; atLeast?: number }) {
  const isMet = (atMost === undefined || value <= atMost) && (atLeast === undefined || value >= atLeast);
  const limit = atMost === undefined ? `≥ ${atLeast}` : `≤ ${atMost}`;
  return { text: `${name} ${value.toFixed(2)} (${limit})`, isMet };
}

/** Several bars as one. */
export function bars(...all: { text: string; isMet: boolean }[]) {
  return {
    text: all.map(({ text, isMet }) => `${text}${isMet ? '' : ' MISSED'}`).join('; '),
    isMet: all.every((bar) => bar.isMet),
  };
}

/** The lines as a Markdown table. */
export function markdown(lines: readonly Line[]): string {
  const rows = lines.map(({ bench, stack, figures, bar }) => {
    const shown = Object.entries(figures).map(([name, value]) => `${name} ${value}`);
    return `| ${bench} | ${stack} | ${shown.join('; ')} | ${bar ? `${bar.isMet ? 'met' : 'missed'}: ${bar.text}` : ''} |`;
  });
  return ['| bench | stack | figures | bar |', '|---|---|---|---|', ...rows].join('\n');
}
