import { useEffect, useState } from 'react';

const SHOWN_MS = 2000;

/** Without the clipboard API, which browsers have on HTTPS and localhost only. */
function copyBySelection(text: string): boolean {
  const field = document.createElement('textarea');
  field.value = text;
  field.className = 'visually-hidden';
  (document.querySelector('dialog[open]') ?? document.body).append(field);
  field.select();
  const isCopied = document.execCommand('copy');
  field.remove();
  return isCopied;
}

async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text);
  }
}

/** Copies a text, and says whether it did. */
export function CopyButton({ text, label }: { text: string; label: string }) {
  const [state, setState] = useState<'ready' | 'copied' | 'failed'>('ready');
  useEffect(() => {
    if (state === 'ready') return;
    const timer = setTimeout(() => setState('ready'), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [state]);
  const words = { ready: 'Copy', copied: 'Copied', failed: 'Select it and copy' };
  return (
    <button
      type="button"
      className="small"
      aria-label={state === 'ready' ? label : words[state]}
      onClick={() => void copy(text).then((isCopied) => setState(isCopied ? 'copied' : 'failed'))}
    >
      {words[state]}
    </button>
  );
}
